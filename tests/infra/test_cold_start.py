"""What a function imports when it starts, in a process of its package: no more than it needs.

Nothing is timed here. `python -m benchmarks cold-start` measures what the imports take.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from infra.packages.contents import (
    AUTHORIZER,
    AUTHORIZER_OIDC,
    CONSOLE,
    CONTROLLER_WITH_KEYS,
    GATEWAY,
    PACKAGES,
    STREAM,
    WEBHOOK,
    Package,
)
from tests.infra.packaged import HERE, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.infra.packaged import Stock

# What only some requests, or only some environments, have a use for.
KEYS = ("cryptography", "jsonschema", "jwt", "ledger.proof", "ledger.signatures")
SELDOM = {
    CONTROLLER_WITH_KEYS: (*KEYS, "controller.bill", "controller.judge", "controller.report"),
    GATEWAY: (
        *KEYS,
        "gateway.group_commit",
        "gateway.http.openapi",
        "gateway.leases",
        "gateway.models",
        "gateway.webhook",
    ),
    STREAM: (
        *KEYS,
        "gateway.group_commit",
        "gateway.handler",
        "gateway.http.openapi",
        "gateway.leases",
        "gateway.models.executions",
        "gateway.webhook",
    ),
    WEBHOOK: (*KEYS, "pygit2", "gateway.leases", "gateway.models"),
    CONSOLE: (*KEYS, "boto3", "pygit2", "gateway.fleet", "gateway.leases", "gateway.models"),
    AUTHORIZER: (*KEYS, "pygit2", "gateway.http.openapi", "gateway.leases"),
    AUTHORIZER_OIDC: (*KEYS, "pygit2"),
}
ONE_REQUEST = """
from datetime import UTC, datetime
from gateway.dependencies import Dependencies
from gateway.operations import Operations
Operations(Dependencies(None, "dev", lambda: datetime.now(UTC), lambda *_, **__: None)).named({!r})
"""


@pytest.fixture
def imported(packages: Path, stock: Stock, tmp_path: Path) -> Callable[[Package, str], set[str]]:
    """Tell which modules a function's process has, after its start and what more it did."""

    def run(package: Package, more: str = "") -> set[str]:
        task = unpack(packages / HERE / f"{package.name}.zip", tmp_path / package.name)
        code = f"import sys, {package.entry}\n{more}\nprint(*sys.modules)"
        done = subprocess.run(
            [stock.folder / "python3", "-c", code],
            env={"PYTHONPATH": f"{task}:{stock.folder}", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return set(done.stdout.split())

    return run


@pytest.mark.parametrize("package", SELDOM, ids=lambda it: it.name)
def test_a_function_starts_without_what_only_some_requests_need(
    imported: Callable[..., set[str]], package: Package
) -> None:
    there = imported(package)
    assert package.entry in there
    assert not there.intersection(SELDOM[package])


def test_every_function_is_looked_at() -> None:
    assert {each.entry for each in SELDOM} == {each.entry for each in PACKAGES}


@pytest.mark.parametrize(
    ("operation", "needed", "not_needed"),
    [
        ("query", "gateway.leases.query", ("gateway.models", "gateway.leases.changes")),
        ("invoke", "gateway.models.invocation", ("gateway.leases", "gateway.models.executions")),
    ],
)
def test_a_request_loads_what_its_own_route_needs(
    imported: Callable[..., set[str]],
    operation: str,
    needed: str,
    not_needed: tuple[str, ...],
) -> None:
    there = imported(GATEWAY, ONE_REQUEST.format(operation))
    assert needed in there
    assert not there.intersection(not_needed)
