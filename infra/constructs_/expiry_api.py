"""The HTTP API: `/endpoint-expiry` behind a token, throttled and logged.

API Gateway remembers a token for half a minute, so a revoked one is refused after that at the
latest. Logs name the caller and the route; bodies and headers, where the token travels, stay out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk.aws_apigateway import (
    AccessLogFormat,
    EndpointType,
    LambdaIntegration,
    LogGroupLogDestination,
    MethodLoggingLevel,
    RestApi,
    StageOptions,
    TokenAuthorizer,
)
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.refusals import answer_refusals

if TYPE_CHECKING:
    from aws_cdk.aws_lambda import IFunction

ROUTES = {"endpoint-expiry": ("GET", "POST", "DELETE")}
TOKEN_MEMORY = Duration.seconds(30)
REQUESTS_A_SECOND = 10
BURST = 20

ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "caller": "$context.authorizer.principalId",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "error": "$context.error.responseType",
}

REASONS = {
    "AwsSolutions-APIG2": (
        "The gateway checks bodies against the JSON Schemas in schema/ and names every violation; "
        "API Gateway knows only draft 4 and would answer with the first, in its own shape."
    ),
    "AwsSolutions-APIG3": (
        "Every route needs a token and is throttled. A web ACL is billed by the month and belongs "
        "to the account's own firewall policy, which can be associated with the stage."
    ),
    "AwsSolutions-COG4": (
        "Callers are pipelines and people with curl, who hold tokens of Leasehold; there is no "
        "Cognito user pool to ask. The routes have a Lambda authorizer."
    ),
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
    "AmazonAPIGatewayPushToCloudWatchLogs]": (
        "API Gateway writes the logs of all APIs of an account by one role, and AWS maintains this "
        "policy for exactly that role."
    ),
}


class ExpiryApi(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        gateway: IFunction,
        authorizer: IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self.rest = RestApi(
            self,
            "Rest",
            rest_api_name=Stack.of(self).stack_name,
            description="Reads, extends and releases the leases of SageMaker endpoints.",
            endpoint_types=[EndpointType.REGIONAL],
            cloud_watch_role=True,
            deploy_options=self._stage(),
        )
        tokens = TokenAuthorizer(self, "Tokens", handler=authorizer, results_cache_ttl=TOKEN_MEMORY)
        integration = LambdaIntegration(gateway, allow_test_invoke=False)
        for path, methods in ROUTES.items():
            resource = self.rest.root.add_resource(path)
            for method in methods:
                resource.add_method(method, integration, authorizer=tokens)
        answer_refusals(self.rest)
        acknowledge(self, REASONS)

    def _stage(self) -> StageOptions:
        log = LogGroup(
            self,
            "AccessLog",
            retention=RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return StageOptions(
            stage_name="prod",
            throttling_rate_limit=REQUESTS_A_SECOND,
            throttling_burst_limit=BURST,
            logging_level=MethodLoggingLevel.INFO,
            data_trace_enabled=False,
            metrics_enabled=True,
            access_log_destination=LogGroupLogDestination(log),
            access_log_format=AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
        )
