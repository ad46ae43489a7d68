"""Open the ledger in a deployed function: the git secret from Secrets Manager, a clone in /tmp.

Once for a warm process. It must not know what the ledger is read for.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import boto3
from botocore.config import Config

from ledger.remote import Remote
from ledger.repository import Person, Repository, Sign
from ledger.settings import STATUS_BRANCH, LedgerSettings, read_secret
from ledger.signatures.secret_key import SecretSigner

_BRIEF = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})


def open_deployed_with_status(
    settings: LedgerSettings, committer: Person, clock: Callable[[], datetime]
) -> tuple[Repository, Repository]:
    """Build the ledger's repository and that of the observed history's branch beside it.

    The clones are fresh: what a crashed function left behind is not trusted.
    """
    folder = Path(tempfile.mkdtemp(prefix="leasehold-"))
    remote = _remote(settings, folder)
    sign: Sign | None = None
    if settings.secret_id:
        sign = SecretSigner(partial(_secret, settings.secret_id), time.monotonic)
    ledger = Repository(remote, folder / "ledger", committer=committer, clock=clock, sign=sign)
    status = Repository(
        replace(remote, branch=STATUS_BRANCH),
        folder / "ledger",
        under="",
        may_begin=True,
        committer=committer,
        clock=clock,
        sign=sign,
    )
    return ledger, status


def _remote(settings: LedgerSettings, folder: Path) -> Remote:
    credentials = None
    if settings.secret_id:
        credentials = read_secret(_secret(settings.secret_id), folder / "ssh")
    return Remote(settings.url, settings.branch, credentials)


def _secret(secret_id: str) -> str:
    """Read the text of a secret."""
    client = boto3.client("secretsmanager", config=_BRIEF)
    return str(client.get_secret_value(SecretId=secret_id)["SecretString"])
