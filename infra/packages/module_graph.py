"""Which modules a function needs: those that its entry module imports, and what these import.

Modules are read, not run, so an import inside a function counts as one at the top. One that only
types need does not count. Of other people's packages the whole is taken once anything of it is
imported: some import parts of themselves by names that they make.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from infra.packages.contents import HIDDEN, OWN, RUNTIME
from ledger.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_PROVIDED = frozenset(sys.stdlib_module_names) | RUNTIME


@dataclass(frozen=True, kw_only=True)
class Imported:
    """`own` are modules of this project, by name; `others` are top-level packages and modules."""

    own: frozenset[str]
    others: frozenset[str]


def imported_by(entry: str, root: Path, site: Path, without: Collection[str] = ()) -> Imported:
    """Find what `entry` needs of the project at `root` and of the packages unpacked in `site`.

    Raises Refused LH5102 where code of the project imports what is in neither.
    """
    search = _Search(root, site, frozenset(without))
    search.follow(entry, by=entry)
    return Imported(own=frozenset(search.own), others=frozenset(search.others))


@dataclass
class _Search:
    root: Path
    site: Path
    without: frozenset[str]
    own: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    _followed: set[str] = field(default_factory=set)

    def follow(self, name: str, *, by: str) -> None:
        waiting = [(name, by)]
        while waiting:
            name, by = waiting.pop()
            names = _with_parents(name)
            if self.without.intersection(names):
                continue
            for each in (*names, *HIDDEN.get(names[0], ())):
                if each not in self._followed:
                    self._followed.add(each)
                    waiting += [(found, each) for found in self._imports(each, by)]

    def _imports(self, name: str, by: str) -> tuple[str, ...]:
        """Note a module, and return what it imports."""
        top = name.partition(".")[0]
        is_own = top in OWN
        file = module_file(self.root if is_own else self.site, name)
        if file is None:
            self._check_absent(name, top, by)
            return ()
        if is_own:
            self.own.add(name)
        elif top in _PROVIDED:
            return ()
        else:
            self.others.add(top)
        return _imports_of(file, name)

    def _check_absent(self, name: str, top: str, by: str) -> None:
        """Pass what Lambda has, a name inside a module, and what others need only perhaps."""
        is_own = by.partition(".")[0] in OWN
        parent = name.rpartition(".")[0]
        if is_own and top not in _PROVIDED and parent not in self._followed:
            raise Refused(
                "LH5102",
                f"{by} imports {name}, which is in no package of requirements/lambda-functions.in:"
                " add it there and run `make lock`.",
            )


def module_file(folder: Path, name: str) -> Path | None:
    """Return the file of a module, or None where `folder` has no such module."""
    place = folder.joinpath(*name.split("."))
    for candidate in (place / "__init__.py", place.with_name(f"{place.name}.py")):
        if candidate.is_file():
            return candidate
    return next(iter(sorted(place.parent.glob(f"{place.name}.*.so"))), None)


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


@cache
def _imports_of(file: Path, name: str) -> tuple[str, ...]:
    if file.suffix != ".py":
        return ()
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    return tuple(_names(ast.parse(file.read_bytes()), package))


def _names(node: ast.AST, package: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (each.name for each in names)
        case ast.ImportFrom(names=names):
            base = _absolute(node, package)
            yield base
            yield from (f"{base}.{each.name}" for each in names if each.name != "*")
        case ast.If(test=test) if _is_for_types(test):
            for each in node.orelse:
                yield from _names(each, package)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _names(child, package)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")
    base = parents[: len(parents) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _is_for_types(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))
