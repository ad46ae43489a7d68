"""History is a graph: merges, reverts, planted trailers and rewritten branches, by real git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.leases.history import write_token
from ledger.committers import GATEWAY
from ledger.repository import Place, pages
from tests.gateway.api import FALCON
from tests.gateway.leases.test_contention import ANA, Process, event, process
from tests.ledger.forge import git
from tests.ledger.long_history import grow
from tests.scene import environment, lease, path

if TYPE_CHECKING:
    from tests.scene import Json, Scene

LEASE = path("Falcon40B", "lease")
ODD_DATES = ["1970-01-02T00:00:00Z", "2099-01-01T00:00:00Z"]


def told(gateway: Process, token: str | None = None, limit: str = "100") -> tuple[int, Any]:
    query = {"EndpointName": FALCON, "limit": limit} | ({"NextToken": token} if token else {})
    status, body, _ = gateway.ask(
        {
            "httpMethod": "GET",
            "resource": "/endpoint-expiry/history",
            "queryStringParameters": query,
            "requestContext": {"authorizer": ANA},
        }
    )
    return status, body


def commits(gateway: Process) -> list[str]:
    """Every commit of the history, as somebody finds it who follows the tokens."""
    found: list[str] = []
    token = None
    while True:
        status, body = told(gateway, token, "3")
        assert status == 200, body
        found += [each["Commit"] for each in body["Changes"]]
        if (token := body["NextToken"]) is None:
            return found


def extended(gateway: Process, key: str, minutes: int = 10) -> str:
    status, body, _ = gateway.ask(event(minutes, key=key))
    assert status == 200, body
    return str(body["Commit"])


def refused(gateway: Process, key: str, minutes: int = 10) -> str:
    status, body, _ = gateway.ask(event(minutes, key=key))
    assert status in {409, 422}, body
    return f"{body['code']} {body['error']}"


@pytest.fixture
def leased(scene: Scene) -> Scene:
    scene.define("Falcon40B", 60)
    scene.ben.pull()
    return scene


class Branched:
    """Ben's branch, made before the gateway extends the lease on main."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.home = scene, scene.ben.home
        self.warm = process(scene)
        self.before = extended(self.warm, "k-0")
        scene.ben.pull()
        self.git("checkout", "--quiet", "-B", "topic", "origin/main")
        scene.ben.commit({"README.md": "topic"}, "topic")
        self.on_main = [extended(self.warm, f"k-{number}") for number in (1, 2)]
        self.git("fetch", "--quiet", "origin", "main")

    def git(self, *arguments: str, **more: str) -> str:
        return git(self.home, *arguments, **more)

    def push(self) -> None:
        self.git("push", "--quiet", "origin", "HEAD:main")


def _main_into_branch(made: Branched) -> None:
    made.git("merge", "--quiet", "-m", "merge main", "origin/main")


def _branch_into_main(made: Branched) -> None:
    made.git("checkout", "--quiet", "-B", "main", "origin/main")
    made.git("merge", "--quiet", "--no-ff", "-m", "merge topic", "topic")


def _keeping_ours(made: Branched) -> None:
    made.git("merge", "--quiet", "-s", "ours", "-m", "merge main, keep ours", "origin/main")


def _of_three(made: Branched) -> None:
    made.git("checkout", "--quiet", "-B", "other", "origin/main~2")
    made.scene.ben.commit({"other.md": "other"}, "other")
    made.git("checkout", "--quiet", "topic")
    made.git("merge", "--quiet", "-m", "three", "origin/main", "other")


def _again_and_again(made: Branched) -> None:
    _main_into_branch(made)
    made.git("checkout", "--quiet", "-B", "main", "origin/main")
    made.scene.ben.commit({"more.md": "more"}, "more")
    made.git("merge", "--quiet", "--no-ff", "-m", "back", "topic")
    made.git("checkout", "--quiet", "-B", "last", "topic~1")
    made.git("merge", "--quiet", "-m", "and back", "main")


SHAPES = [_main_into_branch, _branch_into_main, _keeping_ours, _of_three, _again_and_again]


class TestAfterAPersonsMerge:
    @pytest.mark.parametrize("merge", SHAPES)
    def test_no_change_is_missing_and_every_key_is_known(self, leased: Scene, merge: Any) -> None:  # noqa: ANN401
        made = Branched(leased)
        merge(made)
        made.push()
        for gateway in (made.warm, process(leased)):
            assert commits(gateway) == [*reversed(made.on_main), made.before]
            for number, commit in enumerate([made.before, *made.on_main]):
                assert extended(gateway, f"k-{number}") == commit
        assert made.git("ls-remote", "origin", "main").split()[0] == leased.forge.tip

    @pytest.mark.parametrize("date", ODD_DATES)
    def test_no_date_of_it_hides_anything(self, leased: Scene, date: str) -> None:
        made = Branched(leased)
        for number in range(3):
            made.git("commit", "--quiet", "--allow-empty", "-m", f"odd {number}", date=date)
        made.git("merge", "--quiet", "-m", "odd", "origin/main", date=date)
        made.push()
        for gateway in (made.warm, process(leased)):
            assert commits(gateway) == [*reversed(made.on_main), made.before]
            for number, commit in enumerate([made.before, *made.on_main]):
                assert extended(gateway, f"k-{number}") == commit

    def test_changes_of_the_branch_itself_are_told_where_they_were_made(
        self, leased: Scene
    ) -> None:
        """A copy of a commit of the gateway, by a person, is a change as well."""
        made = Branched(leased)
        made.git("cherry-pick", "--allow-empty", made.on_main[1], "-X", "theirs")
        copy = made.git("rev-parse", "HEAD")
        made.git("merge", "--quiet", "-X", "ours", "-m", "merge", "origin/main")
        made.push()
        found = commits(process(leased))
        assert sorted(found) == sorted([copy, made.before, *made.on_main])

    def test_the_log_of_the_command_line_shows_them_too(self, leased: Scene) -> None:
        made = Branched(leased)
        _main_into_branch(made)
        made.push()
        records = leased.open(GATEWAY).changes(LEASE, 3)
        assert [each.commit for each in records] == [*reversed(made.on_main), made.before]


class TestAPlantedTrailer:
    @pytest.fixture
    def trailers(self, leased: Scene) -> str:
        """What Ana's request will have: somebody knows her key, and what she is going to ask."""
        leased.push({"environments/other/environment.json": environment()})
        aside = process(leased)
        extended(aside, "k-1")
        tip = leased.forge.tip
        message = git(leased.forge.bare, "log", "-1", "--format=%B", tip)
        git(leased.forge.bare, "update-ref", "refs/heads/main", f"{tip}~1")
        return message

    def applied(self, leased: Scene) -> None:
        for gateway in (process(leased), process(leased)):
            before = leased.forge.file(LEASE)
            commit = extended(gateway, "k-1")
            assert commit == git(leased.forge.bare, "rev-list", "-1", "main", "--", LEASE)
        assert leased.forge.file(LEASE) == before

    def test_in_a_commit_that_changes_nothing_swallows_nothing(
        self, leased: Scene, trailers: str
    ) -> None:
        leased.push({}, trailers)
        self.applied(leased)

    def test_in_a_commit_of_other_files_swallows_nothing(
        self, leased: Scene, trailers: str
    ) -> None:
        leased.push({"README.md": "us", path("Falcon40B"): None}, trailers)
        leased.define("Falcon40B")
        self.applied(leased)

    def test_without_a_digest_swallows_nothing_even_with_the_lease_and_its_id(
        self, leased: Scene, trailers: str
    ) -> None:
        without = trailers.partition("Request-Digest")[0]
        planted = lease(leased.now, request_id=_trailer(trailers, "Request-Id"))
        leased.push({LEASE: planted}, without)
        self.applied(leased)

    def test_that_lands_in_the_middle_of_a_push_swallows_nothing(
        self, leased: Scene, trailers: str
    ) -> None:
        """The push that lost is not taken for the one that won."""
        without = trailers.partition("Request-Digest")[0]
        planted = lease(leased.now, request_id=_trailer(trailers, "Request-Id"))
        gateway = process(leased)
        gateway.ledger.read()
        leased.push({LEASE: planted}, without)
        self.applied(leased)
        assert extended(gateway, "k-1") == git(
            leased.forge.bare, "rev-list", "-1", "main", "--", LEASE
        )


class TestARevertedCommit:
    def reverted(self, leased: Scene, *arguments: str) -> str:
        leased.ben.pull()
        git(leased.ben.home, "revert", "--no-edit", *arguments)
        leased.ben.push()
        return leased.forge.tip

    def test_is_told_with_the_commit_that_took_it_back(self, leased: Scene) -> None:
        warm = process(leased)
        commit = extended(warm, "k-1")
        by = self.reverted(leased, commit)
        for gateway in (warm, process(leased)):
            said = refused(gateway, "k-1")
            assert said.startswith("LH4117 ")
            assert commit in said
            assert by in said
        assert leased.forge.tip == by
        assert extended(warm, "k-2") == leased.forge.tip

    def test_is_told_also_among_later_changes(self, leased: Scene) -> None:
        warm = process(leased)
        commit = extended(warm, "k-1")
        self.reverted(leased, commit)
        later = extended(warm, "k-2")
        assert refused(process(leased), "k-1").startswith("LH4117 ")
        assert leased.forge.tip == later

    @pytest.mark.parametrize("mainline", ["1", "2"])
    def test_is_told_where_the_merge_that_brought_it_was_reverted(
        self, leased: Scene, mainline: str
    ) -> None:
        made = Branched(leased)
        (_branch_into_main if mainline == "2" else _main_into_branch)(made)
        made.push()
        merge = leased.forge.tip
        by = self.reverted(leased, "-m", mainline, merge)
        for gateway in (made.warm, process(leased)):
            for key, commit in zip(("k-1", "k-2"), made.on_main, strict=True):
                said = refused(gateway, key)
                assert said.startswith("LH4117 ")
                assert {commit, by} <= set(said.replace(",", " ").replace(":", " ").split())
            assert extended(gateway, "k-0") == made.before

    def test_is_in_force_where_the_merge_that_was_reverted_brought_something_else(
        self, leased: Scene
    ) -> None:
        made = Branched(leased)
        _branch_into_main(made)
        made.push()
        self.reverted(leased, "-m", "1", leased.forge.tip)
        assert extended(process(leased), "k-1") == made.on_main[0]

    def test_is_in_force_again_where_the_revert_was_reverted(self, leased: Scene) -> None:
        commit = extended(process(leased), "k-1")
        self.reverted(leased, self.reverted(leased, commit))
        assert extended(process(leased), "k-1") == commit

    def test_is_in_force_where_somebody_only_says_so(self, leased: Scene) -> None:
        commit = extended(process(leased), "k-1")
        leased.push({"README.md": "x"}, f'Revert "it"\n\nThis reverts commit {commit}.')
        assert extended(process(leased), "k-1") == commit


class TestAKeyOfLongAgo:
    def test_that_the_lease_still_has_is_known_with_its_age(self, leased: Scene) -> None:
        warm = process(leased)
        commit = extended(warm, "k-1")
        leased.let_pass(days=3)
        for gateway in (warm, process(leased)):
            said = refused(gateway, "k-1")
            assert said.startswith("LH4118 ")
            assert f"3 days ago, by commit {commit}" in said
        assert leased.forge.tip == commit

    def test_that_nothing_tells_of_any_more_is_a_new_request(self, leased: Scene) -> None:
        warm = process(leased)
        extended(warm, "k-1")
        leased.let_pass(days=3)
        extended(warm, "k-2")
        new = extended(process(leased), "k-1")
        assert leased.forge.tip == new

    def test_of_less_than_a_day_is_remembered(self, leased: Scene) -> None:
        commit = extended(process(leased), "k-1")
        leased.let_pass(hours=23)
        extended(process(leased), "k-2")
        assert extended(process(leased), "k-1") == commit


class TestARewrittenHistory:
    def rewritten(self, leased: Scene, *arguments: str) -> None:
        git(leased.forge.bare, "config", "receive.denyNonFastForwards", "false")
        git(leased.ben.home, *arguments)
        git(leased.ben.home, "push", "--quiet", "--force", "origin", "HEAD:main")

    def test_under_a_warm_process_loses_what_it_dropped_and_nothing_else(
        self, leased: Scene
    ) -> None:
        warm = process(leased)
        kept, _ = extended(warm, "kept"), extended(warm, "dropped")
        leased.ben.pull()
        self.rewritten(leased, "reset", "--quiet", "--hard", kept)
        assert extended(warm, "kept") == kept
        assert extended(warm, "dropped") == leased.forge.tip
        assert commits(warm) == [leased.forge.tip, kept]

    def test_keeps_a_request_whose_commit_has_another_id_now(self, leased: Scene) -> None:
        warm = process(leased)
        leased.push({"README.md": "a secret"}, "oops")
        old = extended(warm, "k-1")
        leased.ben.pull()
        self.rewritten(leased, "rebase", "--quiet", "--onto", "HEAD~2", "HEAD~1")
        assert leased.forge.tip != old
        for gateway in (warm, process(leased)):
            assert extended(gateway, "k-1") == leased.forge.tip

    def test_without_a_common_commit_is_read_from_its_beginning(self, leased: Scene) -> None:
        warm = process(leased)
        extended(warm, "k-1")
        leased.ben.pull()
        git(leased.ben.home, "checkout", "--quiet", "--orphan", "new")
        self.rewritten(leased, "commit", "--quiet", "-m", "anew")
        status, body, _ = warm.ask(event(key="k-1"))
        assert (status, body["Commit"]) == (200, leased.forge.tip)
        assert commits(warm) == [leased.forge.tip]

    def test_ends_the_pages_of_the_old_one_with_a_sentence(self, leased: Scene) -> None:
        warm = process(leased)
        kept = extended(warm, "k-1")
        for number in range(2, 5):
            extended(warm, f"k-{number}")
        token = told(warm, limit="1")[1]["NextToken"]
        leased.ben.pull()
        self.rewritten(leased, "reset", "--quiet", "--hard", kept)
        for gateway in (warm, process(leased)):
            status, body = told(gateway, token)
            assert (status, body["code"]) == (409, "LH4119")
            assert "rewritten the history since. Start again without it" in body["error"]


class TestPages:
    @pytest.fixture
    def long(self, leased: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
        """Pages of forty commits; the lease changes between long stretches of others."""
        monkeypatch.setattr(pages, "MOST_ON_A_PAGE", 40)
        for _ in range(3):
            extended(process(leased), leased.forge.tip)
            grow(leased.forge, 90, begin=leased.now, path="README.md")
        return leased

    def test_may_be_empty_and_lead_on(self, long: Scene) -> None:
        wanted = git(
            long.forge.bare, "log", "--format=%H", "--grep=Lease-Action", "main", "--", LEASE
        ).split()
        gateway = process(long)
        status, first = told(gateway)
        assert (status, first["Changes"]) == (200, [])
        assert commits(gateway) == wanted
        assert len(wanted) == 3

    def test_go_on_in_another_process_while_the_history_grows(self, long: Scene) -> None:
        token, found, wanted = None, list[str](), commits(process(long))
        while True:
            _, body = told(process(long), token)
            found += [each["Commit"] for each in body["Changes"]]
            grow(long.forge, 100, begin=long.now, path="README.md")
            if (token := body["NextToken"]) is None:
                break
        assert found == wanted

    def test_over_merges_show_each_change_once(
        self, leased: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "MOST_ON_A_PAGE", 3)
        wanted = set[str]()
        gateway = process(leased)
        for number in range(4):
            leased.ben.pull()
            git(leased.ben.home, "checkout", "--quiet", "-B", "topic", "origin/main")
            for _ in range(number + 1):
                leased.ben.commit({"README.md": leased.forge.tip}, "topic")
            wanted |= {extended(gateway, f"{number}-{each}") for each in range(3)}
            git(leased.ben.home, "fetch", "--quiet", "origin", "main")
            git(leased.ben.home, "merge", "--quiet", "-m", "merge", "origin/main")
            leased.ben.push()
            git(leased.ben.home, "checkout", "--quiet", "-B", "main")
        found = commits(process(leased))
        assert len(found) == len(wanted)
        assert set(found) == wanted

    @pytest.mark.parametrize(
        "token",
        [
            "x",
            "bm90IEpTT04",
            "W10",
            "e30",
            "WyJhIl0",
            "A" * 6000,
            write_token(Place("a" * 40, ()), LEASE),
            write_token(Place("a" * 39, ("a" * 40,)), LEASE),
            write_token(Place("a" * 40, ("main",)), LEASE),
            write_token(Place("a" * 40, ("a" * 40,), -1), LEASE),
            write_token(Place("a" * 40, ("a" * 40,), 2**31), LEASE),
            write_token(Place("a" * 40, ("a" * 40,)), path("Other", "lease")),
            write_token(Place("a" * 40, ("a" * 40,)), LEASE),
        ],
    )
    def test_no_other_token_leads_anywhere(self, leased: Scene, token: str) -> None:
        status, body = told(process(leased), token)
        assert (status, body["code"]) == (409, "LH4119")
        assert body["error"].endswith("Start again without it.")

    @pytest.mark.parametrize("token", ["", "a b", "A" * 6001])
    def test_what_cannot_be_a_token_is_refused_at_once(self, leased: Scene, token: str) -> None:
        query = {"EndpointName": FALCON, "NextToken": token}
        wish: Json = {"httpMethod": "GET", "resource": "/endpoint-expiry/history"}
        wish |= {"queryStringParameters": query, "requestContext": {"authorizer": ANA}}
        status, body, _ = process(leased).ask(wish)
        assert (status, body["code"]) == (400, "LH4114")


def _trailer(message: str, name: str) -> str:
    return next(line.split(": ")[1] for line in message.splitlines() if line.startswith(name))
