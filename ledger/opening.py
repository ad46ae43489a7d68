"""Open the ledger in a deployed function: the git secret from Secrets Manager, a clone in /tmp.

Once for a warm process; the secret is read when the first connection needs it. It must not know
what the ledger is read for.
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
from botocore.exceptions import BotoCoreError, ClientError

from ledger.access.addresses import region_of
from ledger.access.code_commit import CodeCommitRole
from ledger.access.signing_key import SecretSigner
from ledger.access.source import SecretSource
from ledger.errors import Refused, Unavailable
from ledger.remote import CredentialSource, Remote
from ledger.repository import Person, Repository, Sign
from ledger.settings import STATUS_BRANCH, LedgerSettings

_KEY_SECONDS = 60.0  # a signing key may be so old when it is asked for
_BRIEF = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})


def open_deployed_with_status(
    settings: LedgerSettings, committer: Person, clock: Callable[[], datetime]
) -> tuple[Repository, Repository]:
    """Build the ledger's repository and that of the observed history's branch beside it.

    The clones are fresh: what a crashed function left behind is not trusted.
    """
    folder = Path(tempfile.mkdtemp(prefix="leasehold-"))
    source = _secret_source(settings, folder, clock)
    remote = _remote(settings, source, clock)
    sign: Sign | None = None
    if source:
        sign = SecretSigner(partial(source.text, _KEY_SECONDS), time.monotonic)
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


def _secret_source(
    settings: LedgerSettings, folder: Path, clock: Callable[[], datetime]
) -> SecretSource | None:
    if not settings.secret_id:
        return None
    secret = partial(_secret, settings.secret_id)
    return SecretSource(secret, folder / "access", clock, time.monotonic)


def _remote(
    settings: LedgerSettings, secret: SecretSource | None, clock: Callable[[], datetime]
) -> Remote:
    source: CredentialSource | None = secret
    if secret is None and (region := region_of(settings.url)):
        source = CodeCommitRole(settings.url, region, boto3.Session().get_credentials, clock)
    return Remote(settings.url, settings.branch, source)


def _secret(secret_id: str) -> str:
    """Read the text of a secret. Raises Unavailable LH2025."""
    try:
        client = boto3.client("secretsmanager", config=_BRIEF)
        return str(client.get_secret_value(SecretId=secret_id)["SecretString"])
    except (ClientError, BotoCoreError) as error:
        said = f"the git secret {secret_id} cannot be read: {error}"
        raise Unavailable("LH2025", said) from error
    except KeyError:
        said = f"the git secret {secret_id} is binary: store its JSON as a text."
        raise Refused("LH2021", said) from None
