"""Where the controller may send notices: the one topic and the one bus that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

    from infra.settings import Settings


def grant_notices(role: Role, settings: Settings) -> None:
    """Allow `role` to send notices to the targets that are set."""
    topic, bus_name = settings.environment.topic_arn, settings.environment.event_bus_name
    if topic:
        role.add_to_policy(PolicyStatement(actions=["sns:Publish"], resources=[topic]))
    if bus_name:
        bus = Stack.of(role).format_arn(
            service="events", resource="event-bus", resource_name=bus_name
        )
        role.add_to_policy(PolicyStatement(actions=["events:PutEvents"], resources=[bus]))
