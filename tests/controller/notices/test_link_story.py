"""From the notice in a chat to the commit and the next notice, with a real chat, ledger and API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto.ses.models import ses_backends

from ledger.variables import LINK_SECRET
from tests.controller.aws.chat_server import Chat, serving
from tests.gateway.api import ANA, Api, deployed
from tests.scene import environment, prices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

ACCOUNT = "123456789012"
NOTIFICATIONS = {
    "lead_minutes": [60, 15],
    "api_url": "https://api.example.com/prod",
    "timezone": "Europe/Berlin",
    "links": {"secret_name": "leasehold/links"},
    "channels": [
        {"format": "slack", "secret_name": "leasehold/slack", "private_network": True},
        {"format": "mail", "from": "leasehold@example.com"},
    ],
}
PRICES = prices()


@pytest.fixture
def chat() -> Iterator[Chat]:
    with serving() as served:
        yield served


@pytest.fixture
def api(scene: Scene, chat: Chat) -> Iterator[Api]:
    """Falcon40B in service with 90 minutes, and an API and a controller that share a key."""
    secrets = scene.account.client("secretsmanager")
    secrets.create_secret(Name="leasehold/links", SecretString="k" * 32)
    secrets.create_secret(Name="leasehold/slack", SecretString=chat.url)
    mail = scene.account.client("sesv2")
    mail.create_email_identity(EmailIdentity="leasehold@example.com")
    scene.push(
        {
            "environments/dev/environment.json": environment(notifications=NOTIFICATIONS),
            "environments/dev/prices.json": PRICES,
        }
    )
    scene.start("Falcon40B", 90, owner="olga@example.com")
    scene.tick()
    chat.took.clear()
    server, table = deployed(scene, variables={LINK_SECRET: "leasehold/links"})
    with server:
        yield Api(scene, server.url, table, table.create(ANA, scene.now)[0])


def ticked(api: Api, chat: Chat, **length: float) -> list[dict[str, Any]]:
    """Let time pass, tick, and return what came to the chat."""
    chat.took.clear()
    api.scene.let_pass(**length)
    tick = api.scene.tick()
    assert [each.sentence for each in tick.deliveries if each.sentence] == []
    return list(chat.took)


def token_in(told: dict[str, Any], button: int = 0) -> str:
    (buttons,) = (each["elements"] for each in told["blocks"] if each["type"] == "actions")
    return str(buttons[button]["url"]).rpartition("/")[2]


def test_a_click_in_a_chat_is_a_commit_and_the_next_end_is_told_again(api: Api, chat: Chat) -> None:
    api.extend(minutes=1)
    assert ticked(api, chat, minutes=1) == []
    (told,) = ticked(api, chat, minutes=45)
    text = told["text"]
    for word in (
        "CET)",
        "It costs $1.41 an hour, and about $",
        "60 min more cost $1.41",
        "Ana extended it last, at ",
        "Its owner is olga@example.com",
    ):
        assert word in text
    assert ticked(api, chat, minutes=1) == []  # once

    # The chat's own machine looks at what it shows, and nothing happens.
    link = {"Token": token_in(told)}
    for method in ("GET", "HEAD"):
        api.send(method, path="/prod/extend-link", token=None)
    quote = api.post(link, path="/prod/extend-link", token=None, query={"dry_run": "true"}).body
    assert (quote["State"], quote["SignIn"]) == ("ready", True)

    done = api.post(link, path="/prod/extend-link/signed-in").body
    assert (done["State"], done["By"]["Name"]) == ("done", "Ana")
    assert done["ExpiresAt"] == quote["ExpiresAt"]
    assert api.post(link, path="/prod/extend-link/signed-in").body["Commit"] == done["Commit"]

    assert ticked(api, chat, minutes=1) == []
    (again,) = ticked(api, chat, minutes=50)
    assert done["ExpiresAt"] in again["text"]
    assert token_in(again) != token_in(told)


def test_the_owners_mail_is_used_without_signing_in(api: Api, chat: Chat) -> None:
    (told,) = ticked(api, chat, minutes=45)
    mails = ses_backends[ACCOUNT]["us-east-1"].sent_messages
    (mail,) = (each for each in mails if "lease ends" in each.subject)
    assert mail.destinations["ToAddresses"] == ["olga@example.com"]
    (line,) = (each for each in mail.body.splitlines() if each.startswith("Extend by 60 min: "))
    answer = api.post({"Token": line.rpartition("/")[2]}, path="/prod/extend-link", token=None)
    assert (answer.body["State"], answer.body["By"]["Email"]) == ("done", "olga@example.com")
    # The chat's link is the same use: it is told whose commit it was.
    again = api.post({"Token": token_in(told)}, path="/prod/extend-link/signed-in").body
    assert (again["State"], again["By"]["Email"]) == ("used", "olga@example.com")
