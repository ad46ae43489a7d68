"""The checks in `examples/ci`: linted, and their commands run on a real branch and merge."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from ledger.committers import GATEWAY
from tests.ledger.forge import Colleague, git
from tests.scene import definition, lease, path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "examples" / "ci"
GITHUB = CI / "github" / "leasehold.yml"
GITLAB = CI / "gitlab" / ".gitlab-ci.yml"
CODEBUILD = CI / "codebuild" / "buildspec.yml"
PROGRAMS = Path(sys.executable).parent
EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")


def load(file: Path) -> Any:  # noqa: ANN401  (YAML)
    return YAML(typ="safe").load(file.read_text())


def lint(*command: str | Path) -> None:
    done = subprocess.run(
        [str(PROGRAMS / command[0]), *map(str, command[1:])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        (GITHUB, "--builtin-schema=vendor.github-workflows"),
        (GITLAB, "--builtin-schema=vendor.gitlab-ci"),
        (CODEBUILD, f"--schemafile={Path(__file__).with_name('buildspec.schema.json')}"),
    ],
)
def test_the_file_has_its_platforms_form(file: Path, schema: str) -> None:
    lint("check-jsonschema", schema, file)


def test_the_workflow_is_safe() -> None:
    lint("zizmor", "--offline", "--pedantic", "--quiet", GITHUB)


def test_actions_are_pinned_by_their_whole_hash_and_say_their_version() -> None:
    used = [line.split("uses: ")[1] for line in GITHUB.read_text().splitlines() if "uses: " in line]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used)


def test_hooks_of_pre_commit_are_there() -> None:
    (repository,) = load(CI / "pre-commit-config.yaml")["repos"]
    offered = {each["id"] for each in load(ROOT / ".pre-commit-hooks.yaml")}
    assert {each["id"] for each in repository["hooks"]} <= offered


def test_all_platforms_pass_over_the_same_commits() -> None:
    pattern = "':(exclude,glob)environments/*/*.lease.json'"
    for file in (GITHUB, GITLAB, CODEBUILD):
        assert file.read_text().count(pattern) == 1
    assert load(GITHUB)["on"]["push"]["paths"] == ["**", "!environments/*/*.lease.json"]


def test_no_push_is_passed_over_for_the_next_one() -> None:
    group = load(GITHUB)["concurrency"]["group"]
    assert group == "leasehold-${{ github.event_name == 'push' && github.sha || github.ref }}"
    gitlab = load(GITLAB)
    assert "interruptible" not in {**gitlab[".leasehold"], **gitlab["validate"]}


@dataclass
class Machine:
    """A machine of a CI: a checkout, and programs that note what they are told."""

    scene: Scene
    folder: Path
    base: str = ""
    head: str = ""
    said: str = field(default="", init=False)

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def comment(self) -> str | None:
        noted = self.folder / "comment"
        return noted.read_text() if noted.exists() else None

    def prepare(self) -> None:
        programs = self.folder / "bin"
        programs.mkdir()
        copied = f"test -f $each && cp $each {self.folder}/comment"
        note = f"for each in plan.md comment.md; do {copied}; done; true"
        told = f"cat {self.folder}/told 2> /dev/null || true"
        leasehold = f'exec {shlex.join([sys.executable, "-m", "leasehold"])} "$@"\n'
        writes = "--data-urlencode|--method|post-comment-for-pull-request|comment"
        by_word = f'for word; do case "$word" in {writes}) {note}; exit;; esac; done\n{told}\n'
        for name, text in (
            ("curl", f"#!/bin/sh\n{by_word}"),
            ("aws", f"#!/bin/sh\n{by_word}"),
            ("gh", f'#!/bin/sh\ntest "$1" = auth && exit 0\n{by_word}'),
            ("python", "#!/bin/sh\nexit 0\n"),
            ("leasehold", f"#!/bin/sh\nPYTHONPATH={ROOT} {leasehold}"),
        ):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        git(self.folder, "clone", "--quiet", "--no-checkout", self.scene.forge.url, "checkout")

    def at(self, commit: str) -> None:
        git(self.checkout, "fetch", "--quiet", "origin", commit)
        git(self.checkout, "checkout", "--quiet", "--detach", commit)

    def run(self, script: str, variables: Mapping[str, str]) -> int:
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.checkout,
            env={
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "AWS_ENDPOINT_URL": self.scene.account.url,
                "AWS_REGION": "us-east-1",
                "LEASEHOLD_ENVIRONMENT": "dev",
                "LEASEHOLD_REPOSITORY": self.scene.forge.url,
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += done.stdout + done.stderr
        return done.returncode


KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


def on_github(machine: Machine, *, merged: bool = False) -> int:
    """Run the job's steps for a pull request, whose checkout is the merge, or for a push."""
    machine.at(machine.head if merged else merge(machine))
    server, _, repository = machine.scene.forge.url.removesuffix(".git").rpartition("/")
    values = {
        "vars.LEASEHOLD_ENVIRONMENT": "dev",
        "github.server_url": server,
        "github.repository": repository,
        "github.token": "t0ken",
        "github.event_name": "push" if merged else "pull_request",
        "github.event.before": machine.base,
        "github.event_name == 'push' && github.event.before || 'HEAD^1'": (
            machine.base if merged else "HEAD^1"
        ),
        "github.sha": machine.head,
        "github.event.pull_request.number": "7",
        "github.event.pull_request.head.repo.full_name": "" if merged else repository,
    }
    job = load(GITHUB)["jobs"]["check"]
    outputs = machine.folder / "outputs"
    outputs.write_text("")
    for step in job["steps"]:
        told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        known = values | {f"steps.changes.outputs.{name}": value for name, value in told.items()}
        if "run" not in step or not holds(step.get("if", ""), known):
            continue
        named = {**job["env"], **step.get("env", {})}
        variables = {k: EXPRESSION.sub(lambda m: values[m[1]], v) for k, v in named.items()}
        status = machine.run(step["run"], {**KEYS, **variables, "GITHUB_OUTPUT": str(outputs)})
        if status:
            return status
    return 0


def holds(condition: str, values: Mapping[str, str]) -> bool:
    for each in filter(None, condition.split(" && ")):
        left, right = each.split(" == ")
        expected = right.strip("'") if right.startswith("'") else values[right]
        if values.get(left, "") != expected:
            return False
    return True


def merge(machine: Machine) -> str:
    """Merge as GitHub does for a pull request that is open."""
    git(machine.checkout, "fetch", "--quiet", "origin", machine.head)
    git(machine.checkout, "checkout", "--quiet", "--detach", machine.base)
    git(machine.checkout, "merge", "--quiet", "--no-ff", "--message", "merge", machine.head)
    made = git(machine.checkout, "rev-parse", "HEAD")
    git(machine.checkout, "push", "--quiet", "origin", f"{made}:refs/pull/7/merge")
    return made


def on_gitlab(machine: Machine, *, merged: bool = False) -> int:
    machine.at(machine.head)
    document = load(GITLAB)
    for name in ("validate",) if merged else ("validate", "plan"):
        script = "\n".join([*document[".leasehold"]["before_script"], *document[name]["script"]])
        variables = {
            "CI_COMMIT_BEFORE_SHA": machine.base,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": "" if merged else machine.base,
            "CI_BUILDS_DIR": str(machine.folder),
            "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
            "CI_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_IID": "" if merged else "7",
            "CI_COMMIT_SHA": machine.head,
            "CI_JOB_TOKEN": "t0ken",
            "COMMENT_TOKEN": "t0ken",
            "AWS_TOKEN": "t0ken",
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/leasehold-plan",
        }
        if status := machine.run(script, variables):
            return status
    return 0


def on_codebuild(machine: Machine, *, merged: bool = False) -> int:
    machine.at(machine.head)
    variables = {
        "DESTINATION": machine.base,
        "SOURCE": machine.head,
        "PULL_REQUEST": "" if merged else "7",
        "REPOSITORY": "fleet",
    }
    commands = load(CODEBUILD)["phases"]["build"]["commands"]
    statuses = (machine.run(each, {**KEYS, **variables}) for each in commands)
    return next(filter(None, statuses), 0)


PLATFORMS = {"github": on_github, "gitlab": on_gitlab, "codebuild": on_codebuild}


@pytest.fixture
def machine(scene: Scene, tmp_path: Path) -> Machine:
    scene.at(datetime.now(UTC))
    scene.define("Falcon40B")
    made = Machine(scene, tmp_path / "machine")
    made.folder.mkdir()
    made.prepare()
    return made


def propose(machine: Machine, tmp_path: Path, files: Mapping[str, str]) -> None:
    """Push a branch with a change, and let the ledger's branch go on meanwhile."""
    machine.base = machine.scene.forge.tip
    writer = Colleague(tmp_path / "writer", machine.scene.forge.url)
    writer.pull()
    writer.commit(files, "propose")
    machine.head = git(writer.home, "rev-parse", "HEAD")
    git(writer.home, "push", "--quiet", "origin", "HEAD:refs/heads/proposal")


def a_definition() -> str:
    return json.dumps(definition("Chat", schedule={"initial_provision_minutes": 30}))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_change_is_validated_and_its_plan_is_a_comment(
    machine: Machine, tmp_path: Path, platform: str
) -> None:
    propose(machine, tmp_path, {path("Chat"): a_definition()})
    assert PLATFORMS[platform](machine) == 0, machine.said
    assert "everything is in order" in machine.said
    assert machine.comment is not None, machine.said
    assert "| **+ start** | `Chat` |" in machine.comment
    assert "t0ken" not in machine.said


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_plan_of_nothing_is_no_comment(machine: Machine, tmp_path: Path, platform: str) -> None:
    propose(machine, tmp_path, {"NOTES.md": "about the ledger\n"})
    assert PLATFORMS[platform](machine) == 0, machine.said
    assert machine.comment is None
    assert "### Leasehold plan for `dev`" in machine.said


@pytest.mark.parametrize(
    ("platform", "told"),
    [("github", "42"), ("gitlab", "Plan 0badc0de:"), ("codebuild", "Plan 0badc0de:")],
)
def test_what_was_said_before_is_brought_up_to_date(
    machine: Machine, tmp_path: Path, platform: str, told: str
) -> None:
    """An earlier push of the pull request had changes, and this one has none."""
    (machine.folder / "told").write_text(told)
    propose(machine, tmp_path, {"NOTES.md": "about the ledger\n"})
    assert PLATFORMS[platform](machine) == 0, machine.said
    assert machine.comment is not None, machine.said


@pytest.mark.parametrize("platform", ["gitlab", "codebuild"])
def test_the_same_plan_is_said_once(machine: Machine, tmp_path: Path, platform: str) -> None:
    propose(machine, tmp_path, {path("Chat"): a_definition()})
    assert PLATFORMS[platform](machine) == 0, machine.said
    (machine.folder / "comment").rename(machine.folder / "told")
    assert PLATFORMS[platform](machine) == 0, machine.said
    assert machine.comment is None
    assert "says this plan already" in machine.said


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_change_of_leases_alone_is_passed_over(
    machine: Machine, tmp_path: Path, platform: str
) -> None:
    text = json.dumps(lease(machine.scene.now + timedelta(hours=1)))
    propose(machine, tmp_path, {path("Falcon40B", "lease"): text})
    assert PLATFORMS[platform](machine) == 0, machine.said
    assert "Leases alone have changed" in machine.said
    assert machine.comment is None
    assert "Checked" not in machine.said


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_document_that_is_broken_fails(machine: Machine, tmp_path: Path, platform: str) -> None:
    propose(machine, tmp_path, {path("Chat"): "{"})
    assert PLATFORMS[platform](machine) != 0
    assert "[LH1001]" in machine.said


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_was_merged_is_validated_and_planned_no_more(
    machine: Machine, tmp_path: Path, platform: str
) -> None:
    propose(machine, tmp_path, {path("Chat"): a_definition()})
    assert PLATFORMS[platform](machine, merged=True) == 0, machine.said
    assert "everything is in order" in machine.said
    assert machine.comment is None


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("is_covered", [False, True], ids=["alone", "below a lease"])
def test_a_bot_that_has_pushed_more_than_leases_is_found(
    machine: Machine, tmp_path: Path, platform: str, *, is_covered: bool
) -> None:
    propose(machine, tmp_path, {path("Chat"): a_definition()})
    tree, bot = git(tmp_path / "writer", "rev-parse", "HEAD^{tree}"), GATEWAY
    raw = (
        f"tree {tree}\nparent {machine.base}\nauthor Ben <ben@example.com> 1795800000 +0000\n"
        f"committer {bot.name} <{bot.email}> 1795800000 +0000\n\nlease(dev): extend\n"
    )
    writer = tmp_path / "writer"
    machine.head = git(writer, "hash-object", "-t", "commit", "-w", "--stdin", given=raw)
    git(writer, "reset", "--quiet", "--hard", machine.head)
    if is_covered:
        text = json.dumps(lease(machine.scene.now + timedelta(hours=1)))
        (writer / path("Falcon40B", "lease")).write_text(text)
        git(writer, "add", "--all", ".")
        git(writer, "commit", "--quiet", "--message", "lease(dev): extend")
        machine.head = git(writer, "rev-parse", "HEAD")
    git(writer, "push", "--quiet", "origin", f"{machine.head}:refs/heads/by-bot")
    assert PLATFORMS[platform](machine, merged=True) != 0
    assert "[LH5150]" in machine.said
