"""Calls longer than API Gateway waits: `POST /startexecution` and `POST /describeexecution`.

The state machine (`long_call.asl.json`) asks the model; here it is started, and asked how far it
is, with the predecessor's bodies and Step Functions' own answers.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, Self

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from gateway.dependencies import Dependencies
from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.http.parameters import INFERENCE_COMPONENT
from gateway.http.routes import STEP_FUNCTIONS_BODY
from gateway.models.asynchronous import check_waits
from gateway.models.invocation import Invocation
from gateway.models.noted_cache import may_answer
from gateway.principal import Scope
from ledger.errors import Refused, Unavailable, Wait
from ledger.fleet import readable
from ledger.lease import is_on
from ledger.variables import STATE_MACHINE

DEFINITION = Path(__file__).with_name("long_call.asl.json")
_LONGEST_NAME = 80
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "ExecutionLimitExceeded"})


def definition(partition: str = "aws") -> str:
    """Return the state machine's definition for a partition of AWS, as a deployment fills it in."""
    return DEFINITION.read_text().replace("${Partition}", partition)


class StepFunctions:
    """One state machine; its client is made when it is needed."""

    def __init__(self, client: Callable[..., Any], arn: str | None) -> None:
        self._make = client
        self._lock = Lock()
        self._made: Any = None
        self.arn = arn

    def start(self, name: str, text: str) -> dict[str, Any]:
        """Start an execution. Raises Refused LH4323, or Failure like `describe`."""
        asked = {"stateMachineArn": self.arn, "name": name, "input": text}
        return self._call("start_execution", asked)

    def describe(self, execution_arn: str) -> dict[str, Any]:
        """Tell how far one is. Raises Refused LH4325, Wait LH4305, Unavailable LH4326."""
        return self._call("describe_execution", {"executionArn": execution_arn})

    def _call(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = getattr(self._client(), operation)(**asked)
        except (ClientError, BotoCoreError) as error:
            _refuse(error)
        return {key: _plain(value) for key, value in answer.items() if key != "ResponseMetadata"}

    def _client(self) -> Any:  # noqa: ANN401 - any of boto3's
        with self._lock:
            if self._made is None:
                self._made = self._make("stepfunctions", config=clients.BRIEF)
            return self._made


@dataclass(frozen=True, slots=True)
class Executions:
    """The long calls of one environment. Safe to call from many threads."""

    invocation: Invocation
    machine: StepFunctions

    @classmethod
    def of(cls, dependencies: Dependencies, invocation: Invocation) -> Self:
        arn = dependencies.variables.get(STATE_MACHINE)
        return cls(invocation, StepFunctions(dependencies.client, arn))

    def start(self, call: Call) -> Answer:
        """Start a call, of the inference component that a header names. A key starts it once.

        Raises Failure: LH4106, LH4109, LH4227, LH4228, LH4320 to LH4323.
        """
        self._machine_arn()
        item = readable(self.invocation.fleet.named(call.document["endpointname"]))
        call.principal.check_reach(item.endpoint_name, item.owner)
        if not item.definition.async_api_enabled:
            raise Refused(
                "LH4321",
                f"{item.name} takes no such calls: its definition does not say async_api_enabled.",
            )
        check_waits(item)
        noted = self.invocation.noted.look(item.endpoint_name)
        on = is_on(item.definition.schedule, item.lease, self.invocation.clock())
        if not on or not may_answer(noted):
            return self.invocation.not_running(item, noted, call)
        asked = {**call.document, "endpointname": item.endpoint_name}
        if component := call.headers.get(INFERENCE_COMPONENT.name.lower()):
            asked["inferencecomponentname"] = component
        text = json.dumps(asked, separators=(",", ":"))
        if len(text) > STEP_FUNCTIONS_BODY.most_bytes:  # written out, it may be longer than it was
            raise Refused(STEP_FUNCTIONS_BODY.code, STEP_FUNCTIONS_BODY.sentence(len(text)))
        return Answer(self.machine.start(_name(call), text))

    def describe(self, call: Call) -> Answer:
        """Tell its caller how far a call is. Raises Failure: LH4320, LH4324, LH4325."""
        ours = self._machine_arn().replace(":stateMachine:", ":execution:", 1) + ":"
        execution_arn = call.document["executionArn"]
        name = execution_arn.removeprefix(ours)
        is_known = execution_arn.startswith(ours) and ":" not in name
        may_see = call.principal.allows(Scope.ADMIN) or name.startswith(_owner(call))
        if not is_known or not may_see:
            raise Refused(
                "LH4324",
                "executionArn is not one that this API has answered you with: send what POST"
                " /startexecution did.",
            )
        told = self.machine.describe(execution_arn)
        name = _asked_endpoint(told)
        asked = self.invocation.fleet.fleet().find(name) if name else None
        call.principal.check_reach(name, asked.owner if asked else None)
        return Answer(told)

    def _machine_arn(self) -> str:
        if self.machine.arn is None:
            raise Unavailable(
                "LH4320",
                "This API was deployed without the state machine for long calls: tell who runs it,"
                " or ask at /invoke/NAME.",
            )
        return self.machine.arn


def _asked_endpoint(told: Mapping[str, Any]) -> str:
    """Return whom an execution asks; Step Functions may leave out an input that is long."""
    try:
        return str(json.loads(told["input"])["endpointname"])
    except (KeyError, ValueError, TypeError):
        return ""


def _name(call: Call) -> str:
    """Name an execution by its caller and the request; Step Functions takes 80 characters."""
    return f"{_owner(call)}{call.request_id}"[:_LONGEST_NAME]


def _owner(call: Call) -> str:
    """Return how the names of a caller's executions begin. Capitals make no second caller."""
    email = call.principal.email.casefold()
    return f"{hashlib.sha256(email.encode()).hexdigest()[:24]}-"


def _plain(value: object) -> object:
    """Write times as Step Functions' own API does: seconds since 1970."""
    return value.timestamp() if isinstance(value, datetime) else value


def _refuse(error: ClientError | BotoCoreError) -> NoReturn:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    match code:
        case "ExecutionAlreadyExists":
            said = "This Idempotency-Key was used for another call already: take a new one."
            raise Refused("LH4323", said) from error
        case "ExecutionDoesNotExist" | "InvalidArn":
            raise Refused(
                "LH4325",
                "There is no such execution, or Step Functions has forgotten it: start the call"
                " again.",
            ) from error
        case _ if code in _THROTTLED:
            said = "More calls than Step Functions takes from this account: slow down."
            raise Wait("LH4305", said) from error
        case _:
            told = code or type(error).__name__
            raise Unavailable(
                "LH4326",
                f"Step Functions did not take the call ({told}). Send it again, and then tell who"
                " runs this API.",
            ) from error
