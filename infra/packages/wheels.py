"""Other people's packages for Lambda's machine: fetched by hash, kept, unpacked where nothing is.

The lock names every package, so nothing is resolved here. What was fetched once is kept beside what
is built, and its hash is looked at each time.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

from infra.packages.contents import ARCHITECTURES
from ledger.errors import Unavailable

if TYPE_CHECKING:
    from infra.packages.python import Python

_OLDEST_GLIBC = 17
# Python 3.11 runs on Amazon Linux 2, whose C library is 2.26; the others on 2023, with 2.34.
_GLIBC = {"3.11": 26}
_NEWER_GLIBC = 34
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def unpack_lock(lock: Path, python: Python, architecture: str, *, kept: Path, into: Path) -> None:
    """Put the packages of a lock into the empty folder `into`, keeping the wheels below `kept`.

    Raises Unavailable LH5101 where they cannot be fetched.
    """
    text = lock.read_text()
    mark = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = kept / f"{architecture}-{python.version}-{mark}"
    known = frozenset(_HASH.findall(text))
    if not _is_whole(folder, known):
        _fetch(lock, python, architecture, folder)
    for wheel in sorted(folder.glob("*.whl")):
        with ZipFile(wheel) as archive:
            archive.extractall(into)


def _is_whole(folder: Path, known: frozenset[str]) -> bool:
    wheels = [*folder.glob("*.whl")]
    return bool(wheels) and all(
        hashlib.sha256(wheel.read_bytes()).hexdigest() in known for wheel in wheels
    )


def _fetch(lock: Path, python: Python, architecture: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    machine = ARCHITECTURES[architecture]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-input"]
    command += ["--implementation", "cp", "--python-version", python.version]
    command += [each for tag in _platforms(python, machine) for each in ("--platform", tag)]
    command += ["--requirement", str(lock), "--dest", str(part)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        shutil.rmtree(part)
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise Unavailable(
            "LH5101",
            f"The packages of {lock.name} for {architecture} cannot be fetched:"
            f" {(said or [done.stderr.strip() or 'pip is missing'])[0][:300]}. Look whether this"
            " machine reaches pip's index (PIP_INDEX_URL, a proxy), and build again.",
        )
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def _platforms(python: Python, machine: str) -> list[str]:
    newest = _GLIBC.get(python.version, _NEWER_GLIBC)
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)]
    return [*tags, f"manylinux2014_{machine}"]
