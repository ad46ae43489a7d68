"""The routes of the API: which method and path, for whom, with what, and what answers. Pure.

One table for all who need it. The handler finds the operation by it and enforces the rest before
that runs: the scope, the parameters, the body and its size. `leasehold up` serves it, and the API's
description is made of it. So what a route demands stands here and nowhere else.
"""

import re
from dataclasses import dataclass, replace

from gateway.http import parameters
from gateway.http.parameters import IN_PATH, Parameter
from gateway.principal import Scope
from ledger.errors import Refused

MODELS = "Models"
ANYTHING = "*/*"
PAGE = "text/html"
OWN_PATH = "/{api_resource_name}"  # of every definition with an integration
_PATH_PARAMETER = re.compile(r"\{(\w+)\+?\}")
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """How many bytes a body may have, and what is said of one that has more."""

    most_bytes: int
    code: str
    said: str

    def sentence(self, size: int) -> str:
        return f"The body has {size} bytes, and {self.said} {self.most_bytes}."


MODEL_BODY = BodyLimit(6 * _MEBIBYTE, "LH4302", "a model takes")  # Lambda's, and InvokeEndpoint's
STEP_FUNCTIONS_BODY = BodyLimit(256 * 1024, "LH4322", "Step Functions takes")
WEBHOOK_BODY = BodyLimit(4 * _MEBIBYTE, "LH4402", "a webhook's call has at the most")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one resource. `scope` None: it is open to everybody, or proves its callers.
    For `any_caller` who calls is enough, whatever they may do.

    `when` names a field of the body that makes a request this route's, where another route has the
    same method and resource; the description has the other one. With `may_be_public`, the
    definition at that path decides whether a caller is needed. The fields from `tag` on are for the
    API's description. `body` and `answer` name schemas in `schema/`: `expiry[]` is a list of them,
    several are alternatives, none is anything. `refusals` are statuses that are this route's own,
    beside those that every route has.
    """

    method: str
    resource: str
    scope: Scope | None
    operation: str
    summary: str
    when: str | None = None
    any_caller: bool = False
    may_be_public: bool = False
    body_limit: BodyLimit | None = None
    parameters: tuple[Parameter, ...] = ()
    body: tuple[str, ...] | None = None
    tag: str = "API"
    answer: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    refusals: tuple[int, ...] = (400,)
    is_paged: bool = False  # the header Link leads on to the next page, where there is one
    media: str = "application/json"  # of the body and of the answer; ANYTHING is passed on as it is
    is_conditional: bool = False  # the answer has an ETag, and If-None-Match is asked for

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.resource

    @property
    def needs_caller(self) -> bool:
        """Tell whether API Gateway lets a request in only with a token or a signature."""
        return self.scope is not None or self.any_caller

    @property
    def counted_as(self) -> Scope | None:
        """Return the scope by which requests are counted; to ask who one is, is to read."""
        return Scope.READ if self.any_caller else self.scope

    @property
    def schema(self) -> str | None:
        """Return the name of the one schema that a body has to fit, where there is one."""
        return self.body[0] if self.body else None

    @property
    def in_path(self) -> tuple[Parameter, ...]:
        """Return the parameters that the path itself has."""
        return tuple(IN_PATH[name] for name in _PATH_PARAMETER.findall(self.resource))


_CHANGE = (parameters.DRY_RUN, parameters.IDEMPOTENCY_KEY, parameters.IF_MATCH)
_EXTEND = Route(
    "POST",
    "/endpoint-expiry",
    Scope.EXTEND,
    "extend",
    "Extend a lease, or add an endpoint",
    parameters=_CHANGE,
    body=("extension-request",),
    tag="Leases",
    answer=("expiry",),
    refusals=(400, 404, 409, 412, 422),
)
_INVOKE = Route(
    "POST",
    "/invoke/{EndpointName}",
    Scope.INVOKE,
    "invoke",
    "Ask a model, by its endpoint's name",
    body_limit=MODEL_BODY,
    parameters=parameters.PASSED_ON,
    body=(),
    tag=MODELS,
    refusals=(400, 404, 409),
    media=ANYTHING,
)
_PAGE = Route(
    "GET",
    "/console",
    None,
    "console",
    "Open the page on which people keep endpoints alive",
    parameters=(parameters.IF_NONE_MATCH,),
    tag="Console",
    media=PAGE,
    statuses=(200, 308),
    refusals=(),
    is_conditional=True,
)
_PAGES_FILE = Route(
    "GET",
    "/console/{Digest}/{File+}",
    None,
    "console_file",
    "Read a file of that page",
    tag="Console",
    media=ANYTHING,
    refusals=(404,),
)
_LINK = Route(
    "POST",
    "/extend-link",
    None,  # the link's own signature is looked at
    "use_link",
    "Do what the link of a notice says, once",
    parameters=(parameters.DRY_RUN,),
    body=("link-request",),
    tag="Leases",
    answer=("link",),
    refusals=(400, 401, 403, 404, 409, 410, 412, 422),
)
_QUEUE = replace(  # what an asynchronous model is asked may wait
    _INVOKE, parameters=(*parameters.PASSED_ON, *parameters.QUEUED), statuses=(200, 202)
)
ROUTES = (
    Route(
        "GET",
        "/endpoint-expiry",
        Scope.READ,
        "query",
        "Read one lease, or all of them",
        parameters=(parameters.ENDPOINT_NAME,),
        tag="Leases",
        answer=("expiry", "expiry[]"),
        refusals=(400, 404, 409),
    ),
    _EXTEND,
    replace(
        _EXTEND,
        scope=Scope.ADD,
        operation="add",
        summary="Add an endpoint on an endpoint config that exists",
        when="EndpointConfigName",
    ),
    replace(
        _EXTEND,
        method="DELETE",
        scope=Scope.RELEASE,  # or EXTEND, for what is the caller's own
        operation="release",
        summary="End a lease now",
        parameters=(parameters.SOME_ENDPOINT_NAME, *_CHANGE),
        body=None,
    ),
    Route(
        "GET",
        "/endpoint-expiry/history",
        Scope.READ,
        "history",
        "Tell who kept an endpoint alive, when and why",
        parameters=(parameters.SOME_ENDPOINT_NAME, parameters.LIMIT, parameters.NEXT_TOKEN),
        tag="Leases",
        answer=("history[]",),
        is_paged=True,
        refusals=(400, 404, 409),
    ),
    Route(
        "GET",
        "/fleet",
        Scope.READ,
        "fleet",
        "Read the whole environment: what is on, why, until when, and what it costs",
        parameters=(parameters.IF_NONE_MATCH,),
        tag="Fleet",
        answer=("fleet",),
        refusals=(409,),
        is_conditional=True,
    ),
    Route(
        "GET",
        "/fleet/{EndpointName}",
        Scope.READ,
        "fleet_endpoint",
        "Read all about one endpoint: why, when, by whom, and for how much",
        tag="Fleet",
        answer=("fleet-endpoint",),
        refusals=(400, 404, 409),
    ),
    Route(
        "GET",
        "/me",
        None,
        "me",
        "Tell who calls, and what they may do",
        any_caller=True,
        tag="API",
        answer=("me",),
        refusals=(),
    ),
    Route(
        "GET",
        "/reconcile",
        Scope.READ,
        "reconcile",
        "Tell whether a commit of the ledger is live",
        parameters=(parameters.COMMIT, parameters.ENDPOINT_NAME),
        tag="Ledger",
        answer=("reconcile",),
        refusals=(400, 404, 409),
    ),
    Route(
        "POST",
        "/webhooks/git",
        None,
        "webhook",
        "Bring the next tick forward after a push to the ledger",
        body_limit=WEBHOOK_BODY,
        parameters=parameters.PROOFS,
        body=(),
        tag="Ledger",
        answer=("webhook",),
        statuses=(200, 202),
        refusals=(400, 401, 404),
    ),
    _LINK,
    replace(
        _LINK,
        resource="/extend-link/signed-in",
        scope=Scope.EXTEND,
        operation="use_link_signed_in",
        summary="Do what the link of a notice says, in the caller's own name",
    ),
    Route("GET", "/openapi.json", None, "openapi", "Describe this API"),
    _PAGE,
    replace(_PAGE, method="HEAD", operation="console_head"),
    _PAGES_FILE,
    replace(_PAGES_FILE, method="HEAD", operation="console_file_head"),
    _QUEUE,
    Route(
        "POST",
        "/invoke/{EndpointName}/upload",
        Scope.INVOKE,
        "invoke_upload",
        "Get a URL that takes a body too large for the API",
        tag=MODELS,
        answer=("upload",),
        statuses=(201,),
        refusals=(400, 404, 501),
    ),
    Route(
        "GET",
        "/invoke-result/{ResultId}",
        Scope.INVOKE,
        "invoke_result",
        "Ask for the answer of an asynchronous model",
        tag=MODELS,
        statuses=(200, 202, 303),
        refusals=(404, 410, 501),
        media=ANYTHING,
    ),
    replace(
        _INVOKE,
        resource="/invoke/{EndpointName}/stream",
        operation="invoke_stream",
        summary="Ask a model, and get its answer as it comes",
    ),
    replace(
        _QUEUE,
        resource=OWN_PATH,
        operation="invoke_resource",
        summary="Ask a model, at the path that its definition gives it",
        may_be_public=True,
        refusals=(400, 404, 409, 501),
    ),
    Route(
        "POST",
        "/startexecution",
        Scope.INVOKE,
        "start_execution",
        "Ask a model for longer than API Gateway waits",
        body_limit=STEP_FUNCTIONS_BODY,
        parameters=(parameters.IDEMPOTENCY_KEY, parameters.INFERENCE_COMPONENT),
        body=("start-execution-request",),
        tag=MODELS,
        refusals=(400, 404, 409, 501),
    ),
    Route(
        "POST",
        "/describeexecution",
        Scope.INVOKE,
        "describe_execution",
        "Ask how far such a call is",
        body_limit=STEP_FUNCTIONS_BODY,
        body=("describe-execution-request",),
        tag=MODELS,
        refusals=(400, 404, 501),
    ),
)
# Each method of each resource once, as it is deployed and described.
METHODS = tuple(route for route in ROUTES if route.when is None)


def candidates(method: str, resource: str) -> tuple[Route, ...]:
    """Return the routes of a method and resource, those that ask for a field of the body first.

    A resource that was deployed for one definition is that definition's own path. Raises Refused
    LH4041 where there is none.
    """
    found = [route for route in ROUTES if route.key == (method, resource)]
    if not found and resource.count("/") == 1:
        found = [route for route in ROUTES if route.key == (method, OWN_PATH)]
    if not found:
        raise Refused(
            "LH4041", "There is no such path or method in this API: GET /openapi.json lists all."
        )
    return tuple(sorted(found, key=lambda route: route.when is None))
