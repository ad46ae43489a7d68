"""The HTTP API: every route of its description, behind a token or a signature, throttled, logged.

API Gateway remembers a token for half a minute, so a revoked one is refused after that at the
latest. Logs name the caller and the route; bodies and headers, which have the token, are left out.
A wrong body is refused before a function runs, by the same schemas that the gateway has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import RemovalPolicy, Size, Stack
from aws_cdk.aws_apigateway import (
    AccessLogFormat,
    AuthorizationType,
    CfnModel,
    EndpointType,
    LogGroupLogDestination,
    MethodDeploymentOptions,
    MethodLoggingLevel,
    Model,
    RequestValidator,
    RestApi,
    StageOptions,
)
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.refusals import answer_refusals
from infra.description import JSON, Operation, body_schema, operations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk.aws_apigateway import IAuthorizer, IModel, Integration, IResource

STAGE = "prod"
# What models take and answer that is no text; API Gateway would read anything else as UTF-8. It
# knows no wildcard but */*, with which it would check no body and fill no template.
BINARY = (
    "application/octet-stream",
    "application/pdf",
    "application/x-image",
    "application/x-npy",
    "application/x-recordio-protobuf",
    "application/zip",
    "audio/flac",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/x-wav",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
)
REQUESTS_A_SECOND, BURST = 10, 20
MODEL_CALLS_A_SECOND, MODEL_BURST = 100, 200
FILES_A_SECOND, FILES_BURST = 50, 100  # a page asks for all of its own together
COMPRESSED_FROM = Size.kibibytes(2)  # for callers that accept it; streams never are

ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "caller": "$context.authorizer.principalId",
    "signer": "$context.identity.userArn",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "error": "$context.error.responseType",
}

OPEN_ON_PURPOSE = (
    "Without a token are: the webhook and the links of notices, whose every call is proved by a "
    "signature; the API's own description; the console's page, which has nothing in it but code; "
    "the paths of definitions that say `public`; and, where the environment names origins, their "
    "browsers' questions, which come before the token. All are throttled."
)
REASONS = {
    "AwsSolutions-APIG3": (
        "Every route is throttled, and every change needs a token or a signature. A web ACL is "
        "billed by the month and belongs to the account's own firewall policy, which can be "
        "associated with the stage."
    ),
    "AwsSolutions-APIG4": OPEN_ON_PURPOSE,
    "AwsSolutions-COG4": (
        "Callers are pipelines and people with curl, who hold tokens of Leasehold, JWTs of any "
        "issuer, or AWS credentials. The Lambda authorizer knows them all; Cognito's only its own."
    ),
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
    "AmazonAPIGatewayPushToCloudWatchLogs]": (
        "API Gateway writes the logs of all APIs of an account by one role, and AWS maintains this "
        "policy for exactly that role."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Integrations:
    """Who answers each operation, by its name.

    `preflight` answers the browsers of pages that may call; without one, no page may.
    `refusal_headers` go with what API Gateway answers by itself.
    """

    by_operation: Mapping[str, Integration]
    preflight: Integration | None = None
    refusal_headers: Mapping[str, str]


class Api(Construct):
    """A REST API with all routes; `integrations` says who answers.

    With an authorizer, callers show a token; without one, they sign with AWS credentials. `models`
    are the paths of definitions, which may be called as often as the API's own for models.
    """

    def __init__(  # noqa: PLR0913 - the last four are named
        self,
        scope: Construct,
        construct_id: str,
        *,
        integrations: Integrations,
        authorizer: IAuthorizer | None,
        models: Sequence[str] = (),
        makes_logs_role: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        kind = "" if authorizer else " Callers sign with AWS credentials."
        self.rest = RestApi(
            self,
            "Rest",
            rest_api_name=f"{Stack.of(self).stack_name}{'' if authorizer else '-signed'}",
            description=f"Keeps SageMaker endpoints alive by leases, and asks models.{kind}",
            endpoint_types=[EndpointType.REGIONAL],
            binary_media_types=[*BINARY],
            min_compression_size=COMPRESSED_FROM,
            cloud_watch_role=makes_logs_role,  # one for each account and region
            deploy_options=self._stage([f"/{path}/POST" for path in models]),
        )
        self._authorizer = authorizer
        self._preflight = integrations.preflight
        self._validator = RequestValidator(
            self,
            "Bodies",
            rest_api=self.rest,
            validate_request_body=True,
            validate_request_parameters=True,
        )
        self._models: dict[str, IModel] = {}
        for operation in operations():
            self._add(operation, integrations.by_operation[operation.name])
        for path in dict.fromkeys(each.path for each in operations() if not each.is_for_forges):
            self.answer_preflight(self.rest.root.resource_for_path(path))
        answer_refusals(self.rest, integrations.refusal_headers)
        acknowledge(self, REASONS)

    def admission(self, *, needs_token: bool) -> dict[str, Any]:
        """Return the options of a method that say who may call it."""
        if not needs_token:
            return {"authorization_type": AuthorizationType.NONE}
        if self._authorizer is None:
            return {"authorization_type": AuthorizationType.IAM}
        return {"authorizer": self._authorizer}

    def answer_preflight(self, resource: IResource) -> None:
        """Let browsers ask what they may send to a resource, where any page may call."""
        if self._preflight is not None:
            nobody_asked = self.admission(needs_token=False)
            resource.add_method("OPTIONS", self._preflight, **nobody_asked)

    def _add(self, operation: Operation, integration: Integration) -> None:
        bodies = {JSON: self._model(operation.body)} if operation.body else None
        needed = {f"method.request.querystring.{name}": True for name in operation.required_query}
        self.rest.root.resource_for_path(operation.path).add_method(
            operation.method,
            integration,
            operation_name=operation.name,
            request_validator=self._validator,
            request_models=bodies,
            request_parameters=needed or None,
            **self.admission(needs_token=operation.needs_token),
        )

    def _model(self, name: str) -> IModel:
        """Return the schema of a body as API Gateway knows it."""
        if name not in self._models:
            schema = body_schema(name)
            made = CfnModel(
                self,
                f"Body-{name}",
                rest_api_id=self.rest.rest_api_id,
                content_type=JSON,
                schema=schema,
            )
            deployment = self.rest.latest_deployment
            assert deployment is not None  # noqa: S101 - RestApi deploys by itself
            deployment.add_to_logical_id(schema)
            deployment.node.add_dependency(made)
            self._models[name] = Model.from_model_name(self, f"Named-{name}", made.ref)
        return self._models[name]

    def _stage(self, models: Sequence[str]) -> StageOptions:
        ask = [f"{each.path}/{each.method}" for each in operations() if each.asks_model]
        files = [f"{each.path}/{each.method}" for each in operations() if each.is_file]
        often = {
            **dict.fromkeys((*ask, *models), (MODEL_CALLS_A_SECOND, MODEL_BURST)),
            **dict.fromkeys(files, (FILES_A_SECOND, FILES_BURST)),
        }
        log = LogGroup(
            self,
            "AccessLog",
            retention=RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return StageOptions(
            stage_name=STAGE,
            throttling_rate_limit=REQUESTS_A_SECOND,
            throttling_burst_limit=BURST,
            logging_level=MethodLoggingLevel.INFO,
            data_trace_enabled=False,
            metrics_enabled=True,
            access_log_destination=LogGroupLogDestination(log),
            access_log_format=AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
            method_options={
                method: MethodDeploymentOptions(
                    throttling_rate_limit=a_second,
                    throttling_burst_limit=burst,
                    logging_level=MethodLoggingLevel.INFO,
                    metrics_enabled=True,
                )
                for method, (a_second, burst) in often.items()
            },
        )
