"""The paths of definitions: `/{api_resource_name}` for each that was there at the deployment.

    integration  token   who answers
    lambda       needed  a function of its own, which may invoke this one endpoint
    lambda       none    the same, without a token: the definition says `public`
    api          needed  SageMaker itself, by a direct integration; where pages of other origins may
                         call, the gateway, for only it can say which
    api          none    the gateway, which checks that the definition still says `public`

A definition that comes later is answered by the gateway at the generic path. Where nobody looks at
the controller's record, AWS itself refuses an endpoint without our tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk.aws_apigateway import LambdaIntegration
from aws_cdk.aws_iam import Role, ServicePrincipal
from constructs import Construct

from infra.concurrency import PUBLIC_FUNCTION
from infra.constructs_.async_access import grant_public_answers, grant_questions
from infra.constructs_.direct_model import direct_model, method_responses, request_parameters
from infra.constructs_.model_access import grant_models
from infra.constructs_.runtime_code import function, function_layer
from infra.constructs_.runtime_function import Program, RuntimeFunction

if TYPE_CHECKING:
    from pathlib import Path

    from aws_cdk.aws_apigateway import Integration

    from infra.constructs_.api import Api
    from infra.definitions import OwnPath
    from infra.settings import Settings

ANSWER_SECONDS = 28  # API Gateway gives up after 29


class OwnPaths(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        api: Api,
        gateway: Integration,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._api = api
        self._gateway = gateway
        paths = settings.paths
        direct = [path for path in paths if self._is_direct(path)]
        if direct:
            self._caller = Role(
                self, "Direct", assumed_by=ServicePrincipal("apigateway.amazonaws.com")
            )
            grant_models(self._caller, settings, [path.endpoint_name for path in direct])
        if any(path.source for path in paths):
            self._layer = function_layer(self, "Layer", settings.packages)
        for path in paths:
            self._add(path)

    def _add(self, path: OwnPath) -> None:
        method = self._api.rest.root.add_resource(path.resource)
        self._api.answer_preflight(method)
        admission = self._api.admission(needs_token=not path.public)
        if path.source is not None:
            method.add_method("POST", self._function(path, path.source), **admission)
        elif not self._is_direct(path):
            method.add_method("POST", self._gateway, **admission)
        else:
            method.add_method(
                "POST",
                direct_model(path.endpoint_name, self._caller),
                request_parameters=request_parameters(),
                method_responses=method_responses(),
                **admission,
            )

    def _is_direct(self, path: OwnPath) -> bool:
        pages_call = bool(self._settings.environment.allowed_origins)
        return not (path.source or path.public or path.is_async or pages_call)

    def _function(self, path: OwnPath, source: Path) -> LambdaIntegration:
        made = RuntimeFunction(
            self,
            path.name,
            program=Program(
                handler="app.handler",
                timeout_seconds=ANSWER_SECONDS,
                variables={"ENDPOINT_NAME": path.endpoint_name, **self._queue(path)},
                at_most=self._settings.reserving(PUBLIC_FUNCTION) if path.public else None,
            ),
            source=function(self._settings.packages, source.name, self._layer),
        )
        self._grant(made.role, path)
        return LambdaIntegration(made.function, allow_test_invoke=False)

    def _queue(self, path: OwnPath) -> dict[str, str]:
        """Return where an asynchronous model's questions are put; empty where nothing is asked."""
        asked = self._settings.environment.async_input_path
        return {"ASYNC_INPUT_PATH": asked or ""} if path.is_async else {}

    def _grant(self, role: Role, path: OwnPath) -> None:
        if not path.is_async:
            grant_models(role, self._settings, [path.endpoint_name])
            return
        grant_questions(role, self._settings, path.endpoint_name)
        if path.public:
            grant_public_answers(role, self._settings)
