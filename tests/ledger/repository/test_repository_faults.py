"""What a network and a server do to a push, done for real."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pygit2
import pytest

from ledger.errors import Refused, Unavailable
from ledger.remote import Remote, Timeouts
from ledger.repository.transport import Server
from sandbox.git.server import GitServer
from tests.ledger.forge import LEASE, NOON, Colleague, Forge, add, git, opened, seeded, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ledger.repository import Repository

IMPATIENT = Timeouts(connect_ms=300, server_ms=300)
# Moves the head behind the server's back, once, between its advertisement and its update.
MOVE_THE_HEAD = """
test -e moved && exit 0
touch moved
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=Ben GIT_AUTHOR_EMAIL=b@x.y GIT_COMMITTER_NAME=Ben GIT_COMMITTER_EMAIL=b@x.y
new=$(git commit-tree -p main -m 'sneaked in' 'main^{tree}')
git update-ref refs/heads/main "$new"
"""


class TestAServerThatRefuses:
    def test_its_words_reach_the_caller_and_nothing_is_committed(
        self, repository: Repository, forge: Forge
    ) -> None:
        forge.hook("pre-receive", "echo 'Leases are frozen this week.'; exit 1")

        with pytest.raises(Refused, match=r"declined.*\n*.*frozen this week") as refusal:
            repository.commit(write(LEASE, "1"))

        assert refusal.value.code == "LH2007"
        assert forge.subjects() == ["begin"]

    def test_it_is_asked_twice_and_no_more(self, repository: Repository, forge: Forge) -> None:
        forge.hook("pre-receive", "echo asked >> asked; exit 1")

        with pytest.raises(Refused):
            repository.commit(write(LEASE, "1"))

        assert (forge.bare / "asked").read_text().split() == ["asked", "asked"]

    def test_a_passing_refusal_is_overcome(self, repository: Repository, forge: Forge) -> None:
        forge.hook("pre-receive", "test -e asked && exit 0; touch asked; exit 1")

        repository.commit(add(10, "r-1"))

        assert forge.subjects() == ["begin", "add 10 for r-1"]

    def test_the_next_change_does_not_suffer(self, repository: Repository, forge: Forge) -> None:
        hook = forge.hook("pre-receive", "exit 1")
        with pytest.raises(Refused):
            repository.commit(add(10, "r-1"))
        hook.unlink()

        repository.commit(add(10, "r-2"))

        assert forge.subjects() == ["begin", "add 10 for r-2"]

    def test_one_refused_change_takes_no_neighbour_along(
        self, repository: Repository, forge: Forge
    ) -> None:
        forge.hook(
            "pre-receive",
            "read old new ref; git log --format=%s $old..$new | grep -q bad && exit 1; exit 0",
        )
        outcomes: dict[str, Exception | str] = {}
        barrier = threading.Barrier(6)

        def caller(name: str) -> None:
            barrier.wait()
            try:
                outcomes[name] = repository.commit(add(1, name)).commit
            except Refused as refusal:
                outcomes[name] = refusal

        names = ["one", "bad", "two", "three", "bad-too", "four"]
        _together([lambda name=name: caller(name) for name in names])  # type: ignore[misc]

        refused = {name for name, outcome in outcomes.items() if isinstance(outcome, Refused)}
        assert refused == {"bad", "bad-too"}
        assert forge.file(LEASE) == "4"
        assert len(forge.subjects()) == 5


class TestARaceThatTheServerDecides:
    def test_a_head_moved_during_the_push_loses_nobody(
        self, repository: Repository, forge: Forge
    ) -> None:
        repository.read()
        forge.hook("pre-receive", MOVE_THE_HEAD)

        committed = repository.commit(add(10, "r-1"))

        assert forge.subjects() == ["begin", "sneaked in", "add 10 for r-1"]
        assert committed.commit == forge.tip


class TestAConnectionCutAfterTheUpdate:
    """The server has applied the push, and its answer never arrives."""

    def test_a_killed_receiver_does_not_double_the_change(
        self, repository: Repository, forge: Forge
    ) -> None:
        forge.hook("post-receive", "test -e cut && exit 0; touch cut; kill -9 $PPID")

        committed = repository.commit(add(10, "r-1"))

        assert forge.file(LEASE) == "10"
        assert forge.subjects() == ["begin", "add 10 for r-1"]
        assert committed.commit == forge.tip
        assert committed.snapshot.files[LEASE] == b"10"

    @pytest.mark.parametrize("status", ["200 OK", "502 Bad Gateway"])
    def test_a_cut_answer_does_not_double_the_change(self, tmp_path: Path, status: str) -> None:
        cut = _CutOnce(status)
        with GitServer(tmp_path, middleware=cut.around) as server:
            forge = seeded(tmp_path, "fleet.git", server.repository_url("fleet.git"))
            repository = opened(forge.url, tmp_path / "cache")

            committed = repository.commit(add(10, "r-1"))

            assert cut.done
            assert forge.subjects() == ["begin", "add 10 for r-1"]
            assert committed.commit == forge.tip

    def test_it_is_found_below_what_others_pushed_since(
        self, repository: Repository, forge: Forge
    ) -> None:
        repository.read()
        forge.hook(
            "post-receive",
            "test -e cut && exit 0; touch cut\n"
            + MOVE_THE_HEAD.replace("test -e moved && exit 0", "")
            + "kill -9 $PPID",
        )

        committed = repository.commit(add(10, "r-1"))

        assert forge.subjects() == ["begin", "add 10 for r-1", "sneaked in"]
        assert committed.commit == git(forge.bare, "rev-parse", "main~1")
        assert committed.snapshot.files[LEASE] == b"10"

    def test_all_of_a_batch_are_found(self, repository: Repository, forge: Forge) -> None:
        forge.hook("post-receive", "test -e cut && exit 0; touch cut; kill -9 $PPID")
        barrier = threading.Barrier(8)

        def caller(number: int) -> None:
            barrier.wait()
            repository.commit(add(1, f"r-{number}"))

        _together([lambda n=n: caller(n) for n in range(8)])  # type: ignore[misc]

        assert forge.file(LEASE) == "8"
        assert len(forge.subjects()) == 9

    def test_a_look_that_fails_too_leaves_the_change_in_doubt(self, tmp_path: Path) -> None:
        gone = threading.Event()
        cut = _CutOnce("200 OK", then=gone.set)
        with GitServer(tmp_path, middleware=lambda app: _absent(gone, cut.around(app))) as server:
            forge = seeded(tmp_path, "fleet.git", server.repository_url("fleet.git"))
            repository = opened(forge.url, tmp_path / "cache")

            with pytest.raises(Unavailable, match="same request id") as failure:
                repository.commit(add(10, "r-1"), deadline_seconds=0.4)

            assert failure.value.code == "LH2010"
            assert forge.file(LEASE) == "10"

    def test_a_server_that_comes_back_in_time_settles_the_doubt(self, tmp_path: Path) -> None:
        gone = threading.Event()
        back = threading.Timer(0.3, gone.clear)

        def go() -> None:
            gone.set()
            back.start()

        cut = _CutOnce("200 OK", then=go)
        with GitServer(tmp_path, middleware=lambda app: _absent(gone, cut.around(app))) as server:
            forge = seeded(tmp_path, "fleet.git", server.repository_url("fleet.git"))
            repository = opened(forge.url, tmp_path / "cache")

            repository.commit(add(10, "r-1"))

            back.join()
            assert forge.subjects() == ["begin", "add 10 for r-1"]

    def test_the_same_request_on_another_file_is_not_taken_for_it(
        self, repository: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        repository.read()
        other = "environments/dev/Other.lease.json"
        opened(forge.url, tmp_path / "other").commit(add(1, "tick", other))

        repository.commit(add(1, "tick"))

        assert (forge.file(other), forge.file(LEASE)) == ("1", "1")

    def test_the_same_request_from_another_process_is_applied_once(
        self, repository: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        repository.read()
        forge.hook("pre-receive", "test -e busy && exit 0; touch busy; sleep 0.3; exit 1")
        later = NOON + timedelta(seconds=1)
        other = opened(forge.url, tmp_path / "twin", clock=lambda: later)
        twin = threading.Thread(target=lambda: other.commit(add(10, "r-1")))

        def committing() -> None:
            repository.commit(add(10, "r-1"))

        first = threading.Thread(target=committing)
        first.start()
        while not (forge.bare / "busy").exists():
            time.sleep(0.01)
        twin.start()
        _joined([first, twin])

        assert forge.file(LEASE) == "10"
        assert forge.subjects() == ["begin", "add 10 for r-1"]


class TestAServerThatIsAway:
    def test_a_mute_server_is_given_up_after_the_timeout(
        self, mute_port: int, tmp_path: Path
    ) -> None:
        url = f"http://127.0.0.1:{mute_port}/fleet.git"
        repository = opened(url, tmp_path / "cache", timeouts=IMPATIENT)

        for ask in (repository.read, repository.head, lambda: repository.commit(write(LEASE, "1"))):
            with pytest.raises(Unavailable, match=f"{url} cannot be read") as failure:
                ask()
            assert failure.value.code == "LH2003"

    def test_a_stopped_server_fails_the_change_at_once_and_for_certain(
        self, repository: Repository, served: GitServer
    ) -> None:
        repository.commit(add(1, "r-1"))
        served.stop()

        with pytest.raises(Unavailable, match="cannot be read") as failure:
            repository.commit(add(1, "r-2"))

        assert failure.value.code == "LH2003"

    def test_a_server_that_was_restarted_is_used_again(
        self, repository: Repository, served: GitServer, forge: Forge
    ) -> None:
        repository.read()
        served.stop()
        with pytest.raises(Unavailable):
            repository.read()
        served.start()

        assert repository.head() == forge.tip
        repository.commit(add(1, "r-1"))
        assert forge.file(LEASE) == "1"

    def test_a_deadline_under_contention_says_not_committed(
        self, repository: Repository, forge: Forge
    ) -> None:
        forge.hook("pre-receive", MOVE_THE_HEAD.replace("test -e moved && exit 0", ""))

        with pytest.raises(Unavailable, match="not committed: the time for it ran out") as failure:
            repository.commit(add(1, "r-1"), deadline_seconds=0.5)

        assert failure.value.code == "LH2009"
        assert forge.file(LEASE) == "0"


def test_a_reader_does_not_wait_for_a_push(
    repository: Repository, forge: Forge, colleague: Colleague
) -> None:
    repository.read()
    forge.hook("pre-receive", "touch pushing; until test -e proceed; do sleep 0.02; done")
    push = threading.Thread(target=lambda: repository.commit(add(1, "r-1")))
    push.start()
    while not (forge.bare / "pushing").exists():
        time.sleep(0.01)

    snapshot = repository.read()

    assert push.is_alive(), "the push is held up by its hook until now"
    (forge.bare / "proceed").touch()
    assert snapshot.files[LEASE] == b"0"
    _joined([push])
    assert repository.read().files[LEASE] == b"1"


class _CutOnce:
    """Lets the first push through to git and cuts the answer: short, or replaced by `status`."""

    def __init__(self, status: str, then: Callable[[], None] = lambda: None) -> None:
        self._status = status
        self._then = then
        self.done = False

    def around(self, inner: WSGIApplication) -> WSGIApplication:
        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if self.done or not environ["PATH_INFO"].endswith("/git-receive-pack"):
                return inner(environ, start_response)
            _swallow(inner, environ)
            self.done = True
            self._then()
            start_response(self._status, [("Content-Type", "text/plain"), ("Content-Length", "99")])
            return [b""]

        return serve


def _swallow(inner: WSGIApplication, environ: WSGIEnvironment) -> None:
    answer = inner(environ, lambda *_: lambda _: None)
    for _ in answer:
        pass
    answer.close()  # type: ignore[attr-defined]


def _absent(gone: threading.Event, inner: WSGIApplication) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if gone.is_set():
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return []
        return inner(environ, start_response)

    return serve


def _together(actions: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    _joined(threads)


def _joined(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


class TestWhatDoesNotPass:
    def test_a_repository_with_other_object_ids_is_refused_with_the_way_out(
        self, tmp_path: Path
    ) -> None:
        work = tmp_path / "work"
        git(tmp_path, "init", "-q", "--object-format=sha256", "-b", "main", str(work))
        git(work, "commit", "-q", "--allow-empty", "-m", "begin")
        (tmp_path / "served").mkdir()
        git(tmp_path, "clone", "-q", "--bare", str(work), str(tmp_path / "served" / "fleet.git"))

        with GitServer(tmp_path / "served") as server:
            for url in (f"{server.url}/fleet.git", str(tmp_path / "served" / "fleet.git")):
                with pytest.raises(Refused, match=r"SHA-256.*--object-format=sha1") as refusal:
                    opened(url, tmp_path / "cache").read()
                assert refusal.value.code == "LH1024"

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            ("failed to write out file: No space left on device", "LH2012"),
            ("could not write pack: Disk quota exceeded", "LH2012"),
            ("failed to create locked file: Read-only file system", "LH2012"),
            ("failed to connect to git.example.com: timed out", "LH2003"),
        ],
    )
    def test_no_room_on_this_machine_is_not_the_servers_fault(
        self, tmp_path: Path, words: str, code: str
    ) -> None:
        server = Server(
            Remote("https://git.example.com/fleet"), tmp_path, IMPATIENT, may_begin=True
        )
        failure = server.unreachable(pygit2.GitError(words))
        assert isinstance(failure, Unavailable)
        assert failure.code == code
        assert words in failure.message
