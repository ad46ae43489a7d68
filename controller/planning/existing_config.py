"""Endpoint configs that a definition names and somebody else made: may one be used? Pure.

A config never changes, but one of the same name may be made anew, with anything in it, or be
deleted. So the limits of the environment are asked before one is used, and what serves on one is
compared with what it was when the endpoint took it. What could not be read is not used; an
endpoint that serves already is reported, and goes on until its lease ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType

from ledger.budget import Part, too_dear
from ledger.documents import Environment
from ledger.fleet import Fleet
from ledger.hosts import Usage
from ledger.lease import stamp
from ledger.tags import ENVIRONMENT_TAG, LEDGER_TAG

SERVERLESS = "serverless"  # what allowed_instance_types may say of a variant without instances


@dataclass(frozen=True, slots=True)
class Hosting:
    """What one variant of a config runs on: instance types, and how many instances at most."""

    variant: str
    instance_types: tuple[str, ...]
    most_instances: int
    first_instances: int = 0  # that it starts with


@dataclass(frozen=True, slots=True)
class ConfigSeen:
    """A config as somebody looked at it. `tags` are None where nobody asked for them."""

    name: str
    made_at: datetime | None = None  # None: it is not there, or could not be read
    hosting: tuple[Hosting, ...] = ()
    tags: Mapping[str, str] | None = field(default_factory=lambda: MappingProxyType({}))
    problem: str = ""  # why it could not be read
    is_async: bool = False

    @property
    def parts(self) -> list[Part]:
        """Return the instance types of each variant, and how many instances at most."""
        hosting = (each for each in self.hosting if SERVERLESS not in each.instance_types)
        return [(each.instance_types, each.most_instances) for each in hosting]

    @property
    def version(self) -> str | None:
        """Tell one config from another of its name; None where there is none."""
        return f"{self.name}@{stamp(self.made_at)}" if self.made_at else None


def objection(
    seen: ConfigSeen, environment: Environment, fleet: Fleet, lasts: timedelta | None = None
) -> str | None:
    """Return why a config may not be used in an environment; None where it may.

    `lasts` is how long a lease on it would be, for what that would cost.
    """
    if seen.problem:
        return f"its endpoint config {seen.name} could not be read ({seen.problem})"
    found = _wrong_type(seen, environment) or _too_many(seen, environment)
    return found or _others(seen, environment, fleet.name) or _too_dear(seen, fleet, lasts)


def drift(seen: ConfigSeen, modified_at: datetime, taken: str | None) -> str | None:
    """Return what became of the config of an endpoint that serves; None where it is the same.

    `taken` is the version that the endpoint is known to have taken. Without it a config is another
    one if it was made after the endpoint's last change.
    """
    if seen.problem:
        return None
    if seen.made_at is None:
        return (
            f"its endpoint config {seen.name} is not in SageMaker any more: it serves on, but"
            " cannot be updated. Make the config again, or choose another endpoint_config_name and"
            " release and extend it, which starts it anew."
        )
    is_known = taken is not None and taken.startswith(f"{seen.name}@")
    if (seen.version == taken) if is_known else (seen.made_at <= modified_at):
        return None
    return (
        f"its endpoint config {seen.name} was made anew at {stamp(seen.made_at)}: it serves on with"
        " what the former one said. Release and extend it to start it on the new one, or choose"
        " another endpoint_config_name."
    )


def _wrong_type(seen: ConfigSeen, environment: Environment) -> str | None:
    globs = environment.allowed_instance_types
    for each in seen.hosting:
        for kind in each.instance_types:
            if not any(fnmatchcase(kind, glob) for glob in globs):
                return (
                    f"its endpoint config {seen.name} has {kind} in variant {each.variant}, which"
                    f" is none of environment.json's allowed_instance_types, {', '.join(globs)}"
                )
    return None


def _too_many(seen: ConfigSeen, environment: Environment) -> str | None:
    count, most = sum(each.most_instances for each in seen.hosting), environment.max_instances
    if most is None or count <= most:
        return None
    return (
        f"its endpoint config {seen.name} asks for {count} instances, more than environment.json's"
        f" max_instances, {most}"
    )


def _too_dear(seen: ConfigSeen, fleet: Fleet, lasts: timedelta | None) -> str | None:
    fault = too_dear(fleet, seen.parts, Usage.of(is_async=seen.is_async), lasts)
    return f"its endpoint config {seen.name} is refused: {fault}" if fault else None


def _others(seen: ConfigSeen, environment: Environment, environment_name: str) -> str | None:
    """Tell whose a config is, where that is another environment or ledger."""
    ours = {ENVIRONMENT_TAG: environment_name, LEDGER_TAG: environment.ledger_id}
    for key, value in sorted((seen.tags or {}).items()):
        if key in ours and value != ours[key]:
            return (
                f"its endpoint config {seen.name} belongs to another environment or ledger of"
                f" Leasehold ({key} is {value})"
            )
    return None
