"""Notices on their way, over HTTP: what a queue behind the topic and the bus receives of them."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from controller.aws.notice_targets import subject
from controller.aws.notifier import Delivery, Notifier
from controller.notices.notice import Kind, Notice
from ledger.documents import Environment
from ledger.names import EndpointName
from sandbox.server import Sandbox
from tests.scene import REGION, ROLE, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = EndpointName("demo-Falcon-Endpoint")


@dataclass(frozen=True)
class Post:
    """An account with a topic and a bus, and a queue that everything in them ends up in."""

    account: Account
    topic_arn: str
    queue_url: str

    def notifier(self) -> Notifier:
        return Notifier(self.account.client)

    def environment(self, *, topic: bool = False, bus: bool = False) -> Environment:
        return Environment(
            "demo",
            REGION,
            ROLE,
            topic_arn=self.topic_arn if topic else None,
            event_bus_name="leases" if bus else None,
        )

    def received(self) -> list[dict[str, Any]]:
        """All that is in the queue, which is empty then."""
        queue, found = self.account.client("sqs"), []
        while messages := queue.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10
        ).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                queue.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return found

    def calls(self, operation: str) -> int:
        return self.account.calls().get(operation, 0)


@pytest.fixture
def post() -> Iterator[Post]:
    with Sandbox(startup_seconds=1) as sandbox:
        account = Account(sandbox.url)
        sns, sqs, events = (account.client(name) for name in ("sns", "sqs", "events"))
        topic = sns.create_topic(Name="leases")["TopicArn"]
        url = sqs.create_queue(QueueName="all")["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = queue["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        events.create_event_bus(Name="leases")
        pattern = json.dumps({"source": ["leasehold"]})
        events.put_rule(Name="all", EventBusName="leases", EventPattern=pattern)
        events.put_targets(Rule="all", EventBusName="leases", Targets=[{"Id": "1", "Arn": arn}])
        account.calls()
        yield Post(account, topic, url)


def notice(number: int = 0, taken: frozenset[str] = frozenset(), **fields: Any) -> Notice:  # noqa: ANN401
    key = f"expiring:2026-11-23T10:00:00Z:{number}"
    about: dict[str, Any] = {
        "subject": "[dev] Falcon: lease ends at 2026-11-23T10:00:00Z, in 15 min",
        "text": "The lease of Falcon ends.\n",
        "detail": {"name": "Falcon", "minutes_left": 15},
        **fields,
    }
    return Notice(
        kind=Kind.EXPIRING,
        environment="dev",
        name="Falcon",
        endpoint_name=NAME,
        key=key,
        settles={NAME: frozenset({key})},
        taken=taken,
        **about,
    )


def _unused(_service: str) -> object:
    raise AssertionError("nothing is to be sent by this client")


def test_people_get_a_mail_of_the_topic(post: Post) -> None:
    (delivery,) = post.notifier().deliver([notice()], post.environment(topic=True))
    assert delivery == Delivery(notice(), ok=True, taken=frozenset({"sns"}))
    (mail,) = post.received()
    assert mail["Subject"] == "[dev] Falcon: lease ends at 2026-11-23T10:00:00Z, in 15 min"
    assert mail["Message"] == "The lease of Falcon ends.\n"
    chosen_by = {key: value["Value"] for key, value in mail["MessageAttributes"].items()}
    assert chosen_by == {"kind": "expiring", "environment": "dev", "endpoint": NAME}


def test_programs_get_an_event_of_the_bus(post: Post) -> None:
    (delivery,) = post.notifier().deliver([notice()], post.environment(bus=True))
    assert delivery == Delivery(notice(), ok=True, taken=frozenset({"events"}))
    (event,) = post.received()
    assert event["source"] == "leasehold"
    assert event["detail-type"] == "Leasehold Notice: expiring"
    assert event["detail"] == {"name": "Falcon", "minutes_left": 15}


def test_hundreds_of_notices_go_ten_at_a_time(post: Post) -> None:
    many = [notice(number) for number in range(101)]
    deliveries = post.notifier().deliver(many, post.environment(topic=True))
    assert [delivery.notice for delivery in deliveries] == many
    assert {delivery.ok for delivery in deliveries} == {True}
    assert post.calls("PublishBatch") == 11
    assert len(post.received()) == 101


def test_a_client_is_made_once_however_much_there_is_to_tell(post: Post) -> None:
    made = []

    def client(service: str) -> object:
        made.append(post.account.client(service))
        return made[-1]

    notifier, many = Notifier(client), [notice(number) for number in range(25)]
    for _ in range(2):
        notifier.deliver(many, post.environment(topic=True))
    assert len(made) == 1


def test_where_nobody_is_to_be_told_a_notice_counts_as_delivered(post: Post) -> None:
    (delivery,) = post.notifier().deliver([notice()], post.environment())
    assert delivery == Delivery(notice(), ok=True)
    assert post.account.calls() == {}


def test_nothing_to_tell_makes_no_client_and_no_call() -> None:
    environment = Environment("demo", REGION, ROLE, topic_arn="arn", event_bus_name="leases")
    assert Notifier(_unused).deliver([], environment) == ()


@pytest.mark.parametrize("kind", ["unavailable", "throttle", "denied"])
def test_a_topic_that_fails_is_said_and_tried_again(post: Post, kind: str) -> None:
    post.account.order_fault(kind, operation="PublishBatch")
    (failed,) = post.notifier().deliver([notice()], post.environment(topic=True))
    assert (failed.ok, failed.code, failed.taken) == (False, "LH3020", frozenset())
    assert "expiring:2026-11-23T10:00:00Z:0 was not delivered. SNS: " in failed.sentence
    assert failed.sentence.endswith("The next tick sends it again.")
    (sent,) = post.notifier().deliver([notice()], post.environment(topic=True))
    assert sent.ok
    assert len(post.received()) == 1


def test_a_topic_that_is_not_there_is_said(post: Post) -> None:
    post.account.client("sns").delete_topic(TopicArn=post.topic_arn)
    (failed,) = post.notifier().deliver([notice()], post.environment(topic=True))
    assert (failed.ok, failed.code) == (False, "LH3020")


def test_a_bus_that_fails_is_said_and_does_not_keep_the_topic_from_it(post: Post) -> None:
    post.account.order_fault("unavailable", operation="PutEvents")
    both = post.environment(topic=True, bus=True)
    (failed,) = post.notifier().deliver([notice()], both)
    assert (failed.ok, failed.code, failed.taken) == (False, "LH3021", frozenset({"sns"}))
    assert "EventBridge: " in failed.sentence
    assert len(post.received()) == 1

    (sent,) = post.notifier().deliver([notice(taken=failed.taken)], both)
    assert (sent.ok, sent.taken) == (True, frozenset({"sns", "events"}))
    (event,) = post.received()
    assert event["source"] == "leasehold"


def test_a_notice_that_the_topic_refuses_does_not_keep_the_others_back(post: Post) -> None:
    client = boto3.client("sns", region_name=REGION)
    answer = {
        "Successful": [{"Id": "0", "MessageId": "1"}],
        "Failed": [
            {"Id": "1", "Code": "InternalError", "Message": "It broke.", "SenderFault": False}
        ],
    }
    with Stubber(client) as stub:
        stub.add_response("publish_batch", answer)
        environment = post.environment(topic=True)
        good, bad = Notifier(lambda _: client).deliver([notice(1), notice(2)], environment)
    assert (good.ok, bad.ok, bad.code) == (True, False, "LH3020")
    assert "SNS: It broke. (InternalError)." in bad.sentence


def test_an_event_that_the_bus_refuses_does_not_keep_the_others_back(post: Post) -> None:
    client = boto3.client("events", region_name=REGION)
    answer = {
        "FailedEntryCount": 1,
        "Entries": [
            {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"},
            {"EventId": "2"},
        ],
    }
    with Stubber(client) as stub:
        stub.add_response("put_events", answer)
        environment = post.environment(bus=True)
        bad, good = Notifier(lambda _: client).deliver([notice(1), notice(2)], environment)
    assert (good.ok, bad.ok, bad.code) == (True, False, "LH3021")
    assert "EventBridge: Rate exceeded (ThrottlingException)." in bad.sentence


def test_a_topic_that_does_not_answer_costs_one_time_out_and_not_ten() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        patience = Config(read_timeout=0.2, retries={"total_max_attempts": 1})
        client = boto3.client(
            "sns",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=patience,
        )
        many = [notice(number) for number in range(100)]
        topic = Environment(
            "demo", REGION, ROLE, topic_arn="arn:aws:sns:us-east-1:123456789012:leases"
        )
        deliveries = Notifier(lambda _: client).deliver(many, topic)
        assert {(delivery.ok, delivery.code) for delivery in deliveries} == {(False, "LH3020")}
        mute.settimeout(0)
        accepted = list(connections(mute))
        assert len(accepted) == 1


def connections(server: socket.socket) -> Iterator[socket.socket]:
    """Those who called, each hung up on."""
    while True:
        try:
            caller, _ = server.accept()
        except BlockingIOError:
            return
        caller.close()
        yield caller


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("[dev] Falcon: stopped", "[dev] Falcon: stopped"),
        ("[dev] Fälcon", "[dev] F?lcon"),
        ("[dev]\nFalcon\t\x07", "[dev] Falcon "),
        ("x" * 200, "x" * 99),
    ],
)
def test_a_subject_is_one_that_sns_takes(written: str, sent: str) -> None:
    assert subject(written) == sent
