"""`leasehold report` from a real ledger, with what the sandbox did on a steered clock."""

from __future__ import annotations

import json
from datetime import timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from leasehold.cli import main
from leasehold.pictures.timeline import Timeline
from ledger.committers import GATEWAY
from ledger.errors import Refused
from ledger.json_files import dump_json
from ledger.proposals import Request, extension, release
from ledger.snapshot import Change, Person
from tests.ledger.forge import git
from tests.scene import NOON, SETTLE, definition, path, prices

if TYPE_CHECKING:
    from pathlib import Path

    from leasehold.pictures.costs import Costs
    from tests.scene import Scene

ANA, BEN = Person("Ana", "ana@example.com"), Person("Ben", "ben@example.com")
PRICES = prices({"ml.g5.xlarge": "2"})


def report(scene: Scene, *options: str) -> Result:
    return CliRunner().invoke(main, ["report", "--repository", scene.forge.url, *options])


def data(scene: Scene, *options: str) -> Any:  # noqa: ANN401  (JSON)
    result = report(scene, *options, "--output", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def put(scene: Scene, number: str, files: dict[str, Any]) -> None:
    """Commit files at the scene's time; Ben's own git goes by this machine's."""
    contents = {name: dump_json(each) for name, each in files.items()}
    scene.open(GATEWAY).commit(lambda _: Change(contents, "change", BEN, number))


@pytest.fixture
def told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Ana extends by an hour, Ben by another; Ana gives back what is left after 90 minutes."""
    monkeypatch.setattr("leasehold.report.clock", lambda: scene.now)
    gateway = scene.open(GATEWAY)

    def ask(person: Person, number: int, minutes: int = 60) -> None:
        request = Request("dev", "A", person, f"r{number}", scene.now)
        gateway.commit(extension(request, minutes) if minutes else release(request))

    fields = definition("A", schedule={"lease_starts": "request"}, owner="team@example.com")
    put(scene, "d1", {"environments/dev/prices.json": PRICES, path("A"): fields})
    ask(ANA, 1)
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()
    ask(BEN, 2)
    scene.at(NOON + timedelta(minutes=90))
    ask(ANA, 3, 0)
    scene.tick()
    scene.let_pass(minutes=5)
    scene.tick()
    scene.at(NOON + timedelta(hours=3))
    return scene


def test_what_ran_is_divided_among_those_who_bought_it(told: Scene) -> None:
    since = ("--since", "2026-11-23")
    found = data(told, *since)
    rows = {row["name"]: row["in_service_seconds"] for row in found["rows"]}
    started = 50  # seconds that a start takes in the sandbox
    assert rows["Ana <ana@example.com>"] == 3600 - started
    assert rows["Ben <ben@example.com>"] == 1800
    assert sum(rows.values()) == found["total"]["in_service_seconds"]
    assert found["saved"]["handed_back"] == {
        "seconds": 1800,
        "cost": {"USD": "1.00"},
        "unpriced_seconds": 0,
    }
    assert (found["starts"], found["starts_in_vain"], found["idle_stops"]) == (1, 0, 0)
    assert found["noted_at"] == "2026-11-23T13:35:00Z"

    # Past reports do not change when prices do.
    told.push(
        {"environments/dev/prices.json": {**PRICES, "prices": {"Hosting": {"ml.g5.xlarge": "9"}}}}
    )
    assert data(told, *since) == found
    today = data(told, *since, "--prices", "today")["total"]["cost"]["USD"]
    assert float(today) == pytest.approx(4.5 * float(found["total"]["cost"]["USD"]), abs=0.03)

    # Nor by how it is asked.
    owners = data(told, *since, "--by", "owner", "--zone", "Asia/Tokyo")
    assert [row["name"] for row in owners["rows"]] == ["team@example.com"]
    assert owners["total"] == found["total"]

    text = report(told, *since, "--by", "endpoint").stdout
    assert "$1.00 handed back: leased time that a release or an idle stop gave back" in text
    for output in ("csv", "markdown"):
        assert "A" in report(told, *since, "--by", "endpoint", "--output", output).stdout


def test_a_page_has_pictures_with_tables_or_says_what_is_missing(
    told: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    charts = ModuleType("charts")
    drawn = []

    begins = []

    def draw(picture: Costs | Timeline, kind: str, *, dark: bool) -> bytes:
        drawn.append((type(picture).__name__, kind, dark))
        begins.append(picture.begin if isinstance(picture, Timeline) else 0)
        return b'<svg><clipPath id="c"/><g clip-path="url(#c)"/></svg>\n'

    charts.drawn = draw  # type: ignore[attr-defined]
    monkeypatch.setattr("leasehold.report.charts", lambda: charts)
    since = ("--since", "2026-11-23", "--output", "html")
    page = report(told, *since).stdout
    assert drawn == [
        (each, "svg", dark) for each in ("Costs", "Timeline") for dark in (False, True)
    ]
    assert 'id="costs-dark-c"/><g clip-path="url(#costs-dark-c)"' in page
    assert '<section aria-labelledby="timeline">' in page
    assert page.count("<table>") == 2
    assert "<td>extended</td>" in page
    assert 'id="c"' not in page

    # Years in which nothing ran are not drawn.
    report(told, "--since", "1970-01-01", "--output", "html")
    assert begins[-1] == int((NOON - timedelta(days=1)).timestamp())

    def missing() -> ModuleType:
        raise Refused("LH5137", "what draws pictures is not installed: `pip install` it.")

    monkeypatch.setattr("leasehold.report.charts", missing)
    result = report(told, *since)
    assert "<p>Without pictures: what draws pictures is not installed: " in result.stdout
    assert "[LH5137]" in result.stderr
    assert "<svg" not in result.stdout


def test_a_merge_is_no_change_and_a_person_may_edit_a_lease(told: Scene) -> None:
    git(told.ben.home, "pull", "--quiet", "--rebase", "origin", "main")
    git(told.ben.home, "checkout", "--quiet", "-b", "side", "HEAD~2")
    told.ben.commit({"README.md": "x"}, "aside")
    git(told.ben.home, "checkout", "--quiet", "main")
    git(told.ben.home, "merge", "--quiet", "--no-edit", "side")
    git(told.ben.home, "push", "--quiet", "origin", "main")
    before = data(told, "--since", "2026-11-23")
    until = {"expires_at": "2026-11-23T16:00:00Z"}
    told.push({path("A", "lease"): until}, "Keep it")
    after = data(told, "--since", "2026-11-23", "--until", "2026-11-23T15:00:00Z")
    assert after["total"]["in_service_seconds"] == before["total"]["in_service_seconds"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--since", "yesterday"), "LH5134"),
        (("--since", "2026-11-24"), "LH5134"),
        (("--since", "2026-11-20", "--until", "2026-11-19"), "LH5134"),
        (("--since", "2026-11-20", "--until", ""), "LH5134"),
        (("--since", ""), "LH5134"),
        (("--since", "0001-01-01", "--zone", "Asia/Tokyo"), "LH5134"),
        (("--since", "9999-12-31"), "LH5134"),
        (("--since", "2026-11-20", "--zone", "CET"), "LH5135"),
        (("--since", "2026-11-20", "--zone", "Mars/Olympus"), "LH5135"),
    ],
)
def test_what_is_no_period_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: str
) -> None:
    monkeypatch.setattr("leasehold.report.clock", lambda: NOON)
    result = report(scene, *options)
    assert result.exit_code == 1
    assert result.stderr.endswith(f"[{code}]\n")


def test_where_nothing_was_noted_all_of_it_is_a_gap(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leasehold.report.clock", lambda: NOON)
    found = data(scene, "--since", "2026-11-22", "--until", "2026-11-22")
    assert found["gaps"] == [
        {
            "begin": "2026-11-22T00:00:00Z",
            "end": "2026-11-23T00:00:00Z",
            "reason": "nothing was noted yet",
        }
    ]
    assert found["rows"] == []


def test_a_timeline_shows_what_ran_and_who_kept_it_on(
    told: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leasehold.timeline.clock", lambda: told.now)
    options = ("timeline", "--repository", told.forge.url, "--days", "1")
    text = CliRunner().invoke(main, [*options]).stdout
    assert "Ana <ana@example.com>" in text
    assert "Ben <ben@example.com>" in text
    result = CliRunner().invoke(main, [*options, "A", "--output", "json"])
    (line,) = json.loads(result.stdout)
    assert line["kept_by"][0]["who"] == "Ana <ana@example.com>"
    assert line["in_service"][0]["to"] == "2026-11-23T13:30:00Z"
    assert [each["who"] for each in line["extended"]] == [
        "Ana <ana@example.com>",
        "Ben <ben@example.com>",
    ]


@pytest.mark.parametrize("command", ["timeline", "report"])
def test_it_is_drawn_where_somebody_asks_for_a_picture(
    told: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setattr(f"leasehold.{command}.clock", lambda: told.now)
    file = tmp_path / "shown.svg"
    options = ("--days", "1") if command == "timeline" else ("--since", "2026-11-23")
    where = ("--repository", told.forge.url, "--picture", str(file))
    result = CliRunner().invoke(main, [command, *options, *where])
    assert result.exit_code == 0, result.output
    assert str(file) in result.stderr
    assert "<svg" in file.read_text()
    table = (tmp_path / "shown-table.md").read_text()
    assert ("| A | in service |" if command == "timeline" else "| 2026-11-23 |") in table
    assert "ENDPOINT" in result.stdout or "PERSON" in result.stdout


PERIODS = [
    ("2026-11-20", None, "UTC", "2026-11-20T00:00:00Z", "2026-11-23T12:00:00Z"),
    ("20261120", "20261120", "UTC", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
    ("2026-11-20", "9999-12-31", "UTC", "2026-11-20T00:00:00Z", "2026-11-23T12:00:00Z"),
    ("1970-01-01", "2026-11-20T10:30", "UTC", "2000-01-01T00:00:00Z", "2026-11-20T10:30:00Z"),
    # Days of 25, of 23 and of 23.5 hours, and one that begins at a quarter past.
    ("2026-10-25",) * 2 + ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
    ("2026-09-06",) * 2 + ("America/Santiago", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"),
    ("2026-10-04",) * 2 + ("Australia/Lord_Howe", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"),
    ("2026-10-25",) * 2 + ("Asia/Kathmandu", "2026-10-24T18:15:00Z", "2026-10-25T18:15:00Z"),
]


def test_a_period_is_of_days_of_the_zone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leasehold.report.clock", lambda: NOON)
    for since, until, zone, *found in PERIODS:
        last = ("--until", until) if until else ()
        told = data(scene, "--since", str(since), *last, "--zone", str(zone))
        assert [told["since"], told["until"]] == found


def test_a_period_that_is_none_is_told_in_one_zone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leasehold.report.clock", lambda: NOON)
    result = report(scene, "--since", "2026-11-20", "--until", "2026-11-19", "--zone", "Asia/Tokyo")
    assert "from 2026-11-19 15:00 to 2026-11-19 15:00 UTC" in result.stderr
