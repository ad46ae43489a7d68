"""PURE: checks of what people send to the control API. ValueError carries the sentence for them."""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from sandbox import clock


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether it is a number from JSON, where a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object, *, least: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def only(body: Mapping[str, Any], *fields: str) -> None:
    """Raise ValueError if the body has any other field."""
    unknown = body.keys() - set(fields)
    if unknown:
        raise ValueError(f"unknown field {min(unknown)}; the fields are {', '.join(fields)}")


def moment(field: str, text: object) -> float:
    try:
        return clock.parsed(str(text))
    except ValueError as error:
        raise ValueError(f'{field} must look like "2026-11-23T10:00:00Z", not "{text}"') from error
