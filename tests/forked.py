"""Processes of the command line that need not import it anew: forked from one that has.

A start of Python and of the command line's imports costs most of what a test of one verb costs. So
where the system can say when a process that is not one's own child has ended (Linux), one process
for each of pytest's imports all of it, starts no thread and opens nothing, and forks at each
start. What is forked runs `main` of `python -m leasehold` in a folder, with variables and with a
session of its own, and ends as every process does. Elsewhere each is started as ever.

That it can be started without this is tested too: by the README's commands, and wherever a test
needs a terminal or another Python.
"""

from __future__ import annotations

import array
import atexit
import faulthandler
import gc
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from leasehold.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODULES = (
    "leasehold.__main__",
    *(f"leasehold.{verb.module}" for verb in VERBS.values()),
    "leasehold.serving",
    # what moto imports when the sandbox is first asked for something
    "moto.dynamodb.responses",
    "moto.ec2.models",
    "moto.s3.responses",
    "moto.s3bucket_path.utils",
    "moto.stepfunctions.responses",
    "moto.sts.models",
)
AT_ONCE = 100
_MOMENT = 0.1  # seconds


class Forked:
    """What tests use of a `subprocess.Popen`, for a process that a forker has started."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._said = b""
        self._asking = threading.Lock()
        self.returncode: int | None = None
        while b"\n" not in self._said:
            self._hear()
        self.pid = int(self._said.partition(b"\n")[0])

    def _hear(self) -> None:
        said = self._connection.recv(64)
        assert said, "the process that forks has ended"
        self._said += said

    def poll(self) -> int | None:
        return self._look(0)

    def _look(self, seconds: float) -> int | None:
        """Give the exit code, after so long at most. Threads look one after the other."""
        with self._asking:
            if self.returncode is None and select.select([self._connection], [], [], seconds)[0]:
                self._hear()
                _, ended, status = self._said.partition(b"\n")
                if ended and status.endswith(b"\n"):
                    self.returncode = os.waitstatus_to_exitcode(int(status))
                    self._connection.close()
            return self.returncode

    def wait(self, timeout: float = math.inf) -> int:
        until = time.monotonic() + timeout
        while (code := self._look(_MOMENT)) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(["leasehold"], timeout)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Process = Forked | subprocess.Popen[bytes]


def start(
    arguments: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes],
) -> Process:
    """Start `python -m leasehold` with these arguments in a session of its own."""
    if sys.platform != "linux":
        return subprocess.Popen(
            [sys.executable, "-m", "leasehold", *arguments],
            cwd=folder,
            env=variables,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_forker())
    wanted = {"arguments": list(arguments), "folder": str(folder), "variables": dict(variables)}
    data = json.dumps(wanted).encode()
    handles = array.array("i", [output.fileno(), errors.fileno()])
    socket.send_fds(connection, [len(data).to_bytes(4, "big")], list(handles))
    connection.sendall(data)
    return Forked(connection)


def run(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m leasehold` to its end."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        code = start(arguments, folder, variables, output, errors).wait()
        said = []
        for each in (output, errors):
            each.seek(0)
            said.append(each.read().decode())
    return subprocess.CompletedProcess(["leasehold", *arguments], code, *said)


@cache
def _forker() -> str:
    """Start the process that forks, and give its address; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="forker-")
    address = str(Path(folder.name) / "socket")
    command = [sys.executable, "-c", "from tests.forked import serve; serve()", address]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    stdin = process.stdin

    def end() -> None:
        stdin.close()
        process.wait()
        folder.cleanup()

    atexit.register(end)
    return address


def serve() -> None:
    """Fork for those who connect, and tell them how it ended, until stdin is closed."""
    for name in MODULES:
        __import__(name)
    gc.collect()
    gc.freeze()  # no child has to look through what they all share
    door = socket.socket(socket.AF_UNIX)
    door.bind(sys.argv[1])
    door.listen(AT_ONCE)
    print("ready", flush=True)  # noqa: T201  (what the starter waits for)
    waiting: dict[int, tuple[int, socket.socket]] = {}  # handle of a process -> whom to tell
    while True:
        ready, _, _ = select.select([0, door.fileno(), *waiting], [], [])
        if 0 in ready:
            return
        for handle in ready:
            if handle == door.fileno():
                caller, _ = door.accept()
                pid = _fork(caller, (door, *(each for _, each in waiting.values())))
                if pid == 0:
                    return
                waiting[os.pidfd_open(pid)] = (pid, caller)
            else:
                pid, caller = waiting.pop(handle)
                os.close(handle)
                _, status = os.waitpid(pid, 0)
                _tell(caller, f"{status}\n")
                caller.close()


def _tell(caller: socket.socket, text: str) -> None:
    try:
        caller.sendall(text.encode())
    except OSError:
        return  # its test has ended


def _fork(caller: socket.socket, others: Sequence[socket.socket]) -> int:
    """Return in the parent, with the child's number; the child runs, and ends by `SystemExit`."""
    size, handles, _, _ = socket.recv_fds(caller, 4, 2)
    data = b""
    while len(data) < int.from_bytes(size, "big"):
        data += caller.recv(1 << 16)
    pid = os.fork()
    if pid:
        for handle in handles:
            os.close(handle)
        _tell(caller, f"{pid}\n")
        return pid
    for each in (caller, *others):
        each.close()
    wanted = json.loads(data)
    os.setsid()
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["variables"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for handle, known in zip(handles, (1, 2), strict=True):
        os.dup2(handle, known)
        os.close(handle)
    if os.environ.get("PYTHONFAULTHANDLER"):
        faulthandler.enable()
    from leasehold.cli import main  # noqa: PLC0415  (imported already)

    sys.argv = ["leasehold", *wanted["arguments"]]
    main(prog_name="python -m leasehold")
    return 0
