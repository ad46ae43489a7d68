"""Packages as Lambda unpacks them, and processes as it starts them.

A function's process has its package, stock boto3 and Lambda's runtime client; no variable but its
own, no home, a user that the machine does not know, and no place to write to but /tmp.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import ZipFile

from infra.packages.build import Order, build
from infra.packages.contents import ARCHITECTURES, PACKAGES, ROOT, zip_of_function
from infra.packages.manifest import Built, Manifest, digest
from infra.packages.python import find_python
from infra.packages.selection import function_folders
from sandbox.lambda_functions.stock import BOTO3, RUNTIME_CLIENT, link_stock
from tests.lambda_service import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.lambda_service import Lambda

HERE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
NOBODY = "31337"
# What reading needs where a checkout lies in root's own home; writing needs more.
READS_ALL = "-all,+dac_read_search"


def build_packages(folder: Path) -> None:
    """Build the packages of this machine's architecture, as `leasehold package` does."""
    build(Order(python=find_python(), architecture=HERE, output=folder))


def pretend_packages(folder: Path) -> None:
    """Make packages that synthesise and do not run: nothing is fetched, nothing compiled."""
    for architecture in ARCHITECTURES:
        place = folder / architecture
        place.mkdir(parents=True)
        names = [package.name for package in PACKAGES]
        names += [zip_of_function(folder) for folder in function_folders(ROOT)]
        for name in names:
            with ZipFile(place / f"{name}.zip", "w") as written:
                written.writestr("package", f"{name} for {architecture}")
        built = tuple(Built(name, digest(place / f"{name}.zip"), 1, 1) for name in names)
        Manifest("3.13", architecture, built, {}).write(place)


@dataclass(frozen=True)
class Stock:
    """A folder with what Lambda's runtime has: boto3 and the runtime client."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Stock:
        link_stock(folder, *BOTO3, *RUNTIME_CLIENT)
        # -S: no .pth of an editable installation, which would find the whole project.
        starter = folder / "python3"
        starter.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
        starter.chmod(0o755)
        return cls(folder)

    @contextmanager
    def started(
        self,
        task: Path,
        handler: str,
        variables: Mapping[str, str],
        layers: Sequence[Path] = (),
    ) -> Iterator[Lambda]:
        """Run a function that is unpacked in `task`, by Lambda's client or by its own wrapper."""
        wrapper = variables.get("AWS_LAMBDA_EXEC_WRAPPER")
        command = [str(self.folder / "python3"), "-m", "awslambdaric", handler]
        if wrapper:
            command = [wrapper.replace("/var/task", str(task)), *command]
        found = [str(task), *(str(layer / "python") for layer in layers), str(self.folder)]
        told = {
            "PATH": f"{self.folder}:/usr/bin:/bin",
            "PYTHONPATH": ":".join(found),
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        }
        with running([*_as_nobody(), *command], task, told) as service:
            yield service


def _as_nobody() -> list[str]:
    setpriv = shutil.which("setpriv")
    if os.getuid() or setpriv is None:
        return []
    ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    kept = [f"--{name}={READS_ALL}" for name in ("inh-caps", "ambient-caps", "bounding-set")]
    return [setpriv, *ids, *kept]


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip with the modes that its files have in it, as Lambda does."""
    with ZipFile(archive) as packed:
        for entry in packed.infolist():
            packed.extract(entry, folder)
            (folder / entry.filename).chmod(entry.external_attr >> 16 & 0o777 or 0o644)
    return folder
