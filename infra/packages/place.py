"""The packages that a deployment takes: are they there, and are they of the code that is here?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.packages.contents import COMMAND, FUNCTIONS, PACKAGES, zip_of_function
from infra.packages.manifest import read_manifest
from infra.packages.selection import function_folders

if TYPE_CHECKING:
    from pathlib import Path

    from infra.packages.contents import Package

_MOST_NAMED = 3
_NEEDED = frozenset(package.name for package in PACKAGES)


@dataclass(frozen=True)
class Packages:
    """Built packages of one architecture; `python` is the version that they were built for."""

    folder: Path
    architecture: str
    python: str

    def file(self, package: Package) -> Path:
        return self.folder / f"{package.name}.zip"

    def function(self, folder: str) -> Path:
        """Return the zip of a definition's function, by its folder's name."""
        return self.folder / f"{zip_of_function(folder)}.zip"


def find_packages(output: Path, root: Path, architecture: str) -> Packages | str:
    """Return the packages for an architecture, or a sentence why they cannot be deployed.

    `root` is the checkout that they have to be of.
    """
    folder = output / architecture
    manifest = read_manifest(folder)
    built = {each.name for each in manifest.packages} if manifest else set[str]()
    if manifest is None or not built >= _NEEDED:
        return (
            f"No packages are built in {folder}, and no function would start without: run"
            f" `{COMMAND}` first."
        )
    if other := sorted(each.name for each in manifest.packages if not each.is_in(folder)):
        return (
            f"{folder / other[0]}.zip is missing, or is not what was built: run `{COMMAND}` again."
        )
    if changed := manifest.changed(root):
        named = ", ".join(changed[:_MOST_NAMED])
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        return (
            f"The packages in {folder} were built of another {named}{more}: run `{COMMAND}` again."
        )
    here = function_folders(root)
    if new := sorted(name for name in here if zip_of_function(name) not in built):
        return (
            f"The packages in {folder} were built without {FUNCTIONS / new[0]}: run `{COMMAND}`"
            " again."
        )
    return Packages(folder, architecture, manifest.python)
