"""The journal of the sandbox: an append-only file of keyed JSON; a key's last value wins.

Every call that changes something appends its line before it is answered, in one unbuffered write,
so what was answered survives a `kill -9` of the sandbox (not a power cut: nothing is fsynced). A
line that a kill tore is the last one and was never answered; it is dropped. The file is compacted
when the sandbox starts, so it grows with the calls of one run and not with the account.
"""

import errno
import json
import os
from collections.abc import Iterable, Mapping
from io import FileIO
from pathlib import Path
from typing import Any


class Journal:
    """A journal without a path keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: FileIO | None = None

    def read(self) -> dict[str, Any]:
        """Return the last value of each key; raise ValueError if the file is no journal."""
        if self._path is None or not self._path.exists():
            return {}
        entries: dict[str, Any] = {}
        for number, line in enumerate(self._whole_lines(self._path), start=1):
            try:
                key, value = json.loads(line)
            except ValueError as error:
                raise ValueError(
                    f"{self._path}, line {number}: not a line of a sandbox state file"
                ) from error
            entries.pop(key, None)
            if value is not None:
                entries[key] = value
        return entries

    def begin(self, entries: Iterable[tuple[str, Any]]) -> None:
        """Replace the file by these entries, in one step, and open it for more."""
        self.close()
        if self._path is None:
            return
        fresh = self._path.with_name(f"{self._path.name}.new")
        with fresh.open("wb") as file:
            file.writelines(_line(key, value) for key, value in entries)
        fresh.replace(self._path)
        self._file = FileIO(os.fspath(self._path), "ab")

    def write(self, key: str, value: Mapping[str, Any] | list[str] | None) -> None:
        """Keep `value` under `key`; None forgets the key."""
        if self._file is not None:
            line, before = _line(key, value), os.fstat(self._file.fileno()).st_size
            if self._file.write(line) != len(line):
                self._file.truncate(before)  # a line that is torn must be the last one
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @staticmethod
    def _whole_lines(path: Path) -> list[bytes]:
        return path.read_bytes().split(b"\n")[:-1]


def _line(key: str, value: Mapping[str, Any] | list[str] | None) -> bytes:
    return json.dumps([key, value], separators=(",", ":")).encode() + b"\n"
