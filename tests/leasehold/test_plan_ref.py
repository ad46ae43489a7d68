"""`leasehold plan --ref`: what would be done if a commit were the head of the ledger."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from leasehold import work_tree
from leasehold.cli import main
from leasehold.work_tree import commit_of
from ledger.committers import GATEWAY
from ledger.errors import Refused
from ledger.lease import stamp
from ledger.proposals import Request, extension, release
from ledger.snapshot import NotAFile, Person
from tests.ledger.forge import Colleague, git
from tests.scene import SETTLE, definition, environment, path, prices

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scene import Scene

ODD = [
    *("fix/#42", "user@home/x", "feat/größe", "o'brien", "a=b", "feat(dev)/x", "a&b"),
    *("x,y", "main!", "a%20b"),
]


class Planner:
    """The command line, with a ledger and an account."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["plan", "--repository", self._url, *arguments])

    def actions(self, *arguments: str) -> dict[str, str]:
        """Return what is done about each definition."""
        result = self(*arguments, "--output", "json")
        assert result.exit_code in (0, 2), result.output
        return {each["name"]: each["action"] for each in json.loads(result.stdout)["actions"]}


@pytest.fixture
def plan(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Planner:
    scene.account.use(monkeypatch)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    scene.at(datetime.now(UTC))  # by which the command line goes
    scene.define("Falcon40B", schedule={"initial_provision_minutes": 30})
    return Planner(scene.forge.url)


def proposed(scene: Scene, tmp_path: Path, *branches: str) -> str:
    """Push branches with a definition that main has not, and return their commit."""
    writer = Colleague(tmp_path / "writer", scene.forge.url)
    writer.pull()
    fields = definition("Chat", schedule={"initial_provision_minutes": 30})
    commit = writer.commit({path("Chat"): json.dumps(fields)}, "propose")
    for branch in branches or ("proposal",):
        git(writer.home, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return commit


def checkout(scene: Scene, folder: Path, commit: str) -> Path:
    """Check out one commit, detached and shallow, as CI does."""
    folder.mkdir()
    git(folder, "init", "--quiet", ".")
    git(folder, "remote", "add", "origin", scene.forge.url)
    git(folder, "fetch", "--quiet", "--depth", "1", "origin", commit)
    git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    return folder


def test_a_detached_and_shallow_checkout_is_planned_as_it_is(
    scene: Scene, plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = proposed(scene, tmp_path)
    assert plan.actions() == {"Falcon40B": "grant"}
    monkeypatch.chdir(checkout(scene, tmp_path / "ci", commit))
    both = {"Falcon40B": "grant", "Chat": "grant"}
    assert plan.actions("--ref", "HEAD") == both
    assert plan.actions("--ref", commit[:10]) == both
    assert f'"commit": "{commit}"' in plan("--ref", "HEAD", "--output", "json").stdout
    assert git(tmp_path / "ci", "status", "--porcelain") == ""


def test_what_ends_is_said_with_who_keeps_it_on(
    scene: Scene, plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = scene.open(GATEWAY)
    ana = Person("Ana", "ana@example.com")
    request = Request("dev", "Falcon40B", ana, "r1", scene.now, reason="demo | for the board")
    gateway.commit(extension(request, 60))
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()  # gives back the minutes of its start
    (ending,) = json.loads(plan("--output", "json").stdout)["ends"]
    assert ending["kept_by"] == "Ana: demo | for the board"
    assert "| Ana: demo \\| for the board |" in plan("--output", "markdown").stdout
    monkeypatch.chdir(checkout(scene, tmp_path / "ci", scene.forge.tip))
    assert "| Ana: demo" in plan("--ref", "HEAD", "--output", "markdown").stdout


def test_leases_move_on_while_a_branch_is_worked_on(
    scene: Scene, plan: Planner, tmp_path: Path
) -> None:
    """Merged, it would end nothing that was extended, and start nothing that was released."""
    for name in ("Kept", "Released", "Own", "Gone"):
        scene.define(name, 60)
    scene.define("Granted")
    writer = Colleague(tmp_path / "writer", scene.forge.url)
    writer.pull()
    fields = definition("Chat", schedule={"initial_provision_minutes": 30})
    hours = {"expires_at": stamp(scene.now + timedelta(hours=9))}
    files = {
        path("Chat"): json.dumps(fields),
        path("Own", "lease"): json.dumps(hours),
        path("Gone"): None,
        path("Gone", "lease"): None,
    }
    writer.commit(files, "propose")
    git(writer.home, "push", "--quiet", "origin", "HEAD:refs/heads/older")
    gateway = scene.open(GATEWAY)
    ana = Person("Ana", "ana@example.com")
    for name in ("Kept", "Granted"):
        request = Request("dev", name, ana, f"r-{name}", scene.now)
        gateway.commit(extension(request, 120))
    gateway.commit(release(Request("dev", "Released", ana, "r-Released", scene.now)))
    result = plan("--ref", "older", "--against", "main", "--output", "json")
    told = {each["name"]: each for each in json.loads(result.stdout)["actions"]}
    changed = {name for name, each in told.items() if each.get("changes") or each.get("new")}
    assert changed == {"Chat", "Own"}
    assert told["Kept"]["reason"] == f"leased until {stamp(scene.now + timedelta(hours=3))}"
    assert told["Released"]["action"] == "keep"
    assert told["Granted"]["action"] == "create"
    assert told["Own"]["reason"] == f"leased until {hours['expires_at']}"
    assert "Gone" not in told


def test_what_is_due_anyway_is_no_change_against_it(
    scene: Scene, plan: Planner, tmp_path: Path
) -> None:
    proposed(scene, tmp_path)
    result = plan("--ref", "proposal", "--against", "main")
    assert result.exit_code == 2
    assert "Falcon40B" not in result.stdout
    assert "1 of it is due without these changes too" in result.stdout
    same = plan("--ref", "proposal", "--against", "proposal")
    assert same.exit_code == 0
    assert "Chat" not in same.stdout
    assert "2 of it are due without these changes too" in same.stdout


@pytest.mark.parametrize("option", ["--ref", "--against"])
def test_a_commit_without_a_name_is_said_to_have_none(plan: Planner, option: str) -> None:
    result = plan(option, " ")
    assert result.exit_code == 1
    assert "a variable of CI may not be set" in result.stderr


def test_a_change_that_moves_nothing_yet_is_a_change(
    scene: Scene, plan: Planner, tmp_path: Path
) -> None:
    scene.define("Off")
    for _ in range(3):
        scene.tick()
        scene.let_pass(seconds=SETTLE)
    scene.tick()
    assert plan().exit_code == 0
    writer = Colleague(tmp_path / "writer", scene.forge.url)
    writer.pull()
    bigger = definition("Off", inference_instance_type="ml.g5.2xlarge")
    writer.commit({path("Off"): json.dumps(bigger)}, "propose")
    git(writer.home, "push", "--quiet", "origin", "HEAD:refs/heads/bigger")
    result = plan("--ref", "bigger")
    assert result.exit_code == 2
    assert "/inference_instance_type: ml.g5.xlarge -> ml.g5.2xlarge" in result.stdout


def test_a_commit_below_a_folder_of_the_checkout_counts_from_its_root(
    scene: Scene, plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ci = checkout(scene, tmp_path / "ci", proposed(scene, tmp_path))
    monkeypatch.chdir(ci / "environments" / "dev")
    assert plan.actions("--ref", "HEAD") == {"Falcon40B": "grant", "Chat": "grant"}


def test_a_branch_or_commit_that_the_checkout_has_not_is_the_ledgers(
    scene: Scene, plan: Planner, tmp_path: Path
) -> None:
    proposed(scene, tmp_path)
    assert plan.actions("--ref", "proposal") == {"Falcon40B": "grant", "Chat": "grant"}
    assert plan.actions("--ref", scene.forge.tip[:12]) == {"Falcon40B": "grant"}


def test_branches_with_any_name_that_git_takes_are_planned(
    scene: Scene, plan: Planner, tmp_path: Path
) -> None:
    proposed(scene, tmp_path, *ODD)
    for branch in ODD:
        assert plan.actions("--branch", branch) == {"Falcon40B": "grant", "Chat": "grant"}


def test_a_branch_that_was_only_fetched_goes_by_its_own_name(scene: Scene, tmp_path: Path) -> None:
    commit = proposed(scene, tmp_path)
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", scene.forge.url, "clone")
    found = commit_of(folder, "proposal")
    assert found is not None
    assert found.commit == commit


def test_a_checkout_of_something_else_is_not_the_ledger(
    scene: Scene, plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Colleague(tmp_path / "other", "none")
    other.commit({"README.md": "x"}, "begin")
    monkeypatch.chdir(other.home)
    for ref in ("HEAD", "main", scene.forge.tip):
        assert plan.actions("--ref", ref) == {"Falcon40B": "grant"}


@pytest.mark.parametrize("ref", ["nowhere", "0" * 40, "-x", "a..b"])
def test_what_nobody_has_is_refused_in_one_sentence(plan: Planner, ref: str) -> None:
    result = plan(f"--ref={ref}")
    assert result.exit_code == 1
    assert result.stderr.endswith("[LH5058]\n")
    assert result.stderr.count("\n") == 1


def test_links_and_submodules_are_what_they_are(tmp_path: Path) -> None:
    writer = Colleague(tmp_path / "writer", "none")
    (writer.home / "environments" / "dev").mkdir(parents=True)
    (writer.home / "environments" / "dev" / "Chat.endpoint.json").symlink_to("../x")
    commit = writer.commit({"environments/dev/environment.json": "{}"}, "begin")
    found = commit_of(writer.home, "HEAD")
    assert found is not None
    assert (found.commit, dict(found.files)) == (
        commit,
        {"environments/dev/environment.json": b"{}"},
    )
    assert found.not_files == {"environments/dev/Chat.endpoint.json": NotAFile.LINK}


def test_a_commit_with_a_hole_is_refused(tmp_path: Path) -> None:
    writer = Colleague(tmp_path / "writer", "none")
    writer.commit({"environments/dev/environment.json": "{}"}, "begin")
    for name in ("HEAD:environments/dev/environment.json", "HEAD:environments"):
        blob = git(writer.home, "rev-parse", name)
        (writer.home / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        with pytest.raises(Refused, match="not all that is in it"):
            commit_of(writer.home, "HEAD")


def test_where_git_is_not_installed_there_is_no_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path, "HEAD") is None


def test_a_commit_of_far_too_many_files_is_not_listed_to_its_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_tree, "MOST_LISTED", 40)
    with pytest.raises(Refused, match=r"the commit HEAD has more files below environments/") as why:
        commit_of(scene.ben.home, "HEAD")
    assert why.value.code == "LH1030"


PRICES = prices({"ml.g5.xlarge": "1.408", "ml.g5.2xlarge": "1.515"})


def test_a_plan_says_what_fields_change_and_what_it_costs(
    scene: Scene, plan: Planner, tmp_path: Path
) -> None:
    scene.push({"environments/dev/prices.json": PRICES})
    scene.tick()  # grants
    scene.tick()  # starts
    scene.let_pass(seconds=SETTLE)
    scene.tick()
    scene.tick()
    writer = Colleague(tmp_path / "writer", scene.forge.url)
    writer.pull()
    fields = definition("Falcon40B", schedule={"initial_provision_minutes": 30})
    changed = json.dumps({**fields, "inference_instance_type": "ml.g5.2xlarge"})
    writer.commit({path("Falcon40B"): changed}, "propose")
    git(writer.home, "push", "--quiet", "origin", "HEAD:refs/heads/proposal")

    text = plan("--branch", "proposal").stdout
    assert text.partition("\n")[0].endswith(": +$0.11/h")
    assert "      /inference_instance_type: ml.g5.xlarge -> ml.g5.2xlarge\n" in text
    assert "1 x ml.g5.xlarge -> ml.g5.2xlarge: 1.408 -> 1.515 USD/h, this lease 0.7" in text

    comment = plan("--ref", "proposal", "--against", "main", "--output", "markdown").stdout
    assert comment.startswith("### Leasehold plan for `dev`: +$0.11/h\n")
    assert "<details>" in comment
    assert "<details>" not in plan("--output", "markdown", "--summary-only").stdout

    data = json.loads(plan("--ref", "proposal", "--output", "json").stdout)
    (action,) = [each for each in data["actions"] if each["action"] == "update"]
    assert action["changes"] == [
        {
            "pointer": "/inference_instance_type",
            "before": "ml.g5.xlarge",
            "after": "ml.g5.2xlarge",
            "document": "endpoint",
        }
    ]
    assert data["money"]["hourly"]["after"] == "1.515"

    still = plan("--ref", "main", "--against", "main", "--output", "markdown").stdout
    assert still.startswith("### Leasehold plan for `dev`: no change: $1.41/h stays, 1 ends")


def test_status_and_extend_say_what_it_costs(scene: Scene, plan: Planner) -> None:
    scene.push({"environments/dev/prices.json": PRICES})
    for _ in range(2):
        scene.tick()  # grants, and starts
    scene.let_pass(seconds=SETTLE)
    scene.tick()

    def ask(*arguments: str) -> Result:
        verb, *rest = arguments
        return CliRunner().invoke(main, [verb, "--repository", scene.forge.url, *rest])

    text = ask("status").stdout
    assert re.search(r"demo-Falcon40B-Endpoint +InService +on .* +in .* 1\.408 ", text)
    assert "Running: $1.41/h, " in text
    assert "by list prices read 2026-11-01" in text
    (row,) = json.loads(ask("status", "--output", "json").stdout)
    assert row["per_hour"] == "1.408"
    assert row["hosts"] == [{"instance_type": "ml.g5.xlarge", "count": 1, "usage": "Hosting"}]
    ana = ("--author", "Ana <ana@example.com>")
    assert "costs $0.70, at $1.41 an hour" in ask("extend", "Falcon40B", "30", *ana).stdout
    more = json.loads(ask("extend", "Falcon40B", "30", *ana, "--output", "json").stdout)
    assert more["cost"] == {"added": "0.70", "currency": "USD"}
    assert "hands back " in ask("release", "Falcon40B", *ana).stdout

    scene.push({"environments/dev/prices.json": {**PRICES, "prices": {"Hosting": {}}}})
    assert "no price" in ask("status").stdout
    assert "what that costs is not known" in ask("extend", "Falcon40B", "30", *ana).stdout
    scene.push({"environments/dev/prices.json": None})
    assert "costs" not in ask("extend", "Falcon40B", "30", *ana).stdout
    assert "no price" not in ask("status").stdout


def test_a_plan_that_would_run_past_the_limit_of_an_hour_is_refused(
    scene: Scene, plan: Planner
) -> None:
    limits = {"max_hourly": {"amount": "1.50", "currency": "USD"}}
    settings = environment(limits=limits)
    scene.push(
        {"environments/dev/prices.json": PRICES, "environments/dev/environment.json": settings}
    )
    scene.define("B", schedule={"initial_provision_minutes": 30})
    result = plan("--output", "markdown")
    assert result.exit_code == 1
    assert result.stdout.startswith(
        "### Leasehold plan for `dev`: refused by max_hourly $1.50: this would make it $2.82/h\n"
    )
