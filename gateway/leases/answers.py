"""Answers about leases: the predecessor's keys to the letter, and clean ones beside them. Pure.

The predecessor (Amazon SageMaker Endpoint Manager) wrote `EndpointExpiry ` with a space at its end,
and times as 26-06-2023-12-39-47; its scripts and its notebook read them so.
"""

from datetime import datetime
from typing import Any

from ledger.documents import Definition
from ledger.holdings import Broken, Holding
from ledger.lease import Lease, stamp
from ledger.schedule import window_end

LEGACY_FORMAT = "%d-%m-%Y-%H-%M-%S"


def about(item: Holding | Broken, now: datetime, commit: str) -> dict[str, Any]:
    """Describe one endpoint's lease as of a commit. A negative TimeLeft is time since the end."""
    if isinstance(item, Broken):
        return _entry(item.endpoint_name, None, now) | {"Status": "frozen", "Commit": commit}
    status = _status(item.definition, item.lease, now)
    lease = None if item.definition.schedule.always_on else item.lease
    return _entry(item.endpoint_name, lease, now) | {"Status": status, "Commit": commit}


def _entry(endpoint_name: str, lease: Lease | None, now: datetime) -> dict[str, Any]:
    if lease is None:
        return {
            "EndpointName": endpoint_name,
            "EndpointExpiry ": None,
            "TimeLeft": None,
            "ExpiresAt": None,
            "SecondsLeft": None,
        }
    left = lease.expires_at - now
    return {
        "EndpointName": endpoint_name,
        "EndpointExpiry ": lease.expires_at.strftime(LEGACY_FORMAT),
        "TimeLeft": str(left),
        "ExpiresAt": stamp(lease.expires_at),
        "SecondsLeft": max(int(left.total_seconds()), 0),
    }


def _status(definition: Definition, lease: Lease | None, now: datetime) -> str:
    """Say why it is on or off: always_on, off, live, scheduled, ended, or never leased."""
    if lease and lease.off_until and now < lease.off_until:
        return "off"
    if definition.schedule.always_on:
        return "always_on"
    if lease and lease.is_live(now):
        return "live"
    if window_end(definition.schedule, now):
        return "scheduled"
    return "ended" if lease else "never_leased"
