"""`docs/security.md`: what it tells to run does what it says, and what it names is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from ledger.committers import GATEWAY
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.signatures import signing_key
from sandbox.git.server import GitServer
from tests.debian import require
from tests.ledger.forge import NOON, QUIET, Colleague, add, seeded

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "security.md"


def test_a_commit_is_verified_as_it_says(tmp_path: Path) -> None:
    require("ssh-keygen", package="openssh-client")
    (block,) = re.findall(r"```sh\n(ssh-keygen.*?)```", GUIDE.read_text(), re.DOTALL)
    *make, verify = block.strip().splitlines()
    root = tmp_path / "hosted"
    root.mkdir()
    with GitServer(root) as server:
        url = server.repository_url("fleet.git")
        seeded(root, "fleet.git", url)
        ben = Colleague(tmp_path / "ben", url)
        run(ben.home, "\n".join(make))
        key = signing_key((ben.home / "leasehold-signing").read_text())
        gateway = Repository(
            Remote(url), tmp_path / "cache", committer=GATEWAY, clock=lambda: NOON, sign=key.sign
        )
        gateway.commit(add(1, "r-1"))
        ben.pull()
    run(ben.home, verify)


def run(folder: Path, script: str) -> None:
    subprocess.run(["bash", "-eu", "-c", script], cwd=folder, env=QUIET, check=True)


def test_what_it_leads_to_is_there() -> None:
    leads = re.findall(r"\]\(([^)#]+)\)", GUIDE.read_text())
    assert leads
    assert [each for each in leads if not (GUIDE.parent / each).exists()] == []
