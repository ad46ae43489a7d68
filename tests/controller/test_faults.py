"""What nobody foresaw goes wrong with one endpoint: that is its report, and all others go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from controller import notices, telemetry
from controller.memory import observation, refusals, transitions
from controller.memory.transitions import acted, refreshed
from controller.notices import due, pruned
from controller.notices.notice import Kind
from controller.plan import plan
from controller.planning import config_looks, decision, desired, looks, prune
from controller.planning.action import Verb
from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.collection import collectible
from controller.planning.findings import Findings
from controller.planning.looks import Remembered, looks_due
from controller.planning.ownership import Owner
from controller.tick import Tick
from gateway.leases import answers
from leasehold import fleet_rows
from leasehold import next as next_
from leasehold.fleet_rows import rows_of
from ledger import claims, holdings
from ledger.errors import Refused
from ledger.faults import Faults, unforeseen
from ledger.holdings import Broken, read_fleet
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from tests.controller.cases import ENDED, LIVE, NOW, OWNER, ago, claimed_twice, fleet_of, there

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from controller.planning.action import Action
    from ledger.holdings import Fleet

A, B = EndpointName("demo-A-Endpoint"), EndpointName("demo-B-Endpoint")
ORPHAN = EndpointName("demo-O-Endpoint")


def names(argument: object, name: str) -> bool:
    """Tell whether an argument of any kind is about an endpoint."""
    if isinstance(argument, decision.Decision):
        argument = argument.holding
    said = getattr(argument, "endpoint_name", None) or getattr(argument, "name", argument)
    return isinstance(said, str) and str(said).casefold() == name.casefold()


@pytest.fixture
def break_for(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a function of a module raise for one endpoint, and do its work for all others."""

    def inject(module: ModuleType, function: str, name: str = B, short: str = "B") -> None:
        works = getattr(module, function)

        def breaks(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401  (whatever it takes)
            if any(names(each, name) or names(each, short) for each in arguments):
                raise KeyError("spam")
            return works(*arguments, **more)

        monkeypatch.setattr(module, function, breaks)

    return inject


def leftover(name: str) -> Artifact:
    arn = Name(f"endpoint-config/demo-{name}-0123456789")
    kind = ResourceKind.ENDPOINT_CONFIG
    return Artifact(kind, Name(f"demo-{name}-Endpoint-0123456789"), Name(name), arn)


def two(expires_at: datetime = ENDED, **fields: object) -> Fleet:
    return fleet_of("A", "B", expires_at=expires_at, **fields)  # type: ignore[arg-type]


def both(fleet: Fleet) -> list[Any]:
    wanted = [
        there("InService", fleet, modified_at=ago(60)),
        there("InService", fleet, endpoint_name=B, name="B", modified_at=ago(60)),
    ]
    return [replace(each, created_at=ago(90)) for each in wanted]


@pytest.mark.parametrize("expires_at", [ENDED, LIVE])
@pytest.mark.parametrize(
    ("module", "function", "serves"),
    [
        ("controller.planning.decision", "standing", True),
        ("controller.planning.decision", "standing", False),
        ("controller.planning.decision", "desired", False),
        ("controller.plan", "decide", True),
        ("controller.plan", "decide", False),
    ],
)
def test_a_fault_of_the_planner_is_the_holdings_report_and_no_more(
    break_for: Callable[..., None],
    module: str,
    function: str,
    expires_at: datetime,
    *,
    serves: bool,
) -> None:
    fleet = two(expires_at)
    seen = both(fleet) if serves else []
    found = Findings(collectible=(leftover("A"), leftover("B")))
    before = {_about(each): each for each in plan(fleet, seen, NOW, findings=found).actions}
    break_for(import_module(module), function)
    after = {_about(each): each for each in plan(fleet, seen, NOW, findings=found).actions}
    if function == "desired" and expires_at is ENDED:
        assert after == before  # nobody asks what it should be
        return
    report, lost = after.pop(("endpoint", "B")), before.pop(("endpoint-config", "B"))
    assert report.verb is Verb.REPORT
    assert "KeyError in breaks: 'spam'" in report.reason
    assert "[LH1023]" in report.reason
    assert lost.verb is Verb.COLLECT
    del before["endpoint", "B"]
    assert after == before


def _about(action: Action) -> tuple[str, str]:
    return str(action.kind), str(action.name)


def test_a_refusal_from_the_planner_is_said_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise Refused("LH4104", "the time has no zone.")

    monkeypatch.setattr(decision, "standing", refuse)
    (action,) = plan(fleet_of("A"), [], NOW).actions
    assert (action.verb, action.reason) == (Verb.REPORT, "the time has no zone. [LH4104]")


def test_an_orphan_that_cannot_be_judged_is_kept(break_for: Callable[..., None]) -> None:
    fleet = fleet_of("A")
    seen = [
        there("InService", fleet, endpoint_name=ORPHAN, name="O"),
        there("InService", fleet, endpoint_name=B, name="B"),
    ]
    break_for(prune, "_orphan")
    actions = {each.resource_name: each for each in plan(fleet, seen, NOW).actions}
    assert actions[Name(B)].verb is Verb.REPORT
    assert actions[Name(B)].is_orphan
    assert actions[Name(ORPHAN)].verb is Verb.DELETE


@pytest.mark.parametrize("function", ["_seen", "_with_tags", "_with_documents", "_moved"])
def test_what_cannot_be_noted_stays_as_it_was_and_nothing_is_done_about_it(
    break_for: Callable[..., None], function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet, faults = two(), Faults()
    before = Record({name: Entry(name[5], "Creating", ago(70)) for name in (A, B)})
    works = getattr(observation, function)

    def breaks(entry: Entry, *more: Any) -> Any:  # noqa: ANN401  (whatever it takes)
        if entry.name == "B":
            raise IndexError
        return works(entry, *more)

    monkeypatch.setattr(observation, function, breaks)
    record = refreshed(before, fleet, both(fleet), NOW, faults)
    assert record.entry(B) == before.entry(B)
    noted = record.entry(A)
    assert noted is not None
    assert noted.status == "InService"
    planned = plan(fleet, both(fleet), NOW, findings=Findings(record, faults=faults.found))
    assert {each.resource_name: each.verb for each in planned.actions} == {
        Name(A): Verb.DELETE,
        Name(B): Verb.REPORT,
    }


def test_what_is_gone_and_cannot_be_noted_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise IndexError

    before = Record({A: Entry("A", "InService", ago(70))})
    monkeypatch.setattr(observation, "_moved", breaks)
    faults = Faults()
    assert refreshed(before, fleet_of("A"), [], NOW, faults).entry(A) == before.entry(A)
    assert A in faults.found


def test_what_was_done_and_cannot_be_noted_is_seen_by_the_next_tick(
    break_for: Callable[..., None],
) -> None:
    fleet, faults = two(), Faults()
    record = refreshed(Record(), fleet, both(fleet), NOW)
    done = plan(fleet, both(fleet), NOW).changes
    break_for(transitions, "entry_after")
    after = acted(record, done, NOW, faults)
    assert after.entry(B) == record.entry(B)
    noted = after.entry(A)
    assert noted is not None
    assert noted.status == "Deleting"
    assert set(faults.found) == {B}


@pytest.mark.parametrize("function", ["expiring", "started", "failed"])
def test_a_notice_that_cannot_be_written_keeps_nobody_from_hearing(
    break_for: Callable[..., None], function: str
) -> None:
    fleet, faults = two(NOW + timedelta(minutes=3)), Faults()
    record = refreshed(Record(), fleet, both(fleet), NOW)
    planned = plan(fleet, both(fleet), NOW, findings=Findings(record))
    every = due(fleet, planned, record, NOW)
    break_for(notices, function)
    told = due(fleet, planned, record, NOW, faults)
    assert {each.kind for each in told if each.endpoint_name == A} == {
        each.kind for each in every if each.endpoint_name == A
    }
    assert Kind.STARTED in {each.kind for each in told}
    assert set(faults.found) == {B}
    (sentence,) = faults.sentences
    assert sentence.casefold().startswith("demo-b-endpoint: something unforeseen")


def test_a_key_that_cannot_be_judged_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise IndexError

    fleet, faults = fleet_of("A"), Faults()
    record = Record({A: Entry("A", "InService", ago(70), notices=frozenset({"expiring:old:5"}))})
    planned = plan(fleet, [], NOW)
    monkeypatch.setattr(notices, "_relevant", breaks)
    assert pruned(record, fleet, planned, faults) == record
    assert set(faults.found) == {A}


def test_a_report_that_cannot_be_told_keeps_nobody_from_hearing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from controller.notices import life  # noqa: PLC0415  (for this test alone)

    fleet, faults = two(), Faults()
    planned = plan(fleet, [replace(each, tags={}) for each in both(fleet)], NOW)
    works = life.is_blocked

    def breaks(action: Action, entry: Entry | None) -> bool:
        if action.name == "B":
            raise IndexError
        return works(action, entry)

    monkeypatch.setattr(life, "is_blocked", breaks)
    (notice,) = due(fleet, planned, Record(), NOW, faults)
    assert (notice.kind, notice.endpoint_name) == (Kind.BLOCKED, A)


@pytest.mark.parametrize("function", ["_question", "_has_scaling"])
def test_who_cannot_be_asked_about_is_left_out(
    break_for: Callable[..., None], function: str
) -> None:
    autoscaling = {"max_instances": 2, "min_instances": 1}
    fleet = two(LIVE, schedule={"idle_minutes": 10}, autoscaling=autoscaling)
    record = refreshed(Record(), fleet, both(fleet), NOW)
    break_for(looks, function)
    found = looks_due(fleet, both(fleet), record, Remembered(), NOW)
    asked = found.uses if function == "_question" else found.scaling
    assert [each.endpoint_name for each in asked] == [A]
    assert len(found.troubles) == 1


def test_a_config_that_cannot_be_judged_is_not_looked_at(break_for: Callable[..., None]) -> None:
    existing = {"endpoint_config_name": "cfg", "model": None, "inference_instance_type": None}
    fleet = two(LIVE, **existing)
    break_for(config_looks, "_uses_next")
    (question,) = looks_due(fleet, [], Record(), Remembered(), NOW).configs
    assert question.endpoint_name == A


def test_nothing_is_collected_of_what_nobody_can_tell_the_wants_of(
    break_for: Callable[..., None],
) -> None:
    fleet = two()
    assert fleet.environment is not None
    break_for(desired, "_content")
    wanted = desired.config_names(fleet.holdings, fleet.environment, OWNER)
    assert set(wanted) == {Name("A")}
    left = collectible((leftover("A"), leftover("B")), fleet, [], Record({A: _ABSENT}), wanted)
    assert [each.definition_name for each in left] == ["A"]


def test_the_metrics_do_without_it(break_for: Callable[..., None]) -> None:
    fleet = two(LIVE)
    break_for(decision, "standing")
    busy = [replace(each, status="Updating") for each in both(fleet)]
    tick = Tick(NOW, fleet, tuple(busy), plan(fleet, busy, NOW))
    assert telemetry.emf(tick)["OverdueDeletions"] == 0


def test_a_document_that_cannot_be_taken_in_freezes_its_own_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = holdings._PARSERS["endpoint"]

    def breaks(file: str, content: bytes) -> Any:  # noqa: ANN401  (as the parser does)
        if "/B." in file:
            raise AssertionError("no such shape")
        return works(file, content)

    monkeypatch.setitem(holdings._PARSERS, "endpoint", breaks)
    files = {
        "environments/dev/environment.json": b'{"project_prefix": "faulty", "region_name":'
        b' "us-east-1", "execution_role_arn": "arn:aws:iam::123456789012:role/demo"}',
        **{
            f"environments/dev/{name}.endpoint.json": b'{"name": "%b", "inference_type":'
            b' "realtime", "endpoint_config_name": "never-read-before"}' % name.encode()
            for name in "AB"
        },
    }
    fleet = read_fleet(files, "dev")
    assert [each.name for each in fleet.holdings] == ["A"]
    (broken,) = fleet.broken
    assert isinstance(broken, Broken)
    assert broken.endpoint_name == "faulty-B-Endpoint"
    (violation,) = broken.violations
    assert (violation.code, violation.file) == ("LH1023", "environments/dev/B.endpoint.json")
    assert "AssertionError in breaks: no such shape" in violation.sentence
    assert fleet.unreadable == (violation,)  # so nobody without a definition is deleted


def test_a_fault_is_one_line_that_is_the_same_in_each_process() -> None:
    one, other = (unforeseen(ValueError(f"no {object()}\n\x1b[2J {'x' * 999}")) for _ in "ab")
    assert one == other
    assert one.isprintable()
    assert len(one) < 600
    assert unforeseen(IndexError()).startswith("something unforeseen was met (IndexError).")


_ABSENT = Entry("A", "Absent", NOW)


def test_the_answer_about_all_says_of_one_that_it_cannot_be_told(
    break_for: Callable[..., None],
) -> None:
    fleet = two(LIVE)
    break_for(answers, "standing")
    fine, faulty = answers.about_all(fleet.items, NOW, "c0ffee")
    assert (fine["EndpointName"], fine["Status"]) == (A, "live")
    assert (faulty["EndpointName"], faulty["Status"]) == (B, "frozen")
    assert "fault of Leasehold's" in faulty["Why"]
    assert "spam" not in faulty["Why"]
    assert faulty.keys() == fine.keys()


def test_the_status_shows_the_report_of_one_and_the_others_as_they_are(
    break_for: Callable[..., None],
) -> None:
    fleet = two(LIVE)
    break_for(decision, "standing")
    break_for(fleet_rows, "standing")
    rows = list(rows_of(Tick(NOW, fleet, (), plan(fleet, [], NOW)), {}))
    assert [(each.name, each.state) for each in rows] == [("A", "on"), ("B", "frozen")]
    assert "[LH1023]" in rows[1].reason


class TestWhatIsOnTheListAndCannotBeRead:
    """It says no more than the list of all endpoints does."""

    def unread(self, fleet: Fleet, **fields: Any) -> list[Any]:  # noqa: ANN401
        seen, other = both(fleet)
        blank = {"config_name": None, "unread": "it cannot be read now"}
        return [seen, replace(other, **{**blank, **fields})]

    @pytest.mark.parametrize("status", ["InService", "Failed", "OutOfService"])
    def test_waits_while_it_is_on(self, status: str) -> None:
        fleet = two(LIVE)
        action = plan(fleet, self.unread(fleet, status=status), NOW).action_for(B)
        assert action is not None
        assert (action.verb, action.reason) == (Verb.WAIT, "it cannot be read now")

    def test_ends_with_its_lease_as_any_other(self) -> None:
        fleet = two(ENDED)
        planned = plan(fleet, self.unread(fleet), NOW)
        assert {each.verb for each in planned.actions} == {Verb.DELETE}

    @pytest.mark.parametrize("expires_at", [ENDED, LIVE])
    def test_is_left_alone_without_tags(self, expires_at: datetime) -> None:
        fleet = two(expires_at)
        action = plan(fleet, self.unread(fleet, tags=None), NOW).action_for(B)
        assert action is not None
        assert action.verb is Verb.WAIT

    def test_is_not_asked_about_and_keeps_its_entry(self) -> None:
        fleet = two(LIVE, schedule={"idle_minutes": 10})
        seen = self.unread(fleet)
        record = Record({B: Entry("B", "Creating", ago(70))})
        assert refreshed(record, fleet, seen, NOW).entry(B) == record.entry(B)
        found = looks_due(fleet, seen, record, Remembered(), NOW)
        assert [each.endpoint_name for each in found.uses] == [A]


class TestWhoHasWhat:
    @pytest.mark.parametrize("function", ["with_lost_lease", "_settled"])
    def test_one_that_cannot_be_settled_is_frozen_and_no_other(
        self, monkeypatch: pytest.MonkeyPatch, function: str
    ) -> None:
        works = getattr(claims, function)

        def breaks(*given: Any) -> Any:  # noqa: ANN401  (as it does)
            if any(getattr(each, "name", None) == "B" for each in given):
                raise IndexError
            return works(*given)

        monkeypatch.setattr(claims, function, breaks)
        fleet = two()
        found = claims.settle(fleet, claims.NOTHING, NOW)
        assert [each.name for each in found.holdings] == ["A"]
        assert [(each.name, each.endpoint_name) for each in found.broken] == [("B", B)]
        assert "[LH1023]" in found.broken[0].complaint
        assert found.broken[0].violations[0] in found.violations
        actions = plan(found, both(fleet), NOW)
        assert {each.resource_name: each.verb for each in actions.actions} == {
            Name(A): Verb.DELETE,
            Name(B): Verb.REPORT,
        }

    def test_where_nobody_can_tell_who_was_first_all_of_them_are_frozen(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(*_: object) -> None:
            raise IndexError

        claimed = claimed_twice(LIVE)
        monkeypatch.setattr(claims, "_only", breaks)
        found = claims.settle(claimed, claims.NOTHING, NOW)
        assert len(found.broken) >= 2
        assert all("endpoint" in each.complaint for each in found.broken)


def test_an_endpoint_whose_tags_cannot_be_judged_keeps_no_other_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    works = Owner.concerns

    def breaks(self: Owner, tags: Any) -> bool:  # noqa: ANN401  (as it does)
        if "B" in tags.values():
            raise IndexError
        return works(self, tags)

    fleet = fleet_of("A")
    seen = [
        there("InService", fleet, endpoint_name=ORPHAN, name="O"),
        there("InService", fleet, endpoint_name=B, name="B"),
    ]
    monkeypatch.setattr(Owner, "concerns", breaks)
    actions = {each.resource_name: each.verb for each in plan(fleet, seen, NOW).actions}
    assert actions[Name(B)] is Verb.REPORT
    assert actions[Name(ORPHAN)] is Verb.DELETE


@pytest.mark.parametrize("function", ["_noted", "_settled", "_wanted", "_refused"])
def test_an_entry_that_cannot_go_on_stays_as_it_was(
    monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    def breaks(*_: object) -> None:
        raise IndexError

    fleet, faults = two(), Faults()
    entry = Entry("A", "InService", ago(70), failures=1, refused="no", refused_config="c")
    record, planned = Record({A: entry}), plan(fleet, both(fleet), NOW)
    module = refusals if function in {"_wanted", "_refused"} else transitions
    monkeypatch.setattr(module, function, breaks)
    after = {
        "_noted": lambda: transitions.noted(record, Findings(record), both(fleet), faults),
        "_settled": lambda: transitions.settled(record, planned, faults),
        "_wanted": lambda: refusals.refused(record, planned, (), NOW, faults),
        "_refused": lambda: refusals.refused(
            record, planned, [(planned.changes[0], "said")], NOW, faults
        ),
    }[function]()
    kept = after.entry(A)
    assert kept is not None
    assert (kept.status, kept.failures) == (entry.status, entry.failures)
    assert A in faults.found


def test_what_cannot_be_foretold_hides_nothing_of_the_others(
    break_for: Callable[..., None],
) -> None:
    fleet = two(LIVE)
    break_for(next_, "standing")
    (fine,), (faulty,) = (next_._foretold(each, NOW, 1) for each in fleet.items)
    assert (fine.name, fine.at) == ("A", LIVE)
    assert "[LH1023]" in faulty.reason
