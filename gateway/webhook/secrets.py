"""The secrets that webhook calls are checked by.

A secret is a line of text, and there may be several while one is being replaced by another: a call
may prove that it knows any of them.
"""

from gateway.secret_text import RememberedSecret, SecretNames
from gateway.webhook.dependencies import WebhookDependencies
from ledger.errors import Refused
from ledger.variables import WEBHOOK_SECRET, WEBHOOK_SECRET_VALUE

SHORTEST = 16
_NAMES = SecretNames(
    what="webhook's secret",
    variable=WEBHOOK_SECRET,
    value_variable=WEBHOOK_SECRET_VALUE,
    code="LH4404",
    missing="Webhooks are not set up here:",
)


def webhook_secrets(dependencies: WebhookDependencies) -> RememberedSecret[tuple[str, ...]]:
    """Return what reads all that are valid now. It raises Refused LH4405 for a short one."""
    return RememberedSecret(dependencies, _NAMES, _lines)


def _lines(text: str) -> tuple[str, ...]:
    secrets = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not secrets or any(len(secret) < SHORTEST for secret in secrets):
        raise Refused(
            "LH4405",
            f"The webhook's secret is too short: each line has {SHORTEST} characters or more.",
        )
    return secrets
