"""Every import contract holds, and fails for an import that it is there to forbid."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import grimp
import pytest
from importlinter.application.use_cases import read_user_options
from importlinter.configuration import configure
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.layers import LayersContract

from tests.import_contracts import WholePackages

if TYPE_CHECKING:
    from grimp import ImportGraph

KINDS: dict[str, Any] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "layers": LayersContract,
    "whole_packages": WholePackages,
}
# An import that each is there to forbid, by whoever might write it without thinking.
FORBIDDEN = {
    "layers": ("ledger.lease", "gateway.http.answer"),
    "sandbox-and-infra": ("controller.reconcile", "sandbox.clock"),
    "sandbox": ("sandbox.aws.tags_of_tomorrow", "ledger.lease"),
    "infra": ("infra.settings", "ledger.opening"),
    "sagemaker": ("controller.aws.rollout", "sagemaker"),
    "jumpstart": ("leasehold.lock", "leasehold.jumpstart.sdk"),
    "pictures": ("leasehold.report", "leasehold.pictures.charts"),
    "top": ("leasehold.top.board", "textual"),
    "predecessor": ("leasehold.predecessor.move", "leasehold.predecessor.account"),
    "git": ("ledger.settings", "pygit2"),
    "ledger": ("ledger.a_module_of_tomorrow", "ledger.opening"),
    "controller": ("controller.plan", "ledger.repository"),
    "planning": ("controller.planning.decide", "controller.memory.logbook"),
    "money": ("leasehold.report_words", "leasehold.context"),
    "requests": ("gateway.leases.query", "gateway.clients"),
    "callers": ("gateway.webhook.receive", "gateway.dependencies"),
    "environment": ("gateway.callers.rate_limit", "os"),
    "cycles": ("ledger.documents.definition", "ledger.fleet"),
    "sandbox-layers": ("sandbox.clock", "sandbox.server"),
    "sandbox-aws": ("sandbox.aws.protocol.rest", "sandbox.aws.pricing"),
}


@cache
def options() -> Any:  # noqa: ANN401 - import-linter's
    configure()
    return read_user_options(".importlinter")


@cache
def graph() -> ImportGraph:
    return grimp.build_graph(
        *options().session_options["root_packages"], include_external_packages=True
    )


def is_kept(contract_id: str, imports: ImportGraph) -> bool:
    [chosen] = [each for each in options().contracts_options if each["id"] == contract_id]
    made = KINDS[chosen["type"]](
        name=chosen["name"],
        session_options=options().session_options,
        contract_options={
            key: value for key, value in chosen.items() if key not in {"id", "name", "type"}
        },
    )
    return bool(made.check(deepcopy(imports), verbose=False).kept)


def test_there_is_an_import_for_each_contract_to_forbid() -> None:
    assert [each["id"] for each in options().contracts_options] == list(FORBIDDEN)


@pytest.mark.parametrize("contract_id", FORBIDDEN)
def test_a_contract_holds_and_fails_for_what_it_forbids(contract_id: str) -> None:
    assert is_kept(contract_id, graph())
    spoilt = deepcopy(graph())
    importer, imported = FORBIDDEN[contract_id]
    for module in {importer, imported} - spoilt.modules:
        spoilt.add_module(module)
    spoilt.add_import(importer=importer, imported=imported)
    assert not is_kept(contract_id, spoilt)


def test_an_exception_that_is_not_needed_breaks_a_contract() -> None:
    made = WholePackages(
        name="too much is excepted",
        session_options=options().session_options,
        contract_options={
            "packages": ["ledger"],
            "except_for": ["ledger.lease"],
            "must_not_reach": ["sagemaker"],
        },
    )
    assert made.check(graph(), verbose=False).metadata["needless"] == ["ledger.lease"]
