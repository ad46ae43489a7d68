"""An Amazon API Gateway REST API on this machine, with Lambda functions behind it.

It is given handlers and calls them as AWS would:

1. match the resource and the method, or answer 403 "Missing Authentication Token"
2. refuse a body over the limit; headers of more than 10,240 bytes are refused before all
3. ask the authorizer, before the handler hears of the request
4. invoke the handler with the proxy event and turn its answer into HTTP

The API answers below `/{stage}/...` as execute-api does and at `/...` as a custom domain does.
There is no integration timeout. A route that streams is an integration with the transfer mode
STREAM: its handler gives the bytes that a Lambda function would write, and they are sent in chunks
as they come.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.api_gateway import authorizer as authorizers
from sandbox.api_gateway import resources
from sandbox.api_gateway.compression import compressed
from sandbox.api_gateway.http import Answer, Application, Request, Server
from sandbox.api_gateway.proxy_answer import answer_from, streamed_answer
from sandbox.api_gateway.proxy_event import Call, event_for
from sandbox.callers import Callers, anybody
from sandbox.lambda_functions.invocation import Handler, InvocationContext, invoke
from sandbox.loopback_server import HOST, LoopbackServer, Sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

logger = logging.getLogger(__name__)

INTEGRATION_TIMEOUT = timedelta(seconds=29)
TEN_MEGABYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Route:
    """One method of a resource: `Route("POST", "/jobs/{id}", handler)`; `ANY` is a method."""

    method: str
    resource: str
    handler: Handler
    authorized: bool = True
    streams: bool = False


def _none() -> tuple[Route, ...]:
    return ()


@dataclass(frozen=True)
class RestApi:
    """What is deployed; `gateway_responses` maps API Gateway's response types to JSON bodies.

    `gateway_response_headers` are of all of them: a text in single quotes, or a header of the
    request as `method.request.header.NAME`, which is left out where there is none.

    `deployed` is asked at each request for the routes of deployments since; `routes` go before it.
    """

    routes: tuple[Route, ...]
    authorizer: authorizers.TokenAuthorizer | None = None
    gateway_responses: Mapping[str, object] = field(default_factory=dict)
    gateway_response_headers: Mapping[str, str] = field(default_factory=dict)
    stage: str = "prod"
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    api_id: str = "sandbox000"
    region: str = "us-east-1"
    account: str = "123456789012"
    body_limit: int = TEN_MEGABYTES
    minimum_compression_size: int | None = None
    deployed: Callable[[], tuple[Route, ...]] = _none


class _GatewayError(Exception):
    """An answer that the gateway gives by itself: one of its response types."""

    def __init__(self, kind: str, status: int, message: str | None, error_type: str) -> None:
        super().__init__(kind)
        self.kind, self.status, self.message, self.error_type = kind, status, message, error_type


_ALL_PAGES = Callers(anybody, opens_pages=True)


class ApiGateway(LoopbackServer):
    """Serves a RestApi on loopback; handlers run in parallel, one on each of `threads`.

    `callers` says whose pages may call it. API Gateway itself leaves that to what is behind it.
    """

    def __init__(
        self,
        api: RestApi,
        *,
        clock: Callable[[], datetime],
        port: int = 0,
        threads: int = 64,
        callers: Callers = _ALL_PAGES,
    ) -> None:
        super().__init__(port, callers)
        self._api = api
        self._clock = clock
        self._threads = threads

    @property
    def stage_url(self) -> str:
        """The API's root as execute-api has it; `url` is that of a custom domain."""
        return f"{self.url}/{self._api.stage}"

    def _bound(self, port: int, sockets: Sockets) -> Server:
        return Server(
            Application(self._respond, self._clock),
            self._overlong,
            map=sockets,
            host=HOST,
            port=port,
            threads=self._threads,
            # over the API's own limit, so that the gateway and not the server says "too long"
            max_request_body_size=16 * self._api.body_limit,
        )

    def _respond(self, request: Request) -> Answer:
        try:
            answer, least = self._answer(request), self._api.minimum_compression_size
            return compressed(answer, request.header("Accept-Encoding"), least)
        except _GatewayError as error:
            return self._error_answer(error, request)

    def _overlong(self) -> Answer:
        text = "Request Header Fields Too Large"
        return self._error_answer(_GatewayError("DEFAULT_4XX", 431, text, "BadRequestException"))

    def _answer(self, request: Request) -> Answer:
        api = self._api
        path = self._below_stage(request.path)
        route, path_parameters = self._route(request.method, path)
        if len(request.body) > api.body_limit:
            text = "Request Too Long"
            raise _GatewayError("REQUEST_TOO_LARGE", 413, text, "RequestTooLargeException")
        call = Call(
            request=request,
            resource=route.resource,
            path=path,
            path_parameters=path_parameters,
            stage=api.stage,
            stage_variables=api.stage_variables,
            api_id=api.api_id,
            account=api.account,
        )
        if route.authorized and api.authorizer is not None:
            call = replace(call, authorizer=self._admit(call, api.authorizer))
        return self._integrate(call, route)

    def _route(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the method of the best resource, which AWS looks for first, and the parameters."""
        routes = {
            (each.resource, each.method): each
            for each in (*self._api.deployed(), *self._api.routes)
        }
        names = dict.fromkeys(resource for resource, _ in routes)
        resource, parameters = resources.find(names, path) or ("", {})
        route = routes.get((resource, method)) or routes.get((resource, "ANY"))
        if route is None:
            text = "Missing Authentication Token"
            kind = "MISSING_AUTHENTICATION_TOKEN"
            raise _GatewayError(kind, 403, text, "MissingAuthenticationTokenException")
        return route, parameters

    def _below_stage(self, path: str) -> str:
        prefix = f"/{self._api.stage}"
        return path.removeprefix(prefix) or "/" if f"{path}/".startswith(f"{prefix}/") else path

    def _admit(self, call: Call, authorizer: authorizers.TokenAuthorizer) -> Mapping[str, str]:
        api, request = self._api, call.request
        arn = f"arn:aws:execute-api:{api.region}:{api.account}:{api.api_id}/{api.stage}"
        method_arn = f"{arn}/{request.method}/{call.path.lstrip('/')}"
        token = request.header(authorizer.header)
        try:
            return authorizer.admit(token, method_arn, self._context("authorizer", request))
        except authorizers.UnauthorizedError as error:
            text = "Unauthorized"
            raise _GatewayError("UNAUTHORIZED", 401, text, "UnauthorizedException") from error
        except authorizers.DeniedError as error:
            raise _GatewayError(
                "ACCESS_DENIED", 403, str(error), "AccessDeniedException"
            ) from error
        except authorizers.AuthorizerBrokenError as error:
            logger.exception("the authorizer failed")
            kind = "AUTHORIZER_CONFIGURATION_ERROR"
            raise _GatewayError(kind, 500, None, "AuthorizerConfigurationException") from error

    def _integrate(self, call: Call, route: Route) -> Answer:
        context = self._context("api", call.request)
        try:
            if route.streams:
                return streamed_answer(route.handler(event_for(call), context))
            return answer_from(invoke(route.handler, event_for(call), context))
        except Exception as error:
            logger.exception("the handler of %s failed", call.resource)
            text = "Internal server error"
            raise _GatewayError("DEFAULT_5XX", 502, text, "InternalServerErrorException") from error

    def _context(self, function_name: str, request: Request) -> InvocationContext:
        return InvocationContext(
            function_name=function_name,
            aws_request_id=str(uuid.uuid4()),
            region=self._api.region,
            account=self._api.account,
            deadline=request.received_at + INTEGRATION_TIMEOUT,
            clock=self._clock,
        )

    def _error_answer(self, error: _GatewayError, request: Request | None = None) -> Answer:
        """Return the body configured for the response type, else for its class, else AWS's own."""
        bodies = self._api.gateway_responses
        fallback = f"DEFAULT_{error.status // 100}XX"
        body = bodies.get(error.kind, bodies.get(fallback, {"message": error.message}))
        headers = (
            ("Content-Type", "application/json"),
            ("x-amzn-ErrorType", error.error_type),
            *self._mapped_headers(request),
        )
        text = json.dumps(body, ensure_ascii=False) + "\n"
        return Answer(error.status, headers, text.encode())

    def _mapped_headers(self, request: Request | None) -> Iterator[tuple[str, str]]:
        for name, value in self._api.gateway_response_headers.items():
            if value.startswith("'"):
                yield name, value.strip("'")
            elif request and (sent := request.header(value.rpartition(".")[2])):
                yield name, sent
