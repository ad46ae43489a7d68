"""What is said of a lease's change: until when, for how much, and which commit made it so. Pure.

One endpoint gets some lines, of several each gets one.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from gateway.leases.answers import cost
from leasehold.changing import Asked, Done
from leasehold.console import in_words
from leasehold.times import both, length, localized
from ledger.budget import ceiling
from ledger.errors import Failure
from ledger.lease import relative, stamp
from ledger.money import for_time, money, per_hour
from ledger.standing import standing


def answer(done: Done, now: datetime, zone: tzinfo) -> str:
    """Say what the lease is now."""
    ends = f"its lease {'ends' if done.lease.is_live(now) else 'ended'}"
    sentence = localized(standing(done.holding, now).sentence, now, zone)
    when = relative(done.lease.expires_at, now)
    return f"{done.holding.endpoint_name}: {sentence} ({ends} {when})."


def details(done: Done) -> Iterator[str]:
    """Yield what stands below the answer to one change."""
    author = done.committed.change.author
    yield f"commit {done.committed.commit[:8]} by {author.name} <{author.email}>"
    if said := price(done):
        yield said


def price(done: Done) -> str:
    """Say what a change costs, or gives back, in time and where there are prices in money."""
    hours, prices = length(abs(done.added)), done.fleet.prices
    verb = "hands back" if done.added < timedelta() else "adds"
    if not done.added:
        return ""
    if prices is None:
        return f"{verb} {hours}"
    hourly = _hourly(done)
    if hourly is None:
        return (
            f"{verb} {hours}; what that costs is not known: prices.json has no price of what it"
            " runs on, or nobody has noted what that is"
        )
    amount = money(for_time(hourly, abs(done.added)), prices.currency)
    joined = f"{verb} {hours} and {amount}" if verb == "hands back" else _costs(hours, amount)
    example = ", by example prices" if prices.is_example else ""
    return f"{joined}, at {money(hourly, prices.currency)} an hour{example}"


def _costs(hours: str, amount: str) -> str:
    return f"adds {hours}, which costs {amount}"


def quoted(done: Done, now: datetime, zone: tzinfo) -> Iterator[str]:
    """Yield what a change would do, and the commit as it would be."""
    holding, lease = done.holding, done.lease
    if lease.is_live(now):
        end = f"{both(lease.expires_at, now, zone)}, {relative(lease.expires_at, now)}"
        yield f"{holding.endpoint_name} would be leased until {end}."
        most = ceiling(done.fleet, holding)
        yield (
            f"the latest possible is {both(most.at(now), now, zone)}, by {most.rule} in"
            f" {most.ruled_by}"
        )
    else:
        yield f"The lease of {holding.endpoint_name} would end now."
    if said := price(done):
        yield said
    yield "the commit would be:"
    yield ""
    for line in done.message.rstrip().split("\n"):
        yield f"    {line}".rstrip()
    yield ""
    yield "Nothing is committed: leave --dry-run out to do it."


def line(done: Done, now: datetime, zone: tzinfo, *, is_dry_run: bool) -> str:
    """Say in a line what became of one of several."""
    sentence = localized(standing(done.holding, now).sentence, now, zone)
    money_words = f"; {said}" if (said := price(done)) else ""
    commit = "not committed: --dry-run" if is_dry_run else f"commit {done.committed.commit[:8]}"
    return f"{done.holding.name}: {sentence}{money_words}; {commit}."


def together(found: Sequence[Asked], *, is_dry_run: bool) -> str:
    """Say how many of several were changed, and what they come to."""
    done = [each.outcome for each in found if isinstance(each.outcome, Done)]
    count = f"{len(done)} of {len(found)} {'can be done' if is_dry_run else 'done'}"
    hourlies = [_hourly(each) for each in done]
    if not done or None in hourlies or done[0].fleet.prices is None:
        return f"{count}."
    signed = (
        for_time(hourly or Decimal(0), abs(each.added)) * (-1 if each.added < timedelta() else 1)
        for each, hourly in zip(done, hourlies, strict=True)
    )
    amount = sum(signed, Decimal(0))
    verb = "which gives back" if amount < 0 else "which costs"
    return f"{count}, {verb} {money(abs(amount), done[0].fleet.prices.currency)} in all."


def as_data(asked: Asked, *, is_dry_run: bool) -> dict[str, Any]:
    """Return what became of one name, for a machine."""
    done = asked.outcome
    if isinstance(done, Failure):
        return {"name": asked.name, "error": in_words(done), "code": done.code}
    said = cost(done.fleet, done.holding, done.added, lambda _: done.noted)
    found: dict[str, Any] = {
        "endpoint_name": done.holding.endpoint_name,
        "expires_at": stamp(done.lease.expires_at),
        "commit": None if is_dry_run else done.committed.commit,
        "added_seconds": int(done.added.total_seconds()),
        "cost": said and {"added": said["Added"], "currency": said["Currency"]},
    }
    return found | {"dry_run": True, "message": done.message} if is_dry_run else found


def _hourly(done: Done) -> Decimal | None:
    return per_hour(done.hosts, done.fleet.prices)
