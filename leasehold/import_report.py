"""What `leasehold import` says: in its commit, and in the terminal. It decides nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.text import Text

from leasehold.adopt import aws_command, consent_command
from leasehold.console import dim, say
from leasehold.context import Cloud
from leasehold.predecessor.advice import Import, advice
from leasehold.predecessor.configs import Configs
from leasehold.predecessor.found import Found
from leasehold.predecessor.move import Move
from leasehold.predecessor.notes import Note
from leasehold.predecessor.second_step import Step
from ledger.holdings import ROOT
from ledger.printable import in_line
from ledger.tags import ADOPTABLE_TAG

_LONGEST_VALUE = 100
_LONGEST_SUBJECT = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was told."""

    file: Path
    clone: Path
    environment: str
    configs: Configs
    cloud: Cloud


def message(asked: Asked, made: Move) -> str:
    """Write the commit's message, which keeps every value of the file."""
    lines = [
        f"Import {asked.environment} from {asked.file.name}"[:_LONGEST_SUBJECT],
        "",
        "Where each field of the predecessor's file went:",
        "",
        *(f"- {in_line(str(each))}" for each in made.notes),  # whatever a name in the file holds
    ]
    return "\n".join(lines) + "\n"


def tell(asked: Asked, made: Move, files: int, done: str | None) -> None:
    say(f"Where each field of {asked.file} went:")
    for each in made.notes:
        say(_line(each))
    if made.frozen:
        say()
        say("No definition may have these; each is kept, and freezes its own endpoint:")
        for violation in made.frozen:
            say(Text(f"  {violation}", style="yellow"))
    if any(each.look for each in made.notes):
        say(Text("Look at the lines with an exclamation mark.", style="yellow"))
    say()
    place = asked.clone / ROOT / asked.environment
    if done:
        say(f"Committed {done}: {files} files, the environment in {place}. It is not pushed.")
    else:
        say(f"Wrote {files} files, the environment in {place}. Nothing is committed.")


def _line(item: Note) -> Text:
    was = item.was if len(item.was) <= _LONGEST_VALUE else f"{item.was[: _LONGEST_VALUE - 3]}..."
    shown = str(replace(item, was=was))
    return Text(f"! {shown}", style="yellow") if item.look else Text(f"  {shown}")


def advise(asked: Asked, made: Move, found: Found | None) -> None:
    aws = partial(aws_command, asked.cloud, made.region_name)
    consent = f"{made.prefix}/{asked.environment}"
    consents = tuple(
        consent_command(asked.cloud, made.region_name, each, consent)
        for each in made.adopted
        if each.tags.get(ADOPTABLE_TAG) != consent
    )
    done = Import(asked.environment, str(asked.file), str(asked.clone), made, found, consents)
    say()
    say("Next, in this order:")
    for number, step in enumerate(advice(done, aws), start=1):
        say(f"{number}. {step.sentence}")
        for command in step.commands:
            say(f"   {command}")
    if found is None:
        say(dim("Where its endpoints run still, remove this commit and import with --from-aws."))


def second_step_told(asked: Asked, steps: Iterable[Step]) -> Iterator[str]:
    names = [each for each in steps if each.content is not None]
    for each in names:
        yield f"  {each.name}: {each.file} has its model_id now"
    yield ""
    yield "Next, in this order:"
    yield "1. Resolve them, and look at what changes; without its lock a definition is frozen:"
    for each in names:
        yield f"   leasehold lock {asked.environment}/{each.name}"
    yield (
        "   Where JumpStart has an id no more, take that definition back (`git checkout FILE`): it"
        " goes on with the endpoint config that it has."
    )
    yield "2. Commit definitions and locks together, and push them as a pull request:"
    yield f"   git add {ROOT}/{asked.environment}"
    yield f'   git commit -m "Bring {asked.environment} to locked models"'
    yield (
        "3. Each is an update, blue/green: it serves all the while, with twice its instances until"
        " the new ones are ready. Mind the quota, or do it with --only NAME one by one."
    )
