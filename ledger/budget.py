"""Limits in money: what an environment lets an hour, and a lease, cost. Pure.

    limit           refuses
    --------------  -------------------------------------------------------------------------
    max_hourly      a definition that costs more an hour; an extension that turns an endpoint
                    on, where all that is on would cost more together
    max_lease_cost  a first lease that costs more; an extension of a lease beyond what is left
                    of it costing so much, from now to its end

A limit that cannot be held is not passed over: where an instance type has no price, what would
need one is refused. What runs on a config of somebody else is not looked at: its instances are not
in the ledger. Nothing that runs is ended for a limit.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from ledger.documents import Amount, Definition, Prices
from ledger.errors import Refused
from ledger.fleet import Fleet, Holding, document_path, environment_path, prices_path
from ledger.hosts import Host, Hosts, Usage
from ledger.json_files import Violation
from ledger.lease import Ceiling, Lease, is_on
from ledger.money import Total, cents, money, per_hour, total
from ledger.standing import standing

_MINUTES = 60


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
    usage = _usage(definition)
    costs = [per_hour((Host(kind, most, usage),), prices) for kind in kinds]
    known = [each for each in costs if each is not None]
    return max(known) if known and len(known) == len(costs) else None


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
    limit = settings.max_hourly
    if limit is None or is_on(definition.schedule, before, now):
        return
    hourly, currency = _known(fleet, definition)
    others = running(fleet, now)
    if others.amount + hourly > limit.amount:
        raise Refused(
            "LH4251",
            f"{holding.endpoint_name} would cost {money(hourly, currency)} an hour beside"
            f" {money(others.amount, currency)} for what is on, and max_hourly in"
            f" {environment_path(fleet.name)} is {_shown(limit)}: release another one first.",
        )


def running(fleet: Fleet, now: datetime) -> Total:
    """Return what all that the ledger wants on costs an hour, by what definitions ask for."""
    wanted = (item.definition for item in fleet.holdings if standing(item, now).is_on)
    return total(per_hour(asked_for(each), fleet.prices) for each in wanted)


def _known(fleet: Fleet, definition: Definition) -> tuple[Decimal, str]:
    """Return what an hour costs, and in which currency, where `_cannot_tell` says nothing."""
    if fleet.prices is None or (hourly := dearest(definition, fleet.prices)) is None:
        raise AssertionError("who asks has asked whether it can be told")
    return hourly, fleet.prices.currency


def _cannot_tell(fleet: Fleet, definition: Definition) -> str | None:
    """Return why the limits cannot be held against a definition; None where they can."""
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
    if dearest(definition, prices) is None:
        kinds = (*filter(None, [definition.instance_type]), *definition.instance_pools)
        usage = _usage(definition)
        lacking = [kind for kind in kinds if prices.of(Host(kind, 1, usage)) is None]
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
