"""Whose clock it is: the person's, as the machine has it, or UTC for logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from leasehold.own_zone import machine_zone, own_zone, utc_option
from leasehold.times import as_of, at_a_glance, both, in_full, zone_name

if TYPE_CHECKING:
    from pathlib import Path

BERLIN, SAO_PAULO = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Sao_Paulo")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Europe/Berlin", BERLIN),
        (":Europe/Berlin", BERLIN),
        ("/usr/share/zoneinfo/Europe/Berlin", BERLIN),
        ("", UTC),
        ("UTC", ZoneInfo("UTC")),
    ],
)
def test_the_variable_tz_says_it(said: str, zone: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", said)
    assert machine_zone() == zone


@pytest.mark.parametrize("said", ["CET-1CEST", ":nowhere", "../../etc/passwd", "\N{SNOWMAN}"])
def test_what_is_no_key_is_what_the_c_library_makes_of_it(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", said)
    assert isinstance(machine_zone(), timezone)


def test_or_else_the_machine_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    database = tmp_path / "zoneinfo" / "Europe"
    database.mkdir(parents=True)
    (database / "Berlin").touch()
    (tmp_path / "localtime").symlink_to(database / "Berlin")
    assert machine_zone(tmp_path / "localtime") == BERLIN
    (tmp_path / "copied").touch()
    assert isinstance(machine_zone(tmp_path / "copied"), timezone)
    assert machine_zone(tmp_path / "none") is UTC


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        ([], {}, "CET"),
        (["--utc"], {}, "UTC"),
        ([], {"LEASEHOLD_UTC": "1"}, "UTC"),
        ([], {"LEASEHOLD_UTC": "0"}, "CET"),
    ],
)
def test_a_log_has_utc(
    options: list[str],
    variables: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click.command
    @utc_option
    def verb() -> None:
        click.echo(zone_name(NOON.astimezone(own_zone())))

    monkeypatch.delenv("LEASEHOLD_UTC", raising=False)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert CliRunner().invoke(verb, options, env=variables).output == f"{said}\n"


@pytest.mark.parametrize(
    ("ahead", "zone", "said"),
    [
        (timedelta(hours=1), BERLIN, "14:00 CET (13:00 UTC)"),
        (timedelta(hours=1), UTC, "13:00 UTC"),
        (timedelta(hours=11, minutes=30), BERLIN, "2026-11-24 00:30 CET (2026-11-23 23:30 UTC)"),
        (timedelta(days=1), BERLIN, "2026-11-24 13:00 CET (12:00 UTC)"),
        (timedelta(hours=1), SAO_PAULO, "10:00 UTC-03:00 (13:00 UTC)"),
        (timedelta(days=200), BERLIN, "2027-06-11 14:00 CEST (12:00 UTC)"),
    ],
)
def test_a_moment_has_utc_beside_it(ahead: timedelta, zone: ZoneInfo, said: str) -> None:
    assert both(NOON + ahead, NOON, zone) == said


def test_a_table_says_whose_times_it_has() -> None:
    assert as_of("dev", "b559b50d" * 5, NOON, BERLIN) == (
        "dev at b559b50d, 2026-11-23 13:00 CET (12:00 UTC)"
    )
    assert as_of("dev", "b559b50d" * 5, NOON) == "dev at b559b50d, 2026-11-23 12:00 UTC"
    assert in_full(NOON, BERLIN) == "2026-11-23 13:00 CET"


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=5), "13:05"),
        (timedelta(days=1), "Tue 13:00"),
        (timedelta(days=-2), "Sat 13:00"),
        (timedelta(days=7), "2026-11-30"),
        (timedelta(days=200), "2027-06-11 CEST"),
    ],
)
def test_a_narrow_column_has_what_tells_days_apart(ahead: timedelta, said: str) -> None:
    assert at_a_glance(NOON + ahead, NOON, BERLIN) == said
