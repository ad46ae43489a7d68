"""Extend, add and release at a prompt: one commit for each endpoint, and what it costs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold.cli import main
from leasehold.times import length, localized
from tests.leasehold.fleets import PRICES
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from click.testing import Result

    from tests.scene import Json, Scene

AUTHOR = ("--author", "Ana <ana@example.com>")


@pytest.fixture
def fleet(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Three leased endpoints, one that is off, and one that is always on."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("LEASEHOLD_REPOSITORY", scene.forge.url)
    for module in ("changing", "leases"):
        monkeypatch.setattr(f"leasehold.{module}.clock", lambda: NOON)
    monkeypatch.setattr("leasehold.changing.clock_of", lambda _remote, own: own)
    files: dict[str, Json | str | None] = {
        "environments/dev/environment.json": environment(),
        "environments/dev/prices.json": PRICES,
        path("Always"): definition("Always", schedule={"always_on": True}),
        path("Off"): definition("Off", inference_instance_type="ml.g5.12xlarge"),
        path("Unpriced"): definition("Unpriced", inference_instance_type="ml.g6.xlarge"),
    }
    for name in ("A", "B", "C"):
        files[path(name)] = definition(name)
        files[path(name, "lease")] = lease(NOON + timedelta(minutes=90))
    scene.push(files, "begin")
    return scene


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, *AUTHOR])


def subjects(scene: Scene) -> list[str]:
    """Newest first."""
    return scene.forge.subjects()[::-1]


def test_one_is_extended_and_told_in_the_persons_zone(fleet: Scene) -> None:
    result = run("extend", "A", "2h30m", "--reason", "the board")
    assert result.exit_code == 0, result.output
    first, second, third = result.stdout.splitlines()
    assert first == ("demo-A-Endpoint: leased until 17:00 CET (16:00 UTC) (its lease ends in 4 h).")
    assert second.startswith("commit ")
    assert third == "adds 2 h 30 min, which costs $3.52, at $1.41 an hour"
    assert subjects(fleet)[0] == "lease(dev): extend A by 150 min to 2026-11-23T16:00:00Z"


def test_until_a_time_of_day_is_the_persons_own(fleet: Scene) -> None:
    result = run("extend", "A", "--until", "tomorrow", "9:00", "--utc")
    assert result.exit_code == 0, result.output
    assert "leased until 2026-11-24 09:00 UTC" in result.stdout
    assert subjects(fleet)[0] == "lease(dev): set A to 2026-11-24T09:00:00Z"


def test_an_earlier_end_is_asked_for_by_name(fleet: Scene) -> None:
    refused = run("extend", "A", "--until", "14:00")
    assert (refused.exit_code, "--shorten" in refused.stderr) == (1, True)
    done = run("extend", "A", "--until", "14:00", "--shorten")
    assert "hands back 30 min and $0.70" in done.stdout
    assert subjects(fleet)[0] == "lease(dev): set A to 2026-11-23T13:00:00Z"


def test_an_end_that_stays_adds_nothing(fleet: Scene) -> None:
    quoted = run("extend", "A", "--until", "14:30", "--dry-run")
    assert "would be leased until 14:30 CET" in quoted.stdout
    assert "adds" not in quoted.stdout
    done = run("extend", "A", "--until", "14:30")
    assert len(done.stdout.splitlines()) == 2
    assert "; commit " in run("extend", "A", "B", "--until", "14:30").stdout
    assert "Nothing" not in done.stdout
    assert fleet.forge.subjects()


def test_several_are_a_commit_each_in_one_push(fleet: Scene) -> None:
    pushes = fleet.home / "pushes"
    fleet.forge.hook("post-receive", f"echo one >> {pushes}")
    result = run("extend", "A", "b", "Off", "1h")
    assert result.exit_code == 0, result.output
    *lines, together = result.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["A", "B", "Off"]
    assert lines[2].startswith(
        "Off: leased until 14:00 CET (13:00 UTC); adds 1 h, which costs $7.09, at $7.09 an hour;"
    )
    assert together == "3 of 3 done, which costs $9.91 in all."
    assert sorted(subjects(fleet)[:3]) == [
        "lease(dev): extend A by 60 min to 2026-11-23T14:30:00Z",
        "lease(dev): extend B by 60 min to 2026-11-23T14:30:00Z",
        "lease(dev): extend Off by 60 min to 2026-11-23T13:00:00Z",
    ]
    assert pushes.read_text() == "one\n"


def test_one_that_is_refused_keeps_no_other_from_being_extended(fleet: Scene) -> None:
    result = run("extend", "A", "Always", "Nobody", "Unpriced", "1h")
    assert result.exit_code == 1
    assert [line[:2] for line in result.stderr.splitlines()] == ["le", "le"]
    assert "leasehold: Always: demo-Always-Endpoint is always on" in result.stderr
    assert "leasehold: Nobody: no endpoint is called Nobody" in result.stderr
    assert result.stdout.splitlines()[-1] == "2 of 4 done."
    assert "Unpriced: leased until" in result.stdout
    assert len(subjects(fleet)) == 4


def test_a_machine_gets_what_became_of_each(fleet: Scene) -> None:
    result = run("extend", "A", "Nobody", "1h", "--output", "json")
    assert result.exit_code == 1
    one, other = json.loads(result.stdout)
    assert (one["endpoint_name"], one["added_seconds"]) == ("demo-A-Endpoint", 3600)
    assert one["cost"] == {"added": "1.41", "currency": "USD"}
    assert one["commit"] == fleet.forge.tip
    assert (other["name"], other["code"]) == ("Nobody", "LH4106")
    alone = json.loads(run("release", "A", "--output", "json").stdout)
    assert alone["added_seconds"] == -150 * 60


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("extend", "A", "1h", "--reason", "the board"),
            (
                "demo-A-Endpoint would be leased until 15:30 CET (14:30 UTC), in 3 h.",
                "the latest possible is 2026-11-30 13:00 CET (12:00 UTC), by max_lease_minutes in",
                "adds 1 h, which costs $1.41, at $1.41 an hour",
                "    lease(dev): extend A by 60 min to 2026-11-23T14:30:00Z",
                "    > the board",
                "    Requested-By: Ana <ana@example.com>",
            ),
        ),
        (
            ("release", "A"),
            (
                "The lease of demo-A-Endpoint would end now.",
                "hands back 1 h 30 min and $2.11, at $1.41 an hour",
                "    Lease-Action: release",
            ),
        ),
        (("extend", "A", "B", "1h"), ("A: leased until", "2 of 2 can be done, which costs $2.82")),
        (
            ("add", "Painter", "45", "--config", "by-hand"),
            ("Painter would be leased until 13:45 CET", "    Lease-Action: grant"),
        ),
        (("extend", "A", "1h", "--output", "json"), ('"dry_run": true', '"commit": null')),
    ],
)
def test_a_dry_run_says_all_of_it_and_commits_nothing(
    fleet: Scene, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    before = fleet.forge.tip
    result = run(*arguments, "--dry-run")
    assert result.exit_code == 0, result.output
    assert [word for word in words if word not in result.stdout] == []
    assert fleet.forge.tip == before


def test_a_dry_run_of_several_counts_those_before(fleet: Scene) -> None:
    fleet.push(
        {
            path("Off2"): definition("Off2", inference_instance_type="ml.g5.12xlarge"),
            "environments/dev/environment.json": environment(
                limits={"max_hourly": {"amount": "15.00", "currency": "USD"}}
            ),
        }
    )
    result = run("extend", "Off", "Off2", "1h", "--dry-run")
    assert result.exit_code == 1
    assert "1 of 2 can be done, which costs $7.09 in all." in result.stdout
    assert "Off2: demo-Off2-Endpoint: it would cost $7.09 an hour beside $12.72" in result.stderr


def test_a_release_says_what_it_hands_back(fleet: Scene) -> None:
    result = run("release", "A", "B", "a")
    assert result.exit_code == 0, result.output
    one, _, together = result.stdout.splitlines()
    assert one.startswith(
        "A: lease ended at 13:00 CET (12:00 UTC); hands back 1 h 30 min and $2.11"
    )
    assert together == "2 of 2 done, which gives back $4.22 in all."
    assert run("release", "A").exit_code == 1  # nothing is left
    assert len(subjects(fleet)) == 4


def test_an_endpoint_is_added_on_a_config_of_somebody_else(fleet: Scene) -> None:
    result = run("add", "Painter", "2h", "--config", "by-hand")
    assert result.exit_code == 0, result.output
    assert "Painter: leased until 15:00 CET (14:00 UTC)" in result.stdout
    assert "adds 2 h; what that costs is not known" in result.stdout
    assert json.loads(fleet.forge.file(path("Painter")))["endpoint_config_name"] == "by-hand"
    several = run("add", "X", "Y", "2h", "--config", "by-hand")
    assert "[LH5202]" in several.stderr


def test_what_runs_on_a_config_of_others_is_priced_by_what_was_noted(fleet: Scene) -> None:
    fleet.account.make_config("theirs", "ml.g5.xlarge")
    fleet.start("Theirs", endpoint_config_name="theirs")
    early = run("extend", "Theirs", "1h", "--dry-run")
    assert "or nobody has noted what that is" in early.stdout
    fleet.tick()
    assert "adds 1 h, which costs $1.41" in run("extend", "Theirs", "1h", "--dry-run").stdout
    asked = run("extend", "A", "Theirs", "Nobody", "1h", "--output", "json")
    *data, refused = json.loads(asked.stdout)
    assert [each["cost"]["added"] for each in data] == ["1.41", "1.41"]
    assert refused["code"] == "LH4106"


def test_without_prices_time_alone_is_told(fleet: Scene) -> None:
    fleet.push({"environments/dev/prices.json": None})
    assert "\nadds 10 min\n" in run("extend", "A", "10").stdout
    assert run("extend", "A", "B", "10").stdout.endswith("2 of 2 done.\n")


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0 min"),
        (timedelta(seconds=29), "0 min"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(minutes=120), "2 h"),
        (timedelta(minutes=150), "2 h 30 min"),
        (timedelta(days=1, hours=3), "1 day 3 h"),
        (timedelta(days=2, minutes=1), "2 days 1 min"),
    ],
)
def test_a_length_is_told_whole(span: timedelta, said: str) -> None:
    assert length(span) == said


def test_what_looks_like_an_instant_and_is_none_stays() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert localized("ends at 2026-99-99T00:00:00Z", now, UTC) == "ends at 2026-99-99T00:00:00Z"
    assert localized("off until 2026-11-23T09:00:00Z: x", now, UTC) == "off until 09:00 UTC: x"
