"""The time zone of the person at the keyboard, as this machine has it; `--utc` chooses UTC.

An entry point's: it reads the environment and the machine's settings. A machine that does not say
its zone has the offset that its C library goes by.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

UTC_VARIABLE = "LEASEHOLD_UTC"
_CHOSEN = "leasehold.utc"
_LOCALTIME = Path("/etc/localtime")
_DATABASE = "zoneinfo/"


def own_zone() -> tzinfo:
    """Return the zone in which times are shown to this person, and read from them."""
    context = click.get_current_context(silent=True)
    return UTC if context is not None and context.meta.get(_CHOSEN) else machine_zone()


def utc_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--utc`."""
    return click.option(
        "--utc",
        is_flag=True,
        envvar=UTC_VARIABLE,
        show_envvar=True,
        expose_value=False,
        callback=_choose,
        help="Show times in UTC and not in your own zone: for logs.",
    )(command)


def _choose(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001  (click's)
    context.meta[_CHOSEN] = context.meta.get(_CHOSEN) or value


def machine_zone(localtime: Path = _LOCALTIME) -> tzinfo:
    """Return the zone of the variable TZ, or else that of the machine."""
    said = os.environ.get("TZ")
    if said is not None:
        return _named(said.removeprefix(":")) or _by_offset()
    try:
        target = str(localtime.resolve(strict=True))
    except OSError:
        return UTC
    return _named(target) or _by_offset()


def _named(text: str) -> tzinfo | None:
    """Return the zone of a key, or of a file below a database of zones; UTC where it is empty."""
    key = text.rpartition(_DATABASE)[2] if text.startswith("/") else text
    try:
        return ZoneInfo(key) if key else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _by_offset() -> tzinfo:
    here = time.localtime()
    return timezone(timedelta(seconds=here.tm_gmtoff), here.tm_zone)
