"""`POST /webhooks/git`: a push to the ledger's branch brings the next tick forward.

It comes without a token: `signatures` finds out who calls. Nothing of the body is acted on but the
name of the branch. What to do is what the repository says, and the tick reads it there.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import parse_qs

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.webhook.dependencies import WebhookDependencies
from gateway.webhook.secrets import WebhookSecrets
from gateway.webhook.seen import Seen
from gateway.webhook.signatures import recognised
from gateway.webhook.wake import ControllerFunction, Wake
from ledger.errors import Failure, Refused
from ledger.variables import BRANCH

_FORM = "payload="


@dataclass(frozen=True, slots=True)
class Webhook:
    """The ledger's branch, and whom to tell of a push to it. Safe to call from many threads."""

    branch: str
    secrets: Callable[[], tuple[str, ...]]
    wake: Wake
    clock: Callable[[], datetime]
    seen: Seen = field(default_factory=Seen)

    @classmethod
    def of(cls, dependencies: WebhookDependencies) -> Self:
        branch = dependencies.variables.get(BRANCH) or "main"
        wake = dependencies.wake or ControllerFunction(dependencies)
        return cls(branch, WebhookSecrets(dependencies), wake, dependencies.clock)

    def receive(self, call: Call) -> Answer:
        """Answer 202 for a push to the branch and 200 for anything else.

        Raises Refused LH4401 (no proof), LH4403 (not understood).
        """
        now = self.clock()
        mark = recognised(call.headers, call.body, self.secrets(), now)
        ref = _ref(call.body)
        if ref is None:
            return _ignored("It names no branch: it is no push.")
        if ref != f"refs/heads/{self.branch}":
            return _ignored(f"It is about {ref:.100}, and the ledger's branch is {self.branch}.")
        if mark is not None and not self.seen.is_new(mark, now):
            return _ignored("It has come before.")
        self._wake(mark)
        return _answer(HTTPStatus.ACCEPTED, f"The branch {self.branch} was pushed to.")

    def _wake(self, mark: str | None) -> None:
        try:
            self.wake()
        except Failure:
            if mark is not None:
                self.seen.forget(mark)
            raise


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
