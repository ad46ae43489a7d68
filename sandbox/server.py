"""The sandbox: puts its parts together and serves them at one URL.

    with Sandbox(startup_seconds=0.2) as sandbox:
        boto3.client("sagemaker", endpoint_url=sandbox.url, ...)

With `state` the SageMaker side with its metrics and autoscaling, and DynamoDB, survive the process,
also a `kill -9` (see `journal`). Several sandboxes may follow each other in one process, and none
sees what another one held; moto keeps its state in the process, so they cannot run beside each
other.
"""

import logging
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from waitress.server import TcpWSGIServer

from sandbox.aws import pricing
from sandbox.aws.autoscaling import operations as autoscaling
from sandbox.aws.autoscaling.operations import Autoscaling
from sandbox.aws.autoscaling.targets import Targets
from sandbox.aws.cloudwatch import operations as cloudwatch
from sandbox.aws.cloudwatch.operations import CloudWatch
from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.faults import Faults
from sandbox.aws.moto import dynamodb, step_functions
from sandbox.aws.moto.app import Moto
from sandbox.aws.moto.dynamodb import DynamoDb
from sandbox.aws.protocol import call
from sandbox.aws.runtime.invoke import Runtime
from sandbox.aws.runtime.jobs import Jobs
from sandbox.aws.sagemaker import operations as sagemaker
from sandbox.aws.sagemaker import tags
from sandbox.aws.sagemaker.account import Account
from sandbox.aws.sagemaker.components import Components
from sandbox.aws.sagemaker.endpoints import Conditions, Endpoints, Timing
from sandbox.aws.sagemaker.models_and_configs import ModelsAndConfigs
from sandbox.aws.sagemaker.quotas import Quotas
from sandbox.aws.sagemaker.tags import Tags
from sandbox.callers import Callers
from sandbox.clock import Clock
from sandbox.control.api import Control
from sandbox.control.call_counts import CallCounts
from sandbox.control.controls import Controls
from sandbox.journal import Journal
from sandbox.loopback_server import HOST, LoopbackServer, Sockets
from sandbox.router import Router

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

THREADS = 8


class Sandbox(LoopbackServer):
    def __init__(  # noqa: PLR0913 - all are named
        self,
        *,
        port: int = 0,
        startup_seconds: float = 3.0,
        state: Path | None = None,
        quotas: Mapping[str, int] | None = None,
        hosts: frozenset[str] = frozenset(),
        async_seconds: float = 0,
    ) -> None:
        """`async_seconds` is how long an asynchronous request is worked on."""
        super().__init__(port, Callers(hosts=hosts))
        self._timing = Timing(startup_seconds, min(1.0, startup_seconds))
        self._journal = Journal(state)
        self._quotas = quotas or {}
        self._async_seconds = async_seconds
        self._moto = Moto()

    def start(self) -> Self:
        super().start()
        step_functions.execute_at(self.url)
        return self

    def stop(self) -> None:
        """Stop serving; what was answered has been kept already."""
        super().stop()
        self._journal.close()

    def _bound(self, port: int, sockets: Sockets) -> TcpWSGIServer:
        for name in ("waitress", "werkzeug", "moto"):
            # They log each oddity of a client; here the client's own error is enough.
            logging.getLogger(name).setLevel(logging.ERROR)
        self._router = self._assembled(self._journal.read())
        return TcpWSGIServer(self._serve, map=sockets, host=HOST, port=port, threads=THREADS)

    def _serve(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        return self._router(environ, start)

    def _reset(self) -> None:
        """Begin anew, also after another sandbox of this process has used moto."""
        self._router = self._assembled({})
        step_functions.execute_at(self.url)

    def _assembled(self, entries: Mapping[str, Any]) -> Router:
        """Return a router to parts that hold what the journal's entries say."""
        self._moto.reset()
        clock, metrics = Clock(self._journal), MetricStore(self._journal)
        targets = Targets(self._journal, metrics, self._timing.startup_seconds)
        account = Account(clock, self._journal, targets)
        tables = DynamoDb(self._moto, self._journal)
        kept = (clock, metrics, targets, account, tables)
        for part in kept:
            part.restore(entries)
        self._journal.begin(chain.from_iterable(part.entries() for part in kept))

        faults, quotas, counts = Faults(), Quotas(self._quotas), CallCounts()
        configs, tagged = ModelsAndConfigs(account), Tags(account, faults)
        endpoints = Endpoints(account, configs, targets, Conditions(faults, quotas, self._timing))
        jobs = Jobs(account, self._moto, metrics, self._async_seconds)
        services = {
            sagemaker.API: sagemaker.operations(
                account, configs, endpoints, Components(account), tagged, faults
            ).answer,
            call.RUNTIME: Runtime(account, jobs, metrics).answer,
            cloudwatch.API: CloudWatch(account, metrics).operations().answer,
            autoscaling.API: Autoscaling(account, targets, metrics).answer,
            tags.API: tagged.answer,
            pricing.API: pricing.answer,
            dynamodb.API: tables.answer,
        }
        controls = Controls(account, metrics, faults, quotas, counts, self._reset)
        return Router(Control(controls), services, self._moto, jobs, faults, counts, clock)
