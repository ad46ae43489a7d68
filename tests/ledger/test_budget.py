"""Limits in money refuse with numbers and the file that rules them, and end nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from controller.plan import plan
from controller.planning.action import Action, Verb
from controller.planning.desired import Desired
from controller.planning.existing_config import ConfigSeen, Hosting, objection
from controller.planning.findings import Findings
from controller.planning.objections import before_a_start
from controller.planning.observed import Observed
from ledger.budget import ceiling, over_budget
from ledger.errors import Refused
from ledger.holdings import read_fleet
from ledger.hosts import Host
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.proposals import Request, extension, release, setting
from ledger.snapshot import Person, Snapshot
from tests.scene import NOON, definition, environment, lease, path
from tests.scene import prices as price_list

if TYPE_CHECKING:
    from ledger.holdings import Fleet

ANA = Person("Ana", "ana@example.com")
_HOSTING = {"ml.g5.xlarge": "1.50", "ml.g5.12xlarge": "7.09"}
_TABLES = {"Hosting": _HOSTING, "AsyncInf": {"ml.g5.xlarge": "2"}}
PRICES = price_list(read_at=stamp(NOON), prices=_TABLES)
SETTINGS = "environments/dev/environment.json"


def limit(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def snapshot(
    limits: dict[str, object], prices: object = PRICES, *, minutes: float = 60, **more: object
) -> Snapshot:
    """A has a lease and is as `more` says; B is off, C is on, and D is on a config of others."""
    files: dict[str, Any] = {
        SETTINGS: environment(limits=limits),
        path("A"): definition("A", **more),
        path("A", "lease"): lease(NOON + timedelta(minutes=minutes)),
        path("B"): definition("B", inference_instance_type="ml.g5.12xlarge"),
        path("C"): definition("C", schedule={"always_on": True}),
        path("D"): definition("D", endpoint_config_name="theirs"),
    }
    if prices:
        files["environments/dev/prices.json"] = prices
    contents = {name: json.dumps(content).encode() for name, content in files.items()}
    return Snapshot("0" * 40, contents, NOON)


def fleet(limits: dict[str, object], prices: object = PRICES, **more: Any) -> Fleet:  # noqa: ANN401
    return read_fleet(snapshot(limits, prices, **more).files, "dev")


def objections(limits: dict[str, object], prices: object = PRICES, **more: object) -> list[str]:
    read = fleet(limits, prices, **more)
    return [str(each) for each in over_budget(read, read.holding("A"))]


def request(name: str = "A") -> Request:
    return Request("dev", name, ANA, "r1", NOON)


def refused(snapshot: Snapshot, name: str = "A", minutes: int = 60) -> Refused:
    with pytest.raises(Refused) as caught:
        extension(request(name), minutes)(snapshot)
    return caught.value


def told(
    read: Fleet,
    *observed: Observed,
    name: str = "A",
    configs: dict[EndpointName, ConfigSeen] | None = None,
    **entry: Any,  # noqa: ANN401
) -> Action:
    """What the controller would do about one of them."""
    record = Record(
        {
            EndpointName("demo-A-Endpoint"): Entry("A", "absent", NOON),
            EndpointName("demo-E-Endpoint"): Entry("E", "InService", NOON, **entry),
        }
    )
    findings = Findings(record, configs=configs or {})
    planned = plan(read, observed, NOON, findings=findings)
    judged = before_a_start(planned, read, findings, lambda *_: (), NOON)
    action = judged.action_for(EndpointName(f"demo-{name}-Endpoint"))
    assert action is not None
    return action


class TestADefinition:
    def test_within_the_limits_is_fine(self) -> None:
        assert objections({"max_hourly": limit("1.5"), "max_lease_cost": limit("9")}) == []
        assert objections({}, prices=None) == []

    def test_that_costs_more_an_hour_is_refused(self) -> None:
        (said,) = objections({"max_hourly": limit("2")}, inference_instance_count=2)
        assert said == (
            "environments/dev/A.endpoint.json: /inference_instance_type: it costs up to $3.00 an"
            " hour, and max_hourly in environments/dev/environment.json is $2.00: choose a smaller"
            " or fewer instances. [LH1084]"
        )

    @pytest.mark.parametrize(
        "more",
        [
            {"autoscaling": {"min_instances": 1, "max_instances": 2}},
            {"instance_pools": [{"instance_type": "ml.g5.12xlarge"}]},
        ],
        ids=["scaled", "pooled"],
    )
    def test_counts_with_what_it_may_get(self, more: dict[str, object]) -> None:
        assert "LH1084" in objections({"max_hourly": limit("2")}, **more)[0]

    def test_is_refused_a_first_lease_that_costs_more(self) -> None:
        schedule = {"initial_provision_minutes": 120}
        (said,) = objections({"max_lease_cost": limit("2")}, schedule=schedule)
        assert said.startswith(
            "environments/dev/A.endpoint.json: /schedule/initial_provision_minutes: a first lease"
            " of 120 min costs up to $3.00, and max_lease_cost in"
            " environments/dev/environment.json is $2.00: that is 80 min."
        )

    @pytest.mark.parametrize(
        ("prices", "more", "said"),
        [
            (None, {}, "there is no environments/dev/prices.json that can be used"),
            (PRICES, {"inference_instance_type": "ml.p5.48xlarge"}, "has no price of ml.p5.48xl"),
            (PRICES | {"currency": "EUR"}, {}, "has a limit in USD, and environments/dev/prices"),
            (
                PRICES,
                {"instance_pools": [{"instance_type": "ml.g6.xlarge"}]},
                "has no price of ml.g6.xlarge for Hosting in us-east-1",
            ),
        ],
        ids=["no file", "no price", "another currency", "a pool"],
    )
    def test_whose_price_is_unknown_is_refused(
        self, prices: object, more: dict[str, object], said: str
    ) -> None:
        (told,) = objections({"max_hourly": limit("99")}, prices, **more)
        assert said in told
        assert told.endswith("[LH1086]")

    def test_on_a_config_of_others_is_not_looked_at(self) -> None:
        read = fleet({"max_hourly": limit("0.01")})
        assert list(over_budget(read, read.holding("D"))) == []


class TestAnExtension:
    def test_that_costs_more_is_refused_with_the_most_that_is_possible(self) -> None:
        refusal = refused(snapshot({"max_lease_cost": limit("3")}), minutes=61)
        assert refusal.code == "LH4250"
        assert refusal.message == (
            "adding 61 min would pass the ceiling of 120 min from now, set by max_lease_cost $3.00,"
            " at $1.50 an hour, in environments/dev/environment.json; the most that can be added"
            " now is 60 min."
        )
        assert extension(request(), 60)(snapshot({"max_lease_cost": limit("3")}))

    def test_to_an_instant_is_held_to_it_too(self) -> None:
        with pytest.raises(Refused) as caught:
            setting(request(), NOON + timedelta(hours=3))(snapshot({"max_lease_cost": limit("3")}))
        assert caught.value.code == "LH4250"

    def test_that_turns_one_on_counts_what_is_on(self) -> None:
        refusal = refused(snapshot({"max_hourly": limit("10")}), "B")
        assert refusal.code == "LH4251"
        assert "would cost $7.09 an hour beside $3.00 for what is on" in refusal.message
        assert extension(request("B"), 60)(snapshot({"max_hourly": limit("10.09")}))

    def test_of_what_is_on_adds_nothing_to_an_hour(self) -> None:
        assert extension(request(), 60)(snapshot({"max_hourly": limit("0.01")}))

    def test_whose_cost_is_unknown_is_refused(self) -> None:
        assert refused(snapshot({"max_hourly": limit("99")}, None)).code == "LH4252"

    def test_is_free_where_there_is_no_limit(self) -> None:
        assert extension(request(), 600)(snapshot({}, None))

    def test_on_a_config_of_others_is_not_looked_at(self) -> None:
        assert extension(request("D"), 60)(snapshot({"max_hourly": limit("0.01")}))

    def test_may_always_be_given_back(self) -> None:
        files = snapshot({"max_lease_cost": limit("0.01")}, None)
        assert release(request())(files)
        assert setting(request(), NOON + timedelta(minutes=1), shorten=True)(files)


class TestTheCeiling:
    def test_is_the_shorter_one(self) -> None:
        read = fleet({"max_lease_cost": limit("3"), "max_lease_minutes": 90})
        assert ceiling(read, read.holding("A")).minutes == 90
        read = fleet({"max_lease_cost": limit("1.51"), "max_lease_minutes": 90})
        assert ceiling(read, read.holding("A")).minutes == 60

    def test_is_by_length_alone_where_nothing_is_known(self) -> None:
        for prices, name in ((None, "A"), (PRICES, "D")):
            read = fleet({"max_lease_cost": limit("0.01")}, prices)
            assert ceiling(read, read.holding(name)).minutes == 10080


@pytest.mark.parametrize("name", ["max_hourly", "max_lease_cost"])
def test_a_limit_ends_nothing_that_runs(name: str) -> None:
    read = fleet({name: limit("0.01")})
    action = told(read, Observed(EndpointName("demo-A-Endpoint"), "InService", NOON, "old-0"))
    assert action.verb is not Verb.DELETE
    assert read.holding("A").lease is not None


def test_a_start_past_a_limit_is_reported() -> None:
    read = fleet({"max_hourly": limit("0.01")})
    action = told(read)
    assert action.verb is Verb.REPORT
    assert "max_hourly in environments/dev/environment.json is $0.01" in action.reason


DUE = {"schedule": {"initial_provision_minutes": 30}}


def with_more(limits: dict[str, object], prices: object = PRICES, **more: object) -> Fleet:
    """The fleet with the definitions of more names beside it."""
    files = dict(snapshot(limits, prices).files)
    for name, fields in more.items():
        assert isinstance(fields, dict)
        files[path(name)] = json.dumps(definition(name, **fields)).encode()
    return read_fleet(files, "dev")


class TestAFirstLease:
    def test_waits_until_it_fits_beside_what_is_on(self) -> None:
        big = DUE | {"inference_instance_type": "ml.g5.12xlarge"}
        action = told(with_more({"max_hourly": limit("10")}, F=big), name="F")
        assert (action.verb, action.past_limit) == (Verb.REPORT, True)
        assert action.reason == (
            "its first lease waits, for it would cost $7.09 an hour beside $3.00 for what is on,"
            f" and max_hourly in {SETTINGS} is $10.00. Release another one, or change the limit."
        )
        action = told(with_more({"max_hourly": limit("10.09")}, F=big), name="F")
        assert (action.verb, action.past_limit) == (Verb.GRANT, False)

    def test_of_several_the_first_by_name_gets_it(self) -> None:
        read = with_more({"max_hourly": limit("5")}, F=DUE, G=DUE)
        assert told(read, name="F").verb is Verb.GRANT
        assert told(read, name="G").verb is Verb.REPORT

    def test_counts_what_runs_on_a_config_of_others(self) -> None:
        theirs = {"endpoint_config_name": "theirs", "schedule": {"always_on": True}}
        read = with_more({"max_hourly": limit("5")}, E=theirs, F=DUE)
        assert told(read, name="F").verb is Verb.GRANT
        hosts = (Host("ml.g5.xlarge", 1),)
        assert told(read, name="F", hosts=hosts).verb is Verb.REPORT

    def test_is_held_by_no_limit_that_there_is_not(self) -> None:
        assert told(with_more({}, F=DUE), name="F").verb is Verb.GRANT

    def test_on_a_config_of_others_waits_as_well(self) -> None:
        theirs = DUE | {"endpoint_config_name": "theirs"}
        read = with_more({"max_hourly": limit("5")}, F=theirs)
        seen = {EndpointName("demo-F-Endpoint"): config(2)}
        action = told(read, name="F", configs=seen)
        assert (action.verb, action.past_limit) == (Verb.REPORT, True)
        serverless = {EndpointName("demo-F-Endpoint"): config(0, "serverless")}
        assert told(read, name="F", configs=serverless).verb is Verb.GRANT


def config(count: int, *kinds: str, is_async: bool = False) -> ConfigSeen:
    hosting = Hosting("v0", kinds or ("ml.g5.xlarge",), count, count)
    return ConfigSeen("theirs", NOON, (hosting,), {}, is_async=is_async)


class TestAConfigOfOthers:
    @pytest.mark.parametrize(
        ("limits", "seen", "said"),
        [
            ({"max_hourly": limit("3")}, config(2), None),
            (
                {"max_hourly": limit("2")},
                config(2),
                f"it costs up to $3.00 an hour, and max_hourly in {SETTINGS} is $2.00",
            ),
            (
                {"max_hourly": limit("7")},
                config(1, "ml.g5.xlarge", "ml.g5.12xlarge"),
                "it costs up to $7.09 an hour",
            ),
            ({"max_hourly": limit("1.6")}, config(1, is_async=True), "up to $2.00 an hour"),
            (
                {"max_lease_cost": limit("2")},
                config(1),
                f"costs up to $3.00, at $1.50 an hour, and max_lease_cost in {SETTINGS} is $2.00",
            ),
            ({"max_lease_cost": limit("3")}, config(1), None),
            (
                {"max_hourly": limit("99")},
                config(1, "ml.p5.48xlarge"),
                "what it costs cannot be told: environments/dev/prices.json has no price of",
            ),
            ({"max_hourly": limit("0.01")}, config(0, "serverless"), None),
            ({}, config(99), None),
        ],
    )
    def test_is_held_to_the_limits_once_it_is_known(
        self, limits: dict[str, object], seen: ConfigSeen, said: str | None
    ) -> None:
        read = fleet(limits)
        found = objection(seen, read.require_settings(), read, timedelta(hours=2))
        if said is None:
            assert found is None
        else:
            assert found is not None
            assert found.startswith("its endpoint config theirs is refused: ")
            assert said in found

    def test_past_a_limit_is_not_started_and_gets_no_first_lease(self) -> None:
        theirs: dict[str, object] = {"endpoint_config_name": "theirs"}
        for more in (theirs | DUE, theirs | {"schedule": {"always_on": True}}):
            read = with_more({"max_hourly": limit("2")}, F=more)
            seen = {EndpointName("demo-F-Endpoint"): config(2)}
            action = told(read, name="F", configs=seen)
            assert action.verb is Verb.REPORT
            assert "Choose another endpoint_config_name, or change the limits in" in action.reason

    def test_that_runs_goes_on(self) -> None:
        theirs: dict[str, object] = {"endpoint_config_name": "theirs"}
        read = with_more({"max_hourly": limit("2")}, F=theirs | {"schedule": {"always_on": True}})
        name = EndpointName("demo-F-Endpoint")
        tags = told(read, name="F", configs={name: config(1)}).target
        assert isinstance(tags, Desired)
        there = Observed(name, "InService", NOON, "theirs", tags=tags.tags)
        action = told(read, there, name="F", configs={name: config(2)})
        assert action.verb is Verb.REPORT
        assert "it serves on until its lease ends" in action.reason
