"""The files of a package: what its modules are, what they read, and their bytecode."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from infra.packages.contents import DATA, FUNCTIONS
from infra.packages.module_graph import module_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.packages.module_graph import Imported
    from infra.packages.python import Python

Files = dict[str, Path]
"""Where each file is, by its name in the zip."""

_FOR_DEVELOPERS = frozenset({".c", ".h", ".pxd", ".pyc", ".pyi", ".pyx", ".typed"})
_FOLDERS_FOR_DEVELOPERS = frozenset({"__pycache__", "benchmarks", "include", "tests"})
TASK, OPT = PurePosixPath("/var/task"), PurePosixPath("/opt")  # a function's code, and its layers'


def own_files(root: Path, needed: Imported) -> Files:
    """Return the project's own modules, and the files that they read."""
    found: Files = {}
    for name in needed.own:
        if file := module_file(root, name):
            found[file.relative_to(root).as_posix()] = file
        for pattern in DATA.get(name, ()):
            found |= {each.relative_to(root).as_posix(): each for each in root.glob(pattern)}
    return found


def others_files(site: Path, needed: Imported) -> Files:
    """Return all files of other people's packages, but for what only developers read."""
    found: Files = {}
    for top in needed.others:
        parts = [site / top, site / f"{top}.libs", site / f"{top}.py", *site.glob(f"{top}.*.so")]
        for file in (each for part in parts for each in (part, *part.rglob("*"))):
            name = file.relative_to(site)
            if file.is_file() and not _is_for_developers(name):
                found[name.as_posix()] = file
    return found


def function_folders(root: Path) -> dict[str, Files]:
    """Return the files of each folder of functions, by the folder's name."""
    return {
        folder.name: {
            each.relative_to(folder).as_posix(): each
            for each in sorted(folder.rglob("*"))
            if each.is_file() and not _is_for_developers(each.relative_to(folder))
        }
        for folder in sorted((root / FUNCTIONS).glob("*/"))
        if folder.name not in _FOLDERS_FOR_DEVELOPERS
    }


def _is_for_developers(name: Path) -> bool:
    inside = _FOLDERS_FOR_DEVELOPERS.intersection(name.parts)
    return bool(inside) or name.suffix in _FOR_DEVELOPERS or name.name == "py.typed"


def with_bytecode(
    contents: Iterable[Files], python: Python, scratch: Path, at: PurePosixPath = TASK
) -> list[Files]:
    """Add to the files of each package what their sources compile to; the same is compiled once.

    `at` is where Lambda unpacks them.
    """
    scratch.mkdir(exist_ok=True)
    compiled: dict[tuple[str, str], Path] = {}
    wanted: list[tuple[Path, Path, str]] = []
    packages = []
    for files in contents:
        bytecode: Files = {}
        for name, source in files.items():
            if source.suffix != ".py":
                continue
            key = (name, hashlib.sha256(source.read_bytes()).hexdigest())
            if key not in compiled:
                compiled[key] = scratch / f"{len(compiled)}.pyc"
                wanted.append((source, compiled[key], str(at / name)))
            bytecode[_cached(name, python.cache_tag)] = compiled[key]
        packages.append({**files, **bytecode})
    python.compile(wanted)
    return packages


def _cached(name: str, tag: str) -> str:
    path = PurePosixPath(name)
    return (path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc").as_posix()
