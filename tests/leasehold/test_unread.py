"""What histories hold and nobody can read is counted where people look."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from controller.reconcile import look
from leasehold.cli import main
from ledger.committers import GATEWAY
from ledger.json_files import dump_json
from ledger.proposals import Request, extension
from ledger.settings import STATUS_BRANCH
from ledger.snapshot import Change, Person
from tests.gateway.leases.test_contention import ANA, process
from tests.ledger.forge import QUIET, git
from tests.scene import NOON, SETTLE, definition, path

if TYPE_CHECKING:
    from tests.scene import Scene


@pytest.fixture
def muddled(scene: Scene) -> Scene:
    """Ben wrote the first lease by hand, Ana extended it, and then somebody broke the file."""
    scene.define("A", 30)
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()
    request = Request("dev", "A", Person("Ana", "ana@example.com"), "r1", scene.now)
    scene.open(GATEWAY).commit(extension(request, 60))
    scene.ben.pull()
    scene.push({path("A", "lease"): "<<<<<<< HEAD\n"}, "oops")
    return scene


def run(scene: Scene, *arguments: str) -> Result:
    where = ("--repository", scene.forge.url)
    result = CliRunner().invoke(main, [*arguments[:1], *where, *arguments[1:]])
    assert result.exit_code == 0, result.output
    return result


def undate(scene: Scene, branch: str) -> str:
    """Put a copy of a branch's newest commit in its place, whose date is a word."""
    bare = scene.forge.bare
    stored = git(bare, "cat-file", "commit", branch).split("\n")
    at = next(number for number, line in enumerate(stored) if line.startswith("committer "))
    stored[at] = "committer Ben <ben@example.com> yesterday"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=bare,
        env=QUIET,
        input=("\n".join(stored) + "\n").encode(),
        capture_output=True,
        check=True,
    )
    commit = made.stdout.decode().strip()
    git(bare, "update-ref", f"refs/heads/{branch}", commit)
    return commit


def test_a_log_names_the_commits_that_it_does_not_show(muddled: Scene) -> None:
    result = run(muddled, "log", "A")
    assert len(result.stdout.splitlines()) == 2
    assert "Not shown: 2 commits (" in result.stderr
    assert muddled.forge.tip[:8] in result.stderr
    as_json = run(muddled, "log", "A", "--output", "json")
    assert len(json.loads(as_json.stdout)) == 1
    assert "Not shown: 2 commits (" in as_json.stderr


def test_a_log_of_nothing_that_it_can_read_does_not_say_never(scene: Scene) -> None:
    scene.define("A", 30)
    result = run(scene, "log", "A")
    assert result.stdout == ""
    assert "Not shown: 1 commit (" in result.stderr


def test_a_log_says_that_refusals_cannot_be_read(scene: Scene) -> None:
    scene.define("A", 30)
    scene.tick()
    scene.overwrite_record("{}")
    git(scene.ben.home, "checkout", "--quiet", "status")
    told = "- demo-A-Endpoint: oops 5, and what it needs is refused (x)"
    scene.ben.commit({"dev.json": "{ }"}, told)
    git(scene.ben.home, "push", "--quiet", "origin", f"HEAD:{STATUS_BRANCH}")
    assert "what AWS refused by 1 commit (" in run(scene, "log", "A").stderr
    git(scene.forge.bare, "update-ref", "-d", f"refs/heads/{STATUS_BRANCH}")
    git(scene.forge.bare, "update-ref", "refs/heads/leasehold", "main")
    assert "Not shown: what AWS refused. " in run(scene, "log", "A").stderr


def test_an_answer_of_the_api_counts_them_in_its_headers(muddled: Scene) -> None:
    status, body, headers = process(muddled).ask(
        {
            "httpMethod": "GET",
            "resource": "/endpoint-expiry/history",
            "queryStringParameters": {"EndpointName": "demo-A-Endpoint"},
            "requestContext": {"authorizer": ANA},
        }
    )
    assert (status, len(body)) == (200, 1)
    assert headers["X-Leasehold-Unread-Count"] == "2"
    newest, oldest = headers["X-Leasehold-Unread-Commits"].split(", ")
    assert newest == muddled.forge.tip
    assert git(muddled.forge.bare, "merge-base", oldest, newest) == oldest


def told(scene: Scene, monkeypatch: pytest.MonkeyPatch, by: str = "endpoint") -> Any:  # noqa: ANN401  (JSON)
    monkeypatch.setattr("leasehold.report.clock", lambda: scene.now)
    options = ("--since", "2026-11-23", "--by", by, "--output", "json")
    return json.loads(run(scene, "report", *options).stdout)


def test_a_report_and_a_timeline_say_what_they_could_not_read(
    muddled: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    muddled.at(NOON + timedelta(hours=1))
    data = told(muddled, monkeypatch)
    assert data["unread"] == {"A.lease.json": [muddled.forge.tip]}
    said = run(muddled, "report", "--since", "2026-11-23").stdout
    assert f"not read: A.lease.json as 1 commit ({muddled.forge.tip[:8]}) left it." in said
    monkeypatch.setattr("leasehold.timeline.clock", lambda: muddled.now)
    assert "not read: A.lease.json" in run(muddled, "timeline", "A").stderr


@pytest.mark.parametrize("branch", ["main", STATUS_BRANCH])
def test_a_commit_without_a_date_changes_no_figure_and_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, branch: str
) -> None:
    scene.define("A", 30)
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()
    scene.at(NOON + timedelta(hours=1))
    before = told(scene, monkeypatch)
    assert before["total"]["in_service_seconds"] > 0
    odd = undate(scene, branch)
    after = told(scene, monkeypatch)
    assert after["undated"] == [odd]
    assert after["total"] == before["total"]


@pytest.mark.parametrize("date", ["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
def test_a_clock_that_is_years_wrong_ends_no_report(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    ben = Person("Ben", "ben@example.com")
    for number, owner in enumerate(("team-a@example.com", "team-b@example.com")):
        scene.at(NOON + timedelta(minutes=20 * number))
        files = {path("A"): dump_json(definition("A", owner=owner))}
        change = Change(files, "define", ben, f"d{number}")
        scene.open(GATEWAY).commit(partial(lambda it, _: it, change))
        request = Request("dev", "A", Person("Ana", "ana@example.com"), f"r{number}", scene.now)
        scene.open(GATEWAY).commit(extension(request, 60))
    scene.at(NOON + timedelta(hours=1))
    before = told(scene, monkeypatch, "owner")
    assert before["total"]["leased_seconds"] > 0
    scene.ben.pull()
    odd = scene.ben.commit({path("A", "notes"): "{}"}, "notes", date=date)
    scene.ben.push()
    after = told(scene, monkeypatch, "owner")
    assert set(after["undated"]) - set(before["undated"]) == {odd}
    assert after["rows"] == before["rows"]
    assert sorted((row["name"], row["leased_seconds"]) for row in after["rows"]) == [
        ("team-a@example.com", 1200),
        ("team-b@example.com", 2400),
    ]
    assert "no true dates: those of " in run(scene, "report", "--since", "2026-11-23").stdout


def test_a_status_says_that_the_record_cannot_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.define("A")
    scene.tick()
    scene.overwrite_record("<<<<<<< HEAD")
    scene.restart()
    tick = look(scene.dependencies, "dev", scene.now)
    monkeypatch.setattr("leasehold.context.Context.look", lambda _: tick)
    assert "! dev.json of the branch leasehold/status cannot" in run(scene, "status").stdout
