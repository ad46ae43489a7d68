"""The answers that API Gateway gives by itself, in the shape of the gateway's own.

A caller sees `{"error": sentence, "code": "LH4xxx"}` whether the gateway refused or never ran. The
sentences are a file beside the gateway's code, so that a local emulation says the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk.aws_apigateway import ResponseType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk.aws_apigateway import RestApi

SENTENCES = Path(__file__).resolve().parents[2] / "gateway" / "http" / "gateway_responses.json"


def answer_refusals(api: RestApi, headers: Mapping[str, str]) -> None:
    for kind, body in json.loads(SENTENCES.read_bytes()).items():
        api.add_gateway_response(
            kind.title().replace("_", ""),
            type=ResponseType.of(kind),
            response_headers={**headers} or None,
            templates={"application/json": json.dumps(body) + "\n"},
        )
