"""The routes of the API: which method and path, for whom, and what it does. Pure.

One table for all who need it: the handler finds the operation by it, `leasehold up` serves it, and
the API's description is generated from it (`openapi`).
"""

from dataclasses import dataclass

from gateway.callers.principal import Scope
from gateway.http import parameters
from gateway.http.parameters import Parameter

ANYTHING = "*/*"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one resource. `scope` None: it checks its callers by itself.

    The fields from `tag` on are for the API's description. `body` and `answer` name schemas in
    `schema/`: `expiry[]` is a list of them, several are alternatives, none is anything. `errors`
    are statuses that are this route's own, beside those that every route has.
    """

    method: str
    resource: str
    scope: Scope | None
    operation: str
    summary: str
    tag: str = "API"
    parameters: tuple[Parameter, ...] = ()
    body: tuple[str, ...] | None = None
    answer: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    refusals: tuple[int, ...] = (400,)
    media: str = "application/json"  # of the body and of the answer; ANYTHING is passed on as it is

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.resource


OWN_PATH = "/{api_resource_name}"  # of every definition with an integration

ROUTES = (
    Route(
        "GET",
        "/endpoint-expiry",
        Scope.READ,
        "query",
        "Read one lease, or all of them",
        tag="Leases",
        parameters=(parameters.ENDPOINT_NAME,),
        answer=("expiry", "expiry[]"),
        refusals=(400, 404, 409),
    ),
    Route(
        "POST",
        "/endpoint-expiry",
        Scope.EXTEND,
        "extend",
        "Extend a lease, or add an endpoint",
        tag="Leases",
        parameters=(parameters.DRY_RUN, parameters.IDEMPOTENCY_KEY, parameters.IF_MATCH),
        body=("extension-request",),
        answer=("expiry",),
        refusals=(400, 404, 409, 412, 422),
    ),
    Route(
        "DELETE",
        "/endpoint-expiry",
        Scope.EXTEND,
        "release",
        "End a lease now",
        tag="Leases",
        parameters=(
            parameters.SOME_ENDPOINT_NAME,
            parameters.DRY_RUN,
            parameters.IDEMPOTENCY_KEY,
            parameters.IF_MATCH,
        ),
        answer=("expiry",),
        refusals=(400, 404, 409, 412, 422),
    ),
    Route(
        "GET",
        "/endpoint-expiry/history",
        Scope.READ,
        "history",
        "Tell who kept an endpoint alive, when and why",
        tag="Leases",
        parameters=(parameters.SOME_ENDPOINT_NAME, parameters.LIMIT),
        answer=("history[]",),
        refusals=(400, 404, 409),
    ),
    Route(
        "GET",
        "/reconcile",
        Scope.READ,
        "reconcile",
        "Tell whether a commit of the ledger is live",
        tag="Ledger",
        parameters=(parameters.COMMIT, parameters.ENDPOINT_NAME),
        answer=("reconcile",),
        refusals=(400, 404, 409),
    ),
    Route(
        "POST",
        "/webhooks/git",
        None,
        "webhook",
        "Bring the next tick forward after a push to the ledger",
        tag="Ledger",
        parameters=parameters.PROOFS,
        body=(),
        answer=("webhook",),
        statuses=(200, 202),
        refusals=(400, 401, 404),
    ),
    Route("GET", "/openapi.json", None, "openapi", "Describe this API", refusals=()),
    Route(
        "POST",
        "/invoke/{EndpointName}",
        Scope.INVOKE,
        "invoke",
        "Ask a model, by its endpoint's name",
        tag="Models",
        parameters=(parameters.CUSTOM_ATTRIBUTES,),
        body=(),
        media=ANYTHING,
        refusals=(400, 404),
    ),
    Route(
        "POST",
        "/invoke/{EndpointName}/stream",
        Scope.INVOKE,
        "invoke_stream",
        "Ask a model, and get its answer as it comes",
        tag="Models",
        parameters=(parameters.CUSTOM_ATTRIBUTES,),
        body=(),
        media=ANYTHING,
        refusals=(400, 404),
    ),
    Route(
        "POST",
        OWN_PATH,
        Scope.INVOKE,
        "invoke_resource",
        "Ask a model, at the path that its definition gives it",
        tag="Models",
        parameters=(parameters.CUSTOM_ATTRIBUTES,),
        body=(),
        media=ANYTHING,
        refusals=(400, 404, 409, 501),
    ),
    Route(
        "POST",
        "/startexecution",
        Scope.INVOKE,
        "start_execution",
        "Ask a model for longer than API Gateway waits",
        tag="Models",
        parameters=(parameters.IDEMPOTENCY_KEY,),
        body=("start-execution-request",),
        refusals=(400, 404, 409, 501),
    ),
    Route(
        "POST",
        "/describeexecution",
        Scope.INVOKE,
        "describe_execution",
        "Ask how far such a call is",
        tag="Models",
        body=("describe-execution-request",),
        refusals=(400, 404, 501),
    ),
)
