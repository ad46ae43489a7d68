"""AWS that takes a call and hardly answers: calls and ticks end all the same, and say so."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from controller.aws.account import Account
from controller.aws.clients import PATIENT, session_apart
from controller.aws.notifier import Notifier
from controller.aws.tick_turn import TickTurn
from controller.dependencies import Dependencies
from controller.reconcile import State, reconcile
from controller.survey import Survey
from ledger.deadline import within
from ledger.errors import Unavailable
from ledger.names import EndpointName
from tests.ledger.stalling import Stalling
from tests.scene import NOON, REGION, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.scene import Scene

SECONDS = 4.0


def client(url: str, service: Any, config: Config = PATIENT) -> Any:  # noqa: ANN401  (boto3's)
    return session_apart().client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        config=config,
    )


@pytest.fixture
def stalling(scene: Scene) -> Iterator[Stalling]:
    with Stalling(scene.account.url) as made:
        made.flow()
        yield made


@pytest.fixture
def made(scene: Scene, stalling: Stalling) -> Dependencies:
    """A controller whose AWS is behind the slow network."""
    make = partial(client, stalling.url)
    account = Account(make)
    notifier = Notifier(partial(make, "sns"), partial(make, "events"))
    return Dependencies(scene.repository, account, Survey(account), scene.logbook, notifier)


def of(*operations: str) -> Callable[[bytes], bool]:
    return lambda data: any(f".{name}".encode() in data for name in operations)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sagemaker", "list_endpoints"),
        ("cloudwatch", "list_metrics"),
        ("dynamodb", "list_tables"),
        ("sns", "list_topics"),
        ("secretsmanager", "list_secrets"),
    ],
)
@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{"])
def test_a_call_ends_with_the_work_that_it_is_part_of(
    service: str, operation: str, begin: bytes
) -> None:
    with Stalling(begin=begin) as server:
        ask = getattr(client(server.url, service), operation)
        with within(0.3), pytest.raises(ReadTimeoutError):
            ask()


def test_no_call_is_begun_when_the_time_is_up() -> None:
    with within(0), pytest.raises(ConnectTimeoutError):
        client("http://127.0.0.1:1", "sagemaker").list_endpoints()


def test_a_call_that_was_given_up_is_not_made_again(scene: Scene) -> None:
    """What nobody waits for any more must not delete anything later."""
    scene.account.order_fault("throttle", times=1)
    once = PATIENT.merge(Config(retries={"total_max_attempts": 1}))
    sagemaker = client(scene.account.url, "sagemaker", once)
    paused = threading.Event()

    def pause(attempts: int, **_: object) -> float | None:
        paused.wait()
        return 0.0 if attempts == 1 else None

    sagemaker.meta.events.register_first("needs-retry.sagemaker.*", pause)
    scene.account.calls()
    with within(0.5), pytest.raises(ReadTimeoutError):
        sagemaker.list_endpoints()
    paused.set()
    for thread in threading.enumerate():
        if thread.name == f"errand to {scene.account.url}":
            thread.join()
    assert scene.account.calls() == {"ListEndpoints": 1}


def test_a_refusal_is_what_it_was(scene: Scene) -> None:
    with pytest.raises(ClientError):
        client(scene.account.url, "sagemaker").describe_endpoint(EndpointName="nobody")


def test_a_turn_is_taken_where_the_table_hangs() -> None:
    with Stalling() as server:
        turn = TickTurn(client(server.url, "dynamodb"), "turns", "dev")
        with within(0.3):
            assert turn.take(NOON)
            turn.give_back()


def test_a_tick_whose_list_hangs_ends_and_says_what_did_not_answer(
    scene: Scene, stalling: Stalling, made: Dependencies
) -> None:
    scene.start("A", minutes=10)
    stalling.passes = lambda _: 0
    with pytest.raises(Unavailable) as failed:
        reconcile(made, "dev", scene.now, seconds=SECONDS)
    assert failed.value.code == "LH3001"


def test_a_tick_whose_start_hangs_does_the_rest_and_remembers_it(
    scene: Scene, stalling: Stalling, made: Dependencies
) -> None:
    ending = scene.start("Ending", minutes=10)
    reconcile(made, "dev", scene.now)
    scene.define("Starting", 60)
    scene.let_pass(minutes=30)
    stalling.hangs = of("CreateModel", "CreateEndpoint")
    tick = reconcile(made, "dev", scene.now, seconds=SECONDS)
    assert outcome(tick, ending).state is State.DONE
    assert outcome(tick, "demo-Starting-Endpoint").state is State.FAILED
    entry = made.logbook.read("dev").entry(EndpointName(ending))
    assert entry is not None
    assert entry.status == "Deleting"
