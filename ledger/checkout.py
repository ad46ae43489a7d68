"""The documents of a checkout: what lies in a folder as a mapping of path to content.

What is deployed reads a commit instead (`ledger.repository`). So a link is not followed, as git
would not, and a folder with a repository of its own is a submodule. This must not know what a file
means.
"""

from collections.abc import Iterator
from pathlib import Path

from ledger.errors import Refused
from ledger.holdings import ROOT, environments
from ledger.snapshot import Entries, NotAFile


def documents(path: Path) -> Entries:
    """Read all environments. Raises Refused LH5004 where there is none."""
    folder = path / ROOT
    try:
        found = {_path(item.relative_to(path)): content for item, content in _walk(folder)}
    except OSError as error:
        raise Refused("LH5004", f"{error.filename} cannot be read: {error.strerror}.") from error
    return with_environments(found, folder)


def with_environments(found: Entries, folder: Path) -> Entries:
    """Return what was found in a folder. Raises Refused LH5004 where no environment is."""
    if isinstance(root := found.get(ROOT), NotAFile):
        raise Refused(
            "LH5004",
            f"{folder} is {root}, which says nothing of what is in it: put the folder"
            " itself there.",
        )
    if not environments(found):
        raise Refused(
            "LH5004",
            f"there are no documents in {folder}: give the folder that holds {ROOT}/NAME/.",
        )
    return found


def _walk(item: Path) -> Iterator[tuple[Path, bytes | NotAFile]]:
    if item.is_symlink():
        yield item, NotAFile.LINK
    elif item.is_dir():
        if (item / ".git").exists():
            yield item, NotAFile.SUBMODULE
            return
        for each in sorted(item.iterdir()):
            yield from _walk(each)
    elif item.is_file():
        yield item, item.read_bytes() if _is_utf8(item.name) else NotAFile.ODD_NAME


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _path(path: Path) -> str:
    return path.as_posix().encode(errors="surrogateescape").decode(errors="backslashreplace")
