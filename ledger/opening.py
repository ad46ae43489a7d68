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
from ledger.settings import STATUS_BRANCH, LedgerSettings, read_secret, read_signing_key
from ledger.signatures import SigningKey

_BRIEF = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})


def open_deployed_with_status(
    settings: LedgerSettings, committer: Person, clock: Callable[[], datetime]
) -> tuple[Repository, Repository]:
    """Build the ledger's repository and that of the observed history's branch beside it.

    The clones are fresh: what a crashed function left behind is not trusted.
    """
    folder = Path(tempfile.mkdtemp(prefix="leasehold-"))
    remote, key = _remote(settings, folder)
    sign = key.sign if key else None
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


def _remote(settings: LedgerSettings, folder: Path) -> tuple[Remote, SigningKey | None]:
    """Return how the repository is reached, and what signs commits; both are in the secret."""
    credentials, key = None, None
    if settings.secret_id:
        client = boto3.client("secretsmanager", config=_BRIEF)
        secret = client.get_secret_value(SecretId=settings.secret_id)
        credentials = read_secret(secret["SecretString"], folder / "ssh")
        key = read_signing_key(secret["SecretString"])
    return Remote(settings.url, settings.branch, credentials), key
