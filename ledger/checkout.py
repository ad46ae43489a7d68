"""The documents of a checkout: the files of a folder as a mapping of path to content.

What is deployed reads a commit instead (`ledger.repository`). This must not know what a file means.
"""

from collections.abc import Mapping
from pathlib import Path

from ledger.errors import Refused
from ledger.holdings import ROOT


def documents(path: Path) -> Mapping[str, bytes]:
    """Read the JSON files of all environments. Raises Refused LH5004 where there are none."""
    folder = path / ROOT
    try:
        files = {
            file.relative_to(path).as_posix(): file.read_bytes()
            for file in sorted(folder.glob("*/*.json"))
        }
    except OSError as error:
        raise Refused("LH5004", f"{error.filename} cannot be read: {error.strerror}.") from error
    if not files:
        raise Refused(
            "LH5004",
            f"there are no documents in {folder}: give the folder that holds {ROOT}/NAME/.",
        )
    return files
