"""API Gateway's direct integration with a model: no function between the caller and SageMaker.

What the caller sends and what the model answers pass through as they are. Where SageMaker refuses,
the caller gets the gateway's statuses, codes and shape. A template knows nothing but SageMaker's
answer, so it says less than the gateway would at `/invoke/{EndpointName}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk.aws_apigateway import (
    AwsIntegration,
    IntegrationOptions,
    IntegrationResponse,
    MethodResponse,
    PassthroughBehavior,
)

from infra.description import JSON

if TYPE_CHECKING:
    from aws_cdk.aws_iam import IRole

HEADERS = (
    "Content-Type",
    "Accept",
    "X-Amzn-SageMaker-Custom-Attributes",
    "X-Amzn-SageMaker-Inference-Component",
)
ANSWERED = ("Content-Type", "X-Amzn-SageMaker-Custom-Attributes")
STATUSES = ("200", "400", "429", "502", "503")
NOT_RUNNING_SECONDS = 60
MINUTES = 60

# Velocity. `$context.path` is the path with the stage, as the caller knows it.
NOT_RUNNING = """\
#set($context.responseOverride.status = 503)
#set($context.responseOverride.header.Retry-After = "{seconds}")
#set($context.responseOverride.header.X-Leasehold-Status = "NotInService")
#set($place = $context.path.replaceAll("[^/]+$", "endpoint-expiry"))
#set($token = '$TOKEN')
{{"error": "{name} does not run: {why}. Start it with: curl -X POST \
https://$context.domainName$place -H \\"Authorization: $token\\" \
-H 'Content-Type: application/json' -d '{body}'", "code": "LH4301"}}
"""
NOT_RUNNING_OR_REFUSED = """\
#set($said = "$!input.path('$.message')$!input.path('$.Message')")
#if($said.contains("Inference Component"))
{{"error": "Say by the header X-Amzn-SageMaker-Inference-Component which inference component of \
{name} answers.", "code": "LH4235"}}
#elseif($said.contains("not found"))
{not_running}#else
{{"error": "SageMaker refuses the call. Ask at /invoke/{name} to hear why.", "code": "LH4306"}}
#end
"""
STOPPED = "it is stopped, or it is starting"
# IAM looks for our tags before SageMaker looks for the endpoint: one that is not there has none.
NOT_OURS = "it is stopped, or it is not this environment's own"
MODELS_OWN = """\
#set($told = "$!input.path('$.OriginalMessage')")
#set($status = "$!input.path('$.OriginalStatusCode')")
#if($status != "")
#set($context.responseOverride.status = $input.path('$.OriginalStatusCode'))
#end
#if(!$told.startsWith("{") && !$told.startsWith("["))
#set($context.responseOverride.header.Content-Type = "text/plain; charset=utf-8")
#end
$told
"""
TOO_MANY = {
    "error": "More calls than SageMaker takes from this account: slow down.",
    "code": "LH4305",
}


def refused(name: str) -> str:
    """Return the template for an endpoint that does not run, or a call that SageMaker refuses."""
    return NOT_RUNNING_OR_REFUSED.format(name=name, not_running=not_running(name, STOPPED))


def not_running(name: str, why: str) -> str:
    """Return the template for an endpoint that does not run, with the command that starts it."""
    body = json.dumps({"EndpointName": name, "minutes": MINUTES}).replace('"', '\\"')
    return NOT_RUNNING.format(name=name, why=why, seconds=NOT_RUNNING_SECONDS, body=body)


def direct_model(name: str, role: IRole) -> AwsIntegration:
    """Return the integration of one endpoint, which `role` invokes."""
    failed = {"error": f"SageMaker failed to ask {name}.", "code": "LH4307"}
    return AwsIntegration(
        service="runtime.sagemaker",
        path=f"endpoints/{name}/invocations",
        integration_http_method="POST",
        options=IntegrationOptions(
            credentials_role=role,
            passthrough_behavior=PassthroughBehavior.WHEN_NO_TEMPLATES,
            request_parameters={
                f"integration.request.header.{header}": f"method.request.header.{header}"
                for header in HEADERS
            },
            integration_responses=[
                _answered(),
                _instead("400", "400", refused(name)),
                _instead("424", "502", MODELS_OWN),
                _instead("429", "429", json.dumps(TOO_MANY)),
                _instead("403", "503", not_running(name, NOT_OURS)),
                _instead(r"5\d\d", "502", json.dumps(failed)),
            ],
        ),
    )


def request_parameters() -> dict[str, bool]:
    """Return the headers that a method has to declare to pass them on; none is required."""
    return {f"method.request.header.{header}": False for header in HEADERS}


def method_responses() -> list[MethodResponse]:
    headers = {f"method.response.header.{header}": True for header in ANSWERED}
    return [
        MethodResponse(status_code=status, response_parameters=headers if status == "200" else None)
        for status in STATUSES
    ]


def _answered() -> IntegrationResponse:
    return IntegrationResponse(
        status_code="200",
        response_parameters={
            f"method.response.header.{header}": f"integration.response.header.{header}"
            for header in ANSWERED
        },
    )


def _instead(selection: str, status: str, template: str) -> IntegrationResponse:
    return IntegrationResponse(
        selection_pattern=selection, status_code=status, response_templates={JSON: template}
    )
