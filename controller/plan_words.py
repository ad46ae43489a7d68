"""The words of a plan with its price, the same in a terminal and in a pull request. Pure."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from controller.bill import MONTH_HOURS, Bill, Row, frozen, refused
from controller.planning.action import Action, Verb
from controller.tick import Tick
from ledger.documents import Prices
from ledger.fleet import prices_path
from ledger.hosts import Hosts
from ledger.money import NO_PRICE, Total, cents, money, priced, rate

_WORDS = {
    Verb.CREATE: ("+", "start"),
    Verb.GRANT: ("+", "start"),
    Verb.UPDATE: ("~", "update"),
    Verb.RESIZE: ("~", "resize"),
    Verb.DELETE: ("-", "stop"),
    Verb.IDLE: ("-", "stop"),
}
_SIGNS = {Verb.COLLECT: "-", Verb.REPORT: "!", Verb.CREDIT: "+", Verb.EXTEND: "+"}
_NONE = "-"
TIMES, ARROW = "\N{MULTIPLICATION SIGN}", "\N{RIGHTWARDS ARROW}"
_DAY_SECONDS = 86400


def word_of(action: Action) -> tuple[str, str]:
    """Return the sign and the verb that people read."""
    return _WORDS.get(action.verb, (_SIGNS.get(action.verb, "~"), str(action.verb)))


def verdict(found: Bill) -> str:
    """Return what the whole plan comes to, in a line."""
    if found.prices is None:
        return ""
    currency = found.prices.currency
    if found.is_over and found.limit:
        return (
            f"refused by max_hourly {money(found.limit.amount, currency)}: this would make it"
            f" {priced(found.after, currency, '/h')}"
        )
    if not found.moves_money:
        count = len(found.ends)
        return (
            f"no change: {priced(found.after, currency, '/h')} stays,"
            f" {count} {'ends' if count == 1 else 'end'} in 24 h"
        )
    unpriced = sum(1 for row in found.rows if row.moves_money and _is_unpriced(row))
    change = f"{money(found.change, currency, signed=True)}/h"
    return f"{change} and {unpriced} without a price" if unpriced else change


def totals(found: Bill) -> Iterator[tuple[str, str, str, str]]:
    """Yield the lines of the totals: what, before, after, and the change."""
    if found.prices is None:
        return
    currency = found.prices.currency

    def line(what: str, before: Total, after: Total, unit: str = "") -> tuple[str, str, str, str]:
        change = money(cents(after.amount) - cents(before.amount), currency, signed=True) + unit
        return what, priced(before, currency, unit), priced(after, currency, unit), change

    yield line("running", found.before, found.after, "/h")
    promise = "promised by leases and windows in the next 24 h"
    yield line(promise, found.promised_before, found.promised_after)
    month = (_month(found.before), _month(found.after))
    yield line(f"if all of it were left on for {MONTH_HOURS} h", *month)


def with_plan(found: Bill) -> str:
    """Say what the totals are under a savings plan, where the prices have its factor."""
    prices = found.prices
    if prices is None or prices.savings_plan_factor is None:
        return ""
    factor = prices.savings_plan_factor
    amount = money(found.after.amount * factor, prices.currency)
    return f"With your savings plan's factor of {factor:f} it is {amount}/h after."


def instances(row: Row) -> str:
    """Say on what it runs before and after."""
    if row.before == row.after:
        return hosts(row.after)
    if not row.before or not row.after:
        return hosts(row.after or row.before)
    if len(row.before) == len(row.after) == 1 and row.before[0].count == row.after[0].count:
        return f"{hosts(row.before)} {ARROW} {row.after[0].instance_type}"
    return f"{hosts(row.before)} {ARROW} {hosts(row.after)}"


def hosts(found: Hosts | None) -> str:
    if found is None:
        return "not known"
    return " + ".join(f"{each.count} {TIMES} {each.instance_type}" for each in found) or _NONE


def cost_of(known: Hosts | None, hourly: Decimal | None) -> str:
    """Write what something costs an hour; a dash where nothing is there."""
    return _NONE if known == () else rate(hourly)


def lease_cost(row: Row, prices: Prices | None) -> str:
    if row.after == () or row.ends is None:
        return _NONE
    return NO_PRICE if row.lease is None or prices is None else f"{cents(row.lease):,f}"


def why(row: Row, now: datetime, found: Bill, environment: str) -> str:
    """Say why in a few words, and where a price is missing, which."""
    parts = [*_reasons(row, now)]
    if _is_unpriced(row):
        parts.append(_missing(row, found, environment))
    return "; ".join(parts)


def refusals(tick: Tick) -> tuple[int, tuple[str, ...]]:
    """Return how many endpoints are frozen, and all that is wrong with documents."""
    return frozen(tick), refused(tick)


def footer(tick: Tick, found: Bill) -> Iterator[str]:
    """Yield the sentences that say what the figures are."""
    against = f" against {found.base.commit[:8]}" if found.base else ""
    yield (
        f"Plan {found.digest}: {tick.plan.commit[:8]}{against} at {tick.now:%Y-%m-%d %H:%M} UTC."
    )
    prices = found.prices
    if prices is None:
        yield (f"Without prices: `leasehold prices update` writes {prices_path(tick.fleet.name)}.")
        return
    days = int((tick.now - prices.read_at).total_seconds() // _DAY_SECONDS)
    age = f"{days} {'day' if days == 1 else 'days'} ago"
    kind = "Example prices and no real ones" if prices.is_example else "On-demand list prices"
    yield (
        f"{kind}, of {prices.region_name}, read {prices.read_at:%Y-%m-%d} ({age}), no discount."
        " Without storage, data transfer, tax, and the double hours of a switch."
    )
    if said := with_plan(found):
        yield said


def _reasons(row: Row, now: datetime) -> Iterator[str]:
    action = row.action
    if action.verb not in _WORDS:
        yield action.reason
        return
    if row.is_new:
        yield "new definition"
    if action.verb is Verb.GRANT and row.ends:
        yield f"first lease of {int((row.ends - now).total_seconds() // 60)} min"
        return
    if row.changes and action.verb is Verb.UPDATE:
        yield from (
            f"{each.pointer}: {each.before or '(none)'} {ARROW} {each.after or '(none)'}"
            for each in row.changes
        )
        if row.ends:
            yield f"on until {row.ends:%Y-%m-%d %H:%M} UTC"
        yield "both run during the switch"
        return
    yield action.reason


def _is_unpriced(row: Row) -> bool:
    pairs = ((row.before, row.hourly_before), (row.after, row.hourly_after))
    return any(known != () and hourly is None for known, hourly in pairs)


def _missing(row: Row, found: Bill, environment: str) -> str:
    there = [*(row.before or ()), *(row.after or ())]
    if row.before is None or row.after is None or not there:
        return "what it runs on is not known"
    prices = found.prices
    if prices is None:
        return "no prices"
    lacking = dict.fromkeys(each for each in there if prices.of(each) is None and each.count)
    names = " and ".join(f"{each.instance_type} for {each.usage}" for each in lacking)
    return f"{prices_path(environment)} has no {names} in {prices.region_name}"


def _month(found: Total) -> Total:
    return Total(found.amount * MONTH_HOURS, found.without)
