"""The fleet at a glance: at 80 and 200 columns, in a pipe, of 7 and of 500 endpoints."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold import status as verb
from leasehold.cli import main
from leasehold.fleet_rows import Row, as_json, in_order, leased, rows_of
from leasehold.status_table import View, name_of, sums, table, troubles
from ledger.errors import Refused
from ledger.hosts import Host
from tests.leasehold import fleets, golden
from tests.ledger.forge import BEN
from tests.scene import NOON, definition, path

if TYPE_CHECKING:
    from controller.tick import Tick
    from tests.scene import Scene

ROW = Row("demo-A-Endpoint", "A", "absent", "off", None, "no lease", hosts=())


def rows(tick: Tick) -> list[Row]:
    return list(rows_of(tick, fleets.KEPT_BY))


def show(tick: Tick, *, most: int | None = None) -> None:
    verb._show(tick, verb.Wish().of(tick, rows(tick)), of_all=True, most=most)


@pytest.mark.parametrize("width", golden.WIDTHS)
def test_each_endpoint_is_one_line_and_what_is_wrong_stands_beneath(
    width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden.be_terminal(monkeypatch, width)
    show(fleets.tick())
    golden.check("status", capsys.readouterr().out, width)


@pytest.mark.parametrize("width", golden.WIDTHS)
def test_of_five_hundred_endpoints_each_has_its_line(
    width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden.be_terminal(monkeypatch, width)
    show(fleets.many(500))
    lines = capsys.readouterr().out.splitlines()
    assert sum("Model" in line for line in lines) == 500
    if width != "pipe":
        assert max(map(len, lines)) <= int(width)


def test_a_colour_says_what_a_word_says_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden.be_terminal(monkeypatch, "80")
    monkeypatch.delenv("NO_COLOR")
    show(fleets.tick())
    coloured = capsys.readouterr().out
    assert "\x1b[31mfrozen" in coloured
    assert "\x1b[32mon" in coloured


def test_a_screen_that_is_watched_has_no_more_lines_than_it_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden.be_terminal(monkeypatch, "80")
    show(fleets.many(100), most=18)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert "... and 82 more: --on, --owner or a name shows fewer" in lines


def test_an_environment_without_prices_and_one_without_endpoints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(fleets.tick(priced=False))
    assert "USD" not in capsys.readouterr().out
    empty = fleets.tick({}, priced=False)
    show(empty)
    assert capsys.readouterr().out.endswith("\n0 endpoints.\n")


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        (verb.Wish(), ["Audit", "Embed", "Falcon40B", "Meta", "Phi", "SDXL", "Whisper"]),
        (verb.Wish(("falcon40b", "demo-Phi-Endpoint")), ["Falcon40B", "Phi"]),
        (verb.Wish(("fal*", "Phi")), ["Falcon40B", "Phi"]),
        (verb.Wish(("demo-*",)), ["Audit", "Embed", "Falcon40B", "Phi", "SDXL", "Whisper"]),
        (verb.Wish(on=True), ["Embed", "Falcon40B", "Meta", "SDXL", "Whisper"]),
        (verb.Wish(owner=verb.Owner(("ANA@example.com",))), ["Falcon40B"]),
        (verb.Wish(owner=verb.Owner(("example",))), ["Embed", "Falcon40B"]),
        (verb.Wish(owner=verb.Owner(("x@y.org",), "bo@example.com")), ["Embed"]),
        (verb.Wish(owner=verb.Owner(("x@y.org",), "")), []),
        (verb.Wish(on=True, sort="ends"), ["Embed", "Falcon40B", "SDXL", "Meta", "Whisper"]),
        (verb.Wish(on=True, sort="cost"), ["Falcon40B", "Embed", "Whisper", "SDXL", "Meta"]),
    ],
)
def test_a_wish_chooses_and_sorts(wish: verb.Wish, names: list[str]) -> None:
    tick = fleets.tick()
    assert [str(row.name)[:9].split("-")[0] for row in wish.of(tick, rows(tick))] == names


def test_a_name_that_nothing_has_is_refused() -> None:
    with pytest.raises(Refused, match="LH4106"):
        verb.Wish(("Falcom",)).of(fleets.tick(), [])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "off"),
        ({"sagemaker": "InService"}, "stopping"),
        ({"sagemaker": "Deleting"}, "stopping"),
        ({"sagemaker": "Failed"}, "failed"),
        ({"state": "on"}, "starting"),
        ({"state": "on", "is_trouble": True}, "stuck"),
        ({"state": "on", "sagemaker": "Creating"}, "starting"),
        ({"state": "on", "sagemaker": "InService"}, "on"),
        ({"state": "on", "sagemaker": "InService", "hosts": (Host("a", 0),)}, "asleep"),
        ({"state": "on", "sagemaker": "RollingBack"}, "updating"),
        ({"state": "on", "sagemaker": "Deleting"}, "restarting"),
        ({"state": "on", "sagemaker": "Failed"}, "failed"),
        ({"state": "on", "sagemaker": "Hibernating"}, "on"),
        ({"state": "frozen", "sagemaker": "InService"}, "frozen"),
    ],
)
def test_ledger_and_sagemaker_are_one_word(changes: dict[str, object], word: str) -> None:
    assert replace(ROW, **changes).word == word  # type: ignore[arg-type]


def test_a_wide_screen_shows_whose_name_it_is() -> None:
    wide, narrow = View(NOON, UTC, 200), View(NOON, UTC, 80)
    assert name_of(ROW, wide).plain == "demo-A-Endpoint"
    assert len(name_of(ROW, wide).spans) == 2  # before and after it are dim
    assert name_of(ROW, narrow).plain == "A"
    custom = replace(ROW, endpoint_name="theirs", custom_name=True)
    assert name_of(custom, wide).plain == "A (theirs)"
    assert name_of(custom, View(NOON, UTC)).plain == "theirs"
    assert name_of(replace(ROW, name=None), narrow).plain == "demo-A-Endpoint"


def test_what_is_not_known_is_said() -> None:
    unknown = replace(ROW, sagemaker="InService", state="orphan", hosts=None, is_trouble=True)
    tick = fleets.tick()
    _, (cells,) = table([unknown], tick.fleet.prices, View(NOON, UTC, 200))
    assert [cell.plain for cell in cells][5:8] == ["not known", "no price", "-"]
    said = sums(tick, [unknown], of_all=False)
    assert said.startswith("1 endpoint: 1 orphan; 1 needs a person. Running: 1 without a price, $0")
    assert list(troubles(tick, [unknown], View(NOON, UTC, 80))) == ["! A: no lease"]
    assert list(troubles(tick, [unknown], View(NOON, UTC))) == []


def test_what_aws_has_besides_is_an_orphan() -> None:
    tick = fleets.tick()
    without = fleets.tick({path("Phi"): definition("Phi")})
    found = rows(replace(without, observed=tick.observed))
    assert [row.name for row in found] == ["Phi", None, None, None, None]
    assert {row.state for row in in_order(found, "name")[1:]} == {"orphan"}


def test_a_machine_gets_all_of_it() -> None:
    tick = fleets.tick()
    (falcon,) = verb.Wish(("Falcon40B",)).of(tick, rows(tick))
    assert as_json([falcon], "USD") == [
        {
            "endpoint_name": "demo-Falcon40B-Endpoint",
            "name": "Falcon40B",
            "sagemaker_status": "InService",
            "state": "on",
            "lease_expires_at": "2026-11-23T13:24:00Z",
            "ends_at": "2026-11-23T13:24:00Z",
            "reason": "its tags changed: owner",
            "owner": "ana@example.com",
            "kept_by": fleets.KEPT_BY["Falcon40B"],
            "hosts": [{"instance_type": "ml.g5.12xlarge", "count": 1, "usage": "Hosting"}],
            "per_hour": "7.09",
            "so_far": "14.18",
            "currency": "USD",
        }
    ]
    assert leased(tick)[:2] == ["Embed", "Falcon40B"]


def test_watching_goes_on_until_it_is_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    drawn: list[int] = []

    def pause(seconds: float) -> None:
        assert seconds > 0
        if len(drawn) == 3:
            raise KeyboardInterrupt

    verb.repeat(lambda: drawn.append(1), pause)
    assert len(drawn) == 3
    assert capsys.readouterr().out == "\n"


class TestTheVerb:
    @pytest.fixture(autouse=True)
    def fleet(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        scene.account.use(monkeypatch, LEASEHOLD_REPOSITORY=scene.forge.url)
        monkeypatch.setattr("leasehold.context.clock", lambda: NOON)
        monkeypatch.setattr("leasehold.git_author.configured", lambda: BEN)
        scene.start("A", owner="ben@example.com")
        scene.define("B")

    def ask(self, *options: str) -> str:
        result = CliRunner().invoke(main, ["status", *options])
        assert result.exit_code == 0, result.output
        return result.stdout

    def test_asks_git_who_keeps_what_on_and_whose_it_is(self) -> None:
        (mine,) = json.loads(self.ask("--owner", "me", "--output", "json"))
        assert (mine["name"], mine["sagemaker_status"]) == ("A", "InService")
        assert mine["kept_by"] == BEN.name
        assert "demo-B-Endpoint" in self.ask("--utc")
        assert "demo-B-Endpoint" not in self.ask("--on")

    @pytest.mark.parametrize("options", [(), ("--output", "json")])
    def test_draws_on_a_terminal_alone(self, options: tuple[str, ...]) -> None:
        result = CliRunner().invoke(main, ["status", "--watch", *options])
        assert result.exit_code == 1
        assert "[LH5201]" in result.stderr

    def test_draws_again_what_has_changed(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def pause(_seconds: float) -> None:
            if defined:
                raise KeyboardInterrupt
            defined.append(scene.define("C"))

        defined: list[str] = []

        golden.be_terminal(monkeypatch, "80")
        monkeypatch.setattr("leasehold.status.time.sleep", pause)
        first, second = self.ask("--watch").split("dev at ")[1:]
        assert "2 endpoints" in first
        assert "3 endpoints" in second


def test_a_moment_ahead_is_told_soon() -> None:
    soon = replace(ROW, state="on", ends=NOON + timedelta(minutes=59))
    _, (cells,) = table([soon], None, View(NOON, UTC, 80))
    assert cells[3].style == "yellow"
