"""A branch of its own beside main: begun by whoever writes first, lost and begun anew."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ledger.committers import GATEWAY
from ledger.errors import Refused
from ledger.repository import Change, Remote, Repository, Snapshot
from sandbox.git.server import GitServer, create_repository
from tests.ledger.forge import (
    LEASE,
    NOON,
    Colleague,
    Forge,
    add,
    change,
    git,
    seeded,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BRANCH = "leasehold/status"
FILE = "dev.json"
WRITERS = 8
PROCESS = """
import sys
from pathlib import Path
from tests.ledger.forge import add
from tests.ledger.repository.test_repository_branches import FILE, status_of
url, cache, name = sys.argv[1:]
repository = status_of(url, Path(cache))
assert repository.read().commit == ""
print("ready", flush=True)
sys.stdin.readline()
print(repository.commit(add(1, name, FILE), deadline_seconds=60).commit, flush=True)
"""
# How a change of somebody else's gets in behind the server's back, from inside a hook.
BEHIND = f"""
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=Ben GIT_AUTHOR_EMAIL=b@x.y GIT_COMMITTER_NAME=Ben GIT_COMMITTER_EMAIL=b@x.y
test -e done && exit 0
touch done
blob=$(echo 5 | git hash-object -w --stdin)
tree=$(printf '100644 blob %s\\t{FILE}\\n' "$blob" | git mktree)
move() {{ git update-ref refs/heads/{BRANCH} "$(git commit-tree "$@" -m somebody "$tree")"; }}
"""
CUT_ONCE = "test -e cut && exit 0; touch cut; kill -9 $PPID"
READ = ["GET git-upload-pack"]
PUSH = ["GET git-receive-pack", "POST git-receive-pack"]


def status_of(url: str, cache: Path, *, may_begin: bool = True) -> Repository:
    return Repository(
        Remote(url, BRANCH),
        cache,
        under="",
        may_begin=may_begin,
        committer=GATEWAY,
        clock=lambda: NOON,
    )


@dataclass(frozen=True)
class Counted:
    """The status branch on a server that notes what it is asked."""

    forge: Forge
    cache: Path
    asked: list[str]

    def open(self, cache: str = "cache") -> Repository:
        return status_of(self.forge.url, self.cache / cache)

    def requests(self, action: Callable[[], object]) -> list[str]:
        self.asked.clear()
        action()
        return list(self.asked)


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    asked: list[str] = []

    def around(inner: WSGIApplication) -> WSGIApplication:
        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            service = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
            asked.append(
                f"{environ['REQUEST_METHOD']} git-{service.rpartition('git-')[2]}".strip("?")
            )
            return inner(environ, start_response)

        return serve

    with GitServer(tmp_path, middleware=around) as server:
        forge = seeded(tmp_path, "fleet.git", server.repository_url("fleet.git"))
        yield Counted(forge, tmp_path, asked)


@pytest.fixture
def status(forge: Forge, tmp_path: Path) -> Repository:
    return status_of(forge.url, tmp_path / "cache")


@pytest.fixture
def other(forge: Forge, tmp_path: Path) -> Repository:
    """The same branch, as another process has it."""
    return status_of(forge.url, tmp_path / "other")


def subjects(forge: Forge) -> list[str]:
    return git(forge.bare, "log", "--reverse", "--format=%s", BRANCH).splitlines()


def roots(forge: Forge) -> list[str]:
    return git(forge.bare, "rev-list", "--max-parents=0", BRANCH).splitlines()


def content(forge: Forge) -> str:
    return git(forge.bare, "show", f"{BRANCH}:{FILE}")


def delete(forge: Forge) -> None:
    git(forge.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")


class TestABranchThatNobodyHasBegun:
    def test_it_is_refused_unless_it_may_be_begun(self, forge: Forge, tmp_path: Path) -> None:
        wary = status_of(forge.url, tmp_path / "cache", may_begin=False)

        for ask in (wary.read, wary.head, lambda: wary.commit(write(FILE, "1"))):
            with pytest.raises(Refused, match=f"has no branch {BRANCH}") as refusal:
                ask()
            assert refusal.value.code == "LH2004"

    def test_it_reads_as_no_commit_no_files_and_the_beginning_of_time(
        self, status: Repository
    ) -> None:
        assert status.read() == Snapshot("", {}, datetime(1970, 1, 1, tzinfo=UTC))
        assert status.head() == ""
        assert list(status.changes(FILE, 9)) == []

    def test_the_first_commit_has_no_parent_and_holds_nothing_of_main(
        self, status: Repository, forge: Forge
    ) -> None:
        main = forge.tip

        committed = status.commit(write(FILE, "1"))

        assert git(forge.bare, "log", "--format=%H|%P|%s", BRANCH) == (
            f"{committed.commit}||write 1"
        )
        assert git(forge.bare, "ls-tree", "-r", "--name-only", BRANCH) == FILE
        assert forge.tip == main
        assert status.head() == committed.commit
        assert status.read() == committed.snapshot

    def test_the_second_commit_follows_the_first(self, status: Repository, forge: Forge) -> None:
        status.commit(add(1, "r-1", FILE))
        status.commit(add(1, "r-2", "prod.json"))
        status.commit(add(1, "r-3", FILE))

        assert subjects(forge) == ["add 1 for r-1", "add 1 for r-2", "add 1 for r-3"]
        assert status.read().files == {FILE: b"2", "prod.json": b"1"}

    def test_a_repository_without_any_commit_can_hold_it(
        self, served: GitServer, tmp_path: Path
    ) -> None:
        bare = create_repository(tmp_path / "served", "new.git")
        status = status_of(served.repository_url("new.git"), tmp_path / "cache")

        assert status.read().commit == ""
        status.commit(write(FILE, "1"))

        assert git(bare, "for-each-ref", "--format=%(refname)") == f"refs/heads/{BRANCH}"

    def test_nothing_to_write_begins_nothing(self, status: Repository) -> None:
        committed = status.commit(lambda _: change({FILE: None}, "remove", "r-1"))

        assert committed.commit == ""
        assert status.head() == ""

    def test_a_local_clone_reads_as_nothing_too(self, forge: Forge, tmp_path: Path) -> None:
        assert status_of(str(forge.bare), tmp_path / "cache").read().commit == ""

    def test_a_hook_that_forbids_new_branches_is_heard(
        self, status: Repository, forge: Forge
    ) -> None:
        forge.hook("pre-receive", "echo 'No new branches.'; exit 1")

        with pytest.raises(Refused, match=r"No new branches") as refusal:
            status.commit(write(FILE, "1"))

        assert refusal.value.code == "LH2007"
        assert status.head() == ""


class TestTwoWhoBeginIt:
    def test_the_later_one_is_asked_again_with_what_the_first_one_wrote(
        self, status: Repository, other: Repository, forge: Forge
    ) -> None:
        status.read()
        other.commit(add(5, "first", FILE))

        status.commit(add(1, "second", FILE))

        assert content(forge) == "6"
        assert subjects(forge) == ["add 5 for first", "add 1 for second"]

    def test_the_same_first_commit_by_both_is_there_once(
        self, status: Repository, other: Repository, forge: Forge
    ) -> None:
        status.read()
        first = other.commit(add(1, "tick", FILE))

        assert status.commit(add(1, "tick", FILE)).commit == first.commit
        assert subjects(forge) == ["add 1 for tick"]

    def test_a_race_that_the_server_decides_loses_nobody(
        self, status: Repository, forge: Forge
    ) -> None:
        forge.hook("pre-receive", BEHIND + "move")

        status.commit(add(1, "r-1", FILE))

        assert subjects(forge) == ["somebody", "add 1 for r-1"]
        assert content(forge) == "6"

    def test_callers_of_one_repository_share_the_beginning(
        self, status: Repository, forge: Forge
    ) -> None:
        acknowledged = _at_once([_adding(status, f"r-{number}") for number in range(WRITERS)])

        _assert_all_there_with_one_root(forge, acknowledged)

    def test_clones_of_their_own_leave_one_root_and_every_change(
        self, forge: Forge, tmp_path: Path
    ) -> None:
        writers = [status_of(forge.url, tmp_path / f"cache-{n}") for n in range(WRITERS)]
        for writer in writers:
            writer.read()

        acknowledged = _at_once([_adding(writer, f"r-{n}") for n, writer in enumerate(writers)])

        _assert_all_there_with_one_root(forge, acknowledged)

    def test_processes_leave_one_root_and_every_change(self, forge: Forge, tmp_path: Path) -> None:
        with _processes(forge, tmp_path) as children:
            for child in children:
                assert child.stdout is not None
                assert child.stdout.readline() == "ready\n"
            acknowledged = _at_once([_going(child) for child in children])

        _assert_all_there_with_one_root(forge, acknowledged)


class TestAnAnswerThatGotLost:
    """The server has made the branch, and the one who pushed was never told."""

    def test_the_first_commit_is_found_and_not_made_twice(
        self, status: Repository, forge: Forge
    ) -> None:
        forge.hook("post-receive", CUT_ONCE)

        committed = status.commit(add(1, "r-1", FILE))

        assert subjects(forge) == ["add 1 for r-1"]
        assert [committed.commit] == roots(forge)
        assert committed.snapshot == status.read()

    def test_it_is_found_below_what_others_wrote_since(
        self, status: Repository, forge: Forge
    ) -> None:
        forge.hook("post-receive", f"{BEHIND} move -p {BRANCH}; kill -9 $PPID")

        committed = status.commit(add(1, "r-1", FILE))

        assert subjects(forge) == ["add 1 for r-1", "somebody"]
        assert [committed.commit] == roots(forge)
        assert committed.snapshot.files == {FILE: b"1"}

    def test_all_of_a_batch_are_found(self, status: Repository, forge: Forge) -> None:
        forge.hook("post-receive", CUT_ONCE)

        acknowledged = _at_once([_adding(status, f"r-{number}") for number in range(WRITERS)])

        _assert_all_there_with_one_root(forge, acknowledged)

    def test_a_change_without_a_request_id_is_found_by_its_commit(
        self, status: Repository, forge: Forge
    ) -> None:
        forge.hook("post-receive", CUT_ONCE)

        def proposal(snapshot: Snapshot) -> Change:
            total = int(snapshot.files.get(FILE, b"0")) + 1
            return Change({FILE: b"%d" % total}, "observed", GATEWAY, "")

        status.commit(proposal)

        assert subjects(forge) == ["observed"]
        assert content(forge) == "1"

    def test_it_is_found_by_a_clone_that_had_to_be_made_afresh(
        self, status: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        forge.hook(
            "post-receive",
            f"{BEHIND} move -p {BRANCH}; rm -r {tmp_path}/cache/*.git; kill -9 $PPID",
        )

        status.commit(add(1, "r-1", FILE))

        assert subjects(forge) == ["add 1 for r-1", "somebody"]

    @pytest.mark.parametrize("earlier", [0, 2])
    def test_a_branch_deleted_before_we_could_look_is_begun_anew(
        self, status: Repository, forge: Forge, earlier: int
    ) -> None:
        for number in range(earlier):
            status.commit(write(FILE, str(number), f"earlier-{number}"))
        forge.hook(
            "post-receive",
            f"test -e cut && exit 0; touch cut; git update-ref -d refs/heads/{BRANCH};"
            " kill -9 $PPID",
        )

        status.commit(add(1, "r-1", FILE), deadline_seconds=60)

        assert subjects(forge) == ["add 1 for r-1"]
        assert content(forge) == "1"


class TestABranchThatIsTakenAway:
    def test_the_next_commit_begins_it_anew(self, status: Repository, forge: Forge) -> None:
        status.commit(add(1, "r-1", FILE))
        delete(forge)

        committed = status.commit(add(5, "r-2", FILE))

        assert subjects(forge) == ["add 5 for r-2"]
        assert roots(forge) == [committed.commit]
        assert content(forge) == "5"

    def test_the_next_read_says_so(self, status: Repository, forge: Forge) -> None:
        status.commit(add(1, "r-1", FILE))
        delete(forge)

        assert status.read().commit == ""
        assert list(status.changes(FILE, 9)) == []
        assert status.commit(add(5, "r-2", FILE)).snapshot.files == {FILE: b"5"}

    def test_a_process_that_only_has_the_clone_of_it_begins_it_anew(
        self, status: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        status.commit(add(1, "r-1", FILE))
        delete(forge)

        status_of(forge.url, tmp_path / "cache").commit(add(5, "r-2", FILE))

        assert subjects(forge) == ["add 5 for r-2"]

    def test_whoever_else_began_it_anew_is_followed(
        self, status: Repository, other: Repository, forge: Forge
    ) -> None:
        status.commit(add(1, "r-1", FILE))
        delete(forge)
        other.commit(add(5, "r-2", FILE))

        status.commit(add(1, "r-3", FILE))

        assert subjects(forge) == ["add 5 for r-2", "add 1 for r-3"]
        assert content(forge) == "6"
        assert [r.message.split("\n")[0] for r in status.changes(FILE, 9)] == [
            "add 1 for r-3",
            "add 5 for r-2",
        ]

    def test_it_stays_refused_where_it_may_not_be_begun(
        self, status: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        status.commit(add(1, "r-1", FILE))
        wary = status_of(forge.url, tmp_path / "wary", may_begin=False)
        wary.read()
        delete(forge)

        with pytest.raises(Refused, match="has no branch"):
            wary.commit(add(1, "r-2", FILE))

    def test_a_rewritten_one_is_followed(
        self, status: Repository, forge: Forge, colleague: Colleague
    ) -> None:
        status.commit(add(1, "r-1", FILE))
        git(colleague.home, "checkout", "--quiet", "--orphan", "rewritten")
        colleague.commit({FILE: "7"}, "rewritten")
        git(colleague.home, "push", "--quiet", "--force", "origin", f"HEAD:{BRANCH}")

        assert status.read().files[FILE] == b"7"
        status.commit(add(1, "r-2", FILE))

        assert subjects(forge) == ["rewritten", "add 1 for r-2"]
        assert len(list(status.changes(FILE, 9))) == 2


class TestABranchInTheWay:
    """git keeps a branch as a file, so `leasehold` and `leasehold/status` exclude each other."""

    @pytest.mark.parametrize("obstacle", ["leasehold", f"{BRANCH}/old"])
    def test_it_is_named(self, status: Repository, forge: Forge, obstacle: str) -> None:
        git(forge.bare, "branch", obstacle, "main")

        for ask in (status.read, status.head, lambda: status.commit(write(FILE, "1"))):
            with pytest.raises(Refused, match=f"branch {obstacle} is in the way") as refusal:
                ask()
            assert refusal.value.code == "LH2004"

    def test_it_is_named_when_it_appears_during_the_push(
        self, status: Repository, forge: Forge
    ) -> None:
        status.read()
        forge.hook("pre-receive", f"{BEHIND} git update-ref refs/heads/leasehold main")

        with pytest.raises(Refused, match="branch leasehold is in the way"):
            status.commit(write(FILE, "1"))

    @pytest.mark.parametrize(
        "neighbour", ["lease", "leaseholder", "leasehold-old", f"{BRANCH}-old"]
    )
    def test_a_name_that_only_looks_alike_is_none(
        self, status: Repository, forge: Forge, neighbour: str
    ) -> None:
        git(forge.bare, "branch", neighbour, "main")

        status.commit(write(FILE, "1"))

        assert content(forge) == "1"


class TestTheFilesAtTheRoot:
    def test_every_file_of_the_branch_is_read(self, forge: Forge, tmp_path: Path) -> None:
        whole = Repository(
            Remote(forge.url), tmp_path / "cache", under="", committer=GATEWAY, clock=lambda: NOON
        )

        assert set(whole.read().files) == {"README.md", LEASE, LEASE.replace("lease", "endpoint")}

    @pytest.mark.parametrize("path", ["/dev.json", "../dev.json", ".git/config", "", "a//b"])
    def test_a_path_that_leaves_it_is_refused(self, status: Repository, path: str) -> None:
        with pytest.raises(Refused, match="not the path of a file") as refusal:
            status.commit(write(path, "1"))
        assert refusal.value.code == "LH2011"

    def test_the_changes_of_one_file_are_shown_from_a_shallow_clone_too(
        self, status: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        for number in range(3):
            status.commit(write(FILE, f"dev {number}", f"r-{number}"))
            status.commit(write("prod.json", f"prod {number}", f"r-{number}"))
        late = status_of(forge.url, tmp_path / "late")
        late.read()
        (clone,) = (tmp_path / "late").glob("*.git")
        assert git(clone, "rev-parse", "--is-shallow-repository") == "true"

        records = [record.message.split("\n")[0] for record in late.changes(FILE, 9)]

        assert records == ["write dev 2", "write dev 1", "write dev 0"]
        assert len(list(late.changes(FILE, 1))) == 1


class TestWhatItCosts:
    def test_a_known_tip_is_pushed_to_without_a_fetch(self, counted: Counted) -> None:
        status = counted.open()

        assert counted.requests(status.read) == READ
        assert counted.requests(lambda: status.commit(add(1, "r-1", FILE))) == PUSH
        assert counted.requests(lambda: status.commit(add(1, "r-2", FILE))) == PUSH

    def test_a_clone_kept_from_an_earlier_process_is_a_known_tip(self, counted: Counted) -> None:
        counted.open().commit(add(1, "r-1", FILE))
        again = counted.open()

        assert counted.requests(lambda: again.commit(add(1, "r-2", FILE))) == PUSH

    def test_a_branch_seen_to_be_gone_leaves_no_stale_tip_behind(self, counted: Counted) -> None:
        status = counted.open()
        status.commit(add(1, "r-1", FILE))
        delete(counted.forge)
        status.read()
        again = counted.open()

        assert counted.requests(lambda: again.commit(add(1, "r-2", FILE))) == [*READ, *PUSH]

    def test_reading_what_has_not_moved_is_one_request(self, counted: Counted) -> None:
        status = counted.open()
        status.commit(add(1, "r-1", FILE))

        assert counted.requests(status.read) == READ
        assert counted.requests(status.head) == READ

    def test_a_tip_that_has_moved_costs_one_fetch_and_one_push_more(self, counted: Counted) -> None:
        status = counted.open()
        status.commit(add(1, "r-1", FILE))
        counted.open("other").commit(add(1, "r-2", FILE))

        requests = counted.requests(lambda: status.commit(add(1, "r-3", FILE)))

        assert requests == [PUSH[0], *READ, "POST git-upload-pack", *PUSH]


class TestTwoBranchesOfOneRemoteInOneCache:
    def test_neither_sees_the_files_of_the_other(
        self, repository: Repository, status: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        for number in range(3):
            repository.commit(add(1, f"m-{number}"))
            status.commit(add(1, f"s-{number}", FILE))

        assert set(status.read().files) == {FILE}
        assert FILE not in repository.read().files
        assert (forge.file(LEASE), content(forge)) == ("3", "3")
        assert len(list((tmp_path / "cache").glob("*.git"))) == 2

    def test_both_may_be_written_at_the_same_time(
        self, repository: Repository, status: Repository, forge: Forge
    ) -> None:
        writers = [_adding(status, f"s-{n}") for n in range(WRITERS)]
        writers += [_adding(repository, f"m-{n}", LEASE) for n in range(WRITERS)]

        _at_once(writers)

        assert (forge.file(LEASE), content(forge)) == (str(WRITERS), str(WRITERS))


def _adding(repository: Repository, name: str, path: str = FILE) -> Callable[[], str]:
    return lambda: repository.commit(add(1, name, path), deadline_seconds=60).commit


def _at_once(actions: list[Callable[[], str]]) -> list[str]:
    barrier = threading.Barrier(len(actions))
    results: list[str] = []

    def run(action: Callable[[], str]) -> None:
        barrier.wait()
        results.append(action())

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert len(results) == len(actions)
    return results


def _assert_all_there_with_one_root(forge: Forge, acknowledged: list[str]) -> None:
    history = git(forge.bare, "log", "--first-parent", "--format=%H", BRANCH).splitlines()
    assert sorted(history) == sorted(acknowledged)
    assert len(history) == WRITERS
    assert content(forge) == str(WRITERS)
    assert len(roots(forge)) == 1
    assert set(Counter(subjects(forge)).values()) == {1}
    assert git(forge.bare, "fsck", "--strict", "--no-dangling") == ""


@contextmanager
def _processes(forge: Forge, folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PROCESS, forge.url, folder / f"p-{n}", f"r-{n}"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for n in range(WRITERS)
        ]


def _going(child: subprocess.Popen[str]) -> Callable[[], str]:
    def go() -> str:
        output, _ = child.communicate("go\n", timeout=80)
        return output.strip()

    return go
