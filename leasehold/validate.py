"""`leasehold validate`: every violation of every document in a folder, before anything is pushed.

It reads what a commit of them would have, so it says the same as whoever reads the commit, and what
AWS would say of the requests that they make: no network, no AWS, and nothing is changed.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from leasehold import project
from leasehold.checking import FUNCTIONS, Checked, checked
from leasehold.console import counted, output_option, say, show_json
from leasehold.context import clock
from leasehold.work_tree import work_tree
from ledger.errors import Refused
from ledger.file_names import document_of
from ledger.fleet import ENVIRONMENT_FILE, ROOT
from ledger.json_files import Violation


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a path is about: the folder that holds `environments/`, and what below it."""

    root: Path
    below: str = ""  # a path as a document's file is called; empty for everything

    def covers(self, violation: Violation) -> bool:
        """Tell whether a violation is one of this path, or of what that belongs to."""
        file, folder = violation.file, "/".join(self.below.split("/")[:2])
        settings = f"{folder}/{ENVIRONMENT_FILE}"
        if not self.below:
            return True
        if self.below in {folder, settings}:
            return file == folder or file.startswith(f"{folder}/")
        if file in {self.below, folder, settings}:
            return True
        return (own := _endpoint(self.below)) is not None and own == _endpoint(file)


@click.command
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--code",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder that has functions/, where that is not the one that has environments/.",
)
@output_option
def validate(paths: tuple[Path, ...], code: Path | None, output: str) -> None:
    """Check documents: all below PATH/environments, or the files that are named.

    A hook of git names the files of a commit: they are checked with all that belongs to them, such
    as the settings of their environment. What is wrong with others is counted, and fails nothing.

    Exits with 0 when everything is in order (warnings may be there), with 1 when something is not.
    """
    asked = list(_asked(paths or (Path(),)))
    roots = dict.fromkeys(each.root for each in asked)
    told: list[Violation] = []
    for root in roots:
        found = _checked(root, code or _code(root))
        ours = [each for each in asked if each.root == root]
        violations = [each for environment in found for each in environment.violations]
        named = [each for each in violations if any(path.covers(each) for path in ours)]
        told += named
        if output == "text":
            _report(root, found, named)
            _count_others([each for each in violations if each not in named])
    if output == "json":
        show_json([asdict(violation) for violation in told])
    elif not roots:
        say(f"Nothing to check: none of these files is below a folder {ROOT}/.")
    if any(each.level == "error" for each in told):
        raise SystemExit(1)


def _asked(paths: Iterable[Path]) -> Iterator[_Asked]:
    """Yield what each path is about. Raises Refused LH5057 where there is nothing."""
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise Refused(
                "LH5057", f"there is no {path}: name a folder that holds {ROOT}/, or files in it."
            )
        full = path.absolute()
        if path.is_dir() and ((path / ROOT).exists() or ROOT not in full.parts):
            yield _Asked(path)
        elif ROOT in full.parts:
            at = len(full.parts) - 1 - full.parts[::-1].index(ROOT)
            below = full.parts[at:]
            everything = len(below) == 1
            yield _Asked(Path(*full.parts[:at]), "" if everything else "/".join(below))


def _code(root: Path) -> Path:
    """Return the folder that has the code: the ledger's own, or else Leasehold's."""
    return root if (root / FUNCTIONS).is_dir() else project.ROOT


def _checked(root: Path, code: Path) -> tuple[Checked, ...]:
    tree = work_tree(root)
    return tuple(
        replace(each, violations=tuple(_softened(each.violations, tree.copies)))
        for each in checked(tree.entries, code.absolute(), clock())
    )


def _softened(violations: Iterable[Violation], copies: Collection[str]) -> Iterator[Violation]:
    """Only warn of copies that an editor left beside a document, and that git does not have."""
    for violation in violations:
        if violation.file not in copies:
            yield violation
            continue
        sentence = f"git does not have it yet; once it does, {violation.sentence}"
        yield replace(violation, sentence=sentence, level="warning")


def _report(root: Path, found: Iterable[Checked], told: Iterable[Violation]) -> None:
    found, told = tuple(found), tuple(told)
    for violation in told:
        say(f"{'warning: ' if violation.level == 'warning' else ''}{violation}")
    count = counted(sum(each.definitions for each in found), "definition")
    names = ", ".join(each.name for each in found)
    errors = _errors(told)
    verdict = counted(errors, "error") if errors else "everything is in order"
    say(f"Checked {count} in {names} below {(root / ROOT).absolute()}: {verdict}.")


def _count_others(others: Iterable[Violation]) -> None:
    if errors := _errors(others):
        say(f"Files that were not named have {counted(errors, 'error')}: name none to see them.")


def _errors(violations: Iterable[Violation]) -> int:
    return sum(each.level == "error" for each in violations)


def _endpoint(file: str) -> tuple[str, str] | None:
    """Return the folder and the name of the endpoint that a file belongs to."""
    folder, _, name = file.rpartition("/")
    found = document_of(name)
    return (folder, found[0]) if found else None
