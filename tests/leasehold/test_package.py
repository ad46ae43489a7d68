"""`leasehold package`: what it builds for, and what it says of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from infra.packages.manifest import Built, Manifest
from leasehold import package as verb
from leasehold.cli import main

if TYPE_CHECKING:
    from infra.packages.build import Order


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    made: list[Order] = []

    def build(order: Order) -> Manifest:
        made.append(order)
        built = Built("webhook", "0123456789abcdef", 110_000, 210_000)
        return Manifest(order.python.version, order.architecture, (built,), {})

    monkeypatch.setattr(verb, "build", build)
    return made


def test_both_machines_are_built_for_unless_one_is_named(orders: list[Order]) -> None:
    done = CliRunner().invoke(main, ["package"])
    assert done.exit_code == 0, done.output
    assert "webhook            arm64         0.11        0.21  0123456789ab" in done.output
    CliRunner().invoke(main, ["package", "--architecture", "x86_64"])
    assert [order.architecture for order in orders] == ["arm64", "x86_64", "x86_64"]
    assert orders[0].output.parts[-2:] == Path("build/lambda").parts


def test_a_runtime_that_is_none_is_refused(orders: list[Order]) -> None:
    done = CliRunner().invoke(main, ["package", "--python", "3.7"])
    assert done.exit_code == 1
    assert "LH5100" in done.output
    assert orders == []
