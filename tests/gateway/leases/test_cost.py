"""Answers to changes say what they cost, and a replay says what the first one did."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.leases.answers import cost
from ledger.history import added_by
from ledger.holdings import read_fleet
from ledger.json_files import dump_json
from ledger.lease import stamp
from tests.gateway.api import FALCON
from tests.scene import NOON, definition, environment, path, prices

if TYPE_CHECKING:
    from tests.gateway.api import Api

PRICES = prices()
FILE = "environments/dev/prices.json"


def told(
    minutes: float, prices: dict[str, Any] | None = None, **fields: object
) -> dict[str, Any] | None:
    files = {
        "environments/dev/environment.json": dump_json(environment()),
        path("A"): dump_json(definition("A", **fields)),
        FILE: dump_json(prices or PRICES),
    }
    fleet = read_fleet(files, "dev")
    return cost(fleet, fleet.items[0], timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("minutes", "added"), [(30, "0.70"), (-30, "-0.70"), (0, "0.00"), (-0.1, "0.00")]
)
def test_a_change_costs_what_it_adds(minutes: float, added: str) -> None:
    assert told(minutes) == {
        "Added": added,
        "PerHour": "1.408",
        "Currency": "USD",
        "PricesReadAt": "2026-11-01T08:00:00Z",
    }


def test_prices_that_are_examples_say_so() -> None:
    assert (told(30, PRICES | {"example": True}) or {})["Example"] is True


@pytest.mark.parametrize(
    "fields",
    [
        {"inference_instance_type": "ml.g6.xlarge"},
        {"endpoint_config_name": "theirs"},
        {"inference_type": "sometimes"},
    ],
    ids=["no price", "a config of others", "broken"],
)
def test_what_nobody_knows_is_null_and_never_nothing(fields: dict[str, Any]) -> None:
    assert told(30, **fields) is None
    assert told(30, {"region_name": "nowhere"}) is None


@pytest.mark.parametrize(
    ("previous", "expires", "added"),
    [(20, 50, 30), (-20, 10, 10), (None, 10, 10), (50, 20, -30), (50, -1, -50), (-20, -10, 0)],
    ids=["longer", "had ended", "first", "shorter", "released", "over"],
)
def test_a_message_tells_what_its_change_has_added(
    previous: float | None, expires: float, added: float
) -> None:
    lines = [f"Lease-Expires: {stamp(NOON + timedelta(minutes=expires))}"]
    if previous is not None:
        lines.append(f"Lease-Previous: {stamp(NOON + timedelta(minutes=previous))}")
    assert added_by("subject\n\n" + "\n".join(lines), NOON) == timedelta(minutes=added)


@pytest.mark.parametrize("trailer", ["Other: x", "Lease-Expires: never"])
def test_another_message_has_added_nothing(trailer: str) -> None:
    assert added_by(f"subject\n\n{trailer}", NOON) == timedelta()


def test_the_dry_run_the_change_and_its_replay_say_the_same(api: Api) -> None:
    api.scene.push({path("Falcon40B"): definition("Falcon40B"), FILE: PRICES})
    key = {"Idempotency-Key": "k1"}
    dry = api.extend(FALCON, 30, query={"dry_run": "true"})
    real = api.extend(FALCON, 30, headers=key)
    api.scene.let_pass(minutes=5)
    again = api.extend(FALCON, 30, headers=key)
    released = api.release(FALCON)
    said = [each.body["Cost"]["Added"] for each in (dry, real, again, released)]
    assert said == ["0.70", "0.70", "0.70", "-1.99"]  # it had an hour before


def test_what_runs_on_a_config_of_others_is_priced_by_what_was_noted(api: Api) -> None:
    api.scene.account.make_config("theirs", "ml.g5.xlarge")
    api.scene.push({FILE: PRICES})
    api.scene.start("Theirs", endpoint_config_name="theirs")
    before = api.extend("demo-Theirs-Endpoint", 30, query={"dry_run": "true"})
    assert before.body["Cost"] is None  # no tick has looked yet
    api.scene.tick()
    dry = api.extend("demo-Theirs-Endpoint", 30, query={"dry_run": "true"})
    real = api.extend("demo-Theirs-Endpoint", 30)
    assert dry.body["Cost"] == real.body["Cost"]
    assert (dry.body["Cost"]["Added"], dry.body["Cost"]["PerHour"]) == ("0.70", "1.408")
