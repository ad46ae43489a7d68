"""A person's clone of the ledger: where a new environment goes, and a commit of it.

A commit has the files that it is made for and nothing else of what lies in the clone, and is not
pushed: a person looks at it first.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import click

from leasehold.git_author import as_variables
from leasehold.new_environment import DOCUMENTS
from ledger.checkout import documents
from ledger.errors import Refused
from ledger.holdings import ROOT, environments, read_fleet
from ledger.json_files import SCHEMAS
from ledger.minting import new_ledger_id
from ledger.snapshot import Person

_NAME = re.compile(r"[a-zA-Z0-9](-?[a-zA-Z0-9])*")
_LONGEST_NAME = 30
_LONGEST_WORDS = 500

into_option = click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    metavar="DIR",
    help="Your clone of the ledger; by default this folder.",
)


def root_of(into: Path) -> Path:
    """Return the folder that gets `environments/`. Raises Refused LH5051 below a clone's root."""
    for parent in into.resolve().parents:
        if (parent / ".git").exists() and not (into / ".git").exists():
            raise Refused(
                "LH5051",
                f"{into.resolve()} lies in the clone {parent}, and a ledger has {ROOT}/ at its"
                f" root: say --into {parent}.",
            )
    return into


def wrong_name(name: str) -> str | None:
    """Return why an environment cannot be called so, or None."""
    if _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME:
        return None
    return (
        f"{name!r:.60} cannot be an environment's name: take letters, digits and single hyphens"
        f" between them, at most {_LONGEST_NAME}, such as dev."
    )


def checked_name(name: str) -> str:
    """Return a name that an environment may have. Raises Refused LH5051."""
    if sentence := wrong_name(name):
        raise Refused("LH5051", sentence)
    return name


def ledger_id(clone: Path, environment: str, *, anew: bool = False) -> str:
    """Return the id that the repository's other environments have; a new one if there is none."""
    try:
        files = documents(clone)
    except Refused:  # there are none yet
        files = {}
    fleets = (read_fleet(files, each) for each in environments(files) if each != environment)
    found = {fleet.environment.ledger_id for fleet in fleets if fleet.environment} - {None}
    shared = found.pop() if len(found) == 1 and not anew else None
    return shared or new_ledger_id()


def lacking_schemas(clone: Path) -> dict[str, bytes]:
    """Return the schemas of documents that the clone lacks, by their paths in it."""
    names = (f"schema/{each}.schema.json" for each in DOCUMENTS)
    lacking = [name for name in names if not (clone / name).exists()]
    return {name: (SCHEMAS.parent / name).read_bytes() for name in lacking}


def write(clone: Path, files: Mapping[str, bytes]) -> None:
    """Write files. Raises Refused LH5051 where one cannot be written; then all are as they were."""
    before = _contents(clone, files)
    try:
        for name, content in files.items():
            path = clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        _restore(clone, files, before)
        raise Refused(
            "LH5051",
            f"{error.filename} cannot be written ({error.strerror}), and no file was changed: look"
            " at what stands there, at its permissions, and at the room on the disk.",
        ) from error


def commit(clone: Path, files: Mapping[str, bytes], message: str, author: Person) -> str:
    """Write files and commit just these; return the commit's short id.

    Raises Refused LH5051 where one cannot be written, and LH5083 where git takes no commit here;
    then all files are as they were.
    """
    if not (clone / ".git").exists():
        raise _not_committed(clone, "it is no clone")
    before = _contents(clone, files)
    write(clone, files)
    person = as_variables(author)
    for words in (["add"], ["commit", "--quiet", "--only", "--file=-"]):
        done = _git(clone, [*words, "--", *files], person, message)
        if done.returncode != 0:
            _restore(clone, files, before)
            _forget(clone, files, before)
            raise _not_committed(clone, _words(done.stderr or done.stdout))
    return _git(clone, ["rev-parse", "--short", "HEAD"], {}, "").stdout.strip()


def _contents(clone: Path, files: Iterable[str]) -> dict[str, bytes]:
    return {name: (clone / name).read_bytes() for name in files if (clone / name).is_file()}


def _restore(clone: Path, files: Iterable[str], before: Mapping[str, bytes]) -> None:
    """Bring files back to what they were, as far as the system lets it."""
    for name in files:
        path = clone / name
        with suppress(OSError):
            if name in before:
                path.write_bytes(before[name])
                continue
            path.unlink(missing_ok=True)
            for folder in list(path.relative_to(clone).parents)[:-1]:
                (clone / folder).rmdir()  # unless something else is in it


def _forget(clone: Path, files: Iterable[str], before: Mapping[str, bytes]) -> None:
    """Bring git's index back to what it was."""
    fresh = [name for name in files if name not in before]
    _git(clone, ["rm", "--quiet", "--cached", "--ignore-unmatch", "--", *fresh], {}, "")
    if before:
        _git(clone, ["reset", "--quiet", "--", *before], {}, "")


def _not_committed(clone: Path, why: str) -> Refused:
    return Refused(
        "LH5083",
        f"nothing is written, for git takes no commit in {clone.resolve()}: {why.rstrip('.')}. Name"
        " your clone of the ledger with --into, or let it write the files alone.",
    )


def _words(said: str) -> str:
    return " ".join(said.split())[:_LONGEST_WORDS]


def _git(
    clone: Path, words: list[str], variables: Mapping[str, str], stdin: str
) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_DIR")}
    try:
        return subprocess.run(  # noqa: S603  (the words above)
            ["git", "-C", str(clone), *words],  # noqa: S607  (as the person has it)
            env={**kept, **variables, "LC_ALL": "C"},
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(words, 127, "", f"git: {error.strerror}")
