"""What `leasehold doctor` says of links and channels, before an account that a test invents."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from leasehold.doctor.finding import State
from leasehold.doctor.notice_checks import channels, links
from ledger.documents import Environment
from ledger.documents.channels import Channel, ChatTopic, ChatWebhook, OwnerMail
from ledger.errors import Refused
from tests.scene import REGION, ROLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from leasehold.doctor.finding import Told
    from leasehold.doctor.subject import Subject

TOPIC = ChatTopic("arn:aws:sns:us-east-1:123456789012:chat")
SLACK = ChatWebhook("leasehold/slack")
MAIL = OwnerMail("leases@ml.example.com")
HOOK = "https://hooks.example.com/services/T0/B0/very-secret"


@dataclass
class Examined:
    """As much of a deployment as these checks look at."""

    environment: Environment
    secrets: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)

    def settings(self) -> Environment:
        return self.environment

    def region(self) -> str:
        return REGION

    def deployed(self, service: str) -> Any:  # noqa: ANN401
        return self.clients[service]

    def secret(self, name: str) -> str:
        if name not in self.secrets:
            raise Refused("LH3004", f"the secret {name} cannot be read in {REGION}.")
        return self.secrets[name]


def told(
    check: Callable[[Subject], Any],
    *named: Channel,
    key: str | None = None,
    **facts: Any,  # noqa: ANN401
) -> list[Told]:
    settings = Environment("demo", REGION, ROLE, link_secret=key, channels=named)
    return list(check(cast("Subject", Examined(settings, **facts))))


def one(*arguments: Any, **facts: Any) -> tuple[State, str | None, str]:  # noqa: ANN401
    (found,) = told(*arguments, **facts)
    assert found.state in (State.OK, State.SKIPPED) or found.fix
    return found.state, found.code, found.sentence


def found_at(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    info = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: info)


def test_without_links_and_channels_there_is_nothing_to_look_at() -> None:
    assert one(links)[0] is State.SKIPPED
    assert one(channels)[0] is State.SKIPPED


def test_keys_of_links_are_counted_and_not_shown() -> None:
    state, _, sentence = one(links, key="l", secrets={"l": f"{'a' * 32}\n{'b' * 32}\n"})
    assert (state, sentence) == (State.OK, "l has 2 keys; the first one signs.")
    with pytest.raises(Refused, match="too short"):
        told(links, key="l", secrets={"l": "short"})


def test_a_webhook_is_told_by_its_host_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found_at(monkeypatch, "3.3.3.3")
    state, _, sentence = one(channels, SLACK, secrets={"leasehold/slack": HOOK})
    assert (state, sentence) == (State.OK, "leasehold/slack names a webhook at hooks.example.com.")
    found_at(monkeypatch, "10.0.0.1")
    state, code, sentence = one(channels, SLACK, secrets={"leasehold/slack": HOOK})
    assert (state, code) == (State.FAILED, "LH3050")
    assert "no public address" in sentence
    assert "very-secret" not in sentence


@pytest.mark.parametrize("text", ["", "http://hooks.example.com/x", "not a URL"])
def test_a_secret_that_is_no_webhook_is_told(text: str) -> None:
    assert one(channels, SLACK, secrets={"leasehold/slack": text})[:2] == (State.FAILED, "LH3050")


def test_a_host_that_is_not_found_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert "is not found" in one(channels, SLACK, secrets={"leasehold/slack": HOOK})[2]


def test_one_that_is_wrong_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found_at(monkeypatch, "3.3.3.3")
    other = ChatWebhook("leasehold/other")
    first, second = told(channels, SLACK, other, secrets={"leasehold/other": HOOK})
    assert (first.state, first.code, second.state) == (State.FAILED, "LH3004", State.OK)


def test_a_topic_is_there_or_not() -> None:
    client = boto3.client("sns", region_name=REGION)
    with Stubber(client) as stub:
        stub.add_response("get_topic_attributes", {"Attributes": {}})
        stub.add_client_error("get_topic_attributes", "NotFound", "no topic")
        assert one(channels, TOPIC, clients={"sns": client})[0] is State.OK
        assert one(channels, TOPIC, clients={"sns": client})[:2] == (State.FAILED, "LH3051")


def test_a_sender_is_verified_by_its_address_or_a_domain_above_it() -> None:
    client = boto3.client("sesv2", region_name=REGION)
    with Stubber(client) as stub:
        stub.add_client_error("get_email_identity", "NotFoundException", "none")
        stub.add_response("get_email_identity", {"VerifiedForSendingStatus": False})
        stub.add_response("get_email_identity", {"VerifiedForSendingStatus": True})
        stub.add_response("get_account", {"ProductionAccessEnabled": True})
        state, _, sentence = one(channels, MAIL, clients={"sesv2": client})
        assert (state, sentence) == (
            State.OK,
            "SES sends from leases@ml.example.com, verified as example.com.",
        )


def test_an_account_in_sess_sandbox_and_an_unverified_sender_are_told() -> None:
    client = boto3.client("sesv2", region_name=REGION)
    with Stubber(client) as stub:
        stub.add_response("get_email_identity", {"VerifiedForSendingStatus": True})
        stub.add_response("get_account", {"ProductionAccessEnabled": False})
        assert one(channels, MAIL, clients={"sesv2": client})[:2] == (State.WARNING, "LH3052")
        for _ in range(3):
            stub.add_client_error("get_email_identity", "NotFoundException", "none")
        assert one(channels, MAIL, clients={"sesv2": client})[:2] == (State.FAILED, "LH3052")
