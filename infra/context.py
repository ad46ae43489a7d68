"""What a context may say of a deployment: which keys, of which environments, in which form. Pure.

The CDK hands over whatever stands in a file or behind `-c`. A key that nobody reads, and a value in
a form that nobody understands, would be a choice that is not made: they are sentences.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from infra.options import NAMES, SWITCHES
from ledger.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

OF_ALL = ("environment", "environments", "ledger")
SECRETS = (
    "git_secret_name",
    "git_read_secret_name",
    "webhook_secret_name",
    "lock_secret_name",
)
NOTIFICATIONS = ("topic_arn", "event_bus_name")
OF_EACH = (
    *("repository_url", "branch", "packages", "architecture"),
    *SECRETS,
    *NOTIFICATIONS,
    *NAMES,
)
NUMBERS = ("controller_minutes", "lock_hours")
# Those of the CDK and of its libraries have a hyphen, a colon, a slash or an @ in them.
_KEY = re.compile(r"(?:(?P<environment>[^@:/]+)\.)?(?P<name>[A-Za-z0-9_]+)")


def wrong_values(context: Mapping[str, object]) -> Iterator[str]:
    """Yield a sentence for each value of a known key that has not the form which is read."""
    for key, value in context.items():
        name = key.rpartition(".")[2]
        if name not in (*OF_ALL, *OF_EACH) or value is None or isinstance(value, str):
            continue
        written = json.dumps(value, default=str)
        if name not in NUMBERS:
            yield f"{key}: `{written}` is no text.{_instead(name, value)}"
        elif isinstance(value, bool) or not isinstance(value, int):
            yield f"{key}: `{written}` is no whole number."


def _instead(name: str, value: object) -> str:
    """Say what to write in its place."""
    if isinstance(value, bool) and "on" in SWITCHES.get(name, ()):
        return f' Write "{"on" if value else "off"}".'
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return f' Write "{",".join(value)}".'
    choices = SWITCHES.get(name, ())
    return f" Write one of {', '.join(choices)}." if choices else " Write it between quotes."


def wrong_keys(context: Mapping[str, object], environments: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each key that nobody reads."""
    for key in context:
        if (found := _KEY.fullmatch(key)) is None:
            continue
        environment, name = found["environment"], found["name"]
        if environment is None:
            if name not in (*OF_ALL, *OF_EACH):
                meant = did_you_mean(name, (*OF_ALL, *OF_EACH))
                yield f"{key}: there is no such choice.{meant} docs/deploy.md has all of them."
        elif name in OF_ALL:
            yield f"{key}: {name} is said once for all. Leave `{environment}.` out."
        elif name not in OF_EACH:
            meant = did_you_mean(name, OF_EACH)
            yield f"{key}: there is no choice {name}.{meant} docs/deploy.md has all of them."
        elif environment not in environments:
            meant = did_you_mean(environment, environments)
            yield (
                f"{key}: there is no environment `{environment}`.{meant} Those of the ledger are"
                f" {', '.join(sorted(environments))}."
            )


def wrong_names(said: str) -> Iterator[str]:
    """Yield what is wrong with a list of environments; one that is empty is told by who reads."""
    names = [each.strip() for each in said.split(",")]
    if len(names) > 1 and not all(names):
        yield f"environment: `{said}` has a comma with no name beside it. Take it out."
    for name in dict.fromkeys(names):
        if name and names.count(name) > 1:
            yield f"environment: `{name}` is there {names.count(name)} times. Name it once."
