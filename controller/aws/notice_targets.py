"""The ways of notices: SNS, EventBridge, a chat's webhook, Amazon Q in chat, mail by SES.

A target gets a batch, and says which notices were refused, and why. What it raises is about them
all. Clients are made when there is something to send.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from controller.aws.errors import aws_errors
from controller.aws.webhook_post import Reply, said
from controller.notices import formats
from controller.notices.message import Message, Signer, addresses, written
from controller.notices.notice import Notice
from ledger.deadline import left
from ledger.documents.channels import ChatTopic, ChatWebhook, OwnerMail
from ledger.errors import Failure, Refused, Unavailable
from ledger.links import CHANNEL

SOURCE = "leasehold"
_SUBJECT_LIMIT = 99  # SNS: fewer than 100 letters
_LONGEST_PAUSE = 600  # seconds, whatever a chat asks for
_OK = range(200, 300)

Client = Callable[[str], Any]
Post = Callable[..., Reply]
NoticeId = tuple[str, str]
Refusals = Mapping[NoticeId, str]


class Target(Protocol):
    """Something that takes notices, `most` in a batch."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def most(self) -> int: ...
    def send(self, notices: Sequence[Notice]) -> Refusals: ...


def notice_id(notice: Notice) -> NoticeId:
    return notice.endpoint_name, notice.key


def subject(text: str) -> str:
    """Return a subject that SNS takes: one line of printable ASCII, not too long."""
    line = " ".join(text.split()).encode("ascii", "replace").decode()
    return "".join(letter for letter in line if letter.isprintable())[:_SUBJECT_LIMIT]


@dataclass(frozen=True)
class Topic:
    """An SNS topic: for people, by mail."""

    client: Client
    arn: str
    signer: Signer | None
    name: str = "sns"
    title: str = "SNS"
    code: str = "LH3020"
    most: int = 10

    def send(self, notices: Sequence[Notice]) -> Refusals:
        texts = [written(each, self.signer).plain for each in notices]
        return _published(self.client, self.arn, notices, texts)


@dataclass(frozen=True)
class ChatTopicTarget:
    """An SNS topic that Amazon Q in chat applications listens to."""

    client: Client
    channel: ChatTopic
    signer: Signer | None
    title: str = "Amazon Q in chat"
    code: str = "LH3051"
    most: int = 10

    @property
    def name(self) -> str:
        return self.channel.name

    def send(self, notices: Sequence[Notice]) -> Refusals:
        messages = (formats.amazon_q(written(each, self.signer)) for each in notices)
        texts = [json.dumps(each, ensure_ascii=False) for each in messages]
        return _published(self.client, self.channel.topic_arn, notices, texts)


@dataclass(frozen=True)
class Bus:
    """An EventBridge bus: for programs."""

    client: Client
    bus_name: str
    name: str = "events"
    title: str = "EventBridge"
    code: str = "LH3021"
    most: int = 10

    def send(self, notices: Sequence[Notice]) -> Refusals:
        answer = self.client("events").put_events(
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
            notice_id(notice): f"{entry.get('ErrorMessage', '')} ({entry['ErrorCode']})"
            for notice, entry in zip(notices, answer["Entries"], strict=True)
            if "ErrorCode" in entry
        }


@dataclass
class Pauses:
    """Until when each chat asked to be left alone, for as long as this process runs."""

    now: Callable[[], float] = time.monotonic
    _until: dict[str, float] = field(default_factory=dict)

    def left(self, name: str) -> float:
        return max(0.0, self._until.get(name, 0.0) - self.now())

    def note(self, name: str, seconds: float) -> None:
        self._until[name] = self.now() + seconds


@dataclass(frozen=True)
class ChatWebhookTarget:
    """An incoming webhook of a chat. It takes one notice at a time, and may ask for a pause."""

    client: Client
    channel: ChatWebhook
    signer: Signer | None
    post: Post
    pauses: Pauses
    title: str = "The chat's webhook"
    code: str = "LH3050"
    most: int = 1

    @property
    def name(self) -> str:
        return self.channel.name

    def send(self, notices: Sequence[Notice]) -> Refusals:
        if wait := self.pauses.left(self.name):
            raise Unavailable(self.code, f"It asked to be left alone for {wait:.0f} s more.")
        url = secret_text(self.client, self.channel.secret_name)
        for notice in notices:
            body = json.dumps(formats.slack(written(notice, self.signer)), ensure_ascii=False)
            reply = self.post(url, body.encode(), private_network=self.channel.private_network)
            self._judge(reply)
        return {}

    def _judge(self, reply: Reply) -> None:
        if reply.status in _OK:
            return
        if reply.status == 429:  # noqa: PLR2004 - Too Many Requests
            seconds = _seconds(reply.headers.get("retry-after", ""))
            self.pauses.note(self.name, seconds)
            raise Unavailable(self.code, f"It takes no more now, and asked for {seconds} s.")
        kind = Refused if reply.status < 500 else Unavailable  # noqa: PLR2004
        moved = " A redirect is not followed." if 300 <= reply.status < 400 else ""  # noqa: PLR2004
        raise kind(self.code, f"It answered {reply.status} ({said(reply.text)}).{moved}")


@dataclass(frozen=True)
class OwnerMailTarget:
    """Mail by SES to the owner of each notice's endpoint; what names no address is skipped."""

    client: Client
    channel: OwnerMail
    signer: Signer | None
    title: str = "Mail"
    code: str = "LH3052"
    most: int = 1

    @property
    def name(self) -> str:
        return self.channel.name

    def send(self, notices: Sequence[Notice]) -> Refusals:
        for notice in notices:
            if to := addresses(notice.owner):
                self._mail(written(notice, self.signer, _audience(to)), to)
        return {}

    def _mail(self, message: Message, to: Sequence[str]) -> None:
        title = {"Data": " ".join(message.notice.subject.split()), "Charset": "UTF-8"}
        text = {"Data": message.plain, "Charset": "UTF-8"}
        self.client("sesv2").send_email(
            FromEmailAddress=self.channel.sender,
            Destination={"ToAddresses": list(to)},
            Content={"Simple": {"Subject": title, "Body": {"Text": text}}},
        )


def secret_text(client: Client, name: str) -> str:
    """Return a secret's text. Raises Failure."""
    with aws_errors():
        answer = client("secretsmanager").get_secret_value(SecretId=name)
    text = answer.get("SecretString")
    if not text:
        raise Refused("LH3053", f"The secret {name} has no text: put the URL into it.")
    return str(text)


def sent(target: Target, notices: Sequence[Notice]) -> Refusals:
    """Send in batches, up to the first whose request fails. Return why notices were refused."""
    wanted = [notice for notice in notices if target.name not in notice.taken]
    refused: dict[NoticeId, str] = {}
    for start in range(0, len(wanted), target.most):
        try:
            if start and left(1.0) <= 0:
                raise Unavailable(target.code, "There was no time left to send it.")
            with aws_errors():
                refused |= target.send(wanted[start : start + target.most])
        except Failure as failure:
            return refused | {notice_id(notice): failure.message for notice in wanted[start:]}
    return refused


def _audience(to: Sequence[str]) -> str:
    """Return whom a mail's links are for: with several readers, whoever signs in."""
    return to[0] if len(to) == 1 else CHANNEL


def _published(
    client: Client, arn: str, notices: Sequence[Notice], texts: Sequence[str]
) -> Refusals:
    answer = client("sns").publish_batch(
        TopicArn=arn,
        PublishBatchRequestEntries=[
            {
                "Id": str(number),
                "Subject": subject(notice.subject),
                "Message": text,
                "MessageAttributes": _attributes(notice),
            }
            for number, (notice, text) in enumerate(zip(notices, texts, strict=True))
        ],
    )
    return {
        notice_id(notices[int(item["Id"])]): f"{item.get('Message', '')} ({item['Code']})"
        for item in answer.get("Failed", ())
    }


def _attributes(notice: Notice) -> dict[str, dict[str, str]]:
    """Return what a subscription's filter policy can choose by."""
    values = {
        "kind": str(notice.kind),
        "environment": notice.environment,
        "endpoint": notice.endpoint_name,
    }
    if notice.owner:
        values["owner"] = notice.owner
    return {key: {"DataType": "String", "StringValue": value} for key, value in values.items()}


def _seconds(text: str) -> int:
    """Read Retry-After; a date, or nothing, is a minute."""
    return min(int(text), _LONGEST_PAUSE) if text.isascii() and text.isdigit() else 60
