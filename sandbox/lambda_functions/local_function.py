"""A Lambda function on this machine: its folder's `app.handler`, in a process of its own.

It is a handler as `api_gateway.rest_api` takes one. As in Lambda, the function has nothing of its
caller but the event, a context and its own variables, is loaded once, and answers one request after
the other. What it prints is printed; there is no limit of time or memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.lambda_functions.invocation import InvocationContext

_PROCESS = Path(__file__).with_name("process.py")


class FunctionError(Exception):
    """The function raised an error, or could not be loaded."""


class LocalFunction:
    """Started with the first request, and again after it has died."""

    def __init__(
        self, folder: Path, variables: Mapping[str, str], layers: Sequence[Path] = ()
    ) -> None:
        """`layers` are folders with a folder `python`, whose modules the function finds."""
        self._folder = folder
        self._layers = [layer / "python" for layer in layers]
        self._variables = variables
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, event: Mapping[str, Any], context: InvocationContext) -> object:
        request = json.dumps({"event": event, "request_id": context.aws_request_id})
        with self._lock:
            answer = json.loads(self._ask(request) or "{}")
        if "answer" not in answer:
            raise FunctionError(answer.get("error", f"{self._folder} ended without an answer"))
        return answer["answer"]

    def stop(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, request: str) -> str:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            self._process = self._started()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - both are pipes
        assert stdout is not None  # noqa: S101
        try:
            stdin.write(f"{request}\n")
            stdin.flush()
        except BrokenPipeError:
            return ""
        return stdout.readline()

    def _end(self) -> None:
        if self._process is not None:
            self._process.communicate()  # closes its input, and that ends it
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", _PROCESS, self._folder, *self._layers],
            env=dict(self._variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a terminal's Ctrl-C is for whoever calls it
        )
