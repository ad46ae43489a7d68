"""A zip of the same bytes wherever and whenever it is made, as long as its files are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_THE_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # that a zip can say
_UNIX = 3
_FILE, _PROGRAM = 0o100644, 0o100755


def write_zip(archive: Path, files: Mapping[str, Path]) -> None:
    """Write files by their names in the zip. A shell script may be run, everything may be read."""
    with ZipFile(archive, "w", ZIP_DEFLATED, compresslevel=6) as written:
        for name, file in sorted(files.items()):
            entry = ZipInfo(name, _THE_FIRST_DAY)
            entry.create_system = _UNIX
            entry.external_attr = (_PROGRAM if name.endswith(".sh") else _FILE) << 16
            entry.compress_type = ZIP_DEFLATED
            written.writestr(entry, file.read_bytes())
