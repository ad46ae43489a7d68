"""Tests that are called pure are so: `make quick` is a minute, and needs nothing but Python."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from ledger import lease
from tests import scene
from tests.purity import Guard, can_go_outside, is_pure

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def guard() -> Iterator[Guard]:
    """A guard who thinks that a pure test runs."""
    made = Guard()
    with made.watching():
        yield made


def test_a_test_is_pure_by_what_its_module_has_at_hand(request: pytest.FixtureRequest) -> None:
    assert can_go_outside(sys.modules[__name__])
    assert can_go_outside(scene)
    assert not can_go_outside(lease)
    assert not is_pure(request.node)


def test_a_pure_test_that_opens_a_connection_fails(guard: Guard) -> None:
    with socket.socket() as one, pytest.raises(pytest.fail.Exception, match="WORLD of tests"):
        one.bind(("127.0.0.1", 0))


def test_a_pure_test_that_starts_a_program_fails(guard: Guard) -> None:
    with pytest.raises(pytest.fail.Exception, match="Popen"):
        subprocess.run(["true"], check=True)


def test_a_pure_test_that_forks_fails(guard: Guard) -> None:
    with pytest.raises(pytest.fail.Exception, match="fork"):
        os.fork()


def test_a_server_that_is_still_at_work_in_another_thread_is_not_its_fault(guard: Guard) -> None:
    with ThreadPoolExecutor(1) as others, socket.socket() as one:
        others.submit(one.bind, ("127.0.0.1", 0)).result()
        assert one.getsockname()[1]


def test_a_test_that_is_not_pure_may_do_so(guard: Guard) -> None:
    guard.watched = None
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))


def test_nothing_of_it_stays() -> None:
    before = subprocess.Popen.__init__
    with Guard().watching():
        assert subprocess.Popen.__init__ is not before
    assert subprocess.Popen.__init__ is before
