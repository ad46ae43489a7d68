"""`leasehold explain NAME`: because of what, until when, by whom, for how much, and what next."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from click.testing import CliRunner

from controller.plan import plan
from controller.planning.findings import Findings
from controller.tick import Tick
from leasehold.cli import main
from leasehold.explain import as_data, next_tick
from ledger.accounting.tariff import Sum
from ledger.explanation import Spent, Told, answers
from ledger.history import LeaseAction, LeaseChange, RecordedChange
from ledger.holdings import Holding, read_fleet
from ledger.hosts import Host
from ledger.json_files import dump_json
from ledger.lease import Lease, stamp
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.snapshot import CommitRecord, Person
from tests.leasehold.test_forecast import PRICES
from tests.ledger.forge import QUIET
from tests.scene import NOON, SETTLE, definition, environment, lease, path

if TYPE_CHECKING:
    import pytest

    from tests.scene import Json, Scene

NAME = EndpointName("demo-A-Endpoint")
ANA = Person("Ana", "ana@example.com")
END = NOON + timedelta(minutes=90)
CHANGE = LeaseChange(LeaseAction.EXTEND, str(NAME), END, None, ANA, "r1", "demo for the board")
LAST = RecordedChange("b559b50d" + "0" * 32, NOON - timedelta(minutes=20), CHANGE)
ENTRY = Entry(
    "A",
    "InService",
    NOON - timedelta(hours=2),
    "leased",
    created_at=NOON - timedelta(hours=2),
    hosts=(Host("ml.g5.xlarge", 2),),
)


def told(
    entry: Entry | None = ENTRY,
    last: RecordedChange | CommitRecord | None = LAST,
    prices: Json | None = PRICES,
    limits: Json | None = None,
    **fields: object,
) -> Told:
    files: dict[str, Json] = {
        "environments/dev/environment.json": environment(limits=limits or {}),
        path("A"): definition("A", **fields),
        path("A", "lease"): lease(END),
    }
    if prices:
        files["environments/dev/prices.json"] = prices
    fleet = read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")
    findings = Findings(Record({NAME: entry} if entry else {}))
    tick = Tick(NOON, fleet, (), plan(fleet, (), NOON, "c0ffee", findings), findings=findings)
    item = fleet.items[0]
    return Told(fleet, item, NOON, entry, last, next_tick(tick, item))


def test_what_runs_is_explained() -> None:
    said = dict(answers(told(schedule={"idle_minutes": 45, "extend_while_active_minutes": 30})))
    assert said == {
        "on because": "leased until 2026-11-23T13:30:00Z",
        "until": "2026-11-23T13:30:00Z, in 90 min",
        "at SageMaker": "InService since 2026-11-23T10:00:00Z (leased)",
        "kept by": "Ana (extend, 20 min ago, commit b559b50d): demo for the board",
        "runs on": "2 x ml.g5.xlarge",
        "costs": "$4.00 an hour",
        "so far": "about $8.00 since this start",
        "next tick": "create: leased until 2026-11-23T13:30:00Z",
        "idle rule": "its lease ends after 45 min without an invocation",
        "use rule": "it is kept until 30 min after the last invocation",
        "ceiling": (
            "a lease reaches 10080 min ahead at most, by max_lease_minutes in"
            " environments/dev/environment.json"
        ),
        "turns by itself": "off at 2026-11-23T13:30:00Z: lease ends",
        "to keep it on": "leasehold extend A 60, which costs $4.00",
        "to stop it": "leasehold release A",
    }


def test_what_is_not_known_is_said_to_be_so() -> None:
    said = dict(answers(told(replace(ENTRY, hosts=None), None)))
    assert said["runs on"] == "instances that nobody has noted"
    assert said["costs"].startswith("not known: ")
    assert "kept by" not in said
    assert "costs" not in dict(answers(told(prices=None)))
    assert dict(answers(told(None)))["at SageMaker"] == "absent, and nothing was noted of it"
    by_hand = CommitRecord("5f1d0c7a9b", Person("Ben", "b@x.org"), NOON, "oops")
    assert dict(answers(told(last=by_hand)))["kept by"] == (
        "Ben (now, commit 5f1d0c7a, which does not say how it changed the lease)"
    )
    assert dict(answers(told(None)))["would run on"] == "1 x ml.g5.xlarge"


def test_what_failed_says_what_aws_said_and_how_to_go_on() -> None:
    failed = replace(ENTRY, status="Failed", refused="No capacity.", hosts=None)
    said = dict(answers(told(failed)))
    assert said["at SageMaker"].endswith("; AWS said: No capacity.")
    assert said["to start it"] == "change environments/dev/A.endpoint.json, or extend it"


def test_what_is_always_on_has_no_meter() -> None:
    said = dict(answers(told(schedule={"always_on": True})))
    assert said["to stop it"] == "change its schedule in environments/dev/A.endpoint.json"
    assert "ceiling" not in said


def test_a_limit_that_it_breaks_is_named() -> None:
    limits = {"max_hourly": {"amount": "1", "currency": "USD"}}
    assert "max_hourly" in dict(answers(told(limits=limits)))["limit"]


def test_a_broken_one_says_what_is_wrong_and_what_it_costs_on() -> None:
    said = dict(answers(told(inference_type="sometimes")))
    assert "/inference_type" in said["frozen"]
    assert said["runs on"] == "2 x ml.g5.xlarge"
    assert said["costs"] == "$4.00 an hour"
    assert said["so far"] == "about $8.00 since this start"
    assert said["to change it"].endswith("it is left running, and costs that")
    said = dict(answers(told(None, None, inference_type="sometimes")))
    assert "costs" not in said
    assert said["to change it"].endswith("it is left off")


def test_what_is_suspended_is_held_and_no_lease_changes_it() -> None:
    reason = {"reason": "an audit"}
    said = dict(answers(told(suspended=reason)))
    assert said["held because"] == "suspended: an audit"
    assert said["to change it"] == (
        "remove suspended from environments/dev/A.endpoint.json: a lease does nothing"
    )
    assert not said.keys() & {"on because", "to stop it", "to keep it on", "turns by itself"}
    later = stamp(END + timedelta(hours=1))
    said = dict(answers(told(suspended={**reason, "until": later})))
    assert said["turns by itself"] == f"off at {later}: nothing holds it any more"
    soon = stamp(END - timedelta(hours=1))
    said = dict(answers(told(None, suspended={**reason, "until": soon})))
    assert said["turns by itself"] == f"on at {soon}: nothing holds it any more"


def test_what_lost_its_leases_file_is_held_and_can_be_released() -> None:
    lost = told()
    assert isinstance(lost.item, Holding)
    item = replace(lost.item, lease=None, lost_lease=Lease(END))
    said = dict(answers(replace(lost, item=item)))
    assert said["held because"].startswith("A.lease.json is missing")
    assert said["turns by itself"] == f"off at {stamp(END)}: nothing holds it any more"
    assert said["to stop it"] == "leasehold release A"
    assert "to stop it" not in dict(answers(replace(lost, item=item, entry=None)))


def test_what_is_somebody_elses_costs_nothing_here_and_is_left_alone() -> None:
    said = dict(answers(told(replace(ENTRY, foreign=True))))
    assert said["held because"].endswith("it is not touched")
    assert said["would run on"] == "1 x ml.g5.xlarge"
    assert "choose another endpoint_name" in said["to change it"]
    assert not said.keys() & {"on because", "so far", "to stop it", "to keep it on"}


def test_what_has_no_price_is_named() -> None:
    hosts = (Host("ml.inf2.xlarge", 1), Host("ml.g5.xlarge", 1))
    said = dict(answers(told(replace(ENTRY, hosts=hosts))))
    assert said["costs"] == (
        "not known: environments/dev/prices.json has no price of ml.inf2.xlarge for Hosting"
    )
    assert "so far" not in said


def test_what_was_spent_is_said_as_a_report_does() -> None:
    running = told()
    paid = Spent(Sum({"USD": Decimal(7200)}), Sum({"USD": Decimal(360)}))
    said = dict(answers(replace(running, spent=paid)))
    assert said["so far"] == "$2.00 in service since this start, and up to $0.10 while it started"
    assert as_data(replace(running, spent=paid))["so_far"] == "2.00"
    nothing = replace(running, spent=Spent(Sum(), Sum()))
    assert dict(answers(nothing))["so far"] == "nothing in service since this start"
    part = replace(running, spent=Spent(Sum({"USD": Decimal(7200)}, unpriced=5400), Sum()))
    assert dict(answers(part))["so far"] == (
        "$2.00 and 1.50 h without a price in service since this start"
    )
    assert as_data(part)["so_far"] is None
    before = replace(running, spent=Spent(Sum({"EUR": Decimal(7200)}), Sum()))
    assert as_data(before)["so_far"] is None


def test_what_was_spent_so_far_is_the_reports(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began on one type and goes on with a smaller one: that alone says too little."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setitem(QUIET, name, stamp(NOON))
    monkeypatch.setattr("leasehold.context.clock", lambda: scene.now)
    monkeypatch.setattr("leasehold.report.clock", lambda: scene.now)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", scene.account.url)
    scene.push({"environments/dev/prices.json": PRICES})
    scene.start("A", 600, inference_instance_type="ml.g5.2xlarge")
    scene.tick()
    scene.let_pass(hours=2)
    scene.define("A", inference_instance_type="ml.g5.xlarge")
    for _ in range(2):
        scene.tick()
        scene.let_pass(seconds=SETTLE)
    scene.tick()
    scene.let_pass(hours=1)
    options = ("--repository", scene.forge.url, "--output", "json")
    explained = json.loads(CliRunner().invoke(main, ["explain", "A", *options]).stdout)
    since = ("--since", stamp(NOON - timedelta(days=1)))
    report = json.loads(CliRunner().invoke(main, ["report", *since, *options]).stdout)
    assert explained["per_hour"] == "2"
    assert Decimal(explained["so_far"]) > Decimal(8)
    assert report["total"]["cost"] == {"USD": explained["so_far"]}


def test_machines_get_the_same() -> None:
    data = as_data(told())
    assert (data["per_hour"], data["so_far"], data["currency"]) == ("4", "8.00", "USD")
    assert data["answers"][0]["question"] == "on because"
    assert as_data(told(prices=None))["per_hour"] is None


def test_the_verb_explains_an_endpoint_of_the_ledger(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.account.use(monkeypatch)
    scene.push({"environments/dev/prices.json": PRICES})
    scene.define("A")
    options = ("--repository", scene.forge.url)
    text = CliRunner().invoke(main, ["explain", "A", *options]).stdout
    assert re.search("off because +no lease\n", text)
    result = CliRunner().invoke(main, ["explain", "A", *options, "--output", "json"])
    assert json.loads(result.stdout)["per_hour"] == "2"
