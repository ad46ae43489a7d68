"""`leasehold next`: what turns on and off next, read from a ledger that a git server has."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from leasehold.next import next_
from ledger.errors import Refused
from tests.leasehold import golden
from tests.scene import lease, path

if TYPE_CHECKING:
    from click.testing import Result

    from tests.scene import Scene

KATHMANDU = ZoneInfo("Asia/Kathmandu")
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def run(scene: Scene, *arguments: str) -> Result:
    options = ["--repository", scene.forge.url, "--environment", "dev"]
    return CliRunner().invoke(next_, [*arguments, *options])


def table(scene: Scene, *arguments: str) -> list[str]:
    done = run(scene, *arguments)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def ahead(scene: Scene, *arguments: str) -> list[dict[str, Any]]:
    return list(json.loads("\n".join(table(scene, *arguments, "--output", "json"))))


@cache  # a minute may end between two questions
def minute(*, hours: float) -> datetime:
    """A whole minute so many hours from the real now, which is the command's clock."""
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(second=0, microsecond=0)


def daily(opens: datetime, closes: datetime) -> dict[str, object]:
    """A schedule that is open each day in Kathmandu from one instant to another."""
    start, end = (f"{moment.astimezone(KATHMANDU):%H:%M}" for moment in (opens, closes))
    window = {"days": EVERY_DAY, "start": start, "end": end}
    return {"timezone": str(KATHMANDU), "windows": [window]}


@pytest.fixture
def fleet(scene: Scene) -> Scene:
    """A lease, a window, and all that has nothing ahead."""
    scene.push({path("Falcon40B", "lease"): lease(minute(hours=3))}, "lease")
    scene.define("Falcon40B")
    scene.define("Search", schedule=daily(minute(hours=2), minute(hours=4)))
    scene.define("Always", schedule={"always_on": True})
    scene.define("Idle")
    scene.define("Fresh", schedule={"initial_provision_minutes": 30})
    scene.define("Broken", inference_type="psychic")
    return scene


def test_the_fleet_is_shown_by_time_and_what_has_nothing_ahead_is_last(fleet: Scene) -> None:
    rows = ahead(fleet)
    assert [(row["name"], row["turns"]) for row in rows] == [
        ("Search", "on"),
        ("Falcon40B", "off"),
        ("Always", None),
        ("Broken", None),
        ("Fresh", None),
        ("Idle", None),
    ]


def test_each_endpoint_says_why(fleet: Scene) -> None:
    why = {row["name"]: row["reason"] for row in ahead(fleet)}
    assert why.pop("Search").endswith(" Asia/Kathmandu opens")
    assert why.pop("Broken").startswith(
        "frozen until its documents are mended: environments/dev/Broken.endpoint.json:"
        " /inference_type: "
    )
    assert why == {
        "Falcon40B": "lease ends",
        "Always": "always on",
        "Fresh": "its first lease of 30 min is due",
        "Idle": "no lease",
    }


def test_the_table_has_utc_the_time_left_and_the_windows_own_clock(fleet: Scene) -> None:
    lines = table(fleet)
    opens = minute(hours=2)
    assert lines[0].startswith("dev at ")
    assert lines[2].split("  ")[:1] == ["ENDPOINT"]
    assert "WHEN (UTC)" in lines[2]
    search, falcon = lines[3:5]
    assert f"{opens:%Y-%m-%d %H:%M}" in search
    assert "demo-Search-Endpoint" in search
    assert f"{opens.astimezone(KATHMANDU):%a %Y-%m-%d %H:%M +0545}" in search
    assert falcon.split()[:1] == ["demo-Falcon40B-Endpoint"]
    assert falcon.split()[3:] == ["3", "h", "off", "-", "lease", "ends"]
    assert lines[-1].split() == ["demo-Idle-Endpoint", *"----", "no", "lease"]


def test_one_endpoint_shows_its_next_three(fleet: Scene) -> None:
    rows = ahead(fleet, "search")
    assert [row["turns"] for row in rows] == ["on", "off", "on"]
    first, _, third = (datetime.fromisoformat(row["at"]) for row in rows)
    assert third - first == timedelta(days=1)
    assert [datetime.fromisoformat(row["local"]) for row in rows[:1]] == [first]
    assert rows[0]["local"].endswith("+05:45")


def test_one_endpoint_says_what_it_is_now_before_what_comes_next(fleet: Scene) -> None:
    _, now, _, _, ends, *_ = table(fleet, "Falcon40B")
    assert now.startswith("demo-Falcon40B-Endpoint: leased until ")
    assert now.endswith(f"{minute(hours=3):%H:%M} UTC")
    assert ends.endswith("lease ends")


def test_as_many_as_are_asked_for_of_one_and_of_each(fleet: Scene) -> None:
    assert len(ahead(fleet, "demo-Search-Endpoint", "--count", "5")) == 5
    names = [row["name"] for row in ahead(fleet, "--count", "2")]
    assert (names.count("Search"), names.count("Falcon40B")) == (2, 1)


def test_a_suspended_endpoint_is_held_whatever_its_schedule_says(scene: Scene) -> None:
    windows = daily(minute(hours=2), minute(hours=4))
    scene.define("Search", schedule=windows, suspended={"reason": "the model is audited"})
    assert [row["reason"] for row in ahead(scene)] == ["suspended: the model is audited"]


def test_a_week_full_of_windows_is_not_told_to_end(scene: Scene) -> None:
    full = {"days": EVERY_DAY, "start": "00:00", "end": "24:00"}
    scene.define("Search", schedule={"timezone": "Europe/Berlin", "windows": [full]})
    assert [row["reason"] for row in ahead(scene)] == ["scheduled around the clock"]


def test_it_asks_nothing_of_aws(fleet: Scene) -> None:
    fleet.account.calls()
    table(fleet)
    assert fleet.account.calls() == {}


def test_an_endpoint_that_is_not_there_is_refused(scene: Scene) -> None:
    error = run(scene, "Nobody").exception
    assert isinstance(error, Refused)
    assert error.code == "LH4106"


def test_an_environment_without_readable_settings_is_refused(scene: Scene) -> None:
    scene.push({"environments/dev/environment.json": "{}"}, "break")
    error = run(scene).exception
    assert isinstance(error, Refused)
    assert error.code == "LH4109"
    assert "environment.json" in error.message


def test_times_and_reasons_are_whole_at_80_columns(
    fleet: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden.be_terminal(monkeypatch, "80")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    lines = table(fleet)
    assert max(map(len, lines)) <= 80
    [header] = [line for line in lines if line.startswith("ENDPOINT")]
    assert header.split() == ["ENDPOINT", "WHEN", "(UTC+05:45)", "IN", "TURNS", "WHY"]
    [search] = [line for line in lines if line.startswith("Search")]
    opens = minute(hours=2).astimezone(KATHMANDU)
    assert re.match(f"Search +{opens:%Y-%m-%d %H:%M} +1(19|20) min  on", search)
    assert len(search.split()) > 6, "a reason follows"
    assert any(line.startswith("! Broken: frozen until its documents") for line in lines)
