"""Asynchronous requests: done at once where there is an instance, else when there is one again.

Until then they wait in the endpoint's backlog. Input and output are objects in moto's S3.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
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


class Jobs:
    def __init__(self, account: Account, moto: Moto, metrics: MetricStore) -> None:
        self._account = account
        self._moto = moto
        self._metrics = metrics
        self._waiting: deque[Job] = deque()

    def take_on(self, endpoint: Endpoint, job: Job) -> None:
        if endpoint.serving.instance_count:
            self._do(job)
            return
        with self._account.lock:
            self._waiting.append(job)
            self._queue(endpoint, 1)

    def catch_up(self) -> None:
        """Do the asynchronous requests whose endpoint has an instance again."""
        if not self._waiting:
            return
        with self._account.lock:
            jobs, self._waiting = self._waiting, deque()
            for job in jobs:
                endpoint = self._account.endpoint(job.arn)
                if endpoint is None:
                    continue  # its queue went with it
                if endpoint.serving.instance_count:
                    with suppress(AwsError):  # nobody waits for this answer any more
                        self._do(job)
                    self._queue(endpoint, -1)
                else:
                    self._waiting.append(job)

    def _do(self, job: Job) -> None:
        source = job.source
        body = source if isinstance(source, bytes) else self._s3(job.region, "GET", source)
        try:
            location, written = job.result, echo.generate(body)
        except echo.UnreadableError as error:
            location, written = job.failure, str(error).encode()
        self._s3(job.region, "PUT", location, written)

    def _queue(self, endpoint: Endpoint, more: int) -> None:
        size = max(0, self._metrics.backlog(endpoint) + more)
        self._metrics.set_backlog(endpoint, size, self._account.clock.now())

    def _s3(self, region: str, method: str, location: str, body: bytes = b"") -> bytes:
        place = urlsplit(location)
        path = f"/{place.netloc}{place.path}"
        request = Request("s3", region, method=method, path=path, body=body)
        response = self._moto.send(request)
        if response.status_code != 200:  # noqa: PLR2004
            raise AwsError("ValidationError", f"The sandbox's S3 cannot {method} {location}.")
        return response.get_data()
