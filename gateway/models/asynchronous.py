"""Asking an asynchronous model: what it is sent goes to S3, and its answer is asked for later.

    POST /invoke/{EndpointName}          202: where the answer will be, and where to ask for it
    POST /invoke/{EndpointName}/upload   201: where to put a body that is too large for the API
    GET  /invoke-result/{ResultId}       200 the answer, 303 one that is large, 202 not yet

A call with an Idempotency-Key is claimed in S3 before it is sent, by a write that only one of many
can make. What the model did is read from S3 alone, each time anew: the API remembers nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Self

from gateway.dependencies import Dependencies
from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.models import async_record
from gateway.models.async_record import CallId, Record, State
from gateway.models.fleet_cache import FleetCache
from gateway.models.noted_cache import NotedCache, may_answer
from gateway.models.objects import Objects, TakenError
from gateway.models.runtime import ModelRuntime
from gateway.models.wire import LARGEST_ANSWER, ModelAnswer, ModelCall
from ledger.errors import Refused, Unavailable, Wait
from ledger.holdings import Broken, Holding
from ledger.instants import stamp

LARGEST_PASSED_ON = LARGEST_ANSWER // 2
LARGEST_FAILURE = 16 * 1024
URL_SECONDS = 3600
_PENDING_SECONDS = 5
_CLAIM = timedelta(minutes=1)  # longer than a call to the gateway may take
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
        return cls(fleet, noted, runtime, objects, dependencies.clock)

    def send(self, call: Call, endpoint_name: str, asked: ModelCall) -> Answer:
        """Hand a call to SageMaker's queue, once.

        Raises NotServingError, or Failure: LH4283, LH4286 to LH4289, and as `ModelRuntime`.
        """
        path, now = self._path(), self.clock()
        known = async_record.id_of(call, endpoint_name)
        source = self._uploaded(call, path)
        digest = async_record.digest_of(source.encode() if source else asked.body)
        lengths = _lengths(call)
        record = Record(endpoint_name, digest, State.TAKEN, now, now + sum(lengths, timedelta()))
        if call.caller and call.has_key and (earlier := self._claimed(path, known, record)):
            return self._accepted(call, known, earlier)
        if source is None:
            source = f"{path}{known.input}"
            kind = asked.arguments.get("ContentType", "application/octet-stream")
            self.objects.put(source, asked.body, kind)
        try:
            told = self.runtime.queue(endpoint_name, source, _arguments(call, asked))
        except Exception:
            self._keep(call, path, known, replace(record, state=State.REFUSED))
            raise
        accepted = replace(
            record,
            state=State.ACCEPTED,
            output=told.output,
            failure=told.failure,
            inference_id=told.inference_id,
        )
        self._keep(call, path, known, accepted)
        return self._accepted(call, known, accepted)

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
        record = self._record(call, known)
        owned = self.fleet.fleet().find(record.endpoint)
        call.principal.check_reach(record.endpoint, owned.owner if owned else None)
        if (size := self.objects.size(record.output)) is not None:
            return self._output(record, size)
        failed = self.objects.read(record.failure) if record.failure else None
        if failed is not None:
            raise Unavailable("LH4281", _failure(record, failed.body))
        self._check_awaited(record)
        return self._accepted(call, known, record)

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

    def _claimed(self, path: str, known: CallId, record: Record) -> Record | None:
        """Return the call that this one repeats; else claim it for this process.

        Raises Refused LH4288, Wait LH4289.
        """
        location, tag = f"{path}{known.record}", None
        if found := self.objects.read(location):
            earlier, tag = _read(found.body), found.tag
            if earlier.digest != record.digest:
                said = "This Idempotency-Key was used for another call already."
                raise Refused("LH4288", said)
            if earlier.state is State.ACCEPTED:
                return earlier
            if earlier.state is State.TAKEN and record.at - earlier.at < _CLAIM:
                raise _being_sent()
        try:
            self.objects.claim(location, record.to_json(), tag)
        except TakenError as error:
            raise _being_sent() from error
        return None

    def _keep(self, call: Call, path: str, known: CallId, record: Record) -> None:
        """Keep what became of a call, for whoever may ask for its answer or repeat it."""
        if call.caller and (record.state is State.ACCEPTED or call.has_key):
            location = f"{path}{known.record}"
            self.objects.put(location, record.to_json(), "application/json")

    def _record(self, call: Call, known: CallId) -> Record:
        found = None
        if known.is_told_to(call):
            found = self.objects.read(f"{self._path()}{known.record}")
        record = _read(found.body) if found else None
        if record is None or record.state is not State.ACCEPTED:
            raise Refused(
                "LH4280",
                "There is no such call: this API has not answered you with that ResultId, or it is"
                " forgotten by now.",
            )
        return record

    def _output(self, record: Record, size: int) -> Answer:
        """Pass on an answer, or say where one is that does not fit."""
        if size <= LARGEST_PASSED_ON and (found := self.objects.read(record.output)):
            kind = found.content_type or "application/octet-stream"
            answer = ModelAnswer(found.body, headers={"Content-Type": kind})
            if len(json.dumps(answer.as_proxy())) <= LARGEST_ANSWER:
                return answer
        url = self.objects.url(record.output, "get_object", URL_SECONDS)
        until = stamp(self.clock() + timedelta(seconds=URL_SECONDS))
        body = {"OutputUrl": url, "Bytes": size, "ExpiresAt": until}
        return Answer(body, HTTPStatus.SEE_OTHER, {"Location": url})

    def _check_awaited(self, record: Record) -> None:
        """Raise Refused LH4284 where no answer comes any more."""
        if self.clock() >= record.until:
            raise Refused(
                "LH4284",
                f"No answer of {record.endpoint} is there: the call has expired at"
                f" {stamp(record.until)}, or its answer was deleted since. Send it again.",
            )
        if not may_answer(self.noted.look(async_record.name_of(record))):
            raise Refused(
                "LH4284",
                f"No answer of {record.endpoint} is there, and none will come: the endpoint was"
                " stopped, and its queue went with it. Extend its lease, and send the call again.",
            )

    def _accepted(self, call: Call, known: CallId, record: Record) -> Answer:
        """Say where the answer will be, and where to ask for it."""
        body: dict[str, Any] = {
            "Status": "Pending",
            "EndpointName": record.endpoint,
            "InferenceId": record.inference_id,
            "OutputLocation": record.output,
            "FailureLocation": record.failure,
            "ExpiresAt": stamp(record.until),
        }
        headers = {
            "Retry-After": str(_PENDING_SECONDS),
            "X-Amzn-SageMaker-OutputLocation": record.output,
            "X-Amzn-SageMaker-FailureLocation": record.failure,
        }
        if call.caller is None:  # nobody can show that an id is theirs
            seconds = int((record.until - record.at).total_seconds())
            body["ResultUrl"] = self.objects.url(record.output, "get_object", seconds)
            body["FailureUrl"] = self.objects.url(record.failure, "get_object", seconds)
        else:
            url = f"{call.base_url}/invoke-result/{known}"
            body |= {"ResultId": str(known), "ResultUrl": url}
            headers["Location"] = url
        return Answer(body, HTTPStatus.ACCEPTED, headers)


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


def _read(content: bytes) -> Record:
    try:
        return async_record.read_record(content)
    except ValueError as error:
        said = "What was kept of this call cannot be read. Send it again, with another key."
        raise Unavailable("LH4287", said) from error


def _being_sent() -> Wait:
    said = "A call with this Idempotency-Key is being sent right now: ask again in a moment."
    return Wait("LH4289", said)


def _failure(record: Record, body: bytes) -> str:
    told = body[:LARGEST_FAILURE].decode(errors="replace").strip()
    return f"{record.endpoint} failed at this call. SageMaker says: {told}"
