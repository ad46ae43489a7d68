"""Where the controller may send notices: the one topic and the one bus that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

    from infra.settings import Settings


def grant_notices(role: Role, settings: Settings) -> None:
    """Allow `role` to tell people and programs; nothing where nobody is to be told."""
    if settings.topic_arn:
        role.add_to_policy(PolicyStatement(actions=["sns:Publish"], resources=[settings.topic_arn]))
    if settings.event_bus_name:
        bus = Stack.of(role).format_arn(
            service="events", resource="event-bus", resource_name=settings.event_bus_name
        )
        role.add_to_policy(PolicyStatement(actions=["events:PutEvents"], resources=[bus]))
