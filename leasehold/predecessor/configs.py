"""`configs.json`: the predecessor's file, read without leaving anything out. Pure.

Its first README had `schedule.initial_provision_minutes` alone; the later ones have
`inference_instance_count`, `public`, `async_api_enabled` and lists of hours, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leasehold.predecessor.notes import Note, note, unknown_fields
from ledger.errors import Refused
from ledger.json_text import decode

_KNOWN = {"project_prefix", "region_name", "ddb_auth_table_name", "jumpstart_models"}
_DEFAULT_TABLE = "AuthTable"
_LONGEST_REASON = 200
_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of `jumpstart_models`, and where it stands."""

    place: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name, or where it stands: the predecessor could not deploy one without a name."""
        name = self.data.get("name")
        return name if isinstance(name, str) else self.place


@dataclass(frozen=True, slots=True)
class Configs:
    """The file; `left` notes what in it is no setting and no model."""

    project_prefix: str
    region_name: str | None
    token_table: str
    names_table: bool
    models: Sequence[Model]
    left: Sequence[Note] = field(default=())

    def endpoint_name(self, model: Model) -> str:
        """Return what the predecessor called the endpoint of a model."""
        return f"{self.project_prefix}-{model.name}-Endpoint"


def read_configs(file: str, content: bytes) -> Configs:
    """Read it. Raises Refused LH5081 where it is not the predecessor's."""
    try:
        data = decode(content, _MOST_BYTES)
    except ValueError as error:
        raise _refused(file, f"it cannot be read as JSON: {error}") from error
    except RecursionError:
        raise _refused(file, "it is nested too deeply to be read") from None
    if not isinstance(data, dict):
        raise _refused(file, "it is no object, which begins with {")
    prefix = _text(file, data, "project_prefix")
    region = _text(file, data, "region_name") if "region_name" in data else None
    listed = data.get("jumpstart_models", [])
    if not isinstance(listed, list):
        raise _refused(file, "jumpstart_models is no list")
    places = [(f"jumpstart_models[{number}]", entry) for number, entry in enumerate(listed)]
    models = [Model(place, entry) for place, entry in places if isinstance(entry, dict)]
    left = [
        note(place, entry, "left out: it is no object, and so no model", look=True)
        for place, entry in places
        if not isinstance(entry, dict)
    ]
    table = data.get("ddb_auth_table_name", _DEFAULT_TABLE)
    if not isinstance(table, str):
        raise _refused(file, "ddb_auth_table_name is no text")
    left += unknown_fields("", data, _KNOWN)
    return Configs(prefix, region, table, "ddb_auth_table_name" in data, models, left)


def _text(file: str, data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise _refused(file, f"it has no {key}")
    return value


def _refused(file: str, why: str) -> Refused:
    return Refused(
        "LH5081",
        f"{file} cannot be imported, for {why[:_LONGEST_REASON]}: name the predecessor's"
        " config/configs.json.",
    )
