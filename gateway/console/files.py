"""The console's files, as they lie in the folder `console/` at the top, read once. Text alone.

Each address carries a digest of all of them and of the page's configuration, so what is at one
never changes. A file of a kind that is not in the table, such as a declaration of types for
whoever checks the code, is not served.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

FOLDER = Path(__file__).resolve().parents[2] / "console"
PAGE = "index.html"
CONFIG = "config.json"
_MARK = "__DIGEST__"
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css",
        ".js": "text/javascript",
        ".json": "application/json",
        ".mjs": "text/javascript",
        ".svg": "image/svg+xml",
        ".txt": "text/plain",
    }
)


@dataclass(frozen=True, slots=True)
class File:
    """A text and what kind of text it is."""

    text: str
    media: str


@dataclass(frozen=True, slots=True)
class Files:
    """The page, and by their paths below the digest all that it loads."""

    digest: str
    page: str
    by_path: Mapping[str, File]

    @classmethod
    def read(cls, config: Mapping[str, Any], folder: Path = FOLDER) -> Self:
        """Read a folder. Raises OSError where it has no page."""
        page = (folder / PAGE).read_text(encoding="utf-8")
        found = {
            path.relative_to(folder).as_posix(): File(path.read_text(encoding="utf-8"), media)
            for path in sorted(folder.rglob("*"))
            if (media := _KINDS.get(path.suffix)) and path.is_file()
        }
        text = json.dumps(config, sort_keys=True, separators=(",", ":"))
        found[CONFIG] = File(f"{text}\n", _KINDS[".json"])
        digest = _digest(page, found)
        return cls(digest, page.replace(_MARK, digest), MappingProxyType(found))


def _digest(page: str, files: Mapping[str, File]) -> str:
    parts = [page, *(part for path in sorted(files) for part in (path, files[path].text))]
    sums = "".join(hashlib.sha256(part.encode()).hexdigest() for part in parts)
    return hashlib.sha256(sums.encode()).hexdigest()[:16]
