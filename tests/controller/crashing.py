"""Controllers that are killed at a chosen moment: each a process that ends by `os._exit`.

A moment is the one before a call to AWS or git, and the one after a call that changes the clone on
the disk. After any other call, nothing leaves the process until the moment before the next one.

A `Nursery` is a process with everything imported and every client made, which forks a controller
for each order: `python -m tests.controller.crashing SANDBOX LEDGER` reads orders as lines of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from controller import carry_out, reconcile
from controller.aws.rollout import Rollout
from ledger.repository.transport import Server
from tests.controller.rehearsal import begun
from tests.scene import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controller.planning.desired import Desired

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (
    *("sagemaker", "resourcegroupstaggingapi", "cloudwatch", "application-autoscaling"),
    *("sns", "events"),
)
FINISHED, KILLED, BROKEN = 0, 9, 1
NEVER = 0
_MOST_TICKS = 10


@dataclass(frozen=True)
class Order:
    """Tick at `now` until nothing is left to do, unless killed at the n-th moment, from 1."""

    cache: str
    now: str
    moment: int = NEVER
    sabotage: str = ""


@dataclass(frozen=True)
class Life:
    """How a controller ended, and the moments it lived to see."""

    exit_code: int
    moments: tuple[str, ...]


class Nursery:
    """The process that brings controllers to life, as the tests see it."""

    def __init__(self, sandbox: str, ledger: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.controller.crashing", sandbox, ledger],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, order: Order) -> Life:
        orders, lives = self._pipes
        print(json.dumps(asdict(order)), file=orders, flush=True)
        told = json.loads(lives.readline())
        return Life(told["exit_code"], tuple(told["moments"]))

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        self._process.wait()

    @property
    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


class _Moments:
    """Writes down each moment, and ends the process at the one that was ordered."""

    def __init__(self, order: Order) -> None:
        self._fatal = order.moment
        self._file = os.open(_told(order), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._count = 0
        self._one_at_a_time = Lock()

    def __call__(self, moment: str) -> None:
        with self._one_at_a_time:
            os.write(self._file, f"{moment}\n".encode())
            self._count += 1
            if self._count == self._fatal:
                os._exit(KILLED)

    def watch(self, account: Account) -> None:
        for service in SERVICES:
            account.client(service).meta.events.register("before-call", self._before_call)
        for name in ("tip", "fetch", "push"):
            setattr(Server, name, self._watched(name, getattr(Server, name)))

    def _before_call(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own
        self(f"before {model.name}")

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(server: Server, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            self(f"before git {name} of {server.remote.branch}")
            answer = call(server, *arguments, **named)
            if name != "tip":
                self(f"after git {name} of {server.remote.branch}")
            return answer

        return watched


def _draft_first(honest: Callable[[Rollout, Desired], None]) -> Callable[..., None]:
    """Make a draft before the model, and clear it away at the end: as if there were always one."""

    def ensure_config(self: Rollout, target: Desired) -> None:
        draft = {**(target.model or {}), "ModelName": f"{target.config_name}-draft"}
        self._sagemaker.create_model(**draft)
        honest(self, target)
        self._sagemaker.delete_model(ModelName=draft["ModelName"])

    return ensure_config


def _delete_and_create(self: Rollout, target: Desired) -> None:
    self._sagemaker.delete_endpoint(EndpointName=target.endpoint_name)


def _sabotage(kind: str) -> None:
    """Break this controller, so that the tests are known to notice."""
    match kind:
        case "credits without an id of its own":
            carry_out.request_id = lambda *_: uuid4().hex  # type: ignore[attr-defined]
        case "makes a draft first":
            Rollout._ensure_config = _draft_first(Rollout._ensure_config)  # type: ignore[method-assign]
        case "updates by delete and create":
            Rollout._update = _delete_and_create  # type: ignore[method-assign]
        case other:
            assert not other, other


def _controller(account: Account, ledger: str, order: Order) -> None:
    now = datetime.fromisoformat(order.now)
    dependencies = begun(account, ledger, Path(order.cache), lambda: now)
    _sabotage(order.sabotage)
    _Moments(order).watch(account)
    for _ in range(_MOST_TICKS):
        if not reconcile.reconcile(dependencies, "dev", now).plan.changes:
            return


def _told(order: Order) -> Path:
    return Path(order.cache) / "moments"


def _live(account: Account, ledger: str, order: Order) -> Life:
    Path(order.cache).mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if child == 0:
        try:
            _controller(account, ledger, order)
        except BaseException:  # noqa: BLE001 - nothing may leave this fork but its exit code
            traceback.print_exc()
            os._exit(BROKEN)
        os._exit(FINISHED)
    _, status = os.waitpid(child, 0)
    return Life(os.waitstatus_to_exitcode(status), tuple(_told(order).read_text().splitlines()))


def main(sandbox: str, ledger: str) -> None:
    account = Account(sandbox)
    for service in SERVICES:
        account.client(service)
    for line in sys.stdin:
        wish: Mapping[str, Any] = json.loads(line)
        life = _live(account, ledger, Order(**wish))
        print(json.dumps(asdict(life)), flush=True)  # noqa: T201 - it is read by the nursery


if __name__ == "__main__":
    main(*sys.argv[1:])
