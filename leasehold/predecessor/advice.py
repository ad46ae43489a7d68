"""What is left to a person after an import, in the order in which it is done. Pure."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from leasehold.predecessor.found import TICK, Found
from leasehold.predecessor.move import Move

Command = Callable[..., str]  # of AWS's command line: service, verb, options


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and the commands that belong to it."""

    sentence: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """What was imported: into which environment and clone, by which file, what AWS has of it."""

    environment: str
    file: str
    clone: str
    move: Move
    found: Found | None
    consents: tuple[str, ...] = ()  # commands, for what nobody has agreed to yet


def advice(done: Import, aws: Command) -> Iterator[Said]:
    """Yield the steps from here on, the first one first."""
    yield _tick(done.found, aws)
    if done.consents:
        yield Said(
            "Agree at AWS that the endpoints are adopted, by a tag of each; nothing is adopted"
            " without it:",
            done.consents,
        )
    yield from _merge(done)
    if done.move.waiting:
        yield Said(
            "Once they are adopted, the second step: an update of each, blue/green, to its"
            " model_id and a lock (with --only NAME, one after the other):",
            (shlex.join(_second_step(done)),),
        )
    yield _keep(done.move)


def _second_step(done: Import) -> Iterator[str]:
    yield from ("leasehold", "import", done.file, "-e", done.environment, "--second-step")
    if done.clone != ".":
        yield from ("--into", done.clone)


def _tick(found: Found | None, aws: Command) -> Said:
    rules = found.rules if found else None
    if rules is None:
        query = f"Rules[?Description=='{TICK}'].Name"
        return Said(
            "Switch the predecessor's rule off before this is merged, or both would start and stop"
            " the same endpoints. Its name, and then `aws events disable-rule --name NAME`:",
            (aws("events", "list-rules", "--query", query, "--output", "text"),),
        )
    on = [each.name for each in rules if each.is_enabled]
    if on:
        return Said(
            "Switch the predecessor's rule off before this is merged, or both would start and stop"
            " the same endpoints:",
            tuple(aws("events", "disable-rule", "--name", name) for name in on),
        )
    state = "is switched off already" if rules else "is not in this account and region"
    return Said(f"The predecessor's rule ({TICK}) {state}.")


def _merge(done: Import) -> Iterator[Said]:
    environment = done.environment
    if done.move.adopted:
        yield Said(
            "Push the commit as a pull request. Its plan adopts what runs; it starts and stops"
            " nothing:",
            (f"leasehold plan -e {environment} --ref HEAD",),
        )
    else:
        yield Said(
            "Push the commit as a pull request. Merging it starts nothing:",
            (f"leasehold plan -e {environment} --ref HEAD",),
        )
    if names := done.move.to_lock:
        yield Said(
            "Resolve what has a model_id; until then it is frozen. An id that JumpStart has no"
            " more stays so: give its definition another one, or a container of your own.",
            tuple(f"leasehold lock {environment}/{name}" for name in names),
        )


def _keep(move: Move) -> Said:
    configs = f" (endpoint configs: {', '.join(move.borrowed)})" if move.borrowed else ""
    return Said(
        "Do not run `cdk destroy` of the predecessor yet: it deletes the models and endpoint"
        f" configs that endpoints run on{configs}, the token table, SageMaker's role and, with its"
        " stack, each asynchronous endpoint itself. docs/migrate.md says when and how."
    )
