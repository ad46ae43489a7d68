"""Asynchronous requests: done after a while where there is an instance, else when there is one.

Until then they wait in the endpoint's backlog, and one that waits longer than it may is dropped.
Input and output are objects in moto's S3. Time is the sandbox's clock: what has fallen due is done
before the next call of any service is answered.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.moto.app import Moto, Request
from sandbox.aws.protocol.errors import AwsError
from sandbox.aws.runtime import echo
from sandbox.aws.sagemaker.account import Account
from sandbox.aws.sagemaker.lifecycle import Endpoint


@dataclass(frozen=True)
class Job:
    """An asynchronous request: where its input is, and where its output or its error goes."""

    region: str
    arn: str
    source: str | bytes
    result: str
    failure: str
    ends_in_queue: float  # seconds since the epoch
    done_at: float | None = None  # once an instance works on it


class Jobs:
    def __init__(
        self, account: Account, moto: Moto, metrics: MetricStore, seconds: float = 0
    ) -> None:
        """`seconds` is how long a model works on a request that does not say it."""
        self._account = account
        self._moto = moto
        self._metrics = metrics
        self._seconds = seconds
        self._open: deque[Job] = deque()

    def take_on(self, endpoint: Endpoint, job: Job) -> None:
        with self._account.lock:
            self._queue(endpoint, 1)
            self._open.append(job)
            self._go_on()

    def catch_up(self) -> None:
        """Do what has fallen due."""
        if self._open:
            with self._account.lock:
                self._go_on()

    def _go_on(self) -> None:
        now = self._account.clock.now()
        jobs, self._open = self._open, deque()
        for job in jobs:
            if (endpoint := self._account.endpoint(job.arn)) is None:
                continue  # its queue went with it
            begun = self._begun(endpoint, job, now)
            if begun.done_at is not None and begun.done_at <= now:
                with suppress(AwsError):  # its bucket is gone: nobody can be told
                    self._do(begun)
                self._queue(endpoint, -1)
            elif begun.done_at is None and now > begun.ends_in_queue:
                self._queue(endpoint, -1)
            else:
                self._open.append(begun)

    def _begun(self, endpoint: Endpoint, job: Job, now: float) -> Job:
        """Return the request as it is worked on, if there is an instance that can."""
        if job.done_at is not None or not endpoint.serving.instance_count:
            return job
        try:
            seconds = echo.seconds(self._body(job))
        except AwsError:
            seconds = None
        return replace(job, done_at=now + (self._seconds if seconds is None else seconds))

    def _do(self, job: Job) -> None:
        try:
            location, written = job.result, echo.generate(self._body(job))
        except (AwsError, echo.UnreadableError) as error:
            location, written = job.failure, str(error).encode()
        self._s3(job.region, "PUT", location, written)

    def _body(self, job: Job) -> bytes:
        source = job.source
        return source if isinstance(source, bytes) else self._s3(job.region, "GET", source)

    def _queue(self, endpoint: Endpoint, more: int) -> None:
        size = max(0, self._metrics.backlog(endpoint) + more)
        self._metrics.set_backlog(endpoint, size, self._account.clock.now())

    def _s3(self, region: str, method: str, location: str, body: bytes = b"") -> bytes:
        place = urlsplit(location)
        path = f"/{place.netloc}{place.path}"
        headers = {"Content-Type": "application/json"} if body else {}
        request = Request("s3", region, method=method, path=path, headers=headers, body=body)
        response = self._moto.send(request)
        if response.status_code != 200:  # noqa: PLR2004
            raise AwsError("ValidationError", f"The sandbox's S3 cannot {method} {location}.")
        return response.get_data()
