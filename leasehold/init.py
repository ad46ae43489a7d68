"""`leasehold init`: an environment in a clone of the ledger, ready for review.

It reads and writes files and nothing else: no git, no network, no AWS. What is there is never
overwritten; an environment that has no ledger's id gets one, and nothing else.
"""

import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from leasehold.clone import (
    checked_name,
    into_option,
    lacking_schemas,
    ledger_id,
    root_of,
    write,
    wrong_name,
)
from leasehold.console import dim, say
from leasehold.new_environment import described, readme, settings_file, wrong_value
from leasehold.overtaken import ADVICE
from leasehold.regions import wrong_region
from ledger.documents import Environment, parse_environment, with_ledger_id
from ledger.errors import Refused
from ledger.holdings import ROOT, environment_path
from ledger.json_files import as_sentences

_COLUMNS = 78
# The fields that have no default, and the options that give them.
_NEEDED = {
    "project_prefix": "--project-prefix",
    "region_name": "--region",
    "execution_role_arn": "--role-arn",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """One environment of a clone, whose root is `clone`."""

    clone: Path
    name: str

    @property
    def file(self) -> str:
        return environment_path(self.name)

    @property
    def path(self) -> Path:
        return self.clone / self.file


@click.command
@click.argument("environment", required=False, metavar="[ENV]")
@click.option("--project-prefix", metavar="TEXT", help="First part of all names; required.")
@click.option("--region", "region_name", metavar="NAME", help="AWS region; required.")
@click.option(
    "--role-arn",
    "execution_role_arn",
    metavar="ARN",
    help="Role that SageMaker assumes; required.",
)
@click.option(
    "--ddb-auth-table-name",
    metavar="NAME",
    help="Table of the API's tokens; by default PREFIX-ENV-tokens.",
)
@click.option(
    "--async-output-path", metavar="S3", help="Where asynchronous endpoints leave their answers."
)
@click.option("--async-input-path", metavar="S3", help="Where the API puts what they are asked.")
@click.option(
    "--new-ledger-id", is_flag=True, help="Give it an id of its own: for a copy of a repository."
)
@into_option
def init(environment: str | None, *, new_ledger_id: bool, into: Path, **fields: str | None) -> None:
    """Make the environment ENV in a clone of the ledger.

    Asks for what is missing where it runs in a terminal. An environment that is there already, and
    has no ledger_id, gets one and nothing else.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    clone = root_of(into)
    if environment is None and not sys.stdin.isatty():
        raise _missing(["ENV", *_options_left(given)])
    name = _ask("environment", wrong_name) if environment is None else environment
    place = _Place(clone, checked_name(name))
    if place.path.exists() or place.path.is_symlink():
        _complete(place, given, anew=new_ledger_id)
    else:
        _begin(place, given, anew=new_ledger_id)


def _begin(place: _Place, given: Mapping[str, str], *, anew: bool) -> None:
    """Write a new environment. Raises Refused LH5050 to LH5052, before anything is written."""
    fields = _complete_fields(place.name, given)
    fields["ledger_id"] = ledger_id(place.clone, place.name, anew=anew)
    content = settings_file(fields)
    _check(place, content)
    page = place.path.parent / "README.md"
    schemas = lacking_schemas(place.clone)
    pages = {} if page.exists() else {f"{ROOT}/{place.name}/README.md": readme(place.name).encode()}
    write(place.clone, {place.file: content, **pages, **schemas})
    say(f"Wrote {place.path}")
    say(dim(f"  the settings; its ledger_id {fields['ledger_id']} tells whose an endpoint is"))
    say(f"Wrote {page}")
    say(dim("  what each field means"))
    if schemas:
        say(f"Wrote {place.clone / 'schema'}")
        say(dim("  the JSON Schemas, by which editors check files while they are typed"))
    _say_next(place, f"Add the environment {place.name}", copied=bool(schemas))


def _complete(place: _Place, given: Mapping[str, str], *, anew: bool) -> None:
    """Give a ledger's id to an environment that is there. Raises Refused LH5051 or LH5052."""
    if place.path.is_symlink() or not place.path.is_file():
        raise Refused(
            "LH5051",
            f"{place.path} is no file, so nothing is written there: move away what is there.",
        )
    content = place.path.read_bytes()
    before = _check(place, content).ledger_id
    if before and not anew:
        say(f"{place.path} is there already,")
        say(f"and its ledger_id is {before}: nothing is changed.")
        return
    minted = ledger_id(place.clone, place.name, anew=anew)
    write(place.clone, {place.file: with_ledger_id(content, minted)})
    say(f"Gave {place.path}")
    say(f"the ledger_id {minted}, and changed nothing else in it.")
    if given:
        say(dim(f"It was there already, so {', '.join(map(_option, given))} had no effect."))
    if before:
        say(f"What AWS has of the ledger {before} is not its own any more.")
        say(f"If it was: leasehold claim -e {place.name} --from {before}")
    _say_next(place, f"Give {place.name} a ledger's id", copied=False)


def _complete_fields(name: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return all fields; ask for those that are missing. Raises Refused LH5050 or LH5052."""
    if (left := _options_left(given)) and not sys.stdin.isatty():
        raise _missing(left)
    found = dict(given)
    for field in _NEEDED:
        if field not in found:
            say(dim(described(field)))
            found[field] = _ask(field, partial(wrong_value, field))
    found.setdefault("ddb_auth_table_name", f"{found['project_prefix']}-{name}-tokens")
    return found


def _options_left(given: Mapping[str, str]) -> list[str]:
    return [option for field, option in _NEEDED.items() if field not in given]


def _missing(options: list[str]) -> Refused:
    return Refused(
        "LH5050",
        f"there is no terminal to ask in, and these are missing: {', '.join(options)}. `leasehold"
        " init --help` explains them.",
    )


def _ask(what: str, wrong: Callable[[str], str | None]) -> str:
    """Ask until the answer is in order."""

    def checked(value: str) -> str:
        if sentence := wrong(value.strip()):
            raise click.UsageError(sentence)
        return value.strip()

    return str(click.prompt(what, value_proc=checked))


def _check(place: _Place, content: bytes) -> Environment:
    """Read the settings as `leasehold validate` does. Raises Refused LH5052."""
    settings = parse_environment(place.file, content)
    wrong = settings if isinstance(settings, tuple) else wrong_region(place.name, settings)
    if isinstance(settings, tuple) or wrong:
        raise Refused("LH5052", as_sentences(wrong))
    return settings


def _option(field: str) -> str:
    return _NEEDED.get(field, f"--{field.replace('_', '-')}")


def _say_next(place: _Place, message: str, *, copied: bool) -> None:
    say()
    say("Next, in the clone:")
    say(f"  git add {ROOT}/{place.name}{' schema' if copied else ''}")
    say(f'  git commit -m "{message}"')
    say("  git push")
    for line in textwrap.wrap(ADVICE, _COLUMNS, break_on_hyphens=False):
        say(dim(line))
    say(dim(f"Then deploy {place.name}: see Deploying in Leasehold's README."))
