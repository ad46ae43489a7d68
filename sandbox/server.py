"""Puts the sandbox together and serves it over HTTP by waitress.

    with Sandbox(startup_seconds=0.2) as sandbox:
        boto3.client("sagemaker", endpoint_url=sandbox.url, ...)

With `state` the SageMaker side with its metrics and autoscaling, and DynamoDB, survive the process,
also a `kill -9` (see `journal`). Several sandboxes may follow each other in one process, and none
sees what another one held; moto keeps its state in the process, so they cannot run beside each
other.
"""

import logging
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from waitress import wasyncore
from waitress.server import TcpWSGIServer

from sandbox.api_gateway.http import end_channels
from sandbox.aws.autoscaling.autoscaling import Autoscaling
from sandbox.aws.autoscaling.targets import Targets
from sandbox.aws.cloudwatch.cloudwatch import CloudWatch
from sandbox.aws.cloudwatch.monitor import Monitor
from sandbox.aws.moto import state_machines
from sandbox.aws.moto.account import Moto
from sandbox.aws.moto.tables import Tables
from sandbox.aws.protocol.calls import Tally
from sandbox.aws.runtime.invoke import Runtime
from sandbox.aws.sagemaker.account import Account
from sandbox.aws.sagemaker.catalog import Catalog
from sandbox.aws.sagemaker.control_plane import SageMaker
from sandbox.aws.sagemaker.hosting import Conditions, Hosting, Timing
from sandbox.aws.sagemaker.quotas import Quotas
from sandbox.aws.sagemaker.tags import Tags
from sandbox.clock import Clock
from sandbox.control import api
from sandbox.control.api import Control, Controls
from sandbox.control.faults import Faults
from sandbox.front import Front, Services
from sandbox.journal import Journal

HOST = "127.0.0.1"
THREADS = 8


class Sandbox:
    def __init__(
        self,
        *,
        port: int = 0,
        startup_seconds: float = 3.0,
        state: Path | None = None,
        quotas: Mapping[str, int] | None = None,
    ) -> None:
        self._port = port
        self._timing = Timing(startup_seconds, min(1.0, startup_seconds))
        self._journal = Journal(state)
        self._quotas = Quotas(quotas or {})
        self._sockets: dict[int, Any] = {}
        self._server: TcpWSGIServer | None = None
        self._thread: Thread | None = None
        self._stopping = Event()

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the sandbox has no URL before it is started")
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        quiet()
        self._server = TcpWSGIServer(
            self._front(), map=self._sockets, host=HOST, port=self._port, threads=THREADS
        )
        self._port = int(self._server.getsockname()[1])
        state_machines.execute_at(self.url)
        self._stopping.clear()
        self._thread = Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving; what was answered has been kept already."""
        if self._server is None or self._thread is None:
            return
        self._server.task_dispatcher.shutdown()
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join()
        # Only now, and only here: the wake-up call above must still find its socket open.
        end_channels(self._sockets)
        wasyncore.close_all(self._sockets)
        self._journal.close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        """Run waitress's loop a step at a time: its own `run` cannot be stopped from outside."""
        while not self._stopping.is_set():
            wasyncore.loop(map=self._sockets, use_poll=True, count=1)

    def _front(self) -> Front:
        entries = self._journal.read()
        clock = Clock(entries.get(api.CLOCK_KEY, {}).get("offset", 0.0))
        moto, monitor = Moto(), Monitor(self._journal)
        targets = Targets(self._journal, monitor, self._timing.startup_seconds)
        account, tables = Account(clock, self._journal, targets), Tables(moto, self._journal)
        kept = (monitor, targets, account, tables)
        for part in kept:
            part.restore(entries)
        remembered = chain.from_iterable(part.entries() for part in kept)
        self._journal.begin([api.as_entry(clock), *remembered])

        faults, tally, tags = Faults(), Tally(), Tags(account)
        catalog, conditions = Catalog(account), Conditions(faults, self._quotas, self._timing)
        hosting = Hosting(account, catalog, targets, conditions)
        controls = Controls(account, monitor, faults, self._quotas, tally, self._journal)
        services = Services(
            control=Control(controls),
            sagemaker=SageMaker(account, catalog, hosting, tags, faults),
            runtime=Runtime(account, moto, monitor),
            cloudwatch=CloudWatch(account, monitor),
            autoscaling=Autoscaling(account, targets, monitor),
            tags=tags,
            tables=tables,
            moto=moto,
        )
        return Front(services, faults, tally, clock)


def quiet() -> None:
    """Servers log each oddity of a client; here the client's own error is enough."""
    for name in ("waitress", "waitress.queue", "werkzeug", "moto"):
        logging.getLogger(name).setLevel(logging.ERROR)
