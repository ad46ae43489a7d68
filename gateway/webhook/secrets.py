"""The secrets that webhook calls are checked by: from Secrets Manager, or from a setting.

A secret is a line of text, and there may be several while one is being
replaced by another: a call may prove that it knows any of them.

`LEASEHOLD_WEBHOOK_SECRET` names a secret in Secrets Manager. `LEASEHOLD_WEBHOOK_SECRET_VALUE`
holds the lines themselves, for `leasehold up`, and is looked at first.
"""

import threading
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from gateway.webhook.dependencies import WebhookDependencies
from ledger.errors import Refused, Unavailable
from ledger.variables import WEBHOOK_SECRET, WEBHOOK_SECRET_VALUE

SHORTEST = 16
_REMEMBERED = timedelta(minutes=5)


class WebhookSecrets:
    """Reads the secrets when they are needed, and again after five minutes."""

    def __init__(self, dependencies: WebhookDependencies) -> None:
        self._dependencies = dependencies
        self._lock = threading.Lock()
        self._known: tuple[str, ...] = ()
        self._since: datetime | None = None

    def __call__(self) -> tuple[str, ...]:
        """Return all that are valid now.

        Raises Refused LH4404 where there are none, LH4405 for a short one, Unavailable LH4406; none
        says a word of what the secret is.
        """
        with self._lock:
            now = self._dependencies.clock()
            if self._since is None or now - self._since > _REMEMBERED:
                self._known = _lines(self._text())
                self._since = now
            return self._known

    def _text(self) -> str:
        variables = self._dependencies.variables
        if text := variables.get(WEBHOOK_SECRET_VALUE):
            return text
        if not (name := variables.get(WEBHOOK_SECRET)):
            raise Refused("LH4404", f"Webhooks are not set up here: {WEBHOOK_SECRET} is not set.")
        try:
            client = self._dependencies.client("secretsmanager", config=clients.BRIEF)
            return str(client.get_secret_value(SecretId=name)["SecretString"])
        except (BotoCoreError, ClientError, KeyError) as error:
            raise Unavailable("LH4406", "The webhook's secret cannot be read now.") from error


def _lines(text: str) -> tuple[str, ...]:
    secrets = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not secrets or any(len(secret) < SHORTEST for secret in secrets):
        raise Refused(
            "LH4405",
            f"The webhook's secret is too short: each line has {SHORTEST} characters or more.",
        )
    return secrets
