"""The files for CI: their scripts run, against a repository that others push to meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sandbox.git.server import GitServer, create_repository
from tests.leasehold.jumpstart.ledger_files import SETTINGS, definition

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
NAMED = {"check": "check-locks"}
VARIABLES = {
    "CI_DEFAULT_BRANCH": "main",
    "CI_PUSH_TOKEN": "secret",
    "CI_SERVER_HOST": "git.example.com",
    "CI_PROJECT_PATH": "fleet",
}


def read(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CI / path).read_text()))


def github(job: str) -> list[str]:
    steps = read("github/locks.yml")["jobs"][job]["steps"]
    return [step["run"] for step in steps if "run" in step]


def gitlab(job: str) -> list[str]:
    found: list[str] = read("gitlab/locks.gitlab-ci.yml")[NAMED.get(job, job).replace("-", " ")][
        "script"
    ]
    return found


def codebuild(job: str) -> list[str]:
    phases = read(f"codebuild/{NAMED.get(job, job)}.buildspec.yml")["phases"]
    return [line for phase in phases.values() for line in phase["commands"]]


SERVICES = {"GitHub": github, "GitLab": gitlab, "CodeBuild": codebuild}


@dataclass
class Job:
    """A runner's checkout of a ledger, with a `leasehold` that knows our catalogue."""

    folder: Path
    url: str

    def __post_init__(self) -> None:
        tools = self.folder / "bin"
        tools.mkdir()
        fake = f'exec {sys.executable} -m tests.examples.leasehold_with_fakes "$@"'
        for name, text in {"leasehold": fake, "pip": "exit 0"}.items():
            (tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (tools / name).chmod(0o755)
        remote = f"https://leasehold-ci:secret@{VARIABLES['CI_SERVER_HOST']}/fleet.git"
        (self.folder / "gitconfig").write_text(
            f'[init]\n\tdefaultBranch = main\n[url "{self.bare}"]\n\tinsteadOf = {remote}\n'
        )
        create_repository(self.folder, "fleet.git")
        self.clone("ben")
        self.push({"environment.json": json.dumps(SETTINGS).encode()})

    @property
    def bare(self) -> Path:
        return self.folder / "fleet.git"

    def clone(self, name: str) -> Path:
        self.git(self.folder, "clone", "--quiet", str(self.bare), name)
        return self.folder / name

    def push(self, files: dict[str, bytes], name: str = "ben") -> None:
        clone = self.folder / name
        self.git(clone, "pull", "--quiet", "--rebase", check=False)
        (clone / "environments" / "dev").mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (clone / "environments" / "dev" / file).write_bytes(content)
        self.git(clone, "add", "--all")
        self.git(clone, "commit", "--quiet", "--message", "Change")
        self.git(clone, "push", "--quiet", "origin", "HEAD:main")

    def git(self, place: Path, *words: str, check: bool = True) -> str:
        done = self.run(place, ["git", "-c", "user.name=Ben", "-c", "user.email=b@x.com", *words])
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def script(self, place: Path, lines: list[str]) -> subprocess.CompletedProcess[str]:
        return self.run(place, ["bash", "-eo", "pipefail", "-c", "\n".join(lines)])

    def run(self, place: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=place,
            env={
                **os.environ,
                **VARIABLES,
                "CODEBUILD_SOURCE_REPO_URL": self.url,
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
                "GIT_CONFIG_NOSYSTEM": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def files(self) -> list[str]:
        listed = self.git(self.bare, "ls-tree", "--name-only", "main", "environments/dev/")
        return [Path(line).name for line in listed.splitlines()]


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    """A job; that of CodeBuild reaches the repository by its address alone."""
    with GitServer(tmp_path) as server:
        yield Job(tmp_path, server.repository_url("fleet.git"))


@pytest.mark.parametrize("service", SERVICES)
def test_what_was_merged_without_a_lock_is_locked_committed_and_pushed(
    job: Job, service: str
) -> None:
    job.push({"A.endpoint.json": definition("A")})
    checkout = job.clone("runner")
    job.push({"B.lease.json": b"{}"})  # others push all the time
    done = job.script(checkout, SERVICES[service]("lock"))
    assert done.returncode == 0, done.stderr
    assert "A.lock.json" in job.files()
    said = job.git(job.bare, "log", "-1", "--format=%an: %s%n%b", "main")
    assert said.startswith("Leasehold CI: Lock dev/A\ndev/A: acme-llm 1.1.0 (new)\n")


def test_what_cannot_be_locked_fails_the_job_and_stops_no_other(job: Job) -> None:
    gone, broken = definition("Gone", model_id="acme-gone"), b'{"model_id": "acme-llm"}'
    job.push(
        {
            "A.endpoint.json": definition("A"),
            "Broken.endpoint.json": broken,
            "Gone.endpoint.json": gone,
        }
    )
    done = job.script(job.clone("runner"), github("lock"))
    assert done.returncode == 1
    assert "JumpStart has no model acme-gone in us-east-1: did you mean acme-llm?" in done.stdout
    assert "environments/dev/Broken.endpoint.json: /: name" in done.stdout
    assert "2 of 3 definitions cannot be locked and stay as they are" in done.stderr
    assert {"A.lock.json", "Gone.lock.json"} & {*job.files()} == {"A.lock.json"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_pull_request_has_its_locks_checked(service: str) -> None:
    lines = [line for step in SERVICES[service]("check") for line in step.splitlines()]
    assert "leasehold lock --check" in lines


def test_a_stale_lock_names_the_command_and_a_current_one_makes_no_commit(job: Job) -> None:
    check = ["leasehold lock --check"]
    job.push({"A.endpoint.json": definition("A")})
    checkout = job.clone("runner")
    stale = job.script(checkout, check)
    assert stale.returncode == 1
    assert "run `leasehold lock dev/A` and commit what it writes. [LH5072]" in stale.stderr
    job.script(checkout, github("lock"))
    assert job.script(checkout, check).returncode == 0
    tip = job.git(job.bare, "rev-parse", "main")
    again = job.script(checkout, github("lock"))
    assert again.returncode == 0, again.stderr
    assert "nothing to commit" in again.stdout
    assert job.git(job.bare, "rev-parse", "main") == tip


def test_a_commit_that_is_refused_leaves_a_stale_lock_as_it_was(job: Job) -> None:
    job.push({"A.endpoint.json": definition("A"), "A.lock.json": b"{}"})
    checkout = job.clone("runner")
    hook = checkout / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    done = job.script(checkout, ["leasehold lock --commit --author 'A <a@example.com>'"])
    assert done.returncode == 1
    assert "[LH5083]" in done.stderr
    assert job.git(checkout, "status", "--porcelain") == ""
    both = job.script(checkout, ["leasehold lock --commit --check"])
    assert "does not go with --commit" in both.stderr


def test_every_file_that_is_to_be_copied_is_there() -> None:
    page = (CI / "README.md").read_text()
    for path in CI.rglob("*.yml"):
        assert f"]({path.relative_to(CI)})" in page
