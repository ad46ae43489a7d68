"""`POST /webhooks/git`: a push to the ledger's branch brings the next tick forward.

Called by `handler` or `webhook_handler` without a token: `signatures` checks who calls. Nothing of
the body is acted on but the name of the branch. What to do is what the repository says, and the
tick reads it there.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs

from gateway.dependencies import Surroundings
from gateway.http.answer import Answer
from gateway.http.requests import Event
from gateway.webhook.secrets import WebhookSecrets
from gateway.webhook.seen import Deliveries
from gateway.webhook.signatures import recognised
from gateway.webhook.wake import ControllerFunction, Trigger
from ledger.errors import Failure, Refused
from ledger.variables import BRANCH

MOST_BYTES = 4 * 1024 * 1024  # more does not fit into an event of Lambda's
_FORM = "payload="


@dataclass(frozen=True, slots=True)
class Webhook:
    """The ledger's branch, and whom to tell of a push to it. Safe to call from many threads."""

    branch: str
    secrets: Callable[[], tuple[str, ...]]
    trigger: Trigger
    clock: Callable[[], datetime]
    deliveries: Deliveries = field(default_factory=Deliveries)

    @classmethod
    def of(cls, dependencies: Surroundings) -> "Webhook":
        branch = dependencies.variables.get(BRANCH) or "main"
        trigger = dependencies.trigger or ControllerFunction(dependencies)
        return cls(branch, WebhookSecrets(dependencies), trigger, dependencies.clock)

    def receive(self, event: Event) -> Answer:
        """Answer 202 for a push to the branch and 200 for anything else.

        Raises Refused LH4401 (no proof), LH4402 (too large), LH4403 (not understood).
        """
        body, headers = _body(event), _headers(event)
        now = self.clock()
        mark = recognised(headers, body, self.secrets(), now)
        ref = _ref(body)
        if ref is None:
            return _ignored("It names no branch: it is no push.")
        if ref != f"refs/heads/{self.branch}":
            return _ignored(f"It is about {ref:.100}, and the ledger's branch is {self.branch}.")
        if mark is not None and not self.deliveries.is_new(mark, now):
            return _ignored("It has come before.")
        self._tell(mark)
        return _answer(HTTPStatus.ACCEPTED, f"The branch {self.branch} was pushed to.")

    def _tell(self, mark: str | None) -> None:
        try:
            self.trigger()
        except Failure:
            if mark is not None:
                self.deliveries.forget(mark)
            raise


def _body(event: Event) -> bytes:
    """Give the bytes that were sent and signed."""
    text = str(event.get("body") or "")
    encoded = bool(event.get("isBase64Encoded"))
    body = _decoded(text) if encoded else text.encode(errors="surrogatepass")
    if len(body) > MOST_BYTES:
        raise Refused("LH4402", f"The body has more than {MOST_BYTES} bytes.")
    return body


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("LH4403", "The body is not valid base64.") from error


def _headers(event: Event) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}


def _ref(body: bytes) -> str | None:
    """Find the reference that was pushed. GitHub sends JSON, or a form with JSON in `payload`.

    The Content-Type says nothing: `curl --data` calls everything a form.
    """
    try:
        text = body.decode()
        if text.startswith(_FORM):
            text = parse_qs(text)["payload"][0]
        match json.loads(text):
            case {"ref": str(ref)}:
                return ref
            case {}:
                return None
    except (ValueError, KeyError, RecursionError) as error:
        raise Refused("LH4403", "The body is not JSON.") from error
    raise Refused("LH4403", "The body is no JSON object.")


def _ignored(reason: str) -> Answer:
    return _answer(HTTPStatus.OK, f"Ignored. {reason}")


def _answer(status: HTTPStatus, reason: str) -> Answer:
    return Answer({"Triggered": status is HTTPStatus.ACCEPTED, "Reason": reason}, status)
