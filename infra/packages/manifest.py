"""What was built, and what of: `packages.json` beside the packages of one architecture.

By it a synthesis knows whether they are there, and whether they are of the code that it deploys.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "packages.json"


@dataclass(frozen=True)
class Built:
    """One zip: its bytes as it is and unpacked."""

    name: str
    sha256: str
    zip_bytes: int
    unpacked_bytes: int

    def is_in(self, folder: Path) -> bool:
        """Tell whether a folder has the very zip that was built."""
        return digest(folder / f"{self.name}.zip") == self.sha256


@dataclass(frozen=True)
class Manifest:
    """`sources` are the project's own files in any package, each with a digest."""

    python: str
    architecture: str
    packages: tuple[Built, ...]
    sources: Mapping[str, str]

    def changed(self, root: Path) -> list[str]:
        """Return the files that are not what they were when the packages were built."""
        return sorted(file for file, known in self.sources.items() if digest(root / file) != known)

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), indent=1, sort_keys=True)
        (folder / FILE).write_text(f"{text}\n")


def read_manifest(folder: Path) -> Manifest | None:
    """Return what a folder of packages says of itself; None where none was built."""
    try:
        read = json.loads((folder / FILE).read_bytes())
        built = tuple(Built(**each) for each in read["packages"])
        return Manifest(read["python"], read["architecture"], built, read["sources"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def digest(file: Path) -> str:
    """Return a file's SHA-256; empty where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
