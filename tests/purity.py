"""Which tests are pure: they start no program and open no connection, so `make quick` runs them.

Nobody lists them. A test is pure unless its module, or one that makes a fixture for it, has
something of `WORLD` at hand; and one that is called pure fails where it goes outside all the same.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORLD = (
    *("boto3", "http.client", "moto", "requests", "socket", "subprocess", "urllib.request"),
    *("leasehold.credentials", "leasehold.git_signing", "leasehold.server_time"),
    *("leasehold.doctor", "leasehold.pushed_commits", "leasehold.validate", "leasehold.work_tree"),
    *("sandbox.api_gateway", "sandbox.git"),
    *("sandbox.lambda_functions", "sandbox.server"),
    *("tests.controller.aws.chat_server", "tests.controller.rehearsal", "tests.debian"),
    *("tests.gateway.api", "tests.gateway.door", "tests.gateway.issuer", "tests.gateway.serving"),
    *("tests.ledger.forge", "tests.ledger.signing", "tests.ledger.ssh", "tests.ledger.stalling"),
    *("tests.leasehold.running", "tests.loopback", "tests.moto_server"),
)
GOES_OUTSIDE: tuple[tuple[object, str], ...] = (
    *((socket.socket, name) for name in ("bind", "connect", "connect_ex")),
    (subprocess.Popen, "__init__"),
    *((os, name) for name in ("fork", "posix_spawn", "posix_spawnp")),
)


def is_pure(test: pytest.Item) -> bool:
    return isinstance(test, pytest.Function) and not any(map(can_go_outside, _modules(test)))


def can_go_outside(module: ModuleType) -> bool:
    """Tell whether a module has imported something of the world, or something out of it."""
    return any(
        f"{name}.".startswith(tuple(f"{each}." for each in WORLD)) for name in _at_hand(module)
    )


def _modules(test: pytest.Function) -> Iterator[ModuleType]:
    """Yield the test's module and those of its fixtures."""
    yield test.module
    for definitions in test._fixtureinfo.name2fixturedefs.values():
        yield sys.modules[definitions[-1].func.__module__]


def _at_hand(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        name = value.__name__ if isinstance(value, ModuleType) else _home(value)
        if isinstance(name, str):
            yield name


def _home(value: object) -> object:
    return getattr(value, "__module__", None)


class Guard:
    """Lets no pure test go outside.

    It stands in for the functions that do, and is no audit hook: Python code that runs while a
    thread starts lets another thread in, which coverage then cannot trace.
    """

    def __init__(self) -> None:
        self.watched: int | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for owner, name in GOES_OUTSIDE:
                patch.setattr(owner, name, self._guarded(getattr(owner, name)))
            self.watched = threading.get_ident()
            try:
                yield
            finally:
                self.watched = None

    def _guarded(self, goes_outside: Callable[..., object]) -> Callable[..., object]:
        @wraps(goes_outside)
        def guarded(*arguments: object, **named: object) -> object:
            if threading.get_ident() == self.watched:
                self._stop(goes_outside.__qualname__)
            return goes_outside(*arguments, **named)

        return guarded

    def _stop(self, what: str) -> None:
        pytest.fail(
            f"a test that counts as pure goes outside: {what}."
            " Let its module import what does that, and name that in WORLD of tests/purity.py."
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        if not item.get_closest_marker("pure"):
            return (yield)
        with self.watching():
            return (yield)
