"""A remote that is a path: a clone of it reads its objects where they are, and copies none.

git calls that alternates. Such a clone is only read from, and ends with its reader.
"""

from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pygit2

from ledger.repository.transport import FOREIGN

_SHALLOW = "shallow"


def borrow(clone: Path, url: str) -> bool:
    """Let a clone read the objects of a repository at a path, and end where that one ends.

    False where it cannot be noted where they are: then they have to be copied.
    """
    common = _common(url)
    if common is None or "\n" in str(common):
        return False
    (clone / "objects" / "info").mkdir(exist_ok=True)
    (clone / "objects" / "info" / "alternates").write_text(f"{common / 'objects'}\n")
    ends = clone / _SHALLOW
    ends.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        ends.write_bytes((common / _SHALLOW).read_bytes())
    return True


def _common(url: str) -> Path | None:
    """Return the folder that all worktrees of a repository share; None where there is none."""
    path = unquote(urlsplit(url).path) if url.startswith("file://") else url
    try:
        repository = pygit2.Repository(path)
    except FOREIGN:
        return None
    folder = Path(repository.path)
    repository.free()
    with suppress(FileNotFoundError):
        return (folder / (folder / "commondir").read_text().strip()).resolve()
    return folder
