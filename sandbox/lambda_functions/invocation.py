"""What Lambda and a handler hand each other: JSON in, a context, JSON out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = "Callable[[Json, Any], Any]"


@dataclass(frozen=True)
class InvocationContext:
    """The second argument of every Lambda handler."""

    function_name: str
    aws_request_id: str
    region: str
    account: str
    deadline: datetime
    clock: Callable[[], datetime]
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    log_stream_name: str = "sandbox"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self.deadline - self.clock()) / timedelta(milliseconds=1)))


def invoke(handler: Handler, event: Json, context: InvocationContext) -> object:
    """Return a handler's answer as Lambda does: as JSON, so that nothing is shared with it."""
    answer = handler(json.loads(json.dumps(event)), context)
    return json.loads(json.dumps(answer))
