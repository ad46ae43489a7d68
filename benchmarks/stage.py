"""What the benchmarks run on: a `leasehold up` of their own, and one caller's requests to it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ledger.variables import REQUESTS_PER_MINUTE

ENDPOINT = "demo-Falcon40B-Endpoint"
_READY_SECONDS = 60
# An empty number is no limit: the one caller of a benchmark sends all that it can.
_VARIABLES = {"NO_COLOR": "1", REQUESTS_PER_MINUTE: ""}


@dataclass(frozen=True)
class Stage:
    gateway_url: str
    git_url: str
    token: str
    folder: Path

    def extend(self) -> None:
        """Extend by a minute on a connection of its own, and insist on the commit."""
        address = urlsplit(self.gateway_url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        body = json.dumps({"EndpointName": ENDPOINT, "minutes": 1})
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        connection.request("POST", "/prod/endpoint-expiry", body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        if response.status != http.client.OK or not answer["Commit"]:
            raise RuntimeError(f"{response.status}: {answer}")


@contextmanager
def stage() -> Iterator[Stage]:
    """Start `leasehold up` with a tick so long that the controller keeps out of the measurement."""
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as name:
        folder = Path(name)
        command = [sys.executable, "-m", "leasehold", "up", "--home", str(folder / "home")]
        options = ["--port", "0", "--tick", "600", "--startup", "1"]
        with subprocess.Popen(
            [*command, *options], stdout=subprocess.DEVNULL, env=os.environ | _VARIABLES
        ) as process:
            try:
                up = _ready(process, folder / "home" / "up.json")
                yield Stage(up["gateway_url"], up["git_url"], up["token"], folder)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=20)


def _ready(process: "subprocess.Popen[bytes]", file: Path) -> dict[str, str]:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if file.exists():
            up: dict[str, str] = json.loads(file.read_text())
            return up
        time.sleep(0.05)
    raise RuntimeError("leasehold up did not become ready")
