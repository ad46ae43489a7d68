"""An HTTP answer as a value, and its form for API Gateway (proxy payload version 1). Pure."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON, or bytes with a Content-Type among the headers."""

    body: object
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def as_proxy(self) -> dict[str, Any]:
        """Return what a Lambda function behind API Gateway answers."""
        answer: dict[str, Any] = {"statusCode": int(self.status)}
        if isinstance(self.body, bytes):
            encoded = base64.b64encode(self.body).decode()
            return answer | {
                "headers": dict(self.headers),
                "body": encoded,
                "isBase64Encoded": True,
            }
        headers = {"Content-Type": "application/json", **self.headers}
        # A line of its own, so that a terminal's prompt does not follow the answer.
        return answer | {"headers": headers, "body": json.dumps(self.body) + "\n"}


class TextAnswer(Answer):
    """A text as it is, with its Content-Type among the headers; "" is an answer without a body."""

    def as_proxy(self) -> dict[str, Any]:
        return {
            "statusCode": int(self.status),
            "headers": dict(self.headers),
            "body": str(self.body),
        }
