"""A hosted ledger and an AWS account inside the benchmark's own process.

For benchmarks that put parts of the product together otherwise than `leasehold up` does.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from ledger.documents import dump_existing_config, parse_lease
from ledger.lease import Lease, stamp
from ledger.remote import Remote
from ledger.repository import Person, Repository
from sandbox.git.server import GitServer, create_repository
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEASE = "environments/dev/Falcon40B.lease.json"
_BENCH = Person("Bench", "bench@example.com")
_REGION = "us-east-1"
_MANY = Config(max_pool_connections=100, retries={"total_max_attempts": 1})
_folders = count()


@dataclass(frozen=True)
class Workshop:
    bare: Path
    git_url: str
    aws_url: str
    folder: Path

    def open(self, kind: type[Repository]) -> Repository:
        """Open the ledger as a process of its own does."""
        cache = self.folder / f"cache-{next(_folders)}"
        return kind(Remote(self.git_url), cache, committer=_BENCH, clock=lambda: NOW)

    def client(self, service: Any, config: Config = _MANY) -> Any:  # noqa: ANN401  (boto3's)
        session: Any = boto3.Session("testing", "testing", region_name=_REGION)
        return session.client(service, endpoint_url=self.aws_url, config=config)

    def expires_at(self) -> datetime:
        lease = parse_lease(LEASE, _git(self.bare, "show", f"main:{LEASE}"))
        if not isinstance(lease, Lease):
            raise TypeError(f"the lease cannot be read: {lease}")
        return lease.expires_at


@contextmanager
def workshop() -> Iterator[Workshop]:
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as name:
        folder = Path(name)
        hosted = folder / "hosted"
        hosted.mkdir()
        bare = create_repository(hosted, "fleet.git")
        begin(folder / "seed", bare)
        with GitServer(hosted) as git, Sandbox() as sandbox:
            yield Workshop(bare, git.repository_url("fleet.git"), sandbox.url, folder)


def begin(work: Path, bare: Path) -> None:
    """Push an environment with one leased endpoint."""
    files = {
        "environment.json": json.dumps(
            {
                "project_prefix": "demo",
                "region_name": _REGION,
                "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
            }
        ).encode(),
        "Falcon40B.endpoint.json": dump_existing_config(
            "Falcon40B", "demo-Falcon40B-Endpoint", "config"
        ),
        "Falcon40B.lease.json": json.dumps(
            {"expires_at": stamp(NOW + timedelta(hours=1))}
        ).encode(),
    }
    folder = work / "environments" / "dev"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    _git(work, "init", "--quiet", "--initial-branch=main")
    _git(work, "add", ".")
    author = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
    _git(work, *author, "commit", "--quiet", "--message", "begin")
    _git(work, "push", "--quiet", str(bare), "main")


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout
