"""`POST /webhooks/git`: a push to the ledger's branch brings the next tick forward.

Where a project makes locks, it starts that, too. It comes without a token: `signatures` finds out
who calls. Nothing of the body is acted on but the name of the branch, and whether definitions are
among the files. What to do is what the repository says, and the tick reads it there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Self

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.webhook import events
from gateway.webhook.dependencies import WebhookDependencies
from gateway.webhook.events import Change, Kind
from gateway.webhook.locks import Locking, lock_project
from gateway.webhook.secrets import webhook_secrets
from gateway.webhook.seen import Seen
from gateway.webhook.signatures import recognised
from gateway.webhook.wake import Wake, controller
from ledger.errors import Failure
from ledger.variables import BRANCH


@dataclass(frozen=True, slots=True)
class Webhook:
    """The ledger's branch, and whom to tell of a push to it. Safe to call from many threads."""

    branch: str
    secrets: Callable[[], tuple[str, ...]]
    wake: Wake
    lock: Locking
    clock: Callable[[], datetime]
    seen: Seen = field(default_factory=Seen)

    @classmethod
    def of(cls, dependencies: WebhookDependencies) -> Self:
        branch = dependencies.variables.get(BRANCH) or "main"
        wake = dependencies.wake or controller(dependencies)
        lock = lock_project(dependencies)
        return cls(branch, webhook_secrets(dependencies), wake, lock, dependencies.clock)

    def receive(self, call: Call) -> Answer:
        """Answer 202 for a push to the branch and 200 for anything else.

        Raises Refused LH4401 (no proof), LH4403 (not understood).
        """
        now = self.clock()
        mark = recognised(call.headers, call.body, self.secrets(), now)
        push = self._push_of(events.read(call.headers, call.body))
        if isinstance(push, str):
            return _ignored(push)
        if mark is not None and not self.seen.is_new(mark, now):
            return _ignored("It has come before.")
        return _answer(HTTPStatus.ACCEPTED, self._act(push, mark))

    def _push_of(self, event: events.Event) -> Change | str:
        """Return the push to the branch, or say why an event is nothing to act on."""
        ours = [each for each in event.changes if each.ref == f"refs/heads/{self.branch}"]
        for each in ours:
            if each.kind is Kind.UPDATED:
                return each
        if not event.changes:
            return event.sentence
        told = (*ours, *event.changes)[0]
        if told.kind is not Kind.UPDATED:
            return f"The {told.name} was {told.kind}."
        return f"It is about {told.ref:.100}, and the ledger's branch is {self.branch}."

    def _act(self, push: Change, mark: str | None) -> str:
        """Ask for a tick, and for locks whether or not that was heard. Say what came of it."""
        try:
            self.wake()
        except Failure:
            if mark is not None:
                self.seen.forget(mark)
            raise
        finally:
            locks = self.lock(push)
        return f"The branch {self.branch} was pushed to. {locks}".rstrip()


def _ignored(reason: str) -> Answer:
    return _answer(HTTPStatus.OK, f"Ignored. {reason}")


def _answer(status: HTTPStatus, reason: str) -> Answer:
    return Answer({"Triggered": status is HTTPStatus.ACCEPTED, "Reason": reason}, status)
