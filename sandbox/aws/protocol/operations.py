"""The operations of one AWS service that the sandbox answers itself, as a table of handlers.

A call is checked against AWS's own service model, as AWS does before it looks at the account, and
then answered by the handler of its operation. What is not in the table is left to moto.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from werkzeug.wrappers import Response

from sandbox.aws.protocol import responses, shapes
from sandbox.aws.protocol.call import Call

Handler: TypeAlias = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True)
class Operations:
    """`model` is botocore's name of the service; handlers run one at a time, under `lock`."""

    model: str
    lock: AbstractContextManager[Any]
    handlers: Mapping[str, Handler]

    def answer(self, call: Call) -> Response | None:
        """Return the answer, or None where the operation is not in the table."""
        handler = self.handlers.get(call.operation)
        if handler is None:
            return None
        shapes.check(self.model, call.operation, call.params)
        with self.lock:
            return responses.result(handler(call))
