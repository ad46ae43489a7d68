"""The answers that API Gateway gives by itself, in the shape of the gateway's own.

A caller sees `{"error": sentence, "code": "LH4xxx"}` whether the gateway refused or never ran.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk.aws_apigateway import ResponseType

if TYPE_CHECKING:
    from aws_cdk.aws_apigateway import RestApi

AWS_SAYS = "$context.error.messageString"  # API Gateway puts its own sentence here, in quotes


@dataclass(frozen=True)
class Refusal:
    response_type: ResponseType
    code: str
    sentence: str | None = None  # None lets API Gateway say what was wrong

    def body(self) -> str:
        error = AWS_SAYS if self.sentence is None else json.dumps(self.sentence)
        return f'{{"error": {error}, "code": "{self.code}"}}'


REFUSALS = {
    "Unauthorized": Refusal(
        ResponseType.UNAUTHORIZED,
        "LH4010",
        sentence="No valid token came with the request: send the header Authorization.",
    ),
    "AccessDenied": Refusal(
        ResponseType.ACCESS_DENIED,
        "LH4030",
        sentence="This token is not allowed to do that.",
    ),
    "Default4xx": Refusal(ResponseType.DEFAULT_4_XX, "LH4000"),
    "Default5xx": Refusal(
        ResponseType.DEFAULT_5_XX,
        "LH4500",
        sentence="The gateway did not answer. Read the lease before sending the change again.",
    ),
}


def answer_refusals(api: RestApi) -> None:
    for name, refusal in REFUSALS.items():
        api.add_gateway_response(
            name,
            type=refusal.response_type,
            templates={"application/json": refusal.body()},
        )
