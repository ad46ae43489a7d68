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
from tests.leasehold.golden import be_terminal
from tests.ledger.forge import QUIET
from tests.scene import NOON, SETTLE, definition, environment, lease, path, prices

if TYPE_CHECKING:
    from tests.scene import Json, Scene

HOUR = timedelta(hours=1)
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


def test_what_is_left_running_goes_on_and_costs() -> None:
    until = stamp(NOON + timedelta(hours=3))
    files = {
        **FILES,
        path("Broken"): definition("Broken", inference_type="sometimes"),
        path("Paused"): definition("Paused", suspended={"reason": "an audit", "until": until}),
    }
    fleet = read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")
    runs = Noted("InService", hosts=(Host("ml.g5.2xlarge", 1),))
    names = ("Broken", "Held", "Paused", "Off")
    noted = {EndpointName(f"demo-{name}-Endpoint"): runs for name in names}
    found = {each.name: each for each in foretold(fleet, noted, NOON, NOON + timedelta(hours=10))}
    left = {name: each.cost for name, each in found.items() if each.is_held}
    assert left == {"Broken": Decimal(30), "Held": Decimal(30), "Paused": Decimal(9)}
    assert "Off" not in found


@pytest.mark.parametrize(
    ("status", "foreign", "adopt", "hourly"),
    [
        ("absent", False, False, 2),
        ("absent", True, False, 2),  # it was somebody else's, and is gone
        ("InService", False, False, 3),
        ("InService", True, True, 3),
        ("InService", True, False, None),
    ],
)
def test_it_costs_what_it_runs_on_or_asks_for_unless_it_is_anothers(
    *, status: str, foreign: bool, adopt: bool, hourly: int | None
) -> None:
    files = {**FILES, path("Lease"): definition("Lease", adopt=adopt)}
    fleet = read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")
    noted = Noted(status, foreign=foreign, hosts=(Host("ml.g5.2xlarge", 1),))
    found = foretold(fleet, {EndpointName("demo-Lease-Endpoint"): noted}, NOON, NOON + HOUR)
    assert {each.name: each.hourly for each in found}.get("Lease") == hourly


def test_a_first_lease_waits_for_room(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leasehold.forecast.clock", lambda: NOON)
    limits = {"max_hourly": {"amount": "6", "currency": "USD"}}
    scene.push({**FILES, "environments/dev/environment.json": environment(limits=limits)})
    options = ("--repository", scene.forge.url)
    short = CliRunner().invoke(main, ["forecast", *options, "--until", "2026-11-23T14:00:00Z"])
    assert "1 first lease waits for room under max_hourly" in short.stdout
    longer = CliRunner().invoke(main, ["forecast", *options, "--until", "monday"])
    (row,) = (line for line in longer.stdout.splitlines() if line.startswith("First"))
    assert "Mon 11-23 15:00  Mon 11-23 15:30" in row  # once the lease ends


def test_where_nothing_will_be_on_it_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leasehold.forecast.clock", lambda: NOON)
    scene.push({path("Off"): definition("Off")})
    options = ("--repository", scene.forge.url, "--until", "friday")
    lines = CliRunner().invoke(main, ["forecast", *options]).stdout.splitlines()
    assert lines[1:] == ["", "Nothing will be on until then."]


def test_no_name_is_too_long_for_a_terminal(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leasehold.forecast.clock", lambda: NOON)
    be_terminal(monkeypatch, "80")
    name = "Meta-Llama-3-70B-Instruct-for-the-whole-team-in-Berlin-and-Bern"
    fields = {"endpoint_name": "llama", "schedule": {"always_on": True}}
    scene.push({**FILES, path(name): definition(name, **fields)})
    options = ("--repository", scene.forge.url, "--until", "2027-02-01")
    text = CliRunner().invoke(main, ["forecast", *options]).stdout
    assert max(map(len, text.splitlines())) <= 80
    (row,) = (line for line in text.splitlines() if line.startswith("Meta"))
    assert row.endswith("3,382.00")
    assert "Wed 2027-01-27 11:00" in text  # of another year


def test_a_time_on_another_clock_than_the_heading_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clocks in Berlin are put forward on 28 March."""
    now = datetime(2027, 3, 26, 12, tzinfo=UTC)
    monkeypatch.setattr("leasehold.forecast.clock", lambda: now)
    be_terminal(monkeypatch, "80")
    ends = {path("Lease", "lease"): lease(now + timedelta(days=4))}
    scene.push({**FILES, **ends})
    options = ("--repository", scene.forge.url, "--until", "2027-04-05")
    text = CliRunner().invoke(main, ["forecast", *options]).stdout
    assert "TO (CET)" in text
    assert "Tue 03-30 14:00 CEST" in text


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
    assert data["savings_plan_factor"] is None
    assert data["endpoints"][0] == {
        "name": "First",
        "on": [{"from": stamp(NOON), "to": "2026-11-23T12:30:00Z"}],
        "held": False,
        "ends_when_idle": False,
        "ends": "2026-11-23T12:30:00Z",
        "per_hour": "2",
        "cost": "1.00",
    }
    idle = definition("Lease", schedule={"idle_minutes": 30})
    scene.push({path("Lease"): idle})
    assert "; 1 of them ends earlier where nobody uses it; of 1 nothing" in ask()
    factored = prices(PRICES["prices"]["Hosting"], savings_plan_factor="0.72")
    scene.push({"environments/dev/prices.json": factored})
    assert ask().endswith(
        "It will cost $135.00 and 1 without a price. With your savings plan's factor of 0.72 it is"
        " $97.20.\n"
    )
    assert json.loads(ask("--output", "json"))["savings_plan_factor"] == "0.72"
    lease_alone = {path("Lease"): FILES[path("Lease")]}
    scene.push({"environments/dev/prices.json": None, path("Broken"): None, **lease_alone})
    assert ask().splitlines()[-1] == "4 of 5 end until then, 1 stays on."


def test_a_forecast_is_what_a_report_says_afterwards(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody changes anything meanwhile, and a tick comes whenever something turns on or off."""
    for module in ("forecast", "report"):
        monkeypatch.setattr(f"leasehold.{module}.clock", lambda: scene.now)
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setitem(QUIET, name, stamp(NOON))
    audit = {"suspended": {"reason": "an audit", "until": stamp(NOON + 5 * HOUR)}}
    window = {"days": ["mon"], "start": "14:00", "end": "16:00"}
    files: dict[str, Json] = {
        "environments/dev/prices.json": PRICES,
        path("Lease"): definition("Lease", inference_instance_type="ml.g5.2xlarge"),
        path("Lease", "lease"): lease(NOON + 3 * HOUR),
        path("Always"): definition("Always", schedule={"always_on": True}),
        path("Paused"): definition("Paused"),
        path("Paused", "lease"): lease(NOON + HOUR),
        path("Window"): definition("Window", schedule={"timezone": "UTC", "windows": [window]}),
    }
    scene.push(files)
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()
    scene.push({path("Paused"): definition("Paused", **audit)})
    scene.tick()
    begin, end = scene.now, NOON + 8 * HOUR
    options = ("--repository", scene.forge.url, "--until", stamp(end), "--output", "json")
    told = json.loads(CliRunner().invoke(main, ["forecast", *options]).stdout)
    edges = {
        datetime.fromisoformat(at)
        for each in told["endpoints"]
        for span in each["on"]
        for at in span.values()
    }
    for at in sorted(edges - {begin}):
        scene.at(at)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.tick()
    scene.at(end)
    report = ("report", "--since", stamp(begin), *options)
    after = json.loads(CliRunner().invoke(main, report).stdout)
    paid = Decimal(after["total"]["cost"]["USD"])
    foretold_cost = sum(Decimal(each["cost"]) for each in told["endpoints"])
    starting = Decimal("0.03")  # the window's start: 50 s at $2
    assert foretold_cost - starting == paid
