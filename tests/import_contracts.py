"""A kind of contract for import-linter: whole packages, minus named exceptions.

A contract that lists its modules forgets the next one. Here it names packages, what of them is
excepted, and what the rest must not reach by any path, so a new module is in it from its first
line. An exception that is not there (any more), or not needed, breaks the contract too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grimp import ImportGraph


class WholePackages(Contract):
    """`must_not_reach` are modules of ours with all below them, or packages of others.

    With `directly`, only imports of the module itself count, and not what these import.
    """

    type_name = "whole_packages"

    packages = fields.SetField(subfield=fields.StringField())
    except_for = fields.SetField(subfield=fields.StringField(), required=False, default=set())
    must_not_reach = fields.SetField(subfield=fields.StringField())
    directly = fields.BooleanField(required=False, default=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - its base's
        excepted = cast("set[str]", self.except_for)
        reaching = dict(self._chains(graph))
        allowed = {module for module in reaching if _is_below(module, excepted)}
        needless = sorted(
            each for each in excepted if not any(_is_below(m, {each}) for m in allowed)
        )
        broken = [chain for module, chain in sorted(reaching.items()) if module not in allowed]
        return ContractCheck(
            kept=not (broken or needless), metadata={"chains": broken, "needless": needless}
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        for chain in check.metadata["chains"]:
            output.print_error(f"- {' -> '.join(chain)}", bold=False)
        for name in check.metadata["needless"]:
            output.print_error(f"- {name} needs no exception, or is not there", bold=False)

    def _chains(self, graph: ImportGraph) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each module of the packages that reaches what it must not, and the way there."""
        packages = cast("set[str]", self.packages)
        for target in sorted(cast("set[str]", self.must_not_reach)):
            for wanted in sorted(each for each in graph.modules if _is_below(each, {target})):
                for module in sorted(self._importers(graph, wanted)):
                    if _is_below(module, packages) and not _is_below(module, {target}):
                        chain: Any = graph.find_shortest_chain(module, wanted)
                        yield module, tuple(chain)

    def _importers(self, graph: ImportGraph, wanted: str) -> set[str]:
        if self.directly:
            return graph.find_modules_that_directly_import(wanted)
        return graph.find_downstream_modules(wanted)


def _is_below(module: str, packages: set[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)
