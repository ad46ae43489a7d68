"""Where an environment's notices go besides its topic and its bus: its block `channels`. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ChatWebhook:
    """An incoming webhook that Slack, Mattermost or Rocket.Chat made; its URL is a secret."""

    secret_name: str
    private_network: bool = False

    @property
    def name(self) -> str:
        return _name("slack", self.secret_name)


@dataclass(frozen=True, slots=True)
class ChatTopic:
    """A topic to which Amazon Q Developer in chat applications listens."""

    topic_arn: str

    @property
    def name(self) -> str:
        return _name("amazon-q", self.topic_arn)


@dataclass(frozen=True, slots=True)
class OwnerMail:
    """Mail by SES to whoever a definition names as its owner."""

    sender: str

    @property
    def name(self) -> str:
        return _name("mail", self.sender)


Channel = ChatWebhook | ChatTopic | OwnerMail


def channels_from(data: Iterable[Mapping[str, Any]]) -> tuple[Channel, ...]:
    return tuple(_channel(each) for each in data)


def _channel(data: Mapping[str, Any]) -> Channel:
    match data["format"]:
        case "slack":
            return ChatWebhook(data["secret_name"], data.get("private_network", False))
        case "amazon-q":
            return ChatTopic(data["topic_arn"])
        case _:
            return OwnerMail(data["from"])


def _name(form: str, place: str) -> str:
    """Name a channel in the record of what was delivered, without saying where it is."""
    return f"{form}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"
