"""`leasehold validate`: every violation of every document in a folder, before anything is pushed.

It reads what a commit of them would have, so it says the same as whoever reads the commit: no
network, no AWS, and nothing is changed.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from pathlib import Path

import click

from leasehold.console import output_option, say, show_json
from leasehold.context import clock
from leasehold.work_tree import work_tree
from ledger.holdings import Fleet, environments, read_fleet
from ledger.json_files import Violation
from ledger.overlong import with_overlong


@click.command
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@output_option
def validate(path: Path, output: str) -> None:
    """Check all documents below PATH/environments.

    Exits with 0 when everything is in order (warnings may be there), with 1 when something is not.
    """
    found = work_tree(path)
    names = environments(found.entries)
    now = clock()
    read = [with_overlong(read_fleet(found.entries, name), now) for name in names]
    fleets = [_without_copies(each, found.copies) for each in read]
    if output == "json":
        show_json([asdict(violation) for fleet in fleets for violation in fleet.violations])
    else:
        _report(fleets)
    if any(fleet.errors for fleet in fleets):
        raise SystemExit(1)


def _without_copies(fleet: Fleet, copies: Collection[str]) -> Fleet:
    """Only warn of copies that an editor left beside a document, and that git does not have."""

    def softened(violation: Violation) -> Violation:
        sentence = f"git does not have it yet; once it does, {violation.sentence}"
        return replace(violation, sentence=sentence, level="warning")

    told = [softened(each) if each.file in copies else each for each in fleet.violations]
    return replace(fleet, violations=tuple(told))


def _report(fleets: Iterable[Fleet]) -> None:
    fleets = tuple(fleets)
    violations = [violation for fleet in fleets for violation in fleet.violations]
    for violation in violations:
        say(f"{'warning: ' if violation.level == 'warning' else ''}{violation}")
    count = sum(len(fleet.holdings) + len(fleet.broken) for fleet in fleets)
    names = ", ".join(fleet.name for fleet in fleets)
    errors = sum(len(fleet.errors) for fleet in fleets)
    verdict = _counted(errors, "error") if errors else "everything is in order"
    say(f"Checked {_counted(count, 'definition')} in {names}: {verdict}.")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
