"""Build the packages of all functions, and write beside them what they were made of."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.packages.archive import write_zip
from infra.packages.contents import (
    COMMAND,
    LAYER,
    LOCK,
    OUTPUT,
    PACKAGES,
    ROOT,
    zip_of_function,
)
from infra.packages.manifest import Built, Manifest, digest
from infra.packages.module_graph import imported_by
from infra.packages.selection import (
    OPT,
    Files,
    function_folders,
    others_files,
    own_files,
    with_bytecode,
)
from infra.packages.wheels import unpack_lock
from ledger.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from infra.packages.contents import Package
    from infra.packages.python import Python

MB = 1_000_000
WHEELS = OUTPUT.with_name("wheels")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to build: from the checkout at `root` into a folder of `output` for the architecture.

    `wheels` keeps what is fetched.
    """

    python: Python
    architecture: str
    root: Path = ROOT
    output: Path = ROOT / OUTPUT
    wheels: Path = ROOT / WHEELS


def build(order: Order) -> Manifest:
    """Build every package, in the place of what was there.

    - fetch what the lock names, for the target's Python and machine
    - find what each function imports, of that and of the project
    - compile it, zip it, and refuse what is too heavy
    - compile and zip the functions of definitions

    Raises Refused LH5102 to LH5105, and Unavailable LH5101.
    """
    if not (order.root / LOCK).is_file():
        raise Refused(
            "LH5104",
            f"{order.root / LOCK} is missing: packages are built in a checkout of Leasehold, by"
            f" `{COMMAND}`.",
        )
    order.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lambda-", dir=order.output) as name:
        made, scratch = Path(name) / "made", Path(name) / "scratch"
        made.mkdir()
        scratch.mkdir()
        chosen = [*_chosen(order, scratch)]
        complete = with_bytecode(chosen, order.python, scratch)
        built = tuple(
            _pack(package, files, made) for package, files in zip(PACKAGES, complete, strict=True)
        )
        functions = function_folders(order.root)
        built += _functions(functions, order.python, made, scratch)
        ours = [own_of(files, order.root, scratch) for files in chosen]
        sources = _sources(order.root, [*ours, *functions.values()])
        manifest = Manifest(order.python.version, order.architecture, built, sources)
        manifest.write(made)
        final = order.output / order.architecture
        shutil.rmtree(final, ignore_errors=True)
        made.rename(final)
    return manifest


def _chosen(order: Order, scratch: Path) -> Iterator[Files]:
    """Yield what goes into each package."""
    site = scratch / "site"
    site.mkdir()
    unpack_lock(order.root / LOCK, order.python, order.architecture, kept=order.wheels, into=site)
    for package in PACKAGES:
        needed = imported_by(package.entry, order.root, site, package.without)
        if needed.others and not package.has_third_party:
            raise Refused(
                "LH5105",
                f"The package {package.name} is to have no code of others, and imports"
                f" {', '.join(sorted(needed.others))}.",
            )
        yield own_files(order.root, needed) | others_files(site, needed)


def _functions(
    functions: Mapping[str, Files], python: Python, folder: Path, scratch: Path
) -> tuple[Built, ...]:
    """Write the zips of definitions' functions, and of the layer that they share."""
    own = {name: files for name, files in functions.items() if name != LAYER}
    layer = {name: files for name, files in functions.items() if name == LAYER}
    complete = {
        **dict(zip(own, with_bytecode(own.values(), python, scratch / "own"), strict=True)),
        **dict(
            zip(layer, with_bytecode(layer.values(), python, scratch / "layer", OPT), strict=True)
        ),
    }
    return tuple(
        _written(zip_of_function(name), files, folder) for name, files in sorted(complete.items())
    )


def _pack(package: Package, files: Files, folder: Path) -> Built:
    """Write one zip. Raises Refused LH5105 over its budget."""
    built = _written(package.name, files, folder)
    for what, bytes_, budget in (
        ("zipped", built.zip_bytes, package.zip_budget),
        ("unpacked", built.unpacked_bytes, package.unpacked_budget),
    ):
        if bytes_ > budget * MB:
            raise Refused(
                "LH5105",
                f"The package {package.name} has {bytes_ / MB:.1f} MB {what}, and its budget is"
                f" {budget:g}: see what it imports, or raise the budget in"
                " infra/packages/contents.py.",
            )
    return built


def _written(name: str, files: Files, folder: Path) -> Built:
    archive = folder / f"{name}.zip"
    write_zip(archive, files)
    return Built(
        name=name,
        sha256=hashlib.sha256(archive.read_bytes()).hexdigest(),
        zip_bytes=archive.stat().st_size,
        unpacked_bytes=sum(file.stat().st_size for file in files.values()),
    )


def own_of(files: Files, root: Path, scratch: Path) -> Files:
    """Return the project's own files; what was fetched may lie below the project, too."""
    return {
        name: file
        for name, file in files.items()
        if file.is_relative_to(root) and not file.is_relative_to(scratch)
    }


def _sources(root: Path, contents: Iterable[Files]) -> dict[str, str]:
    """Return the digests of files of the project, and of the lock."""
    names = {file.relative_to(root).as_posix() for each in contents for file in each.values()}
    return {name: digest(root / name) for name in sorted({*names, LOCK.as_posix()})}
