"""What will be on until a day: the ledger as it is now, on a clock that runs ahead."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold.cli import main
from leasehold.forecast import foretold, until_day
from ledger.errors import Refused
from ledger.holdings import read_fleet
from ledger.hosts import Host
from ledger.json_files import dump_json
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.observed import Noted
from tests.scene import NOON, definition, environment, lease, path, prices

if TYPE_CHECKING:
    from tests.scene import Json, Scene

PRICES = prices({"ml.g5.xlarge": "2", "ml.g5.2xlarge": "3"})
WEEKDAYS = {
    "timezone": "Europe/Berlin",
    "windows": [{"days": ["tue", "wed"], "start": "09:00", "end": "11:00"}],
}
FILES: dict[str, Json] = {
    "environments/dev/environment.json": environment(),
    "environments/dev/prices.json": PRICES,
    path("Lease"): definition("Lease"),
    path("Lease", "lease"): lease(NOON + timedelta(hours=3)),
    path("Window"): definition("Window", schedule=WEEKDAYS),
    path("Always"): definition("Always", schedule={"always_on": True}),
    path("First"): definition("First", schedule={"initial_provision_minutes": 30}),
    path("Held"): definition(
        "Held", schedule={"always_on": True}, suspended={"reason": "an audit"}
    ),
    path("Off"): definition("Off"),
    path("Theirs"): definition("Theirs", endpoint_config_name="theirs"),
    path("Theirs", "lease"): lease(NOON + timedelta(hours=1)),
}


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("monday", datetime(2026, 11, 24, tzinfo=UTC)),
        ("Friday", datetime(2026, 11, 28, tzinfo=UTC)),
        ("sunday", datetime(2026, 11, 30, tzinfo=UTC)),
        ("2026-11-27", datetime(2026, 11, 28, tzinfo=UTC)),
        ("2026-11-27T18:00:00Z", datetime(2026, 11, 27, 18, tzinfo=UTC)),
        ("2026-11-27T18:00:00", datetime(2026, 11, 27, 18, tzinfo=UTC)),
        ("2026-11-27T18:00:00+02:00", datetime(2026, 11, 27, 16, tzinfo=UTC)),
    ],
)
def test_a_day_is_to_its_end(text: str, end: datetime) -> None:
    assert until_day(text, NOON) == end


@pytest.mark.parametrize(
    "text", ["", "someday", "2026-11-22", "2026-11-23T12:00:00Z", "2099-01-01"]
)
def test_what_is_no_time_ahead_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        until_day(text, NOON)
    assert refused.value.code == "LH5136"


def test_each_endpoint_is_foretold_with_what_it_costs() -> None:
    fleet = read_fleet({name: dump_json(each) for name, each in FILES.items()}, "dev")
    bigger = Noted("InService", hosts=(Host("ml.g5.2xlarge", 2),))
    noted = {EndpointName("demo-Lease-Endpoint"): bigger}
    end = until_day("wednesday", NOON)
    found = {each.name: each for each in foretold(fleet, noted, NOON, end)}
    assert list(found) == ["First", "Theirs", "Lease", "Window", "Always"]
    assert {name: each.cost for name, each in found.items()} == {
        "First": Decimal(1),
        "Theirs": None,
        "Lease": Decimal(18),  # on what it runs now: two at 3, for three hours
        "Window": Decimal(8),
        "Always": Decimal(2) * 60,
    }
    assert len(found["Window"].stretches) == 2
    assert found["Window"].ends(end) == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert found["Always"].ends(end) is None


def test_the_verb_tells_it_in_a_table_and_as_data(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leasehold.forecast.clock", lambda: NOON)
    broken = {path("Broken"): definition("Broken", inference_type="sometimes")}
    scene.push({**FILES, **broken})

    def ask(*more: str) -> str:
        options = ("--repository", scene.forge.url, "--until", "wednesday")
        result = CliRunner().invoke(main, ["forecast", *options, *more])
        assert result.exit_code == 0, result.output
        return result.stdout

    text = ask()
    assert "Window" in text
    assert "Wed 11-25 10:00 (2 times)" in text
    assert text.splitlines()[-1] == (
        "4 of 5 end until then, 1 stays on; of 1 nothing can be told, for their documents are"
        " broken. It will cost $135.00 and 1 without a price."
    )
    data = json.loads(ask("--output", "json"))
    assert (data["until"], data["currency"]) == ("2026-11-26T00:00:00Z", "USD")
    assert data["endpoints"][0] == {
        "name": "First",
        "on": [{"from": stamp(NOON), "to": "2026-11-23T12:30:00Z"}],
        "ends": "2026-11-23T12:30:00Z",
        "per_hour": "2",
        "cost": "1.00",
    }
    scene.push({"environments/dev/prices.json": None, path("Broken"): None})
    assert ask().splitlines()[-1] == "4 of 5 end until then, 1 stays on."
