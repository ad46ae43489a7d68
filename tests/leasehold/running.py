"""`leasehold up` as a stranger starts it: a process of its own, reached from outside."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leasehold.state_dir import StateDir
from tests import forked
from tests.scene import Account

MOST_PUSHES = 5
MOST_TICKS = 60  # in vain, before a test gives up: however long a busy machine takes for them
HANGS_SECONDS = 120.0


def variables(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a person whose git knows them, and nothing of ours."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("LEASEHOLD_")}
    (folder / "gitconfig").write_text("[user]\n\tname = Ana\n\temail = ana@example.com\n")
    return {
        **ours,
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONFAULTHANDLER": "1",
        **more,
    }


@dataclass(frozen=True)
class Leasehold:
    """The command line in a folder of its own."""

    folder: Path

    def __call__(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return forked.run(arguments, self.folder, variables(self.folder, **more))

    def json(self, *arguments: str) -> Any:  # noqa: ANN401  (JSON)
        done = self(*arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class Up:
    """A running `leasehold up` in `folder/.leasehold`."""

    def __init__(self, folder: Path, *options: str, **more: str) -> None:
        self.folder = folder
        self.leasehold = Leasehold(folder)
        self.log = folder / "up.log"
        command = ["up", "--port", "0", "--tick", "0.3", "--startup", "0.5", *options]
        with self.log.open("wb") as output:
            self.process = forked.start(command, folder, variables(folder, **more), output, output)
        while not self._is_decided():
            time.sleep(0.05)
        assert self.process.poll() is None, self.log.read_text()
        self.says: dict[str, str] = json.loads(self.announcement.read_bytes())

    @property
    def announcement(self) -> Path:
        return self.folder / ".leasehold" / "up.json"

    def _is_decided(self) -> bool:
        running = StateDir(self.announcement.parent).running()  # not what a killed one left behind
        return self.process.poll() is not None or running is not None

    def await_(self, seen: Callable[[], bool]) -> None:
        """Wait as long as it lives, and has not ticked so often in vain."""
        begun = self.ticks()
        while not seen():
            assert self.process.poll() is None, self.log.read_text()
            assert self.ticks() < begun + MOST_TICKS, self.log.read_text()
            time.sleep(0.05)

    def let_tick(self, times: int) -> None:
        begun = self.ticks()
        self.await_(lambda: self.ticks() >= begun + times)

    def ticks(self) -> int:
        """How often the controller has looked at the account: it asks for tags each time."""
        with urllib.request.urlopen(f"{self.says['aws_endpoint_url']}/sandbox/calls") as answer:
            operations: dict[str, int] = json.load(answer)["operations"]
        return operations.get("GetResources", 0)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Give the exit code. Where it does not end, fail with where each of its threads is."""
        self.process.send_signal(number)
        try:
            return self.process.wait(HANGS_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(10)
            raise AssertionError(self.log.read_text()) from None

    def ask(
        self,
        method: str,
        *,
        query: str = "",
        body: object = None,
        stage: str = "",
        token: str | None = None,
        key: str | None = None,
    ) -> tuple[int, Any]:
        url = f"{self.says['gateway_url']}{stage}/endpoint-expiry{query}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": token or self.says["token"]}
        headers |= {"Idempotency-Key": key} if key else {}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=HANGS_SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    @property
    def account(self) -> Account:
        """Its account, as AWS's clients meet it."""
        return Account(self.says["aws_endpoint_url"])

    def statuses(self) -> dict[str, str]:
        """What SageMaker has: endpoint name to status."""
        return self.account.statuses()

    def await_status(self, endpoint: str, status: str | None) -> None:
        self.await_(lambda: self.statuses().get(endpoint) == status)

    def git(self, *arguments: str) -> str:
        """Run git in a clone of the ledger, which is brought up to date first."""
        clone = self.folder / "clone"
        if not clone.exists():
            self._git(self.folder, "clone", "--quiet", self.says["git_url"], "clone")
        self._git(clone, "pull", "--quiet", "--rebase")
        return self._git(clone, *arguments)

    def publish(self, path: str, content: str | None) -> None:
        """Commit a file (None deletes it) and push, as a merged pull request would."""
        self.git("status")
        file = self.folder / "clone" / path
        if content is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        self.git_here("add", "--all")
        self.git_here("commit", "--quiet", "-m", f"Change {path}")
        self._push()

    def _push(self) -> None:
        """Push as people do: where the controller was faster, pull and push again."""
        for _ in range(MOST_PUSHES - 1):
            with suppress(AssertionError):
                self.git("push", "--quiet")
                return
        self.git("push", "--quiet")

    def git_here(self, *arguments: str) -> str:
        return self._git(self.folder / "clone", *arguments)

    def _git(self, place: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=place,
            env=variables(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
