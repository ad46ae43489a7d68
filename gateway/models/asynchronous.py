"""Asking an asynchronous model: what it is sent goes to S3, and its answer is asked for later.

    POST /invoke/{EndpointName}          202: where the answer will be, and where to ask for it
    POST /invoke/{EndpointName}/upload   201: where to put a body that is too large for the API
    GET  /invoke-result/{ResultId}       200 the answer, 303 one that is large, 202 not yet

A call with an Idempotency-Key is claimed in S3 before it is sent, by a write that only one of many
can make. What the model did is read from S3 alone, each time anew: the API remembers nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Self

from gateway.dependencies import Dependencies
from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.models import async_answers, async_record
from gateway.models.async_record import Record, State
from gateway.models.async_records import Records
from gateway.models.fleet_cache import FleetCache
from gateway.models.noted_cache import NotedCache, may_answer
from gateway.models.objects import Objects
from gateway.models.runtime import ModelRuntime
from gateway.models.wire import LARGEST_ANSWER, ModelCall
from ledger.errors import Refused, Unavailable
from ledger.holdings import Broken, Holding
from ledger.instants import stamp
from ledger.names import EndpointName

LARGEST_PASSED_ON = LARGEST_ANSWER // 2
URL_SECONDS = 3600
_LOCATION = "x-amzn-sagemaker-inputlocation"
_LENGTHS = {
    "x-amzn-sagemaker-requestttlseconds": "RequestTTLSeconds",
    "x-amzn-sagemaker-invocationtimeoutseconds": "InvocationTimeoutSeconds",
}


def is_asynchronous(item: Holding | Broken) -> bool:
    """Tell whether a definition says so; of a broken one, SageMaker does."""
    return isinstance(item, Holding) and item.definition.async_inference is not None


def check_waits(item: Holding | Broken) -> None:
    """Raise Refused LH4282 where there is no answer to wait for."""
    if is_asynchronous(item):
        raise Refused(
            "LH4282",
            f"{item.name} is asynchronous: it puts its answers to S3, and nobody can wait for one."
            f" Ask at /invoke/{item.name}, which says where to ask for the answer.",
        )


def check_has_body(item: Holding | Broken, call: Call) -> None:
    """Raise Refused LH4286 where a model that answers at once is to read its body from S3."""
    if _LOCATION in call.headers:
        raise Refused(
            "LH4286",
            f"{item.name} answers at once, and reads nothing from S3: send the body itself, without"
            " X-Amzn-SageMaker-InputLocation.",
        )


@dataclass(frozen=True, slots=True)
class AsyncCalls:
    """The calls to asynchronous models of one environment. Safe to call from many threads."""

    fleet: FleetCache
    noted: NotedCache
    runtime: ModelRuntime
    objects: Objects
    records: Records
    clock: Callable[[], datetime]

    @classmethod
    def of(
        cls,
        dependencies: Dependencies,
        fleet: FleetCache,
        noted: NotedCache,
        runtime: ModelRuntime,
    ) -> Self:
        objects = Objects(dependencies.client)
        return cls(fleet, noted, runtime, objects, Records(objects), dependencies.clock)

    def send(self, call: Call, endpoint_name: str, asked: ModelCall) -> Answer:
        """Hand a call to SageMaker's queue, once.

        Raises NotServingError, or Failure: LH4283, LH4286 to LH4289, and as `ModelRuntime`.
        """
        path, known = self._path(), async_record.id_of(call, endpoint_name)
        source, now = self._uploaded(call, path), self.clock()
        digest = async_record.digest_of(source.encode() if source else asked.body)
        until = now + sum(_lengths(call), timedelta())
        record = Record(endpoint_name, digest, State.TAKEN, now, until)

        def queued() -> Record:
            place = source or self._put(f"{path}{known.input}", asked)
            told = self.runtime.queue(endpoint_name, place, _arguments(call, asked))
            return record.accepted(told.output, told.failure, told.inference_id)

        if call.caller is None:  # nobody can show that an id is theirs
            accepted = queued()
            return async_answers.accepted(accepted, self._signed(accepted))
        at = f"{path}{known.record}"
        once = self.records.once if call.has_key else self.records.always
        return async_answers.accepted(
            once(at, record, queued), async_answers.own_result(call, known)
        )

    def upload(self, call: Call, item: Holding | Broken) -> Answer:
        """Answer with a URL that takes a body of any size. Raises Failure: LH4282, LH4283."""
        path = self._path()
        if isinstance(item, Holding) and not is_asynchronous(item):
            raise Refused(
                "LH4282",
                f"{item.name} answers at once: send what it is asked to /invoke/{item.name}, up to"
                " 6 MiB.",
            )
        known = async_record.id_of(call, item.endpoint_name)
        location = f"{path}{known.upload}"
        until = self.clock() + timedelta(seconds=URL_SECONDS)
        body = {
            "EndpointName": str(item.endpoint_name),
            "UploadUrl": self.objects.url(location, "put_object", URL_SECONDS),
            "InputLocation": location,
            "ExpiresAt": stamp(until),
        }
        return Answer(body, HTTPStatus.CREATED)

    def result(self, call: Call) -> Answer:
        """Tell a caller what became of a call. Raises Failure: LH4280, LH4281, LH4283, LH4284."""
        known = async_record.read_id(call.path["ResultId"])
        at = f"{self._path()}{known.record}"
        record = self.records.find(at) if known.is_told_to(call) else None
        if record is None:
            raise Refused(
                "LH4280",
                "There is no such call: this API has not answered you with that ResultId, or it is"
                " forgotten by now.",
            )
        owned = self.fleet.fleet().find(record.endpoint)
        call.principal.check_reach(record.endpoint, owned.owner if owned else None)
        if (size := self.objects.size(record.output)) is not None:
            return self._output(record, size)
        failed = self.objects.read(record.failure) if record.failure else None
        if failed is not None:
            raise Unavailable("LH4281", async_answers.failure(record, failed.body))
        self._check_awaited(record)
        return async_answers.accepted(record, async_answers.own_result(call, known))

    def _path(self) -> str:
        """Return where what is asked is put. Raises Unavailable LH4283."""
        settings = self.fleet.fleet().environment
        if settings is None or settings.async_input_path is None:
            raise Unavailable(
                "LH4283",
                "This API asks no asynchronous models: environment.json has no async_input_path, a"
                " place in S3 for what they are sent. Tell who runs this API.",
            )
        return f"{settings.async_input_path.rstrip('/')}/"

    def _uploaded(self, call: Call, path: str) -> str | None:
        """Return where the body is, if it was put to S3 before. Raises Refused LH4286."""
        location = call.headers.get(_LOCATION)
        if location is None:
            return None
        if call.body:
            raise Refused("LH4286", "Send a body, or say where one is: this call does both.")
        if async_record.upload_at(call, location, path) is None:
            raise Refused(
                "LH4286",
                "X-Amzn-SageMaker-InputLocation is not a place that this API has given you: ask for"
                " one by POST /invoke/{EndpointName}/upload.",
            )
        if self.objects.size(location) is None:
            raise Refused(
                "LH4286",
                "Nothing is at this X-Amzn-SageMaker-InputLocation: PUT the body to its UploadUrl"
                " first.",
            )
        return location

    def _put(self, location: str, asked: ModelCall) -> str:
        kind = asked.arguments.get("ContentType", "application/octet-stream")
        self.objects.put(location, asked.body, kind)
        return location

    def _output(self, record: Record, size: int) -> Answer:
        """Pass on an answer, or say where one is that does not fit."""
        found = self.objects.read(record.output) if size <= LARGEST_PASSED_ON else None
        if found and (answer := async_answers.passed_on(found)):
            return answer
        url = self.objects.url(record.output, "get_object", URL_SECONDS)
        return async_answers.elsewhere(url, size, self.clock() + timedelta(seconds=URL_SECONDS))

    def _signed(self, record: Record) -> dict[str, str]:
        """Sign URLs of the answer, or of why there is none, for as long as one may come."""
        seconds = int((record.until - record.at).total_seconds())
        places = {"ResultUrl": record.output, "FailureUrl": record.failure}
        return {
            name: self.objects.url(place, "get_object", seconds)
            for name, place in places.items()
            if place
        }

    def _check_awaited(self, record: Record) -> None:
        """Raise Refused LH4284 where no answer comes any more."""
        if self.clock() >= record.until:
            raise Refused(
                "LH4284",
                f"No answer of {record.endpoint} is there: the call has expired at"
                f" {stamp(record.until)}, or its answer was deleted since. Send it again.",
            )
        if not may_answer(self.noted.look(EndpointName(record.endpoint))):
            raise Refused(
                "LH4284",
                f"No answer of {record.endpoint} is there, and none will come: the endpoint was"
                " stopped, and its queue went with it. Extend its lease, and send the call again.",
            )


def _lengths(call: Call) -> tuple[timedelta, timedelta]:
    """Return how long a call may wait for an instance, and then be worked on."""
    waits, works = (call.headers.get(name) for name in _LENGTHS)
    return (
        timedelta(seconds=int(waits)) if waits else async_record.LONGEST_IN_QUEUE,
        timedelta(seconds=int(works)) if works else async_record.LONGEST_AT_WORK,
    )


def _arguments(call: Call, asked: ModelCall) -> Mapping[str, Any]:
    """Return InvokeEndpointAsync's arguments that came as headers; it knows no components."""
    arguments: dict[str, Any] = {**asked.arguments}
    arguments.pop("InferenceComponentName", None)
    if inference_id := call.headers.get("x-amzn-sagemaker-inference-id"):
        arguments["InferenceId"] = inference_id
    lengths = {_LENGTHS[name]: int(call.headers[name]) for name in _LENGTHS if name in call.headers}
    return arguments | lengths
