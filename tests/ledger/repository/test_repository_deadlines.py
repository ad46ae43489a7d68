"""Everything ends in time, whatever the git server does: nothing here says how long that takes."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

import pytest

from ledger import errands
from ledger.deadline import within
from ledger.errors import Failure, Unavailable
from ledger.remote import SshKey, Timeouts
from ledger.repository import exchange
from tests.ledger.forge import LEASE, add, opened, write
from tests.ledger.stalling import Stalling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.repository import Repository
    from tests.ledger.forge import Forge

HASTY = Timeouts(connect_ms=5000, server_ms=5000, exchange_ms=500)
MOST_LOOKS = 600


@pytest.fixture
def stalling(forge: Forge) -> Iterator[Stalling]:
    with Stalling(forge.url) as made:
        yield made


@pytest.fixture
def behind(stalling: Stalling, tmp_path: Path) -> Repository:
    return opened(stalling.url, tmp_path / "cache", timeouts=HASTY)


def failure(do: Callable[[], object]) -> Failure:
    with pytest.raises(Failure) as failed:
        do()
    return failed.value


def nothing_is_left_behind() -> bool:
    for _ in range(MOST_LOOKS):
        if not exchange.left_behind():
            return True
        time.sleep(0.01)
    return False


def slow(*words: str, after: int = 0) -> Callable[[str], int | None]:
    return lambda line: after if any(word in line for word in words) else None


@pytest.mark.parametrize("after", [0, 30, 300], ids=["status", "head", "references"])
def test_references_that_trickle_end_a_read(
    behind: Repository, stalling: Stalling, after: int
) -> None:
    stalling.passes = slow("info/refs", after=after)
    assert failure(behind.read).code == "LH2014"
    assert failure(behind.head).code == "LH2014"
    assert nothing_is_left_behind()

    stalling.flow()
    assert behind.read().files[LEASE] == b"0"


def test_a_pack_that_trickles_ends_a_read_and_its_clone(
    behind: Repository, stalling: Stalling, forge: Forge
) -> None:
    stalling.passes = slow("POST", after=250)
    assert failure(behind.read).code == "LH2014"
    assert nothing_is_left_behind()

    stalling.flow()
    assert behind.read().commit == forge.tip
    behind.commit(add(10, "r-1"))
    assert behind.descends(forge.tip, behind.read().commit)


def test_a_history_that_trickles_ends_a_look(behind: Repository, stalling: Stalling) -> None:
    stalling.flow()
    for number in (1, 2):
        behind.commit(write(LEASE, str(number), f"r-{number}"))
    assert len(behind.page(LEASE, 10).records) == 3
    stalling.passes = slow("info/refs", "POST")
    assert failure(lambda: behind.page(LEASE, 10)).code == "LH2014"


@pytest.mark.parametrize(
    ("scheme", "begin"), [("https", b"\x16\x03\x03\x40\x00"), ("ssh", b"SSH-2.0-")]
)
def test_a_handshake_that_trickles_ends_a_read(tmp_path: Path, scheme: str, begin: bytes) -> None:
    hosts = tmp_path / "known_hosts"
    hosts.touch()
    key = SshKey("git", tmp_path / "key", None, hosts) if scheme == "ssh" else None
    with Stalling(begin=begin) as stalling:
        address = f"{scheme}://127.0.0.1:{stalling.port}/fleet.git"
        repository = opened(address, tmp_path / "cache", timeouts=HASTY, credentials=key)
        assert failure(repository.read).code == "LH2014"
        assert nothing_is_left_behind()


def test_a_name_that_is_not_resolved_ends_a_read(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = threading.Event()
    with monkeypatch.context() as patched, within(0.3):
        patched.setattr(socket, "getaddrinfo", lambda *_, **__: resolved.wait() and [])
        assert failure(repository.read).code == "LH2014"
    resolved.set()
    assert nothing_is_left_behind()
    assert repository.read().files[LEASE] == b"0"


def test_a_push_that_was_never_sent_is_not_committed(
    behind: Repository, stalling: Stalling, forge: Forge
) -> None:
    stalling.flow()
    behind.read()
    stalling.passes = slow("git-receive-pack")
    with within(3.0):
        assert failure(lambda: behind.commit(add(10, "r-1"))).code == "LH2009"
    stalling.flow()
    assert nothing_is_left_behind()
    assert behind.commit(add(10, "r-2")).snapshot.files[LEASE] == b"10"
    assert forge.subjects() == ["begin", "add 10 for r-2"]


def test_a_push_without_an_answer_is_found_by_its_request(
    behind: Repository, stalling: Stalling, forge: Forge
) -> None:
    stalling.passes = slow("POST /fleet.git/git-receive-pack")
    committed = behind.commit(add(10, "r-1"))
    assert committed.commit == forge.tip
    assert forge.subjects() == ["begin", "add 10 for r-1"]


def test_a_push_without_an_answer_may_be_there_and_is_applied_once(
    behind: Repository, stalling: Stalling, forge: Forge
) -> None:
    def passes(line: str) -> int | None:
        if line.startswith("POST /fleet.git/git-receive-pack"):
            stalling.passes = slow("info/refs", "POST")
            return 0
        return None

    stalling.passes = passes
    with within(4.0):
        assert failure(lambda: behind.commit(add(10, "r-1"))).code == "LH2010"
    stalling.flow()
    assert nothing_is_left_behind()
    assert [each.commit for each in behind.answers("r-1", behind.read())] == [forge.tip]


def test_callers_beside_a_server_that_hangs_end_each_by_its_own_deadline(
    behind: Repository, stalling: Stalling
) -> None:
    stalling.passes = slow("info/refs")
    ended: list[Failure] = []

    def call(do: Callable[[], object]) -> None:
        with within(1.0):
            ended.append(failure(do))

    calls = [behind.read, behind.head, lambda: behind.page(LEASE, 3), *[behind.read] * 5]
    changes = [lambda number=number: behind.commit(add(1, f"r-{number}")) for number in range(4)]
    with ThreadPoolExecutor(12) as callers:
        for each in (*calls, *changes):
            callers.submit(copy_context().run, call, each)
    assert {each.code for each in ended} <= {"LH2014", "LH2009"}
    assert len(ended) == 12
    assert len(stalling.asked) < 12  # who has waited does not begin anew


def test_no_more_connections_are_left_behind_than_so_many(repository: Repository) -> None:
    never = threading.Event()
    line = exchange.Line("The server", ("", 0))
    for _ in range(errands.MOST_LEFT_BEHIND):
        with pytest.raises(exchange.Overdue, match="LH2014"):
            line.run(never.wait, 0.01, lambda: None)
    said = failure(repository.read)
    assert (said.code, isinstance(said, Unavailable)) == ("LH2015", True)
    never.set()
    assert nothing_is_left_behind()
    assert repository.read().files[LEASE] == b"0"
