"""`leasehold package`: what it builds for, and what it says of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from infra.packages import build as packages
from infra.packages.contents import ARCHITECTURES
from infra.packages.manifest import Built, Manifest
from infra.packages.python import SUPPORTED
from leasehold.cli import main
from leasehold.package import MACHINES, RUNTIMES

if TYPE_CHECKING:
    from infra.packages.build import Order


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    made: list[Order] = []

    def build(order: Order) -> Manifest:
        made.append(order)
        built = Built("webhook", "0123456789abcdef", 110_000, 210_000)
        return Manifest(order.python.version, order.architecture, (built,), {})

    monkeypatch.setattr(packages, "build", build)
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


def test_its_help_names_what_there_is() -> None:
    assert (SUPPORTED, tuple(ARCHITECTURES)) == (RUNTIMES, MACHINES)


def test_what_is_installed_without_the_checkout_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "infra.packages", None)
    done = CliRunner().invoke(main, ["package"])
    assert done.exit_code == 1
    assert "run `make package` in a clone of its repository" in " ".join(done.output.split())
