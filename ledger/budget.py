"""Limits in money: what an environment lets an hour, and a lease, cost. Pure.

    limit           refuses
    --------------  -------------------------------------------------------------------------
    max_hourly      a definition that costs more an hour; an extension that turns an endpoint
                    on, and a first lease, where all that is on would cost more together
    max_lease_cost  a first lease that costs more; an extension of a lease beyond what is left
                    of it costing so much, from now to its end

A limit that cannot be held is not passed over: where an instance type has no price, what would
need one is refused. What a config of somebody else runs on is not in the ledger: whoever has looked
at it asks `too_dear`, before it is used. Nothing that runs is ended for a limit.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from ledger.documents import Amount, Definition, Prices
from ledger.errors import Refused
from ledger.fleet import Fleet, Holding, document_path, environment_path, prices_path
from ledger.hosts import Host, Hosts, Usage
from ledger.json_files import Violation
from ledger.lease import Ceiling, Lease, is_on
from ledger.money import Total, cents, for_time, money, per_hour, total
from ledger.standing import standing

_MINUTES = 60
Part = tuple[Sequence[str], int]  # any of these instance types, and how many instances


def asked_for(definition: Definition) -> Hosts | None:
    """Return what a definition asks for; None where its instances are not in the ledger."""
    if definition.instance_type is None:
        return None
    return (Host(definition.instance_type, definition.instance_count, _usage(definition)),)


def dearest(definition: Definition, prices: Prices) -> Decimal | None:
    """Return what an hour of a definition may cost at most; None where a type has no price.

    It may scale, and it may get any of its pools.
    """
    scaling, count = definition.autoscaling, definition.instance_count
    most = max(count, scaling.max_instances) if scaling else count
    kinds = (*filter(None, [definition.instance_type]), *definition.instance_pools)
    return dearest_of([(kinds, most)], _usage(definition), prices)


def dearest_of(parts: Sequence[Part], usage: Usage, prices: Prices) -> Decimal | None:
    """Return what an hour of all of these may cost at most; None where a type has no price."""
    whole = Decimal(0)
    for kinds, count in parts:
        costs = [per_hour((Host(kind, count, usage),), prices) for kind in kinds]
        known = [each for each in costs if each is not None]
        if not known or len(known) != len(costs):
            return None
        whole += max(known)
    return whole


def over_budget(fleet: Fleet, holding: Holding) -> Iterator[Violation]:
    """Yield where a definition asks for more than its environment lets it cost."""
    settings, definition = fleet.require_settings(), holding.definition
    limits = {
        "max_hourly": settings.max_hourly,
        "max_lease_cost": settings.max_lease_cost,
    }
    if definition.instance_type is None or not any(limits.values()):
        return
    file = document_path(fleet.name, holding.name, "endpoint")
    if fault := _cannot_tell(fleet, definition):
        yield Violation("LH1086", file, "/inference_instance_type", fault)
        return
    hourly, currency = _known(fleet, definition)
    ruled_by = environment_path(fleet.name)
    if (limit := settings.max_hourly) and hourly > limit.amount:
        sentence = (
            f"it costs up to {money(hourly, currency)} an hour, and max_hourly in {ruled_by} is"
            f" {_shown(limit)}: choose a smaller or fewer instances."
        )
        yield Violation("LH1084", file, "/inference_instance_type", sentence)
    minutes = definition.schedule.initial_provision_minutes
    cost = hourly * minutes / _MINUTES
    if (limit := settings.max_lease_cost) and cost > limit.amount:
        sentence = (
            f"a first lease of {minutes} min costs up to {money(cost, currency)}, and"
            f" max_lease_cost in {ruled_by} is {_shown(limit)}: that is"
            f" {_affordable(limit, hourly)} min."
        )
        yield Violation("LH1085", file, "/schedule/initial_provision_minutes", sentence)


def ceiling(fleet: Fleet, holding: Holding) -> Ceiling:
    """Return how far ahead a lease of an endpoint may reach: by its length, and by what it costs.

    Where the cost cannot be told, its length alone counts; a request is refused before.
    """
    by_length, settings = fleet.ceiling, fleet.require_settings()
    limit, definition = settings.max_lease_cost, holding.definition
    if limit is None or definition.instance_type is None or _cannot_tell(fleet, definition):
        return by_length
    hourly, currency = _known(fleet, definition)
    if not hourly or (minutes := _affordable(limit, hourly)) >= by_length.minutes:
        return by_length
    rule = f"max_lease_cost {_shown(limit)}, at {money(hourly, currency)} an hour,"
    return Ceiling(minutes, by_length.ruled_by, rule, "LH4250")


def too_dear(
    fleet: Fleet, parts: Sequence[Part], usage: Usage, lasts: timedelta | None = None
) -> str | None:
    """Return why what is not in the ledger costs too much; None where it does not.

    `lasts` is how long its lease is; None asks for the price of an hour alone.
    """
    settings = fleet.require_settings()
    if not parts or not (settings.max_hourly or settings.max_lease_cost):
        return None
    kinds = [kind for kinds, _ in parts for kind in kinds]
    if fault := _cannot_tell_of(fleet, kinds, usage):
        return f"what it costs cannot be told: {fault.rstrip('.')}"
    hourly = dearest_of(parts, usage, fleet.prices) if fleet.prices else None
    if fleet.prices is None or hourly is None:
        raise AssertionError("who asks has asked whether it can be told")
    currency, ruled_by = fleet.prices.currency, environment_path(fleet.name)
    if (limit := settings.max_hourly) and hourly > limit.amount:
        return (
            f"it costs up to {money(hourly, currency)} an hour, and max_hourly in {ruled_by} is"
            f" {_shown(limit)}"
        )
    limit, cost = settings.max_lease_cost, for_time(hourly, lasts or timedelta())
    if limit and cost > limit.amount:
        return (
            f"its lease costs up to {money(cost, currency)}, at {money(hourly, currency)} an hour,"
            f" and max_lease_cost in {ruled_by} is {_shown(limit)}"
        )
    return None


def no_room(fleet: Fleet, hourly: Decimal, others: Decimal) -> str | None:
    """Return why something may not be turned on beside what is; None where it may."""
    limit = fleet.require_settings().max_hourly
    if limit is None or others + hourly <= limit.amount:
        return None
    return (
        f"it would cost {money(hourly, limit.currency)} an hour beside"
        f" {money(others, limit.currency)} for what is on, and max_hourly in"
        f" {environment_path(fleet.name)} is {_shown(limit)}"
    )


def check_extension(fleet: Fleet, holding: Holding, lease: Lease, now: datetime) -> None:
    """Raise Refused LH4251, LH4252 for an extension that the limits in money do not let be."""
    settings, definition = fleet.require_settings(), holding.definition
    before = holding.running_lease
    is_longer = before is None or lease.expires_at > max(before.expires_at, now)
    limits = settings.max_hourly or settings.max_lease_cost
    if not limits or not is_longer or definition.instance_type is None:
        return
    if fault := _cannot_tell(fleet, definition):
        raise Refused("LH4252", f"what {holding.endpoint_name} costs cannot be told: {fault}")
    if is_on(definition.schedule, before, now):
        return
    hourly, _ = _known(fleet, definition)
    if fault := no_room(fleet, hourly, running(fleet, now).amount):
        raise Refused("LH4251", f"{holding.endpoint_name}: {fault}: release another one first.")


def running(
    fleet: Fleet, now: datetime, noted: Callable[[Holding], Hosts | None] | None = None
) -> Total:
    """Return what all that the ledger wants on costs an hour, by what definitions ask for.

    `noted` says what something runs on whose definition does not.
    """
    wanted = (item for item in fleet.holdings if standing(item, now).is_on)
    hosts = (asked_for(each.definition) or (noted(each) if noted else None) for each in wanted)
    return total(per_hour(each, fleet.prices) for each in hosts)


def _known(fleet: Fleet, definition: Definition) -> tuple[Decimal, str]:
    """Return what an hour costs, and in which currency, where `_cannot_tell` says nothing."""
    if fleet.prices is None or (hourly := dearest(definition, fleet.prices)) is None:
        raise AssertionError("who asks has asked whether it can be told")
    return hourly, fleet.prices.currency


def _cannot_tell(fleet: Fleet, definition: Definition) -> str | None:
    """Return why the limits cannot be held against a definition; None where they can."""
    kinds = (*filter(None, [definition.instance_type]), *definition.instance_pools)
    return _cannot_tell_of(fleet, kinds, _usage(definition))


def _cannot_tell_of(fleet: Fleet, kinds: Iterable[str], usage: Usage) -> str | None:
    settings, file = fleet.require_settings(), prices_path(fleet.name)
    prices = fleet.prices
    again = "`leasehold prices update` writes it."
    if prices is None:
        return f"there is no {file} that can be used, and a limit in money needs it: {again}"
    for limit in (settings.max_hourly, settings.max_lease_cost):
        if limit and limit.currency != prices.currency:
            return (
                f"{environment_path(fleet.name)} has a limit in {limit.currency}, and {file} is in"
                f" {prices.currency}: write the limit in {prices.currency}."
            )
    lacking = dict.fromkeys(kind for kind in kinds if prices.of(Host(kind, 1, usage)) is None)
    if lacking:
        return (
            f"{file} has no price of {' and '.join(lacking)} for {usage} in {prices.region_name},"
            f" and a limit in money needs it: {again}"
        )
    return None


def _usage(definition: Definition) -> Usage:
    return Usage.of(is_async=definition.async_inference is not None)


def _affordable(limit: Amount, hourly: Decimal) -> int:
    return int((limit.amount * _MINUTES / hourly).to_integral_value(ROUND_DOWN))


def _shown(limit: Amount) -> str:
    return money(cents(limit.amount), limit.currency)
