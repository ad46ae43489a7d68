from __future__ import annotations

import shutil
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.committers import GATEWAY
from ledger.errors import Refused, Unavailable
from ledger.remote import Remote
from ledger.repository import Change, Person, Repository, Snapshot
from sandbox.git.server import GitServer, create_repository
from tests.ledger.forge import (
    ANA,
    DEFINITION,
    LEASE,
    NOON,
    Colleague,
    Forge,
    add,
    change,
    git,
    opened,
    write,
)
from tests.ledger.long_history import grow

if TYPE_CHECKING:
    from pathlib import Path


class TestReading:
    def test_a_snapshot_has_the_files_below_the_prefix_and_no_others(
        self, repository: Repository, forge: Forge
    ) -> None:
        snapshot = repository.read()

        assert snapshot.files == {DEFINITION: b'{"name": "Falcon40B"}', LEASE: b"0"}
        assert snapshot.commit == forge.tip

    def test_a_snapshot_says_when_its_commit_was_made_in_utc(
        self, repository: Repository, forge: Forge
    ) -> None:
        made = int(git(forge.bare, "log", "-1", "--format=%ct", "main"))

        assert repository.read().committed_at == datetime.fromtimestamp(made, UTC)

    @pytest.mark.parametrize(
        ("date", "year"),
        [("99999999999999", 9999), (f"{2**63 - 1}", 9999), ("-5", 1970), ("", 1970)],
    )
    def test_a_commit_dated_beyond_the_calendar_is_read_all_the_same(
        self, repository: Repository, forge: Forge, tmp_path: Path, date: str, year: int
    ) -> None:
        kept = repository.commit(add(1, "r-1"))
        made = _dated(forge, f"{date} +0000" if date else "")

        assert repository.read().commit == made
        assert repository.read().committed_at.year == year
        _assert_kept(repository, forge, tmp_path, kept.commit)

    def test_a_push_is_seen_by_the_next_read(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        repository.read()
        colleague.commit({LEASE: None, "environments/prod/Big.lease.json": "1"}, "move")
        colleague.push()

        assert set(repository.read().files) == {DEFINITION, "environments/prod/Big.lease.json"}

    def test_a_person_who_rewrote_history_is_followed(
        self, repository: Repository, forge: Forge, colleague: Colleague
    ) -> None:
        repository.commit(write(LEASE, "wrong"))
        colleague.commit({LEASE: "right"}, "right")
        git(colleague.home, "push", "--quiet", "--force", "origin", "HEAD:main")

        assert repository.read().files[LEASE] == b"right"
        repository.commit(write(LEASE, "next"))
        assert forge.subjects() == ["begin", "right", "write next"]

    def test_the_head_is_the_remote_tip_of_this_moment(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        repository.read()
        pushed = colleague.commit({LEASE: "1"}, "later")
        colleague.push()

        assert repository.head() == pushed

    def test_nothing_below_the_prefix_is_an_empty_snapshot(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        colleague.commit({LEASE: None, DEFINITION: None}, "close down")
        colleague.push()

        assert repository.read().files == {}

    def test_a_fleet_of_thousands_is_read_again_cheaply_after_one_change(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        colleague.commit(
            {f"environments/e{n % 20}/E{n}.lease.json": str(n) for n in range(1000)}, "fleet"
        )
        colleague.push()
        before = repository.read()
        colleague.commit({"environments/e7/E7.lease.json": "new"}, "one")
        colleague.push()

        after = repository.read()

        assert after.files["environments/e7/E7.lease.json"] == b"new"
        same = "environments/e8/E8.lease.json"
        assert after.files[same] is before.files[same]

    def test_a_local_clone_may_be_read(self, forge: Forge, tmp_path: Path) -> None:
        snapshot = opened(str(forge.bare), tmp_path / "cache").read()

        assert snapshot.commit == forge.tip
        assert snapshot.files[LEASE] == b"0"

    def test_a_local_clone_is_read_anew_and_shows_its_history(
        self, colleague: Colleague, tmp_path: Path
    ) -> None:
        repository = opened(colleague.home.as_uri(), tmp_path / "cache")
        repository.read()
        colleague.commit({LEASE: "mine"}, "mine")

        assert repository.read().files[LEASE] == b"mine"
        assert [record.message.strip() for record in repository.changes(LEASE, 9)] == [
            "mine",
            "begin",
        ]

    def test_an_empty_repository_is_refused_with_a_sentence(
        self, served: GitServer, tmp_path: Path
    ) -> None:
        create_repository(tmp_path / "served", "new.git")
        repository = opened(served.repository_url("new.git"), tmp_path / "cache")

        with pytest.raises(Refused, match="is empty: push a first commit") as refusal:
            repository.read()
        assert refusal.value.code == "LH2004"
        with pytest.raises(Refused, match="is empty"):
            repository.commit(write(LEASE, "1"))

    def test_a_missing_branch_is_refused_with_its_name(self, forge: Forge, tmp_path: Path) -> None:
        repository = Repository(
            Remote(forge.url, "live"), tmp_path / "cache", committer=GATEWAY, clock=lambda: NOON
        )

        for ask in (repository.read, repository.head):
            with pytest.raises(Refused, match="has no branch live"):
                ask()

    def test_a_missing_repository_is_unavailable_at_its_address(
        self, served: GitServer, tmp_path: Path
    ) -> None:
        repository = opened(served.repository_url("nowhere.git"), tmp_path / "cache")

        with pytest.raises(Unavailable, match=r"/nowhere\.git cannot be read") as failure:
            repository.read()
        assert failure.value.code == "LH2003"


class TestCommitting:
    def test_a_commit_names_the_caller_as_author_and_leasehold_as_committer(
        self, repository: Repository, forge: Forge
    ) -> None:
        committed = repository.commit(write(LEASE, "1"))

        assert committed.commit == forge.tip
        assert git(forge.bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>|%B", "main") == (
            "Ana <ana@example.com>|Leasehold gateway <gateway@leasehold.invalid>|"
            "write 1\n\nRequest-Id: r-1"
        )

    def test_a_commit_is_dated_by_the_given_clock_in_utc(
        self, forge: Forge, tmp_path: Path
    ) -> None:
        tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
        repository = opened(forge.url, tmp_path / "cache", clock=lambda: tokyo)

        committed = repository.commit(write(LEASE, "1"))

        dates = git(forge.bare, "log", "-1", "--format=%aI %cI", "main").split()
        assert [datetime.fromisoformat(date) for date in dates] == [NOON, NOON]
        assert {date[19:] for date in dates} <= {"Z", "+00:00"}
        assert committed.snapshot.committed_at == NOON

    def test_the_snapshot_that_comes_back_is_what_the_remote_has(
        self, repository: Repository, forge: Forge, tmp_path: Path
    ) -> None:
        committed = repository.commit(write("environments/new/E.lease.json", "1"))

        assert committed.snapshot == opened(forge.url, tmp_path / "other").read()
        assert committed.snapshot == repository.read()

    def test_files_outside_the_change_stay_as_they_are(
        self, repository: Repository, forge: Forge
    ) -> None:
        repository.commit(lambda _: change({LEASE: None, f"{LEASE}.new": "1"}, "move", "r-1"))

        assert git(forge.bare, "ls-tree", "-r", "--name-only", "main").splitlines() == [
            "README.md",
            DEFINITION,
            f"{LEASE}.new",
        ]

    def test_a_folder_goes_with_its_last_file(self, repository: Repository, forge: Forge) -> None:
        repository.commit(write("environments/tmp/E.lease.json", "1"))
        repository.commit(
            lambda _: change({"environments/tmp/E.lease.json": None}, "remove", "r-2")
        )

        assert git(forge.bare, "ls-tree", "-d", "--name-only", "main:environments") == "dev"
        assert git(forge.bare, "fsck", "--strict", "--no-dangling") == ""

    def test_equal_bytes_make_no_commit(self, repository: Repository, forge: Forge) -> None:
        before = forge.tip

        committed = repository.commit(write(LEASE, "0"))

        assert committed.commit == forge.tip == before

    def test_equal_bytes_are_compared_with_the_remote_and_not_with_what_was_known(
        self, repository: Repository, forge: Forge, colleague: Colleague
    ) -> None:
        repository.read()
        colleague.commit({LEASE: "5"}, "five")
        colleague.push()

        repository.commit(write(LEASE, "0"))

        assert forge.file(LEASE) == "0"
        assert forge.subjects() == ["begin", "five", "write 0"]

    def test_a_conflict_asks_the_proposal_again_with_the_new_snapshot(
        self, repository: Repository, forge: Forge, colleague: Colleague
    ) -> None:
        repository.commit(add(10, "first"))
        colleague.pull()
        colleague.commit({LEASE: "100"}, "a hundred")
        colleague.push()

        repository.commit(add(10, "second"))

        assert forge.file(LEASE) == "110"

    def test_a_commit_that_a_person_took_back_is_not_pushed_again(
        self, repository: Repository, forge: Forge
    ) -> None:
        kept = repository.commit(write(LEASE, "kept", "r-1"))
        repository.commit(write(LEASE, "taken back", "r-2"))
        git(forge.bare, "update-ref", "refs/heads/main", kept.commit)

        repository.commit(write(DEFINITION, "next", "r-3"))

        assert forge.subjects() == ["begin", "write kept", "write next"]
        assert forge.file(LEASE) == "kept"

    def test_a_refusal_counts_only_when_the_newest_snapshot_gives_it(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        repository.read()
        colleague.commit({"environments/dev/New.endpoint.json": "{}"}, "define")
        colleague.push()

        def extend_new(snapshot: Snapshot) -> Change:
            if "environments/dev/New.endpoint.json" not in snapshot.files:
                raise Refused("LH4999", "There is no New.")
            return change({"environments/dev/New.lease.json": "1"}, "extend", "r-1")

        assert repository.commit(extend_new).change.request_id == "r-1"

    def test_a_refusal_leaves_the_repository_as_it_was(
        self, repository: Repository, forge: Forge
    ) -> None:
        before = forge.tip

        def refuse(_: Snapshot) -> Change:
            raise Refused("LH4999", "No.")

        with pytest.raises(Refused, match="No"):
            repository.commit(refuse)
        assert forge.tip == before

    def test_a_path_is_never_written_to(self, forge: Forge, tmp_path: Path) -> None:
        with pytest.raises(Refused) as refusal:
            opened(str(forge.bare), tmp_path / "cache").commit(write(LEASE, "1"))

        assert refusal.value.code == "LH2002"

    @pytest.mark.parametrize(
        "author",
        [
            Person("Ana\nCommitter: Eve", "ana@example.com"),
            Person("Ana <eve@example.com>", "ana@example.com"),
            Person("Ana", "ana@example.com>\x00"),
            Person("", "ana@example.com"),
            Person("Ana", ""),
            Person("...", "ana@example.com"),
        ],
    )
    def test_an_author_who_would_forge_a_header_is_refused(
        self, repository: Repository, forge: Forge, author: Person
    ) -> None:
        with pytest.raises(Refused) as refusal:
            repository.commit(lambda _: Change({LEASE: b"1"}, "m", author, "r-1"))

        assert refusal.value.code == "LH2011"
        assert forge.subjects() == ["begin"]

    @pytest.mark.parametrize(
        "path",
        [
            "README.md",
            "/environments/dev/E.json",
            "environments/../README.md",
            "environments/dev/.git/config",
            "environments/dev/.GIT/config",
            "environments/dev//E.json",
            "environments/",
            "environments/dev/E\n.json",
            "environments\\dev\\E.json",
        ],
    )
    def test_a_path_outside_the_prefix_is_refused(self, repository: Repository, path: str) -> None:
        with pytest.raises(Refused, match="not the path of a file below 'environments/'"):
            repository.commit(write(path, "1"))

    @settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        files=st.dictionaries(
            st.from_regex(r"environments/[a-c]/[a-e]{1,3}\.json", fullmatch=True),
            st.one_of(st.none(), st.binary(max_size=40)),
            min_size=1,
            max_size=5,
        )
    )
    def test_whatever_is_committed_is_what_is_read_back(
        self, repository: Repository, files: dict[str, bytes | None]
    ) -> None:
        before = dict(repository.read().files)

        committed = repository.commit(lambda _: Change(files, "m", ANA, "r-1"))

        expected = {path: text for path, text in (before | files).items() if text is not None}
        assert committed.snapshot.files == repository.read().files == expected


class TestTheCache:
    def test_reading_and_committing_leave_the_clone_shallow(
        self, forge: Forge, colleague: Colleague, tmp_path: Path
    ) -> None:
        grow(forge, 200)
        repository = opened(forge.url, tmp_path / "cache")
        repository.read()
        repository.commit(write(LEASE, "new"))
        colleague.pull()
        (clone,) = (tmp_path / "cache").glob("*.git")
        count = ("rev-list", "--count", "refs/remotes/origin/tip")
        assert git(clone, *count) == "2"
        colleague.commit({LEASE: "newer"}, "newer")
        colleague.push()
        repository.commit(write(LEASE, "newest"))

        assert git(clone, "log", "-3", "--format=%s", "refs/remotes/origin/tip").splitlines() == [
            "write newest",
            "newer",
            "write new",
        ]
        assert git(clone, *count) == "65"

    def test_a_merge_of_an_old_branch_brings_no_old_history_with_it(
        self, forge: Forge, colleague: Colleague, tmp_path: Path
    ) -> None:
        grow(forge, 300)
        git(colleague.home, "fetch", "--quiet", "origin", "main")
        git(colleague.home, "checkout", "--quiet", "-B", "old", "origin/main~250")
        colleague.commit({"README.md": "old"}, "old")
        repository = opened(forge.url, tmp_path / "cache")
        repository.read()
        git(colleague.home, "checkout", "--quiet", "-B", "main", "origin/main")
        git(colleague.home, "merge", "--quiet", "--no-ff", "-m", "merge", "old")
        colleague.push()

        assert repository.read().commit == forge.tip
        (clone,) = (tmp_path / "cache").glob("*.git")
        assert int(git(clone, "rev-list", "--count", "refs/remotes/origin/tip")) < 200

    def test_a_clone_is_kept_between_uses(self, forge: Forge, tmp_path: Path) -> None:
        opened(forge.url, tmp_path / "cache").read()
        (clone,) = (tmp_path / "cache").glob("*.git")
        made = clone.stat().st_ino

        opened(forge.url, tmp_path / "cache").commit(write(LEASE, "1"))

        assert clone.stat().st_ino == made

    @pytest.mark.parametrize("damage", ["objects", "pack", "HEAD", "lock", "file", "shallow"])
    def test_a_damaged_clone_is_made_afresh(
        self, forge: Forge, colleague: Colleague, tmp_path: Path, damage: str
    ) -> None:
        opened(forge.url, tmp_path / "cache").read()
        (clone,) = (tmp_path / "cache").glob("*.git")
        colleague.commit({LEASE: "7"}, "seven")
        colleague.push()
        _damage(clone, damage)

        repository = opened(forge.url, tmp_path / "cache")

        assert repository.read().files[LEASE] == b"7"
        repository.commit(add(1, "r-1"))
        assert forge.file(LEASE) == "8"

    @pytest.mark.parametrize("damage", ["objects", "pack", "lock"])
    def test_a_clone_damaged_under_a_running_process_is_made_afresh(
        self, forge: Forge, colleague: Colleague, tmp_path: Path, damage: str
    ) -> None:
        repository = opened(forge.url, tmp_path / "cache")
        repository.commit(add(1, "r-1"))
        colleague.pull()
        colleague.commit({LEASE: "7"}, "seven")
        colleague.push()
        (clone,) = (tmp_path / "cache").glob("*.git")
        _damage(clone, damage)

        repository.commit(add(1, "r-2"))

        assert forge.file(LEASE) == "8"

    def test_a_cache_that_cannot_be_written_is_named(self, forge: Forge, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("a file where a folder should be")

        with pytest.raises(Unavailable, match="No clone can be kept in") as failure:
            opened(forge.url, tmp_path / "cache").read()
        assert failure.value.code == "LH2012"

    def test_two_remotes_do_not_share_a_clone(
        self, forge: Forge, served: GitServer, tmp_path: Path
    ) -> None:
        create_repository(tmp_path / "served", "other.git")
        git(forge.bare, "push", "--quiet", str(tmp_path / "served" / "other.git"), "main")
        opened(forge.url, tmp_path / "cache").read()
        opened(served.repository_url("other.git"), tmp_path / "cache").read()

        assert len(list((tmp_path / "cache").glob("*.git"))) == 2


class TestHistory:
    def test_the_changes_of_one_path_come_newest_first(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        colleague.commit({DEFINITION: "{}"}, "not the lease")
        colleague.push()
        repository.commit(write(LEASE, "1"))
        repository.commit(write(DEFINITION, "2"))
        repository.commit(write(LEASE, "3"))

        records = list(repository.changes(LEASE, 10))

        assert [record.message.splitlines()[0] for record in records] == [
            "write 3",
            "write 1",
            "begin",
        ]
        assert records[0].author == ANA
        assert records[0].committed_at == NOON

    def test_a_limit_ends_the_list(self, repository: Repository) -> None:
        for number in range(1, 5):
            repository.commit(write(LEASE, str(number)))

        assert [r.message[:7] for r in repository.changes(LEASE, 2)] == ["write 4", "write 3"]
        assert list(repository.changes(LEASE, 0)) == []

    def test_a_removal_and_a_return_are_changes(self, repository: Repository) -> None:
        repository.commit(lambda _: change({LEASE: None}, "remove", "r-1"))
        repository.commit(write(LEASE, "0"))

        assert [r.message.splitlines()[0] for r in repository.changes(LEASE, 9)] == [
            "write 0",
            "remove",
            "begin",
        ]

    def test_a_merge_changes_nothing_by_itself_and_hides_nothing(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        git(colleague.home, "checkout", "--quiet", "-b", "topic")
        colleague.commit({LEASE: "a"}, "on the branch")
        git(colleague.home, "checkout", "--quiet", "-B", "main", "origin/main")
        colleague.commit({"README.md": "b"}, "on main")
        git(colleague.home, "merge", "--quiet", "--no-ff", "--message", "merge topic", "topic")
        colleague.push()

        assert [r.message.strip() for r in repository.changes(LEASE, 9)] == [
            "on the branch",
            "begin",
        ]

    def test_names_that_are_not_utf8_do_not_stop_the_list(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        settings = ("-c", "i18n.commitEncoding=latin1")
        (colleague.home / LEASE).write_text("l")
        git(colleague.home, "add", ".")
        (colleague.home / "message").write_bytes("größer".encode("latin-1"))
        git(colleague.home, *settings, "commit", "--quiet", "-F", "message")
        colleague.push()

        assert len(list(repository.changes(LEASE, 9))) == 2


def test_a_first_commit_costs_no_fetch_where_the_tip_is_known(
    forge: Forge, repository: Repository
) -> None:
    seen: list[str] = []
    repository.read()

    def proposal(snapshot: Snapshot) -> Change:
        seen.append(snapshot.commit)
        return change({LEASE: "1"}, "one", "r-1")

    began = forge.tip
    repository.commit(proposal)

    assert seen == [began]


def test_a_deadline_in_the_past_commits_nothing(repository: Repository, forge: Forge) -> None:
    with pytest.raises(Unavailable, match="not committed") as failure:
        repository.commit(write(LEASE, "1"), deadline_seconds=0)

    assert failure.value.code == "LH2009"
    assert forge.subjects() == ["begin"]


def _damage(clone: Path, damage: str) -> None:
    match damage:
        case "objects":
            shutil.rmtree(clone / "objects")
        case "pack":
            for pack in (clone / "objects" / "pack").glob("*.pack"):
                pack.chmod(0o600)
                pack.write_bytes(b"PACK")
        case "HEAD":
            (clone / "HEAD").unlink()
        case "lock":
            (clone / "refs/remotes/origin/tip.lock").touch()
        case "file":
            shutil.rmtree(clone)
            clone.write_text("not a folder")
        case "shallow":
            (clone / "shallow").write_text("nonsense\n")
        case _:
            raise AssertionError(damage)


def _dated(forge: Forge, date: str) -> str:
    """Let Ben commit nothing on the main branch, at any date that git would store."""
    tip = git(forge.bare, "rev-parse", "main")
    tree = git(forge.bare, "rev-parse", "main^{tree}")
    who = "Ben <ben@example.com>"
    text = f"tree {tree}\nparent {tip}\nauthor {who} 1 +0000\ncommitter {who} {date}\n\nodd\n"
    (forge.bare / "odd").write_text(text)
    made = git(forge.bare, "hash-object", "-t", "commit", "-w", "--literally", "odd")
    (forge.bare / "refs/heads/main").write_text(f"{made}\n")
    return made


def _assert_kept(repository: Repository, forge: Forge, tmp_path: Path, commit: str) -> None:
    """Nothing of the history below an odd commit is lost to a warm or to a cold process."""
    later = repository.commit(add(1, "r-3")).commit
    for process in (repository, opened(forge.url, tmp_path / "cold")):
        assert [each.commit for each in process.changes(LEASE, 2)] == [later, commit]
        assert [each.commit for each in process.answers("r-1")] == [commit]
        assert process.descends(later, commit)


def test_a_push_onto_itself_moves_nothing(forge: Forge, tmp_path: Path) -> None:
    repository, before = opened(forge.url, tmp_path / "cache"), forge.tip
    repository.try_push()
    assert forge.tip == before
    forge.hook("pre-receive", "echo reviews first >&2; exit 1")
    with pytest.raises(Refused, match="reviews first") as refused:
        repository.try_push()
    assert refused.value.code == "LH2007"
    git(forge.bare, "config", "http.receivepack", "false")
    with pytest.raises(Unavailable) as failed:
        repository.try_push()
    assert failed.value.code == "LH2008"


_OTHERS_PUSH = """
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
test "$(cat pushed 2>/dev/null | wc -l)" -ge %d && exit 0
echo again >> pushed
git -c user.name=Bo -c user.email=bo@example.com update-ref refs/heads/main \
  "$(git -c user.name=Bo -c user.email=bo@example.com commit-tree -m other -p main 'main^{tree}')"
echo busy >&2
exit 1
"""


@pytest.mark.parametrize(("times", "said"), [(2, None), (3, "others push all the time")])
def test_a_push_onto_itself_is_tried_again_where_others_push(
    forge: Forge, tmp_path: Path, times: int, said: str | None
) -> None:
    repository = opened(forge.url, tmp_path / "cache")
    forge.hook("pre-receive", _OTHERS_PUSH % times)
    with pytest.raises(Unavailable, match=said) if said else nullcontext():
        repository.try_push()
    assert len(forge.subjects()) == 1 + times


def test_parents_are_told_where_the_clone_ends_too(forge: Forge, tmp_path: Path) -> None:
    repository, first = opened(forge.url, tmp_path / "cache"), forge.tip
    repository.commit(write(LEASE, "1"))
    other = opened(forge.url, tmp_path / "other")
    assert other.parents(other.read().commit) == (first,)
