"""A tick in CloudWatch: metrics by the rules of the Embedded Metric Format, and lines to search."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from controller.notices.notice import Delivery, Kind, Notice
from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import ResourceKind
from controller.planning.findings import Findings
from controller.planning.observed import Observed
from controller.telemetry import emf, emf_of_failure, log_line_of_failure, log_lines
from controller.tick import Outcome, State, Tick
from ledger.documents import Prices
from ledger.errors import Unavailable
from ledger.holdings import Fleet, read_fleet
from ledger.hosts import Host, Usage
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.observed import Entry, Record

if TYPE_CHECKING:
    from ledger.hosts import Hosts

NOW = datetime(2026, 11, 23, 10, 0, 30, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}
Line = dict[str, Any]


def fleet_of(**leases: datetime) -> Fleet:
    files = {"environments/dev/environment.json": json.dumps(SETTINGS).encode()}
    for name, until in leases.items():
        definition = {"name": name, "inference_type": "realtime", "endpoint_config_name": "by-hand"}
        files[f"environments/dev/{name}.endpoint.json"] = json.dumps(definition).encode()
        lease = json.dumps({"expires_at": stamp(until)}).encode()
        files[f"environments/dev/{name}.lease.json"] = lease
    return read_fleet(files, "dev")


def act(verb: Verb, name: str = "A", reason: str = "so it is", **more: Any) -> Action:  # noqa: ANN401
    return Action(verb, name, EndpointName(f"demo-{name}-Endpoint"), reason, **more)


def tick_of(*actions: Action, fleet: Fleet | None = None, **more: Any) -> Tick:  # noqa: ANN401
    plan = Plan("dev", "c0ffee", actions)
    return Tick(NOW, fleet or fleet_of(), more.pop("observed", ()), plan, **more)


def done(action: Action, state: State = State.DONE, detail: str = "") -> Outcome:
    return Outcome(action, state, detail, "LH3001" if state is State.FAILED else None)


def assert_is_emf(document: Line) -> None:
    """Apply the rules of the format's JSON Schema, as AWS publishes them."""
    document = json.loads(json.dumps(document, allow_nan=False))
    metadata = document["_aws"]
    assert type(metadata["Timestamp"]) is int
    assert datetime.fromtimestamp(metadata["Timestamp"] / 1000, UTC) == NOW
    assert metadata["CloudWatchMetrics"]
    for directive in metadata["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Namespace"]) <= 1024
        for dimensions in directive["Dimensions"]:
            assert 1 <= len(dimensions) <= 30
            for name in dimensions:
                assert isinstance(document[name], str)
                assert 1 <= len(document[name]) <= 1024
        assert 1 <= len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert set(metric) <= {"Name", "Unit", "StorageResolution"}
            assert metric["Unit"] in {"Count", "Seconds", "None"}
            assert type(document[metric["Name"]]) in (int, float)


def metrics(document: Line) -> dict[str, float]:
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    return {metric["Name"]: document[metric["Name"]] for metric in directive["Metrics"]}


def test_a_quiet_tick_is_counted() -> None:
    document = emf(tick_of(act(Verb.KEEP)))
    assert_is_emf(document)
    assert document["Environment"] == "dev"
    assert document["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Leasehold"
    assert metrics(document) == {
        "Ticks": 1,
        "Failures": 0,
        "Actions": 0,
        "Refusals": 0,
        "OverdueDeletions": 0,
        "FrozenRunning": 0,
        "SecondsSinceLastGoodTick": 0,
    }


def test_actions_are_counted_by_verb_when_they_are_done() -> None:
    creates = [act(Verb.CREATE, name) for name in "AB"]
    delete, failing = act(Verb.DELETE, "C"), act(Verb.CREATE, "D")
    outcomes = (*map(done, creates), done(delete), done(failing, State.FAILED))
    document = emf(tick_of(*creates, delete, failing, outcomes=outcomes))
    assert_is_emf(document)
    counted = metrics(document)
    assert (counted["Actions"], counted["Failures"]) == (3, 1)
    assert (counted["CreateActions"], counted["DeleteActions"]) == (2, 1)
    assert "UpdateActions" not in counted


def test_the_last_good_tick_gets_older_while_ticks_fail() -> None:
    before = NOW - timedelta(minutes=7)
    failing = act(Verb.CREATE)
    tick = tick_of(failing, outcomes=(done(failing, State.FAILED),))
    assert metrics(emf(tick, last_good=before))["SecondsSinceLastGoodTick"] == 420
    assert "SecondsSinceLastGoodTick" not in metrics(emf(tick))
    assert metrics(emf(tick_of(), last_good=before))["SecondsSinceLastGoodTick"] == 0


def test_a_tick_that_could_not_begin_is_a_failure_and_no_tick() -> None:
    document = emf_of_failure("dev", NOW, NOW - timedelta(minutes=2))
    assert_is_emf(document)
    assert metrics(document) == {"Failures": 1, "SecondsSinceLastGoodTick": 120}


def test_settings_that_cannot_be_read_are_a_failure_for_nothing_is_managed() -> None:
    tick = tick_of(act(Verb.REPORT), fleet=Fleet("dev", None))
    document = emf(tick)
    assert_is_emf(document)
    assert (metrics(document)["Ticks"], metrics(document)["Failures"]) == (1, 1)
    assert next(log_lines(tick))["level"] == "error"


def test_a_clock_that_is_wrong_is_a_failure_for_nothing_is_stopped() -> None:
    tick = tick_of(findings=Findings(clock_fault="the clock is 7 h behind AWS's"))
    assert metrics(emf(tick))["Failures"] == 1


def test_the_cost_is_told_only_where_prices_are_known() -> None:
    price = {(Usage.HOSTING, "ml.g5.12xlarge"): Decimal("7.04")}
    prices = Prices("us-east-1", "USD", "a test", NOW, price)
    two, other = ((Host(f"ml.g5.{size}", 2),) for size in ("12xlarge", "xlarge"))

    def told(prices: Prices | None, *hosts: Hosts) -> tuple[float | None, float | None]:
        entries = {
            EndpointName(f"e{number}"): Entry("E", "InService", NOW, hosts=each)
            for number, each in enumerate(hosts)
        }
        tick = tick_of(findings=Findings(Record(entries)))
        document = emf(replace(tick, fleet=replace(tick.fleet, prices=prices)))
        assert_is_emf(document)
        found = metrics(document)
        return found.get("EstimatedHourlyCost"), found.get("EndpointsWithoutPrice")

    assert told(prices, two, other) == (14.08, 1)
    assert told(prices, other) == (None, 1)
    assert told(None, two) == (None, None)
    assert told(prices) == (0, 0)


@pytest.mark.parametrize(
    ("state", "count"),
    [
        (State.FAILED, 1),
        (State.REFUSED, 1),
        (State.WAITING, 1),
        (State.DONE, 0),
        (State.DROPPED, 0),
    ],
)
def test_a_delete_that_is_not_done_is_overdue(state: State, count: int) -> None:
    delete = act(Verb.DELETE)
    tick = tick_of(delete, fleet=fleet_of(A=NOW - AN_HOUR), outcomes=(done(delete, state),))
    assert metrics(emf(tick))["OverdueDeletions"] == count


def test_a_stop_that_has_to_wait_is_overdue_until_it_is_under_way() -> None:
    fleet, wait = fleet_of(A=NOW - AN_HOUR), act(Verb.WAIT)
    creating = Observed(EndpointName("demo-A-Endpoint"), "Creating", NOW)
    pending = tick_of(wait, fleet=fleet, observed=(creating,))
    assert metrics(emf(pending))["OverdueDeletions"] == 1
    under_way = replace(pending, observed=(replace(creating, status="Deleting"),))
    assert metrics(emf(under_way))["OverdueDeletions"] == 0


def test_a_leftover_that_is_not_collected_is_not_overdue() -> None:
    collect = act(Verb.COLLECT, kind=ResourceKind.MODEL)
    tick = tick_of(collect, outcomes=(done(collect, State.FAILED),))
    assert metrics(emf(tick))["OverdueDeletions"] == 0


def test_an_orphan_that_is_not_gone_is_overdue() -> None:
    waits = act(Verb.WAIT, "Gone", is_orphan=True)
    assert metrics(emf(tick_of(waits)))["OverdueDeletions"] == 1


def test_what_should_run_is_never_overdue() -> None:
    wait, delete = act(Verb.WAIT, "A"), act(Verb.DELETE, "B", "it failed, and starts anew")
    fleet = fleet_of(A=NOW + AN_HOUR, B=NOW + AN_HOUR)
    tick = tick_of(wait, delete, fleet=fleet, outcomes=(done(delete, State.FAILED),))
    assert metrics(emf(tick))["OverdueDeletions"] == 0


def test_a_start_that_will_be_given_back_to_its_lease_is_not_overdue() -> None:
    begun = NOW - timedelta(minutes=20)
    entry = Entry("A", "Creating", begun, starting_since=begun)
    tick = tick_of(
        act(Verb.WAIT),
        fleet=fleet_of(A=NOW - timedelta(minutes=5)),
        findings=Findings(Record({EndpointName("demo-A-Endpoint"): entry})),
    )
    assert metrics(emf(tick))["OverdueDeletions"] == 0


def test_a_tick_is_a_line_and_so_is_whatever_it_did() -> None:
    create, report = act(Verb.CREATE, "A", "leased"), act(Verb.REPORT, "B", "not ours")
    outcome = Outcome(create, State.FAILED, "AWS is throttling.", "LH3001")
    tick = tick_of(create, report, outcomes=(outcome,), troubles=("LH2001: no history.",))
    common = {"environment": "dev", "commit": "c0ffee"}
    assert list(log_lines(tick)) == [
        {
            **common,
            "level": "error",
            "event": "tick",
            "message": "Plan: 1 to create, 1 for a person to look at.",
            "at": "2026-11-23T10:00:30Z",
        },
        {
            **common,
            "level": "error",
            "event": "action",
            "endpoint": "demo-A-Endpoint",
            "kind": "endpoint",
            "action": "create",
            "reason": "leased",
            "state": "failed",
            "message": "AWS is throttling.",
            "code": "LH3001",
        },
        {
            **common,
            "level": "warning",
            "event": "report",
            "endpoint": "demo-B-Endpoint",
            "kind": "endpoint",
            "action": "report",
            "reason": "not ours",
        },
        {**common, "level": "error", "event": "trouble", "message": "LH2001: no history."},
    ]


def test_a_quiet_tick_is_one_line() -> None:
    (line,) = log_lines(tick_of(act(Verb.KEEP)))
    assert (line["level"], line["message"]) == ("info", "Plan: nothing to change, 1 kept.")


def test_a_notice_is_a_line_and_a_failed_one_is_not_said_twice() -> None:
    name = EndpointName("demo-A-Endpoint")
    notice = Notice(Kind.STARTED, "dev", "A", name, "started:1", "A!", "", {}, {})
    sentence = "the notice started:1 was not delivered."
    failed = Delivery(notice, ok=False, code="LH3020", sentence=sentence)
    deliveries = (Delivery(notice, ok=True), failed)
    _, told, lost = log_lines(tick_of(deliveries=deliveries, troubles=(sentence,)))
    assert (told["level"], told["message"], told["notice"]) == ("info", "A!", "started:1")
    assert (lost["level"], lost["message"], lost["code"]) == ("error", sentence, "LH3020")


def test_each_line_is_json_whatever_the_words_are() -> None:
    action = act(Verb.REPORT, reason='line one\nline "two" \x00 \u2028')
    for line in log_lines(tick_of(action)):
        assert len(json.dumps(line).splitlines()) == 1


def test_a_tick_that_could_not_begin_is_a_line() -> None:
    failure = Unavailable("LH2001", "The repository does not answer.")
    assert log_line_of_failure("dev", failure) == {
        "level": "error",
        "event": "tick",
        "environment": "dev",
        "code": "LH2001",
        "message": "The repository does not answer.",
    }
