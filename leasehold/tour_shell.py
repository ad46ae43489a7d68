"""Where the tour runs: a `leasehold up` of its own, a clone, and a shell that is shown.

A command is printed as a person would type it, run, and its answer printed. What takes time is
waited for with a deadline.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from leasehold.console import dim, say
from leasehold.context import Cloud
from leasehold.git_author import NOBODY, as_variables, configured
from leasehold.machine import without_repository
from leasehold.overtaken import is_overtaken, overtaken
from leasehold.state_dir import Running, StateDir
from ledger.errors import Unavailable

_READY_SECONDS = 60.0
_STOP_SECONDS = 5.0
_COMMAND_SECONDS = 60.0
_LOOK_EVERY = 0.1
_MOST_PUSHES = 5


@dataclass(frozen=True, slots=True)
class TourShell:
    """A running `leasehold up`, and a folder to work in."""

    folder: Path
    running: Running

    @property
    def clone(self) -> Path:
        return self.folder / "ledger"

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.running.aws_endpoint_url)

    def run(self, command: Sequence[str]) -> str:
        """Show a command as it is typed, run it, and show what it says."""
        show(shlex.join(command))
        said = self.quietly(command)
        answer(said)
        return said

    def push(self) -> None:
        """Push what was committed, on top of what others have pushed first.

        Raises Unavailable LH5207 where that comes to no end, and LH5030.
        """
        for _ in range(_MOST_PUSHES):
            try:
                self.run(["git", "push", "--quiet"])
            except Unavailable as refusal:
                if not is_overtaken(refusal.message):
                    raise
                say(dim("A lease has changed meanwhile, so git wants its commit below this one."))
                self.run(["git", "pull", "--quiet", "--rebase"])
            else:
                return
        raise overtaken()

    def quietly(self, command: Sequence[str]) -> str:
        """Run a command in the clone, or beside it until it is there. Raises Unavailable LH5030."""
        try:
            done = subprocess.run(  # noqa: S603  (the tour's own commands)
                command,
                cwd=self.clone if self.clone.exists() else self.folder,
                env=_variables(),
                capture_output=True,
                text=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable("LH5030", f"`{command[0]}` could not be run: {error}.") from error
        if done.returncode:
            said = f"{done.stdout} {done.stderr}".strip()
            raise Unavailable("LH5030", f"`{command[0]}` failed: {said}")
        return done.stdout.rstrip()


def show(command: str) -> None:
    say(Text.assemble(("$ ", "bold green"), (command, "bold")))


def answer(text: str) -> None:
    for line in text.splitlines():
        say(dim(line))


def await_(what: str, seconds: float, seen: Callable[[], bool]) -> float:
    """Wait until something is seen, and return the seconds it took. Raises Unavailable LH5030."""
    begin = time.monotonic()
    while not seen():
        if time.monotonic() - begin > seconds:
            raise Unavailable("LH5030", f"within {seconds:.0f} s the tour did not see that {what}.")
        time.sleep(_LOOK_EVERY)
    return time.monotonic() - begin


@contextmanager
def opened() -> Iterator[TourShell]:
    """Start a `leasehold up` that ticks fast, and stop it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="leasehold-tour-") as folder:
        home = StateDir(Path(folder) / "home")
        log = Path(folder) / "up.log"
        with log.open("wb") as output:
            process = subprocess.Popen(_up(home), stdout=output, stderr=output)  # noqa: S603
        try:
            yield TourShell(Path(folder), _ready(home, process, log))
        finally:
            _stop(process)


def _up(home: StateDir) -> list[str]:
    up = [sys.executable, "-m", "leasehold", "up", "--home", str(home.path)]
    return [*up, "--port", "0", "--tick", "0.5", "--startup", "2"]


def _ready(home: StateDir, process: "subprocess.Popen[bytes]", log: Path) -> Running:
    def is_decided() -> bool:
        return process.poll() is not None or home.running() is not None

    await_("`leasehold up` is ready", _READY_SECONDS, is_decided)
    running = home.running()
    if running is None:
        raise Unavailable("LH5030", f"`leasehold up` ended: {log.read_text().strip()}")
    return running


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _variables() -> dict[str, str]:
    """Take the caller's environment, with an author where git has none, and without prompts."""
    return {
        **without_repository(os.environ),
        **as_variables(configured() or NOBODY),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "commit.gpgsign",
        "GIT_CONFIG_VALUE_0": "false",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
    }
