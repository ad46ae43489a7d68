"""Which services of AWS are reached from the private network, by the choices of a deployment. Pure.

A subnet without a way to the internet needs an endpoint for each. The names are those of endpoint
services: `com.amazonaws.REGION.NAME`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.access.addresses import region_of
from ledger.documents.channels import ChatTopic, OwnerMail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.options import Options
    from ledger.documents import Environment

BY_ROUTE = frozenset({"dynamodb", "s3"})  # gateway endpoints, which cost nothing
# A build gets its source, and tells how it goes, by the network that it was put into.
OF_BUILDS = ("codebuild", "logs", "s3")


def reached(
    options: Options, environment: Environment | None, url: str, *, has_secret: bool
) -> tuple[str, ...]:
    """Return the names of the services, in alphabetical order."""
    return tuple(sorted(set(_reached(options, environment, url, has_secret=has_secret))))


def _reached(
    options: Options, environment: Environment | None, url: str, *, has_secret: bool
) -> Iterator[str]:
    yield from ("application-autoscaling", "dynamodb", "monitoring", "sagemaker.api")
    yield from ("sagemaker.runtime", "states", "tagging")
    if has_secret:
        yield "secretsmanager"
    elif region_of(url):
        yield "git-codecommit"
    if environment:
        yield from _of_environment(environment)
    if options.build_minutes or options.lock_hours:
        yield from OF_BUILDS


def _of_environment(environment: Environment) -> Iterator[str]:
    if environment.topic_arn or any(isinstance(it, ChatTopic) for it in environment.channels):
        yield "sns"
    if any(isinstance(it, OwnerMail) for it in environment.channels):
        yield "email"
    if environment.event_bus_name:
        yield "events"
    if environment.async_input_path:
        yield "s3"
