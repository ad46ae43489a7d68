"""A change that was asked for, and what became of it, as texts that another process reads. Pure.

An intent has passed its own process's admission: who asks is known, and the route has taken the
request. A text that is not understood is a ValueError.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.principal import Principal
from ledger.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADERS = frozenset({"idempotency-key", "if-match"})
_VERSION = 1  # of this format; a deployment may still have processes of the one before


@dataclass(frozen=True, slots=True)
class Intent:
    """What is asked of which operation; `deadline` is in seconds since 1970."""

    operation: str
    call: Call
    deadline: float

    def write(self) -> str:
        call = self.call
        return _dump(
            {
                "version": _VERSION,
                "operation": self.operation,
                "deadline": self.deadline,
                "method": call.method,
                "resource": call.resource,
                "headers": {key: it for key, it in call.headers.items() if key in _HEADERS},
                "query": dict(call.query),
                "caller": call.principal.to_context(),
                "id": call.id,
                "document": dict(call.document),
            }
        )

    @classmethod
    def read(cls, text: str) -> Intent:
        try:
            return cls._of(json.loads(text))
        except (KeyError, TypeError, AttributeError, RecursionError, Refused) as error:
            raise ValueError("this is no intent") from error

    @classmethod
    def _of(cls, told: Mapping[str, Any]) -> Intent:
        if told["version"] != _VERSION:
            raise ValueError("this intent is of another version")
        call = Call(
            method=told["method"],
            resource=told["resource"],
            headers=dict(told["headers"]),
            query={name: tuple(values) for name, values in told["query"].items()},
            caller=Principal.from_context(told["caller"]),
            id=told["id"],
            document=dict(told["document"]),
            is_relayed=True,
        )
        return cls(str(told["operation"]), call, float(told["deadline"]))


def write_answer(answer: Answer) -> str:
    told = {"status": int(answer.status), "headers": dict(answer.headers), "body": answer.body}
    return _dump({"version": _VERSION, **told})


def read_answer(text: str) -> Answer | None:
    """Return the answer, or None where another process asks its caller's own to go on alone."""
    try:
        told = json.loads(text)
        if told["version"] != _VERSION:
            raise ValueError("this answer is of another version")
        if told.get("alone"):
            return None
        return Answer(told["body"], int(told["status"]), dict(told["headers"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("this is no answer") from error


ALONE = json.dumps({"version": _VERSION, "alone": True})


def _dump(told: object) -> str:
    return json.dumps(told, separators=(",", ":"))
