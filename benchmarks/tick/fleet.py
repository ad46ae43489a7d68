"""One account and one ledger for all contenders: endpoints in service, leases that run for days.

The account is the sandbox in a process of its own, the ledger is served by git's own server.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from benchmarks.tick.predecessor import EXPIRY, PATH
from sandbox.git.server import GitServer, create_repository

ROLE = "arn:aws:iam::123456789012:role/bench"
REGION = "us-east-1"
SETTINGS = {"project_prefix": "bench", "region_name": REGION, "execution_role_arn": ROLE}
WRITERS = 8


@dataclass(frozen=True)
class Stage:
    """Where the account and the ledger are, and a folder for what contenders write."""

    account_url: str
    ledger_url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Give the environment of a contender: this account, and no AWS settings of the user's."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return kept | {
            "AWS_ENDPOINT_URL": self.account_url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "TMPDIR": str(self.folder),
            "no_proxy": "127.0.0.1",
        }

    def calls(self) -> dict[str, int]:
        """Give the AWS calls by operation since this was asked last."""
        counted: dict[str, int] = self._ask("GET")["operations"]
        self._ask("DELETE")
        return counted

    def _ask(self, method: str) -> Any:  # noqa: ANN401 - whatever the sandbox tells
        connection = http.client.HTTPConnection(urlsplit(self.account_url).netloc)
        connection.request(method, "/sandbox/calls")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer


@contextmanager
def stage(endpoints: int) -> Iterator[Stage]:
    """Serve an empty account, and a ledger that wants so many endpoints."""
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as name:
        folder = Path(name)
        bare = create_repository(folder / "git", "ledger.git")
        _fill_ledger(bare, endpoints, ends)
        with GitServer(folder / "git") as git, _account() as url:
            _fill_parameters(url, endpoints, ends)
            yield Stage(url, git.repository_url("ledger.git"), folder)


@contextmanager
def _account() -> Iterator[str]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--startup", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def _fill_ledger(bare: Path, endpoints: int, ends: datetime) -> None:
    """Commit all documents at once, by git's own way in for importers."""
    files: dict[str, object] = {"environment.json": SETTINGS}
    for number in range(endpoints):
        files[f"E{number}.endpoint.json"] = _definition(number)
        files[f"E{number}.lease.json"] = {"expires_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
    lines = ["commit refs/heads/main", "committer Bench <bench@example.com> now", "data 5", "Begin"]
    for path, content in files.items():
        text = json.dumps(content, indent=2) + "\n"
        lines += [f"M 100644 inline environments/dev/{path}", f"data {len(text)}", text]
    command = ["git", "--git-dir", str(bare), "fast-import", "--quiet", "--date-format=now"]
    subprocess.run(command, input="\n".join([*lines, ""]), text=True, check=True)


def _definition(number: int) -> dict[str, object]:
    """Define an endpoint whose start is not credited: a credit would be a change."""
    return {
        "name": f"E{number}",
        "inference_type": "realtime",
        "inference_instance_type": "ml.g5.xlarge",
        "model": {"image": f"registry/model:{number}"},
        "schedule": {"lease_starts": "request"},
    }


def _fill_parameters(url: str, endpoints: int, ends: datetime) -> None:
    """Write what the predecessor keeps for each endpoint."""
    session = boto3.Session("bench", "bench", region_name=REGION)
    parameters = session.client("ssm", endpoint_url=url)

    def put(number: int) -> None:
        name = f"bench-E{number}-Endpoint"
        known = {"endpoint_name": name, "expiry": ends.strftime(EXPIRY)}
        parameters.put_parameter(Name=PATH + name, Value=json.dumps(known), Type="String")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(put, range(endpoints)))
