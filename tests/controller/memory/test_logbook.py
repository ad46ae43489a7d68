"""The observed history on its branch: commits that tell a life, by one process or two."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies, reconcile
from controller.survey import Survey
from ledger.errors import Refused, Unavailable
from ledger.history import trailers
from ledger.names import EndpointName
from ledger.observed import Applied, Entry, Record, read_record
from ledger.snapshot import UNBORN, Committed, Proposal, Snapshot
from tests.ledger.forge import git
from tests.scene import NOON, SETTLE, path, told

if TYPE_CHECKING:
    from tests.scene import Scene

BRANCH = "leasehold/status"
A, B = EndpointName("demo-A-Endpoint"), EndpointName("demo-B-Endpoint")
ENTRY = Entry("A", "InService", NOON)
NOTE = Applied("0" * 40, (), NOON)
LOCKED = (
    'while read old new ref; do test "$ref" = refs/heads/leasehold/status && exit 1; done; true'
)


def subjects(scene: Scene) -> list[str]:
    return git(scene.forge.bare, "log", "--reverse", "--format=%s", BRANCH).splitlines()


def message(scene: Scene) -> str:
    return git(scene.forge.bare, "log", "-1", "--format=%B", BRANCH)


def stored(scene: Scene) -> Record:
    content = git(scene.forge.bare, "show", f"{BRANCH}:dev.json").encode()
    return read_record({"dev.json": content}, "dev")


def has_branch(scene: Scene) -> bool:
    return bool(git(scene.forge.bare, "branch", "--list", BRANCH))


class TestTheLifeOfAnEndpoint:
    def test_is_a_commit_for_each_tick_in_which_something_moved(self, scene: Scene) -> None:
        scene.define("A", 10)
        scene.tick()
        scene.let_pass(seconds=20)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.tick()
        scene.let_pass(minutes=1)
        scene.tick()
        scene.let_pass(minutes=10)
        scene.tick()
        scene.let_pass(seconds=10)
        scene.tick()
        scene.let_pass(minutes=1)
        scene.tick()
        assert subjects(scene) == [
            "status(dev): begin",
            f"status(dev): {A}: Creating",
            f"status(dev): {A}: Creating -> InService",
            f"status(dev): {A}: InService -> Deleting",
            f"status(dev): {A}: Deleting -> absent",
        ]

    def test_has_in_each_commit_the_reason_and_the_ledgers_commit(self, scene: Scene) -> None:
        scene.define("A", 10)
        commit = scene.forge.tip
        scene.tick()
        assert message(scene).startswith(
            f"status(dev): {A}: Creating\n\n- {A}: Creating (leased until 2026-11-23T12:10:00Z)\n"
        )
        assert trailers(message(scene))["Ledger-Commit"] == commit
        who = git(scene.forge.bare, "log", "-1", "--format=%an|%cn", BRANCH)
        assert who == "Leasehold controller|Leasehold controller"

    def test_has_the_moments_that_sagemaker_gave(self, scene: Scene) -> None:
        scene.start("A")
        described = scene.account.sagemaker.describe_endpoint(EndpointName=A)
        scene.let_pass(minutes=5)
        scene.tick()
        entry = stored(scene).entry(A)
        assert entry is not None
        assert entry.since == described["LastModifiedTime"].replace(microsecond=0)
        assert entry.created_at == described["CreationTime"].replace(microsecond=0)

    def test_of_many_is_one_commit_with_a_line_each(self, scene: Scene) -> None:
        scene.define("A", 10)
        scene.define("B", 10)
        scene.tick()
        assert subjects(scene)[1:] == ["status(dev): 2 endpoints moved"]
        lines = [line for line in message(scene).splitlines() if line.startswith("- ")]
        assert [line.split(" (")[0] for line in lines] == [f"- {A}: Creating", f"- {B}: Creating"]

    def test_stays_out_of_the_ledger(self, scene: Scene) -> None:
        scene.start("A")
        scene.tick()
        assert scene.forge.subjects() == ["begin", "define A"]

    def test_ends_with_its_definition(self, scene: Scene) -> None:
        scene.start("A")
        scene.push({path("A"): None, path("A", "lease"): None}, "remove A")
        for _ in range(3):
            scene.tick()
            scene.let_pass(seconds=10)
        scene.tick()
        assert stored(scene).entries == {}

    def test_begins_with_a_record_of_an_environment_without_endpoints(self, scene: Scene) -> None:
        tip = scene.forge.tip
        scene.tick()
        scene.tick()
        assert subjects(scene) == ["status(dev): begin", f"status(dev): applied {tip[:8]}"]


class TestWhatIsSaidInACommit:
    def test_cannot_be_forged_by_what_sagemaker_says(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        scene.tick()
        forged = "crash\n\nLedger-Commit: 0000\nRequest-Id: forged\n\nstatus(dev): all is well"
        scene.account.ask("POST", f"/endpoints/{endpoint}", {"status": "Failed", "reason": forged})
        scene.let_pass(seconds=5)
        scene.tick()
        assert trailers(message(scene))["Ledger-Commit"] == scene.forge.tip
        assert "forged" not in trailers(message(scene))["Request-Id"]
        assert subjects(scene)[-1] == f"status(dev): {A}: InService -> Failed"
        assert message(scene).count("\nLedger-Commit: ") == 1
        entry = stored(scene).entry(A)
        assert entry is not None
        assert entry.cause == forged

    def test_is_one_line_for_an_endpoint_whatever_its_reason(self) -> None:
        kept: list[str] = []
        logbook = Logbook(_Reader(kept))
        failed = replace(ENTRY, status="Failed", cause="a\r\nb\x0bc\u2028d  e")
        logbook.read("dev")
        logbook.keep("dev", Record({A: failed}), NOTE)
        assert kept[0].splitlines()[2] == f"- {A}: Failed (a b c d e)"


class _Reader:
    """A branch that nobody has begun, and that takes whatever is committed."""

    def __init__(self, messages: list[str]) -> None:
        self._messages = messages

    def read(self) -> Snapshot:
        return UNBORN

    def commit(self, proposal: Proposal, *, deadline_seconds: float = 0) -> Committed:  # noqa: ARG002
        change = proposal(UNBORN)
        self._messages.append(change.message)
        files = {name: content or b"" for name, content in change.files.items()}
        return Committed("1" * 40, replace(UNBORN, files=files), change)


class TestARestart:
    def test_goes_on_where_the_last_process_was(self, scene: Scene) -> None:
        scene.start("A")
        scene.tick()
        scene.restart()
        scene.tick()
        assert len(subjects(scene)) == 3

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '{"endpoints": {"a": 5}}', '{"id": 5, "endpoints": {}}', "<<<<<<< HEAD"],
    )
    def test_with_a_record_that_nobody_can_read_begins_a_new_one_and_ends_nothing(
        self, scene: Scene, text: str
    ) -> None:
        """What the lost one saw start may be another ledger's, for all that is known."""
        endpoint = scene.start("A", minutes=10)
        scene.tick()
        scene.overwrite_record(text)
        scene.restart()
        scene.let_pass(minutes=20)
        tick = scene.tick()
        assert told(tick, endpoint).startswith(
            "report: it has this ledger's id, but its record on the branch leasehold/status"
        )
        assert tick.outcomes == ()
        (trouble,) = tick.troubles
        assert trouble.startswith("dev.json of the branch leasehold/status cannot be read (")
        entry = stored(scene).entry(A)
        assert entry is not None
        assert entry.foreign
        assert scene.tick().troubles == ()

    def test_whose_id_is_all_that_can_be_read_knows_its_own(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.tick()
        scene.overwrite_record(json.dumps({"id": stored(scene).id, "endpoints": {"a": 5}}))
        scene.restart()
        scene.let_pass(minutes=20)
        assert told(scene.tick(), endpoint).startswith("delete")

    def test_without_its_branch_begins_it_anew_and_ends_nothing(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.tick()
        git(scene.forge.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")
        scene.restart()
        scene.let_pass(minutes=20)
        assert told(scene.tick(), endpoint).startswith("report: it has this ledger's id, but its")
        assert scene.account.status(endpoint) == "InService"
        assert subjects(scene)[0] == "status(dev): begin"

    def test_whose_branch_is_lost_writes_it_again_while_it_runs(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.tick()
        before = stored(scene).id
        git(scene.forge.bare, "update-ref", "-d", f"refs/heads/{BRANCH}")
        scene.let_pass(minutes=20)
        assert told(scene.tick(), endpoint).startswith("delete")
        assert stored(scene).id == before

    def test_that_cannot_read_its_branch_is_no_tick(self, scene: Scene) -> None:
        """What was noted is not known, and without it an old start could be credited again."""
        scene.start("A", minutes=10)
        scene.let_pass(minutes=20)
        scene.restart()
        away = Logbook(_Unreadable())
        with pytest.raises(Unavailable):
            reconcile(replace(scene.dependencies, logbook=away), "dev", scene.now)
        assert scene.account.status(A) == "InService"


class _Unreadable(_Reader):
    def __init__(self) -> None:
        super().__init__([])

    def read(self) -> Snapshot:
        raise Unavailable("LH2003", "The repository cannot be read.")


class TestABranchThatCannotBeWritten:
    def test_is_a_sentence_and_stops_nothing(self, scene: Scene) -> None:
        scene.tick()
        scene.forge.hook("pre-receive", LOCKED)
        endpoint = scene.define("A", 10)
        tick = scene.tick()
        assert scene.account.status(endpoint) == "Creating"
        [sentence] = tick.troubles
        assert sentence.startswith("LH2007: What SageMaker did could not be written ")

    def test_ends_leases_all_the_same(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.forge.hook("pre-receive", LOCKED)
        scene.let_pass(minutes=20)
        assert told(scene.tick(), endpoint).startswith("delete")
        assert scene.account.status(endpoint) == "Deleting"

    def test_that_was_never_begun_makes_nothing_that_nobody_would_know_later(
        self, scene: Scene
    ) -> None:
        hook = scene.forge.hook("pre-receive", LOCKED)
        endpoint = scene.define("A", 10)
        tick = scene.tick()
        assert told(tick, endpoint).startswith("report: this ledger's id or its record's cannot be")
        assert scene.account.status(endpoint) == "absent"
        assert tick.troubles[0].startswith("LH2007: ")
        assert not has_branch(scene)
        hook.unlink()
        assert told(scene.tick(), endpoint).startswith("create")

    def test_is_made_up_for_once_it_can(self, scene: Scene) -> None:
        scene.tick()
        hook = scene.forge.hook("pre-receive", LOCKED)
        scene.define("A", 10)
        scene.tick()
        hook.unlink()
        scene.let_pass(seconds=10)
        assert scene.tick().troubles == ()
        assert subjects(scene)[2:] == [f"status(dev): {A}: Creating"]

    def test_is_told_at_every_tick_until_then(self, scene: Scene) -> None:
        scene.tick()
        scene.forge.hook("pre-receive", LOCKED)
        scene.define("A", 10)
        assert [len(scene.tick().troubles) for _ in range(2)] == [1, 1]

    def test_forgets_nothing_meanwhile(self, scene: Scene) -> None:
        """The credit is counted from what this process remembers."""
        scene.tick()
        scene.forge.hook("pre-receive", LOCKED)
        scene.account.order_fault("slow-start", seconds=600)
        endpoint = scene.define("A", 60)
        scene.tick()
        scene.let_pass(minutes=11)
        assert told(scene.tick(), endpoint).startswith("credit: it took 10 min")


class TestTwoProcesses:
    def test_keep_each_others_entries(self, scene: Scene) -> None:
        one, other = Logbook(scene.open_status()), Logbook(scene.open_status())
        one.read("dev")
        other.read("dev")
        one.keep("dev", Record({A: ENTRY}), NOTE)
        other.keep("dev", Record({B: replace(ENTRY, name="B")}), NOTE)
        assert list(stored(scene).entries) == [A, B]
        assert list(other.read("dev").entries) == [A, B]

    def test_keep_each_others_notices(self, scene: Scene) -> None:
        first = Logbook(scene.open_status())
        first.read("dev")
        first.keep("dev", Record({A: ENTRY}), NOTE)
        one, other = Logbook(scene.open_status()), Logbook(scene.open_status())
        known = one.read("dev")
        assert other.read("dev").entries == known.entries
        for logbook, key in ((one, "started:1"), (other, "expiring:2")):
            entry = replace(known.entries[A], notices=frozenset({key}))
            logbook.keep("dev", known.with_entries({A: entry}), NOTE)
        assert stored(scene).entries[A].notices == {"started:1", "expiring:2"}

    def test_forget_what_one_of_them_has_forgotten(self, scene: Scene) -> None:
        one, other = Logbook(scene.open_status()), Logbook(scene.open_status())
        one.read("dev")
        one.keep("dev", Record({A: ENTRY, B: replace(ENTRY, name="B")}), NOTE)
        known = other.read("dev")
        one.keep("dev", one.read("dev").with_entries({A: None}), NOTE)
        moved = replace(known.entries[B], status="Deleting")
        other.keep("dev", known.with_entries({B: moved}), NOTE)
        assert list(stored(scene).entries) == [B]

    def test_credit_a_start_once(self, scene: Scene) -> None:
        """Each saw it begin at another moment, and neither knows of the other's credit."""
        cloud, logbook = scene.account.cloud(), Logbook(scene.open_status())
        second = Dependencies(scene.repository, cloud, Survey(cloud), logbook, scene.notifier)
        reconcile(second, "dev", scene.now)
        scene.account.order_fault("slow-start", seconds=600)
        scene.define("A", 60)
        scene.tick()
        scene.let_pass(seconds=40)
        reconcile(second, "dev", scene.now)
        scene.let_pass(minutes=11)
        scene.tick()
        reconcile(second, "dev", scene.now)
        assert [text for text in scene.forge.subjects() if "credit" in text] == [
            "lease(dev): credit A to 2026-11-23T13:10:00Z"
        ]


class TestAnEnvironmentWhoseSettingsAreBroken:
    def test_leaves_its_record_as_it_is(self, scene: Scene) -> None:
        scene.start("A")
        scene.tick()
        before = stored(scene)
        scene.push({"environments/dev/environment.json": "{"}, "oops")
        scene.let_pass(minutes=5)
        scene.tick()
        assert (stored(scene), len(subjects(scene))) == (before, 3)


class TestWithoutARepository:
    def test_it_is_kept_in_memory(self) -> None:
        logbook = Logbook()
        assert logbook.read("dev").is_new
        logbook.keep("dev", Record({A: ENTRY}), NOTE)
        assert logbook.read("dev") == Record({A: ENTRY})
        assert logbook.read("prod").is_new


def test_a_refusal_says_what_is_not_written(scene: Scene) -> None:
    scene.forge.hook("pre-receive", LOCKED)
    logbook = Logbook(scene.open_status())
    logbook.read("dev")
    with pytest.raises(Refused, match=r"^LH2007: What SageMaker did could not be written"):
        logbook.keep("dev", Record({A: ENTRY}), NOTE)
    assert logbook.read("dev") == Record({A: ENTRY})
