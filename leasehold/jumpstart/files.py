"""Files of a clone that are written together: all of them, or none."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ledger.errors import Refused


def write_all(root: Path, contents: Mapping[str, bytes]) -> None:
    """Write files by their paths below a clone. Raises Refused LH5075, and then none is changed.

    Each is complete from the first moment on: it is written beside the clone's own files, and moved
    in place once all are.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".leasehold-lock-", dir=root) as folder:
            fresh = {root / path: Path(folder) / str(n) for n, path in enumerate(contents)}
            for path, content in zip(fresh.values(), contents.values(), strict=True):
                path.write_bytes(content)
            _move(fresh)
    except OSError as error:
        raise Refused(
            "LH5075",
            f"{error.filename or root} cannot be written ({error.strerror}), so no lock is changed:"
            " look at its permissions, and at the room on the disk.",
        ) from error


def _move(fresh: Mapping[Path, Path]) -> None:
    """Move files in place; on an error those that were moved already are taken back."""
    before: dict[Path, bytes | None] = {}
    try:
        for target, path in fresh.items():
            before[target] = target.read_bytes() if target.exists() else None
            if target.exists():
                path.chmod(target.stat().st_mode & 0o777)
            else:
                path.chmod(0o666 & ~_umask())
            path.replace(target)
    except OSError:
        for target, content in before.items():
            with suppress(OSError):
                if content is None:
                    target.unlink(missing_ok=True)
                else:
                    target.write_bytes(content)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
