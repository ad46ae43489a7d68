"""Open the ledger in a deployed function: the git secret from Secrets Manager, a clone in /tmp.

Once for a warm process. It must not know what the ledger is read for.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import boto3
from botocore.config import Config

from ledger.remote import Remote
from ledger.repository import Person, Repository
from ledger.settings import STATUS_BRANCH, LedgerSettings, read_secret

_BRIEF = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})


def open_deployed_with_status(
    settings: LedgerSettings, committer: Person, clock: Callable[[], datetime]
) -> tuple[Repository, Repository]:
    """Build the ledger's repository and that of the observed history's branch beside it.

    The clones are fresh: what a crashed function left behind is not trusted.
    """
    folder = Path(tempfile.mkdtemp(prefix="leasehold-"))
    remote = _remote(settings, folder)
    ledger = Repository(remote, folder / "ledger", committer=committer, clock=clock)
    status = Repository(
        replace(remote, branch=STATUS_BRANCH),
        folder / "ledger",
        under="",
        may_begin=True,
        committer=committer,
        clock=clock,
    )
    return ledger, status


def _remote(settings: LedgerSettings, folder: Path) -> Remote:
    credentials = None
    if settings.secret_id:
        client = boto3.client("secretsmanager", config=_BRIEF)
        secret = client.get_secret_value(SecretId=settings.secret_id)
        credentials = read_secret(secret["SecretString"], folder / "ssh")
    return Remote(settings.url, settings.branch, credentials)
