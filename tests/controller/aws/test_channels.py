"""Notices to chats and to owners, over HTTP: what arrives there, and what one that fails costs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest
from botocore.stub import ANY, Stubber

from controller.aws import notice_targets
from controller.aws.notice_targets import Pauses
from controller.aws.notifier import Notifier
from controller.notices.notice import Delivery, Ending, Kind, Notice
from ledger.deadline import within
from ledger.documents import Environment
from ledger.documents.channels import Channel, ChatTopic, ChatWebhook, OwnerMail
from ledger.links import CHANNEL, Keys, Link, LinkAction, read
from ledger.names import EndpointName
from tests.controller.aws.chat_server import Chat, serving
from tests.scene import NOON, REGION, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = Keys(("k" * 32,))
API = "https://api.example.com/prod"
SLACK = ChatWebhook("leasehold/slack", private_network=True)
MAIL = OwnerMail("leasehold@example.com")
TOPIC = "arn:aws:sns:us-east-1:123456789012:leases"
CHAT_TOPIC = ChatTopic("arn:aws:sns:us-east-1:123456789012:chat")
ENDING = Ending(
    path="environments/dev/Falcon.lease.json",
    expires_at=NOON + timedelta(minutes=15),
    lease_id="r-1",
    commit="5f1d0c7a9b3e4f60812c3d4e5f60718293a4b5c6",
    now=NOON,
    last="Ana extended it last, at 2026-11-23T11:00:00Z: demo <!channel> & more\n",
)
ACT = "\nThis keeps it for 1 h more:\n\ncurl -X POST https://api.example.com/endpoint-expiry\n"


def environment(*channels: Channel, topic: bool = False, **fields: Any) -> Environment:  # noqa: ANN401
    settings = {"api_url": API, "link_secret": "leasehold/links", **fields}
    topic_arn = TOPIC if topic else None
    return Environment("demo", REGION, ROLE, channels=channels, topic_arn=topic_arn, **settings)


def notice(number: int = 0, **fields: Any) -> Notice:  # noqa: ANN401
    name = EndpointName(f"demo-Falcon-{number}")
    told: dict[str, Any] = {
        "kind": Kind.EXPIRING,
        "subject": "[dev] Falcon: lease ends at 2026-11-23T12:15:00Z, in 15 min",
        "text": "The lease of Falcon <b> ends. Ask @channel & @here.\n" + ACT,
        "act": ACT,
        "owner": "ana@example.com",
        "ending": ENDING,
        **fields,
    }
    return Notice(
        environment="dev",
        name="Falcon",
        endpoint_name=name,
        key="expiring:2026-11-23T12:15:00Z:15",
        detail={},
        settles={name: frozenset({"expiring:2026-11-23T12:15:00Z:15"})},
        **told,
    )


@dataclass
class Aws:
    """AWS in a few words: secrets, topics and mails; what is not `works` raises."""

    secrets: dict[str, str] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def client(self, service: str) -> Any:  # noqa: ANN401
        self.made.append(service)
        session: Any = boto3.Session()
        client = session.client(
            service,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        client.meta.events.register("before-call", self._answer)
        return client

    def _answer(self, model: Any, params: Any, **_: Any) -> Any:  # noqa: ANN401
        told = json.loads(params["body"]) if model.name == "GetSecretValue" else {}
        match model.name:
            case "GetSecretValue" if told["SecretId"] in self.secrets:
                return _Http(), {"SecretString": self.secrets[told["SecretId"]]}
            case "GetSecretValue":
                error = {"Code": "ResourceNotFoundException", "Message": "no such secret"}
                return _Http(400), {"Error": error}
            case _:
                self.sent.append({"operation": model.name, **_body(params)})
                return _Http(), {}


@dataclass
class _Http:
    status_code: int = 200


def _body(params: dict[str, Any]) -> dict[str, Any]:
    body = params["body"]
    return dict(json.loads(body)) if isinstance(body, bytes | str) else dict(body)


@pytest.fixture
def chat() -> Iterator[Chat]:
    with serving() as served:
        yield served


@pytest.fixture
def aws(chat: Chat) -> Aws:
    return Aws({"leasehold/slack": f"{chat.url}\n", "leasehold/links": KEYS.lines[0]})


def deliver(aws: Aws, where: Environment, *notices: Notice, **more: Any) -> tuple[Delivery, ...]:  # noqa: ANN401
    return Notifier(aws.client, **more).deliver(notices or (notice(),), where)


def link_of(url: str, action: str) -> Link:
    before, _, token = url.partition(f"#/{action}/")
    assert before == f"{API}/console"
    return read(token, KEYS, "dev", NOON)


class TestAChatsWebhook:
    def test_gets_text_and_blocks_with_buttons(self, aws: Aws, chat: Chat) -> None:
        (delivery,) = deliver(aws, environment(SLACK))
        assert (delivery.ok, delivery.taken) == (True, frozenset({SLACK.name}))
        (told,) = chat.took
        assert (told["unfurl_links"], told["unfurl_media"]) == (False, False)
        assert [each["type"] for each in told["blocks"]] == [
            "section",
            "section",
            "actions",
            "context",
        ]
        extend, stop = told["blocks"][2]["elements"]
        assert (extend["text"]["text"], stop["text"]["text"]) == ("Extend by 60 min", "Stop it now")
        link = link_of(extend["url"], "extend")
        assert (link.action, link.minutes, link.audience) == (LinkAction.EXTEND, 60, CHANNEL)
        assert link.expires_at == NOON + timedelta(minutes=75)
        assert link_of(stop["url"], "release").action is LinkAction.RELEASE
        # Mattermost and Rocket.Chat show the text alone, so it has all of it.
        assert f"<{extend['url']}|Extend by 60 min>" in told["text"]
        assert "Ana extended it last" in told["text"]
        assert "curl" not in told["text"]

    def test_is_called_by_nobody_and_linked_to_nothing_else(self, aws: Aws, chat: Chat) -> None:
        deliver(aws, environment(SLACK))
        text = chat.took[0]["text"]
        assert "Falcon &lt;b&gt; ends" in text
        assert "&lt;!channel&gt; &amp; more" in text
        assert "@channel" not in text
        assert "@here" not in text

    def test_gets_the_command_where_there_are_no_links(self, aws: Aws, chat: Chat) -> None:
        deliver(aws, environment(SLACK, link_secret=None))
        assert "curl -X POST" in chat.took[0]["text"]
        assert "curl -X POST" in json.dumps(chat.took[0]["blocks"])
        assert "console#" not in chat.took[0]["text"]

    def test_gets_other_notices_without_links(self, aws: Aws, chat: Chat) -> None:
        other = notice(kind=Kind.STOPPED, text="It is stopped.\n", act="", ending=None)
        assert deliver(aws, environment(SLACK), other)[0].ok
        assert chat.took[0]["text"].endswith("\nIt is stopped.")

    def test_takes_a_text_of_any_length(self, aws: Aws, chat: Chat) -> None:
        long = notice(text="&" * 9000, act="", subject="s" * 400)
        assert deliver(aws, environment(SLACK), long)[0].ok
        assert len(chat.took) == 1

    def test_that_asks_for_a_pause_has_it(self, aws: Aws, chat: Chat) -> None:
        now = [0.0]
        notifier = Notifier(aws.client, pauses=Pauses(lambda: now[0]))
        chat.answers = [(200, {}), (429, {"Retry-After": "30"})]
        many = [notice(number) for number in range(4)]
        first = notifier.deliver(many, environment(SLACK))
        assert [each.ok for each in first] == [True, False, False, False]
        assert "asked for 30 s" in first[1].sentence
        assert chat.calls == 2

        now[0] = 29.0
        (still,) = notifier.deliver(many[1:2], environment(SLACK))
        assert (still.ok, chat.calls) == (False, 2)
        assert "left alone for 1 s more" in still.sentence

        now[0] = 30.0
        assert all(each.ok for each in notifier.deliver(many[1:], environment(SLACK)))
        assert chat.calls == 5

    @pytest.mark.parametrize(
        ("asked", "seconds"),
        [({}, 60), ({"Retry-After": "soon"}, 60), ({"Retry-After": "9" * 9}, 600)],
    )
    def test_a_pause_without_a_number_is_a_minute(
        self, aws: Aws, chat: Chat, asked: dict[str, str], seconds: int
    ) -> None:
        chat.answers = [(429, asked)]
        (failed,) = deliver(aws, environment(SLACK))
        assert f"asked for {seconds} s" in failed.sentence

    @pytest.mark.parametrize(
        ("status", "word"),
        [(404, "404 (said so)"), (500, "500"), (302, "A redirect is not followed")],
    )
    def test_that_refuses_is_said_without_its_address(
        self, aws: Aws, chat: Chat, status: int, word: str
    ) -> None:
        chat.answers = [(status, {})]
        (failed,) = deliver(aws, environment(SLACK))
        assert (failed.ok, failed.code) == (False, "LH3050")
        assert word in failed.sentence
        assert chat.url not in failed.sentence
        assert "a-secret-of-the-chat" not in failed.sentence

    def test_whose_secret_is_gone_is_said(self, aws: Aws) -> None:
        del aws.secrets["leasehold/slack"]
        (failed,) = deliver(aws, environment(SLACK))
        assert (failed.ok, failed.code) == (False, "LH3050")
        assert "no such secret" in failed.sentence

    def test_whose_secret_is_empty_is_said(self, aws: Aws) -> None:
        aws.secrets["leasehold/slack"] = ""
        (failed,) = deliver(aws, environment(SLACK))
        assert "The secret leasehold/slack has no text" in failed.sentence

    def test_has_no_longer_than_the_tick_leaves_it(self, aws: Aws, chat: Chat) -> None:
        with within(0):
            (failed,) = deliver(aws, environment(SLACK))
        assert (failed.ok, chat.calls) == (False, 0)
        assert "There was no time left to send it." in failed.sentence

    def test_gets_the_rest_with_the_next_tick_when_the_time_is_up(
        self, aws: Aws, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notice_targets, "left", lambda _most: 0.0)
        good, late = deliver(aws, environment(SLACK), notice(1), notice(2))
        assert (good.ok, late.ok, chat.calls) == (True, False, 1)
        assert "no time left" in late.sentence


class TestAmazonQInChat:
    def test_gets_a_custom_notification_to_its_own_topic(self, aws: Aws) -> None:
        (delivery,) = deliver(aws, environment(CHAT_TOPIC, topic=True))
        assert delivery.taken == {"sns", CHAT_TOPIC.name}
        plain, custom = aws.sent
        assert (plain["TopicArn"], custom["TopicArn"]) == (TOPIC, CHAT_TOPIC.topic_arn)
        told = json.loads(_message(custom))
        assert told.keys() == {"version", "source", "id", "content", "metadata"}
        assert (told["version"], told["source"]) == ("1.0", "custom")
        content, metadata = told["content"], told["metadata"]
        assert content.keys() == {"textType", "title", "description", "nextSteps", "keywords"}
        assert content["textType"] == "client-markdown"
        assert metadata["threadId"] == "demo-Falcon-0"
        assert metadata["eventType"] == "leasehold.expiring"
        assert metadata["additionalContext"]["endpoint"] == "demo-Falcon-0"
        label, _, url = content["nextSteps"][0].partition(": ")
        assert label == "Extend by 60 min"
        assert link_of(url, "extend").audience == CHANNEL
        assert "@channel" not in content["description"]

    def test_the_other_topic_gets_plain_text_with_the_links(self, aws: Aws) -> None:
        deliver(aws, environment(topic=True))
        text = _message(aws.sent[0])
        lines = text.splitlines()
        assert any(line.startswith(f"Extend by 60 min: {API}/console#/extend/") for line in lines)
        assert any(line.startswith(f"Stop it now: {API}/console#/release/") for line in lines)
        assert "Ana extended it last, at 2026-11-23T11:00:00Z" in text
        assert text.index("Stop it now") < text.index("curl -X POST")

    def test_without_links_it_gets_the_command(self, aws: Aws) -> None:
        deliver(aws, environment(CHAT_TOPIC, link_secret=None))
        (step,) = json.loads(_message(aws.sent[0]))["content"]["nextSteps"]
        assert "curl -X POST" in step


class TestMailToTheOwner:
    def test_goes_to_the_owner_alone_with_a_link_in_the_owners_name(self, aws: Aws) -> None:
        (delivery,) = deliver(aws, environment(MAIL))
        assert delivery.taken == {MAIL.name}
        (mail,) = aws.sent
        assert mail["operation"] == "SendEmail"
        assert mail["FromEmailAddress"] == "leasehold@example.com"
        assert mail["Destination"] == {"ToAddresses": ["ana@example.com"]}
        simple = mail["Content"]["Simple"]
        assert simple["Subject"]["Data"].startswith("[dev] Falcon: lease ends at")
        text = simple["Body"]["Text"]["Data"]
        (line,) = (line for line in text.splitlines() if line.startswith("Extend by 60 min: "))
        assert link_of(line.partition(": ")[2], "extend").audience == "ana@example.com"

    @pytest.mark.parametrize(
        "owner", [None, "", "the ML team", "ana@", "@example.com", "ana@localhost"]
    )
    def test_without_an_owners_address_there_is_none(self, aws: Aws, owner: str | None) -> None:
        (delivery,) = deliver(aws, environment(MAIL), notice(owner=owner))
        assert (delivery.ok, aws.sent) == (True, [])

    def test_to_several_owners_asks_who_signs_in(self, aws: Aws) -> None:
        deliver(aws, environment(MAIL), notice(owner="ML ana@example.com bo@example.com"))
        (mail,) = aws.sent
        assert mail["Destination"]["ToAddresses"] == ["ana@example.com", "bo@example.com"]
        text = mail["Content"]["Simple"]["Body"]["Text"]["Data"]
        (line,) = (line for line in text.splitlines() if line.startswith("Extend by 60 min: "))
        assert link_of(line.partition(": ")[2], "extend").audience == CHANNEL

    def test_is_what_ses_takes_and_a_refusal_is_said(self) -> None:
        client = boto3.client("sesv2", region_name=REGION)
        with Stubber(client) as stub:
            stub.add_response(
                "send_email",
                {"MessageId": "1"},
                {
                    "FromEmailAddress": MAIL.sender,
                    "Destination": {"ToAddresses": ["ana@example.com"]},
                    "Content": ANY,
                },
            )
            stub.add_client_error("send_email", "MessageRejected", "not verified")
            where = environment(MAIL, link_secret=None)
            notifier = Notifier(lambda _: client)
            good, bad = notifier.deliver([notice(1), notice(2)], where)
        assert (good.ok, bad.ok, bad.code) == (True, False, "LH3052")
        assert "Mail: AWS refused. SendEmail: not verified (MessageRejected)." in bad.sentence

    def test_needs_the_right_that_the_role_has(self) -> None:
        model = botocore.session.get_session().get_service_model("sesv2")
        assert model.operation_model("SendEmail").name == "SendEmail"
        assert model.signing_name == "ses"


class TestSeveralChannels:
    def test_one_that_fails_stops_no_other_and_is_tried_alone(self, aws: Aws, chat: Chat) -> None:
        where = environment(SLACK, CHAT_TOPIC, MAIL, topic=True)
        chat.answers = [(500, {})]
        (failed,) = deliver(aws, where)
        others = frozenset({"sns", CHAT_TOPIC.name, MAIL.name})
        assert (failed.ok, failed.taken) == (False, others)
        assert len(aws.sent) == 3

        (again,) = deliver(aws, where, notice(taken=failed.taken))
        assert again.ok is True
        assert again.taken == others | {SLACK.name}
        assert (len(aws.sent), len(chat.took)) == (3, 1)

    def test_two_chats_are_two(self, aws: Aws, chat: Chat) -> None:
        other = ChatWebhook("leasehold/other", private_network=True)
        (failed,) = deliver(aws, environment(SLACK, other))
        assert (failed.ok, failed.taken) == (False, frozenset({SLACK.name}))
        aws.secrets["leasehold/other"] = chat.url
        (again,) = deliver(aws, environment(SLACK, other), notice(taken=failed.taken))
        assert (again.ok, len(chat.took)) == (True, 2)

    def test_all_links_of_one_end_are_one_use(self, aws: Aws, chat: Chat) -> None:
        deliver(aws, environment(SLACK, MAIL))
        button = chat.took[0]["blocks"][2]["elements"][0]["url"]
        text = aws.sent[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
        (line,) = (line for line in text.splitlines() if line.startswith("Extend by 60 min: "))
        mailed = link_of(line.partition(": ")[2], "extend")
        assert mailed.nonce == link_of(button, "extend").nonce
        release = chat.took[0]["blocks"][2]["elements"][1]["url"]
        assert link_of(release, "release").nonce != mailed.nonce

    def test_nothing_to_tell_makes_no_client(self, aws: Aws) -> None:
        assert Notifier(aws.client).deliver([], environment(SLACK, MAIL)) == ()
        assert aws.made == []


class TestTheKeysOfLinks:
    def test_that_cannot_be_read_keep_no_notice_back(self, aws: Aws, chat: Chat) -> None:
        del aws.secrets["leasehold/links"]
        (told,) = deliver(aws, environment(SLACK))
        assert (told.ok, told.code) == (True, "LH3053")
        assert "the notices have no links: leasehold/links:" in told.sentence
        assert "curl -X POST" in chat.took[0]["text"]

    def test_that_are_too_short_sign_nothing(self, aws: Aws, chat: Chat) -> None:
        aws.secrets["leasehold/links"] = "short"
        (told,) = deliver(aws, environment(SLACK))
        assert (told.ok, told.code) == (True, "LH3053")
        assert "console#" not in chat.took[0]["text"]

    def test_of_this_machine_come_first(self, aws: Aws, chat: Chat) -> None:
        del aws.secrets["leasehold/links"]
        assert deliver(aws, environment(SLACK), link_keys=KEYS.lines[0])[0].code is None
        assert "console#" in chat.took[0]["text"]

    def test_are_not_asked_for_where_no_lease_ends(self, aws: Aws) -> None:
        other = notice(kind=Kind.STOPPED, act="", ending=None, owner=None)
        deliver(aws, environment(MAIL), other)
        assert aws.made == []


def _message(published: dict[str, Any]) -> str:
    """The message of the first entry of a batch, as the query protocol writes it."""
    return str(published["PublishBatchRequestEntries.member.1.Message"])
