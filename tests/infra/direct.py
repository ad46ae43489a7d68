"""API Gateway's direct integration on this machine: what AWS does with a model's answer.

The template says which integration response is chosen, by the status; a Velocity template makes the
answer and may override status and headers. `airspeed` is LocalStack's Velocity.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import airspeed
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = {"domainName": "api.example.com", "path": "/prod/falcon", "stage": "prod"}
JSON = "application/json"
LEFT_AS_IT_IS = "integration.response.header."


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Input:
    """`$input` of a template, over a JSON body."""

    body: Mapping[str, Any]

    def path(self, expression: str) -> object:
        assert re.fullmatch(r"\$\.\w+", expression)
        return self.body.get(expression.removeprefix("$."))


def asked(client: Any, **call: Any) -> Answer:  # noqa: ANN401 - boto3's
    """Ask a model over HTTP, and give what came back before boto3 has understood it."""
    seen: list[Answer] = []

    def look(response_dict: dict[str, Any], **_: object) -> None:
        headers = {name.title(): value for name, value in response_dict["headers"].items()}
        body = response_dict["body"]
        text = body.decode() if isinstance(body, bytes) else ""
        seen.append(Answer(response_dict["status_code"], headers, text))

    client.meta.events.register("before-parse.sagemaker-runtime.InvokeEndpoint", look)
    try:
        body = client.invoke_endpoint(**call)["Body"].read().decode()
    except ClientError:
        return seen[-1]
    return Answer(seen[-1].status, seen[-1].headers, body)


def answered(integration: Mapping[str, Any], model: Answer) -> Answer:
    """Make of a model's answer what API Gateway makes of it."""
    chosen = _chosen(integration["IntegrationResponses"], model.status)
    status = int(chosen["StatusCode"])
    template = chosen.get("ResponseTemplates", {}).get(JSON)
    if template is None:
        return Answer(status, _mapped(chosen["ResponseParameters"], model.headers), model.text)
    override: dict[str, Any] = {"header": {}}
    context = {**PLACE, "responseOverride": override}
    text = airspeed.Template(template).merge(
        {"input": Input(json.loads(model.text)), "context": context}
    )
    headers = {"Content-Type": JSON, **override["header"]}
    return Answer(int(override.get("status", status)), headers, text)


def _chosen(responses: list[Any], status: int) -> Mapping[str, Any]:
    """Take the response whose pattern is all of the status, else the one without a pattern."""
    fitting = [
        each
        for each in responses
        if re.fullmatch(each.get("SelectionPattern", "(?!)"), str(status))
    ]
    (default,) = (each for each in responses if "SelectionPattern" not in each)
    found: Mapping[str, Any] = (fitting or [default])[0]
    return found


def _mapped(parameters: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, str]:
    mapped = {}
    for name, source in parameters.items():
        value = headers.get(source.removeprefix(LEFT_AS_IT_IS).title())
        if value is not None:
            mapped[name.removeprefix("method.response.header.")] = value
    return mapped
