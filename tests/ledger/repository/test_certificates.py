"""Which servers are believed: over real TLS, and in processes whose system knows nobody.

Each look is a process of its own: what libgit2 has learned of certificates it does not forget.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ledger.forge import LEASE, seeded
from tests.ledger.tls import make_authority, tls_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.git.server import GitServer

ROOT = Path(__file__).parents[3]
COVERAGE = {key: value for key, value in os.environ.items() if key.startswith("COV")}
LOOK = """
import sys, json
from datetime import UTC, datetime
from pathlib import Path
from ledger.access.source import SecretSource
from ledger.committers import READER
from ledger.errors import Failure
from ledger.remote import Remote
from ledger.repository import Repository
url, folder, secret = sys.argv[1:]
now = lambda: datetime.now(UTC)
source = SecretSource(lambda: secret, Path(folder) / "access", now, lambda: 0.0)
repository = Repository(Remote(url, credentials=source), Path(folder), committer=READER, clock=now)
try:
    for _ in range(2):
        print(json.dumps(sorted(repository.read().files)))
except Failure as failure:
    print(json.dumps([failure.code, failure.message]))
"""
LONELY = """
import sys, ssl
nothing = ssl.get_default_verify_paths()._replace(cafile=None, capath=sys.argv.pop(1) or None)
ssl.get_default_verify_paths = lambda: nothing
"""


@dataclass(frozen=True)
class Hosted:
    url: str
    authority: str
    folder: Path

    def look(
        self, ca_bundle: str = "", before: str = "", *more: str, **variables: str
    ) -> list[str]:
        """Read the repository in a process of its own, and say what came of it."""
        secret = {"username": "ana", "token": "t", "ca_bundle": ca_bundle}
        arguments = [*more, self.url, str(self.folder), json.dumps(secret)]
        done = subprocess.run(
            [sys.executable, "-c", before + LOOK, *arguments],
            env={**COVERAGE, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: list[str] = json.loads(done.stdout.splitlines()[-1])
        return told


@pytest.fixture
def hosted(served: GitServer, tmp_path: Path) -> Iterator[Hosted]:
    forge = seeded(tmp_path / "served", "fleet.git", served.repository_url("fleet.git"))
    authority = make_authority(tmp_path)
    port = int(forge.url.split(":")[2].partition("/")[0])
    with tls_before(port, tmp_path) as before:
        yield Hosted(f"https://localhost:{before}/fleet.git", authority, tmp_path / "look")


def test_an_authority_of_ones_own_is_believed_if_the_secret_has_it(hosted: Hosted) -> None:
    assert hosted.look()[0] == "LH2005"
    assert LEASE in hosted.look(hosted.authority)


def test_a_bundle_that_is_no_certificate_is_refused(hosted: Hosted) -> None:
    wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    code, message = hosted.look(wrong)
    assert code == "LH2026"
    assert "ca_bundle" in message


def test_a_scheme_may_be_written_large(hosted: Hosted, tmp_path: Path) -> None:
    system = tmp_path / "system.pem"
    system.write_text(hosted.authority)
    large = replace(hosted, url=hosted.url.replace("https", "HTTPS"))
    assert LEASE in large.look(SSL_CERT_FILE=str(system))


def test_an_authority_comes_besides_those_of_the_system(hosted: Hosted, tmp_path: Path) -> None:
    system, other = tmp_path / "system.pem", tmp_path / "other"
    other.mkdir()
    system.write_text(hosted.authority)
    assert LEASE in hosted.look(make_authority(other), SSL_CERT_FILE=str(system))


@pytest.mark.parametrize("store", ["", "empty"])
def test_where_the_system_has_no_store_botocores_is_there(
    hosted: Hosted, tmp_path: Path, store: str
) -> None:
    (tmp_path / "empty").mkdir()
    capath = str(tmp_path / store) if store else ""
    assert hosted.look("", LONELY, capath)[0] == "LH2005"
    assert LEASE in hosted.look(hosted.authority, LONELY, capath)


def test_a_store_that_cannot_be_read_is_said_when_it_is_needed(
    hosted: Hosted, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("oops")
    code, message = hosted.look(SSL_CERT_FILE=str(broken))
    assert code == "LH2022"
    assert str(broken) in message


def test_without_any_certificates_that_is_said(hosted: Hosted) -> None:
    none = "import importlib.util\nimportlib.util.find_spec = lambda _: None\n"
    code, message = hosted.look("", LONELY + none, "")
    assert code == "LH2022"
    assert "ca-certificates" in message
