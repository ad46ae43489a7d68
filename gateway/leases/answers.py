"""Answers about leases: the predecessor's keys to the letter, and clean ones beside them. Pure.

The predecessor (Amazon SageMaker Endpoint Manager) wrote `EndpointExpiry ` with a space at its end,
and times as 26-06-2023-12-39-47; its scripts and its notebook read them so.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ledger.budget import asked_for
from ledger.documents.prices import plain
from ledger.faults import Faults
from ledger.holdings import Broken, Fleet, Holding
from ledger.hosts import Hosts
from ledger.lease import Lease, stamp
from ledger.money import cents, for_time, per_hour
from ledger.observed import Noted
from ledger.standing import State, standing

_FAULTY = (
    "what its lease says cannot be told: a fault of Leasehold's, and `leasehold plan` says more"
)
_NOT_OURS = (
    "The endpoint of this name at SageMaker is not this environment's own, by its tags: it is not"
    " touched. `leasehold status` says what to do."
)


def about(item: Holding | Broken, now: datetime, commit: str) -> dict[str, Any]:
    """Describe one endpoint's lease as of a commit. A negative TimeLeft is time since the end."""
    told = standing(item, now)
    lease = None if isinstance(item, Broken) or item.definition.schedule.always_on else item.lease
    said = {"Status": str(told.state), "Why": told.sentence, "Commit": commit}
    return _entry(item.endpoint_name, lease, now) | said


def at_sagemaker(noted: Noted | None, observed_at: datetime | None) -> dict[str, Any]:
    """Say what SageMaker did, as the controller noted it; null where nothing is noted."""
    if noted is None:
        return dict.fromkeys(("EndpointStatus", "EndpointStatusSince", "Reason", "ObservedAt"))
    return {
        "EndpointStatus": noted.status,
        "EndpointStatusSince": stamp(noted.since) if noted.since else None,
        "Reason": _NOT_OURS if noted.foreign else noted.reason,
        "ObservedAt": stamp(observed_at) if observed_at else None,
    }


def cost(
    fleet: Fleet,
    item: Holding | Broken,
    added: timedelta,
    noted: Callable[[Holding], Hosts | None] = lambda _: None,
) -> dict[str, Any] | None:
    """Say what a change costs; None where nobody knows.

    `noted` is asked what something runs on whose definition does not say it.
    """
    prices, hosts = fleet.prices, None
    if prices and isinstance(item, Holding):
        hosts = asked_for(item.definition) or noted(item)
    if prices is None or (hourly := per_hour(hosts, prices)) is None:
        return None
    length, sign = abs(added), -1 if added < timedelta() else 1
    said = {
        "Added": f"{cents(sign * for_time(hourly, length)) + 0:f}",
        "PerHour": plain(hourly),
        "Currency": prices.currency,
        "PricesReadAt": stamp(prices.read_at),
    }
    return {**said, "Example": True} if prices.is_example else said


def about_all(
    items: Iterable[Holding | Broken], now: datetime, commit: str
) -> list[dict[str, Any]]:
    """Describe many endpoints. What cannot be told of one says so, and hides no other."""
    faults = Faults()
    return [
        faults.around(
            item.endpoint_name,
            partial(about, item, now, commit),
            _entry(item.endpoint_name, None, now)
            | {"Status": str(State.FROZEN), "Why": _FAULTY, "Commit": commit},
        )
        for item in items
    ]


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
        "EndpointExpiry ": _legacy(lease.expires_at),
        "TimeLeft": str(left),
        "ExpiresAt": stamp(lease.expires_at),
        "SecondsLeft": max(int(left.total_seconds()), 0),
    }


def _legacy(instant: datetime) -> str:
    """Write an instant as the predecessor did, with four digits of any year."""
    return f"{instant:%d-%m}-{instant.year:04}-{instant:%H-%M-%S}"
