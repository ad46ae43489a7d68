"""The predecessor's meters: parameters of Systems Manager, one for each realtime endpoint. Pure.

`/sagemaker/endpoint/expiry/NAME` holds a JSON object with the endpoint, its config, and its expiry
(in UTC, day first) or, where it ran by hours, a schedule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.json_text import decode
from ledger.names import EndpointName

PATH = "/sagemaker/endpoint/expiry/"
_FORMAT = "%d-%m-%Y-%H-%M-%S"


@dataclass(frozen=True, slots=True)
class Expiry:
    """One parameter; `problem` says what of it cannot be read."""

    endpoint_name: EndpointName
    config_name: str | None = None
    expires_at: datetime | None = None
    schedule: Any = None
    problem: str = ""


def read_expiry(name: str, value: str) -> Expiry:
    """Read one parameter, as far as it goes: its name alone says which endpoint it is about."""
    by_path = EndpointName(name.removeprefix(PATH))
    try:
        data = decode(value.encode())
    except (ValueError, RecursionError) as error:
        return Expiry(by_path, problem=f"it cannot be read as JSON: {error}")
    if not isinstance(data, dict):
        return Expiry(by_path, problem="it is no object")
    endpoint_name = EndpointName(_text(data, "endpoint_name") or by_path)
    config_name, schedule = _text(data, "endpoint_config_name"), data.get("schedule")
    text = data.get("expiry")
    if text is None and schedule is not None:
        return Expiry(endpoint_name, config_name, schedule=schedule)
    try:
        expires_at = datetime.strptime(str(text), _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        problem = f"its expiry {text!r:.40} is not written as DD-MM-YYYY-HH-MM-SS"
        return Expiry(endpoint_name, config_name, schedule=schedule, problem=problem)
    return Expiry(endpoint_name, config_name, expires_at, schedule)


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) and value else None
