"""Delivers notices to SNS and EventBridge, whichever of them an environment names.

Nothing that goes wrong here stops a tick: it becomes a `Delivery` that says so, and the next tick
sends again. A target that fails a whole request gets no other in that tick, so it costs at most one
time-out. Clients are made when there is something to send.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from controller.aws.errors import aws_errors
from controller.notices.notice import Delivery, Notice
from ledger.documents import Environment
from ledger.errors import Failure
from ledger.printable import in_line

__all__ = ["Delivery", "Notifier"]

SOURCE = "leasehold"
BATCH = 10  # the most that either service takes in one request
_SUBJECT_LIMIT = 99  # SNS: fewer than 100 letters

Client = Callable[[], Any]
NoticeId = tuple[str, str]


class Target(Protocol):
    """Something that takes notices. `send` says which of them it refused, and why."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def code(self) -> str: ...
    def send(self, notices: Sequence[Notice]) -> Mapping[NoticeId, str]: ...


class Notifier:
    """The topic and the bus of an environment."""

    def __init__(self, sns: Client, events: Client) -> None:
        self._sns = cache(sns)
        self._events = cache(events)

    def deliver(self, notices: Sequence[Notice], environment: Environment) -> tuple[Delivery, ...]:
        """Send each notice to every configured target that has not taken it yet."""
        targets = tuple(self._targets(environment))
        refused = {target.name: _send(target, notices) for target in targets}
        return tuple(_delivery(notice, targets, refused) for notice in notices)

    def _targets(self, environment: Environment) -> list[Target]:
        targets: list[Target] = []
        if environment.topic_arn:
            targets.append(_Topic(self._sns, environment.topic_arn))
        if environment.event_bus_name:
            targets.append(_Bus(self._events, environment.event_bus_name))
        return targets


@dataclass(frozen=True)
class _Topic:
    """An SNS topic: for people, by mail or chat."""

    client: Client
    arn: str
    name: str = "sns"
    title: str = "SNS"
    code: str = "LH3020"

    def send(self, notices: Sequence[Notice]) -> Mapping[NoticeId, str]:
        answer = self.client().publish_batch(
            TopicArn=self.arn,
            PublishBatchRequestEntries=[
                {
                    "Id": str(number),
                    "Subject": subject(notice.subject),
                    "Message": message(notice.text),
                    "MessageAttributes": _attributes(notice),
                }
                for number, notice in enumerate(notices)
            ],
        )
        return {
            _id(notices[int(item["Id"])]): f"{item.get('Message', '')} ({item['Code']})"
            for item in answer.get("Failed", ())
        }


@dataclass(frozen=True)
class _Bus:
    """An EventBridge bus: for programs."""

    client: Client
    bus_name: str
    name: str = "events"
    title: str = "EventBridge"
    code: str = "LH3021"

    def send(self, notices: Sequence[Notice]) -> Mapping[NoticeId, str]:
        answer = self.client().put_events(
            Entries=[
                {
                    "Source": SOURCE,
                    "DetailType": f"Leasehold Notice: {notice.kind}",
                    "Detail": json.dumps(dict(notice.detail)),
                    "EventBusName": self.bus_name,
                }
                for notice in notices
            ]
        )
        return {
            _id(notice): f"{entry.get('ErrorMessage', '')} ({entry['ErrorCode']})"
            for notice, entry in zip(notices, answer["Entries"], strict=True)
            if "ErrorCode" in entry
        }


def subject(text: str) -> str:
    """Return a subject that SNS takes: one line of printable ASCII, not too long."""
    line = " ".join(text.split()).encode("ascii", "replace").decode()
    return "".join(letter for letter in line if letter.isprintable())[:_SUBJECT_LIMIT]


def message(text: str) -> str:
    """Return a text whose lines hold nothing that a terminal or a mail reader would obey."""
    return "\n".join(map(in_line, text.split("\n")))


def _attributes(notice: Notice) -> dict[str, dict[str, str]]:
    """Return what a subscription's filter policy can choose by."""
    values = {
        "kind": str(notice.kind),
        "environment": notice.environment,
        "endpoint": notice.endpoint_name,
    }
    return {key: {"DataType": "String", "StringValue": value} for key, value in values.items()}


def _send(target: Target, notices: Sequence[Notice]) -> Mapping[NoticeId, str]:
    """Send in batches, up to the first whose request fails. Return why notices were refused."""
    wanted = [notice for notice in notices if target.name not in notice.taken]
    refused: dict[NoticeId, str] = {}
    for start in range(0, len(wanted), BATCH):
        try:
            with aws_errors():
                refused |= target.send(wanted[start : start + BATCH])
        except Failure as failure:
            return refused | {_id(notice): failure.message for notice in wanted[start:]}
    return refused


def _delivery(
    notice: Notice,
    targets: Sequence[Target],
    refused: Mapping[str, Mapping[NoticeId, str]],
) -> Delivery:
    """Return what became of one notice at all targets."""
    failed = [target for target in targets if _id(notice) in refused[target.name]]
    taken = notice.taken | {target.name for target in targets if target not in failed}
    if not failed:
        return Delivery(notice, ok=True, taken=taken)
    reasons = " ".join(
        f"{target.title}: {refused[target.name][_id(notice)].rstrip('.')}." for target in failed
    )
    sentence = f"the notice {notice.key} was not delivered. {reasons} The next tick sends it again."
    return Delivery(notice, ok=False, taken=taken, code=failed[0].code, sentence=sentence)


def _id(notice: Notice) -> NoticeId:
    return notice.endpoint_name, notice.key
