"""What changes from one lock to the next, said as a package manager says it. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leasehold.jumpstart.document import fields_of
from leasehold.jumpstart.wanted import Wanted

_AFTERWARDS = ("$schema", "model_id", "model_version", "sdk_version")  # said in the first line
_WORDS = {
    "additional_model_data_sources": "further data",
    "config_name": "config",
    "container_startup_health_check_timeout_seconds": "startup timeout",
    "enable_network_isolation": "network isolation",
    "eula_url": "licence",
    "inference_ami_version": "machine image",
    "instance_type": "instance type",
    "model_data_download_timeout_seconds": "download timeout",
    "model_data_source": "data",
    "model_package_arn": "package",
    "model_subscription_link": "subscription",
    "region_name": "region",
    "supported_instance_types": "supported types",
    "volume_size_gb": "volume (GB)",
}
# Of a lock that is new, those that somebody wants to see at once.
_TOLD_OF_NEW = (
    "image",
    "model_package_arn",
    "model_data_source",
    "environment",
    "eula_url",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a comparison: what, and what became of it. An empty text is nothing."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"+ {self.what} {self.after}"
        if not self.after:
            return f"- {self.what} {self.before}"
        return f"~ {self.what} {self.before} -> {self.after}"


def headline(wanted: Wanted, content: bytes) -> str:
    """Say in one line what becomes of a lock."""
    after, before = fields_of(content) or {}, fields_of(wanted.current)
    new = f"{after.get('model_id')} {after.get('model_version')}"
    if before is None:
        return f"{wanted.label}: {new} (new)"
    if content == wanted.current:
        return f"{wanted.label}: {new} (unchanged)"
    old = f"{before.get('model_id')} {before.get('model_version')}"
    return f"{wanted.label}: {new} (changed)" if old == new else f"{wanted.label}: {old} -> {new}"


def changes(before: bytes | None, after: bytes) -> tuple[Change, ...]:
    """Return what is different, image and package first; of a new lock only what matters most."""
    old, new = fields_of(before), fields_of(after) or {}
    keys = list(dict.fromkeys((*_TOLD_OF_NEW, *new, *(old or {}))))
    told = _TOLD_OF_NEW if old is None else [key for key in keys if key not in _AFTERWARDS]
    return tuple(
        change for key in told for change in _of_field(key, (old or {}).get(key), new.get(key))
    )


def _of_field(key: str, before: Any, after: Any) -> Iterator[Change]:  # noqa: ANN401  (JSON)
    word = _WORDS.get(key, key.replace("_", " "))
    if key == "environment":
        yield from _of_map(word, before or {}, after or {})
    elif key == "additional_model_data_sources":
        yield from _of_map(word, _by_channel(before), _by_channel(after))
    elif before != after:
        yield Change(word, _shown(before), _shown(after))


def _of_map(word: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield Change(f"{word} {key}", _shown(before.get(key)), _shown(after.get(key)))


def _by_channel(sources: Any) -> Mapping[str, Any]:  # noqa: ANN401
    return {each.get("channel_name", ""): each for each in sources or ()}


def _shown(value: Any) -> str:  # noqa: ANN401
    match value:
        case None:
            return ""
        case str():
            return value or '""'
        case {"s3_uri": str(uri), **rest}:
            eula = rest.get("eula_url")
            return f"{uri} (licence {eula})" if eula else uri
        case list() if all(isinstance(each, str) for each in value):
            return ", ".join(value)
        case _:
            return json.dumps(value)
