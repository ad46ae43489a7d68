"""The list: what it says of each endpoint and of all, and when an answer is still good."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from gateway.principal import Principal, Scope
from ledger.hosts import Host
from ledger.json_files import SCHEMAS
from ledger.observed import Ran
from tests.gateway.fleet.views import ANA, PRICES, entry, lease, listed, tag
from tests.scene import NOON, definition

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "fleet.schema.json").read_bytes()))
HOUR = timedelta(hours=1)
XLARGE = (Host("ml.g5.xlarge", 2),)
BEGUN = NOON - 2 * HOUR
RUNNING = {"demo-A-Endpoint": entry("A", since=BEGUN, hosts=XLARGE, created_at=BEGUN)}
LEASED = {"A": definition("A"), "A.lease": lease(NOON + 3 * HOUR)}


def only(answer: Mapping[str, Any]) -> dict[str, Any]:
    SCHEMA.validate(answer)
    (row,) = answer["Endpoints"]
    return dict(row)


class TestARow:
    def test_says_what_runs_until_when_and_for_how_much(self) -> None:
        row = only(listed(LEASED, RUNNING))
        assert (row["Kind"], row["Name"], row["EndpointName"]) == (
            "endpoint",
            "A",
            "demo-A-Endpoint",
        )
        assert (row["LeaseState"], row["IsOn"], row["ExpiresAt"]) == (
            "live",
            True,
            "2026-11-23T15:00:00Z",
        )
        assert row["Next"] == {"At": row["ExpiresAt"], "Turns": "off", "Reason": "lease ends"}
        assert row["Instances"] == [{"InstanceType": "ml.g5.xlarge", "Count": 2}]
        assert (row["PerHour"], row["SoFar"], row["RunsSince"]) == (
            "2.816",
            "5.63",
            "2026-11-23T10:00:00Z",
        )
        assert row["SageMaker"]["Status"] == "InService"
        assert row["Limits"]["LatestPossible"] == "2026-11-30T12:00:00Z"
        assert row["ETag"] == f'"{listed(LEASED)["Commit"]}"'
        assert not row["NeedsPerson"]

    def test_says_what_it_would_run_on_where_nothing_is_noted(self) -> None:
        row = only(listed(LEASED))
        assert row["Instances"] == [{"InstanceType": "ml.g5.xlarge", "Count": 1}]
        assert (row["PerHour"], row["SoFar"], row["IsBilled"]) == ("1.408", None, False)
        assert set(row["SageMaker"].values()) == {None, False}

    def test_of_a_file_that_cannot_be_read_has_its_sentence(self) -> None:
        answer = listed({"A": "{", "B": definition("B")})
        SCHEMA.validate(answer)
        broken, other = answer["Endpoints"]
        assert (broken["LeaseState"], broken["NeedsPerson"]) == ("frozen", True)
        assert "environments/dev/A.endpoint.json" in broken["Errors"][0]
        assert other["LeaseState"] == "never_leased"
        assert answer["Totals"]["NeedsPerson"] == 1

    def test_of_a_suspended_one_has_its_reason(self) -> None:
        held = definition("A", suspended={"reason": "the bill is looked at"})
        row = only(listed({**LEASED, "A": held}))
        assert (row["LeaseState"], row["Next"]) == ("suspended", None)
        assert "the bill is looked at" in row["Why"]

    def test_of_what_is_always_on_has_no_meter(self) -> None:
        row = only(listed({"A": definition("A", schedule={"always_on": True})}))
        assert (row["LeaseState"], row["ExpiresAt"], row["Limits"]) == ("always_on", None, None)

    def test_says_its_windows(self) -> None:
        windows = [{"days": ["mon", "tue"], "start": "09:00", "end": "17:00"}]
        schedule = {"timezone": "Europe/Berlin", "windows": windows, "idle_minutes": 45}
        row = only(listed({"A": definition("A", schedule=schedule, owner="ana@example.com")}))
        assert row["Windows"] == ["mon, tue 09:00-17:00 Europe/Berlin"]
        assert (row["IdleMinutes"], row["Owner"]) == (45, "ana@example.com")
        assert row["Next"]["Reason"].startswith("window mon, tue")

    @pytest.mark.parametrize(
        "noted",
        [
            entry("A", "Failed", cause="no capacity"),
            entry("A", "InService", refused="you may not"),
            entry("A", "InService", foreign=True),
            entry("A", "Odd"),
        ],
        ids=["failed", "refused", "foreign", "strange"],
    )
    def test_that_waits_for_a_person_says_so(self, noted: Any) -> None:  # noqa: ANN401
        row = only(listed(LEASED, {"demo-A-Endpoint": noted}))
        assert row["NeedsPerson"]
        assert row["SageMaker"]["Failure"] or noted.status == "Odd"

    @pytest.mark.parametrize(("minutes", "needs"), [(14, False), (15, True)])
    def test_that_should_be_off_is_waited_for_a_while(self, minutes: int, needs: bool) -> None:  # noqa: FBT001
        late = {"A": definition("A"), "A.lease": lease(NOON - timedelta(minutes=minutes))}
        assert only(listed(late, RUNNING))["NeedsPerson"] is needs

    def test_of_what_has_no_definition_is_there_while_it_costs(self) -> None:
        row = only(listed({}, RUNNING))
        assert (row["LeaseState"], row["Name"], row["PerHour"]) == ("orphan", "A", "2.816")
        gone = {"demo-A-Endpoint": entry("A", "absent")}
        theirs = {"demo-A-Endpoint": entry("A", foreign=True)}
        assert listed({}, gone)["Endpoints"] == listed({}, theirs)["Endpoints"] == []

    def test_of_what_may_have_a_definition_says_so(self) -> None:
        answer = listed({"B": "{"}, RUNNING)
        (orphan,) = (row for row in answer["Endpoints"] if row["LeaseState"] == "orphan")
        assert "one that cannot may be" in orphan["Why"]

    def test_that_cannot_be_worked_out_hides_no_other(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("gateway.fleet.item.ceiling", broken)
        row = only(listed(LEASED, RUNNING))
        assert (row["NeedsPerson"], row["SageMaker"]["Status"]) == (True, "InService")
        assert "a fault of Leasehold's" in row["Errors"][0]
        monkeypatch.setattr("gateway.fleet.item.standing", broken)
        assert only(listed(LEASED, RUNNING))["LeaseState"] == "frozen"


class TestTheTotals:
    def test_count_what_costs(self) -> None:
        ends = {"A": definition("A"), "A.lease": lease(NOON + HOUR / 2)}
        totals = listed({**ends, "B": definition("B")}, RUNNING)["Totals"]
        assert totals == {
            "Endpoints": 2,
            "On": 1,
            "PerHour": "2.816",
            "WithoutPrice": 0,
            "EndsWithinHour": 1,
            "NeedsPerson": 0,
            "SpentToday": {"Amount": "5.63", "Since": "2026-11-23T00:00:00Z", "WithoutPrice": 0},
        }

    def test_say_what_they_are_without(self) -> None:
        strange = {"demo-A-Endpoint": entry("A", since=BEGUN, hosts=(Host("ml.p9.large", 1),))}
        totals = listed(LEASED, strange)["Totals"]
        assert (totals["PerHour"], totals["WithoutPrice"]) == ("0", 1)
        assert totals["SpentToday"]["WithoutPrice"] == 1

    def test_go_by_the_ledger_where_nothing_is_noted(self) -> None:
        totals = listed(LEASED)["Totals"]
        assert (totals["On"], totals["PerHour"]) == (1, "1.408")

    def test_have_no_money_without_prices(self) -> None:
        answer = listed(LEASED, RUNNING, prices=None)
        SCHEMA.validate(answer)
        assert answer["Currency"] is answer["PricesReadAt"] is None
        assert answer["Totals"]["PerHour"] is answer["Totals"]["SpentToday"] is None

    def test_say_how_old_and_whose_prices_are(self) -> None:
        old = {**PRICES, "read_at": "2026-08-01T00:00:00Z", "example": True}
        answer = listed(LEASED, prices=old)
        assert answer["PricesAreOld"] is answer["PricesAreExamples"] is True


def test_what_is_wrong_is_told_once() -> None:
    answer = listed({"A": "{", "C.lease": "{"})
    (loose,) = answer["Violations"]
    assert loose.startswith("environments/dev/C.lease.json")


class TestWhoMaySeeIt:
    def test_sees_what_the_token_is_for_and_its_sums(self) -> None:
        narrow = Principal("Bo", "bo@example.com", ANA.scopes, frozenset({"demo-B-*"}))
        documents = {**LEASED, "B": definition("B"), "C.lease": lease(NOON)}
        answer = listed(documents, RUNNING, principal=narrow)
        assert [row["Name"] for row in answer["Endpoints"]] == ["B"]
        assert (answer["Totals"]["On"], answer["Totals"]["PerHour"]) == (0, "0")
        assert answer["Violations"] == []

    def test_sees_no_orphan_of_others(self) -> None:
        narrow = Principal("Bo", "bo@example.com", ANA.scopes, frozenset({"demo-B-*"}))
        assert listed({}, RUNNING, principal=narrow)["Endpoints"] == []


class TestTheTag:
    def test_stays_while_the_clock_alone_changes_nothing(self) -> None:
        first = tag(LEASED, RUNNING)
        assert tag(LEASED, RUNNING, NOON + HOUR / 2) == first
        assert first.startswith('W/"')

    @pytest.mark.parametrize(
        "later",
        [2 * HOUR, 3 * HOUR, 3 * HOUR + timedelta(minutes=15), 12 * HOUR],
        ids=["its last hour", "its end", "it is overdue", "midnight"],
    )
    def test_is_another_after_each_turn(self, later: timedelta) -> None:
        just_before = tag(LEASED, RUNNING, NOON + later - timedelta(seconds=1))
        assert tag(LEASED, RUNNING, NOON + later) != just_before

    def test_is_another_for_other_documents_notes_and_callers(self) -> None:
        admin = Principal("Bo", "bo@example.com", frozenset({Scope.ADMIN}), frozenset({"demo-A*"}))
        assert len({tag(LEASED), tag(LEASED, RUNNING), tag(LEASED, principal=admin)}) == 3

    def test_is_another_once_prices_are_old(self) -> None:
        aged = {**PRICES, "read_at": "2026-08-25T12:30:00Z"}
        assert tag(LEASED, prices=aged) != tag(LEASED, now=NOON + 2 * HOUR, prices=aged)


def test_five_hundred_endpoints_fit_into_a_hundred_kilobytes() -> None:
    documents, noted = dict[str, Any](), dict[str, Any]()
    for number in range(500):
        name = f"Model{number:03}"
        windows = [{"days": ["mon", "wed"], "start": f"{number % 9:02}:00", "end": "17:30"}]
        schedule = {"timezone": "Europe/Berlin", "windows": windows, "idle_minutes": 45}
        owner = f"person{number % 40}@example.com"
        documents[name] = definition(name, schedule=schedule, owner=owner)
        documents[f"{name}.lease"] = lease(NOON + timedelta(minutes=7 * number))
        noted[f"demo-{name}-Endpoint"] = entry(
            name,
            since=NOON - timedelta(seconds=311 * number),
            hosts=(Host("ml.g5.xlarge", 1 + number % 3),),
            created_at=NOON - timedelta(seconds=431 * number),
            cause=f"lease extended by Person {number % 40}",
        )
    answer = listed(documents, noted)
    SCHEMA.validate(answer)
    assert len(answer["Endpoints"]) == 500
    for row in answer["Endpoints"]:  # as a history of its own for each would make it
        number = int(row["Name"][-3:])
        row["LastChange"] = {
            "By": {"Name": f"Person {number % 40}", "Email": f"person{number % 40}@example.com"},
            "At": f"2026-11-23T11:{number % 60:02}:{number % 59:02}Z",
            "Action": "extend",
            "Reason": f"comparing it with run {number * 7919 % 1000}",
            "Commit": f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**160:040x}",
        }
    packed = gzip.compress(json.dumps(answer).encode(), 6)
    assert len(packed) < 100_000


class TestToday:
    GONE = entry(
        "B",
        "absent",
        NOON - HOUR,
        ran=(Ran(NOON - 14 * HOUR, NOON - 11 * HOUR, XLARGE), Ran(NOON - 2 * HOUR, NOON - HOUR)),
    )

    def test_has_what_is_gone_by_now(self) -> None:
        documents = {**LEASED, "B": definition("B")}
        gone = replace(self.GONE, ran=self.GONE.ran[:1])
        spent = listed(documents, {**RUNNING, "demo-B-Endpoint": gone})["Totals"]["SpentToday"]
        assert (spent["Amount"], spent["WithoutPrice"]) == ("8.45", 0)

    def test_says_what_has_no_price(self) -> None:
        spent = listed({"B": definition("B")}, {"demo-B-Endpoint": self.GONE})["Totals"]
        assert spent["SpentToday"]["WithoutPrice"] == 1

    def test_knows_how_long_a_start_takes(self) -> None:
        noted = {
            "demo-A-Endpoint": entry("A", "Creating", starts=(300, 420, 360)),
            "demo-B-Endpoint": entry("B", "absent"),
        }
        first, second = listed({**LEASED, "B": definition("B")}, noted)["Endpoints"]
        assert (first["StartTakes"], second["StartTakes"]) == (360, 360)
        assert only(listed(LEASED))["StartTakes"] is None
