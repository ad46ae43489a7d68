"""Where the controller may send notices: to the targets that the settings name, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.secret_access import grant_secret
from ledger.documents.channels import ChatTopic, ChatWebhook, OwnerMail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_cdk.aws_iam import Role

    from infra.settings import Settings
    from ledger.documents import Environment


def grant_notices(role: Role, settings: Settings) -> None:
    """Allow `role` to send notices to the targets that are set, and to read their secrets."""
    environment = settings.environment
    if topics := list(_topics(environment)):
        role.add_to_policy(PolicyStatement(actions=["sns:Publish"], resources=topics))
    if environment.event_bus_name:
        bus = Stack.of(role).format_arn(
            service="events", resource="event-bus", resource_name=environment.event_bus_name
        )
        role.add_to_policy(PolicyStatement(actions=["events:PutEvents"], resources=[bus]))
    for name in _secrets(environment):
        grant_secret(role, name)
    for channel in environment.channels:
        if isinstance(channel, OwnerMail):
            _grant_mail(role, channel.sender)


def _topics(environment: Environment) -> Iterator[str]:
    if environment.topic_arn:
        yield environment.topic_arn
    for channel in environment.channels:
        if isinstance(channel, ChatTopic):
            yield channel.topic_arn


def _secrets(environment: Environment) -> Iterator[str]:
    if environment.link_secret:
        yield environment.link_secret
    for channel in environment.channels:
        if isinstance(channel, ChatWebhook):
            yield channel.secret_name


def _grant_mail(role: Role, sender: str) -> None:
    """Allow mail from one address; SES has verified it, or a domain that it is in."""
    host = sender.rpartition("@")[2].split(".")
    domains = [".".join(host[start:]) for start in range(len(host) - 1)]
    identities = [
        Stack.of(role).format_arn(service="ses", resource="identity", resource_name=name)
        for name in (sender, *domains)
    ]
    role.add_to_policy(
        PolicyStatement(
            actions=["ses:SendEmail"],
            resources=identities,
            conditions={"StringEquals": {"ses:FromAddress": sender}},
        )
    )
