"""The words of a plan with its price, the same in a terminal and in a pull request. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice

from controller.bill import MONTH_HOURS, Bill, Repriced, Row, difference, frozen, refused
from controller.planning.action import Verb
from controller.tick import Tick
from controller.tick_data import summary
from ledger.changed_fields import FieldChange
from ledger.documents import Prices
from ledger.fleet import environment_path, prices_path
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
_SIGNS = {Verb.HOLD: "=", Verb.COLLECT: "-", Verb.REPORT: "!", Verb.CREDIT: "+", Verb.EXTEND: "+"}
_CHANGE = ("~", "change")
_UNKNOWN = "not known"
_NONE = "-"
_MOST_FIELDS, _MOST_PRICES = 8, 3
TIMES, ARROW = "\N{MULTIPLICATION SIGN}", "\N{RIGHTWARDS ARROW}"
_DAY_SECONDS = 86400


def word_of(row: Row) -> tuple[str, str]:
    """Return the sign and the verb that people read."""
    verb = row.action.verb
    if verb is Verb.KEEP:
        return ("+", "add") if row.is_new else ("-", "remove") if row.is_removed else _CHANGE
    return _WORDS.get(verb, (_SIGNS.get(verb, "~"), str(verb)))


def counted(tick: Tick, found: Bill) -> str:
    """Return how many changes of each kind a plan has, also of what moves nothing yet."""
    later = len(found.later)
    have = "has" if later == 1 else "have"
    more = f" Of what stays as it is now, {later} {have} changed documents." if later else ""
    if anyway := len(found.due_anyway):
        more += f" {anyway} of it {'is' if anyway == 1 else 'are'} due without these changes too."
    return f"{summary(tick.plan)}{more}"


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
    if found.moves_money:
        said = changed(found.change, currency, "/h")
        return f"change {said}" if said.startswith(_UNKNOWN) else said
    count, after = len(found.ends), priced(found.after, currency, "/h")
    end = f"{count} {'ends' if count == 1 else 'end'} in 24 h"
    if found.later or found.moves_promises:
        more = f", {changed(found.promised_change, currency)} in the next 24 h"
        return f"no change now: {after} stays{more if found.moves_promises else ''}, {end}"
    if found.repriced and not found.rows:
        return f"no change but of prices: {after}, {end}"
    is_done = any(not row.is_later and row.action.verb.changes for row in found.rows)
    return f"no change{' in cost' if is_done else ''}: {after} stays, {end}"


def changed(found: Total, currency: str, unit: str = "") -> str:
    """Write a difference, as far as it is known: "+$6.00/h and 1 without a price"."""
    if found.without and not found.amount:
        return f"{_UNKNOWN}, {found.without} without a price"
    text = f"{money(found.amount, currency, signed=True)}{unit}"
    return f"{text} and {found.without} without a price" if found.without else text


def totals(found: Bill) -> Iterator[tuple[str, str, str, str]]:
    """Yield the lines of the totals: what, before, after, and the change."""
    if found.prices is None:
        return
    currency = found.prices.currency

    def line(
        what: str, before: Total, after: Total, change: Total, unit: str = ""
    ) -> tuple[str, str, str, str]:
        said = changed(change, currency, unit)
        return what, priced(before, currency, unit), priced(after, currency, unit), said

    yield line("running", found.before, found.after, found.change, "/h")
    promise = "promised by leases and windows in the next 24 h"
    yield line(promise, found.promised_before, found.promised_after, found.promised_change)
    before, after = _month(found.before), _month(found.after)
    moved = difference(before, after, _month(found.moved))
    yield line(f"if all of it were left on for {MONTH_HOURS} h", before, after, moved)


def of_the_environment(found: Bill, environment: str) -> Iterator[str]:
    """Yield what changes of the settings, and of the prices that all of it goes by."""
    if found.settings_changes:
        file = environment_path(environment)
        yield f"{file}: {'; '.join(_fields(found.settings_changes, _MOST_FIELDS))}."
    if found.repriced:
        yield _repriced(found.repriced, found, prices_path(environment))


def _repriced(repriced: Repriced, found: Bill, file: str) -> str:
    changes = repriced.changes
    if found.prices is None:
        return f"{file} is removed or cannot be read: there are no prices any more."
    if repriced.before is None:
        return f"{file} is new: there were no prices before."
    names = (
        f"{kind} ({usage}) {each.before or 'none'} {ARROW} {each.after or 'none'}"
        for each in changes
        for usage, _, kind in [each.pointer.removeprefix("/prices/").partition("/")]
    )
    shown = ", ".join(islice(names, _MOST_PRICES))
    more = f" and {len(changes) - _MOST_PRICES} more" if len(changes) > _MOST_PRICES else ""
    word = "price" if len(changes) == 1 else "prices"
    said = f"{file} changes {len(changes)} {word}: {shown}{more}." if changes else ""
    currency, before = found.prices.currency, repriced.currency
    if currency != before:
        said = f"{said} {file} was in {before}, and is in {currency}.".lstrip()
    by_those = priced(repriced.before, before, "/h")
    return (
        f"{said} What runs now costs {by_those} by those before, and"
        f" {priced(found.before, currency, '/h')} by these."
    )


def with_plan(found: Bill) -> str:
    """Say what the totals are under a savings plan, where the prices have its factor."""
    prices = found.prices
    if prices is None or prices.savings_plan_factor is None:
        return ""
    factor = prices.savings_plan_factor
    amount = money(found.after.amount * factor, prices.currency)
    return f"With your savings plan's factor of {factor:f} it is {amount}/h after."


def instances(row: Row) -> str:
    """Say on what it runs before and after; or would, where it is off."""
    before, after = row.before, row.after
    if row.is_off and row.is_later:
        before, after = row.asked_before, row.asked_after
    if before == after:
        return hosts(after)
    if not before or not after:
        return hosts(after or before)
    if len(before) == len(after) == 1 and before[0].count == after[0].count:
        return f"{hosts(before)} {ARROW} {after[0].instance_type}"
    return f"{hosts(before)} {ARROW} {hosts(after)}"


def when_on(row: Row, prices: Prices | None) -> str:
    """Say what it will cost, of something that is off and whose documents change."""
    if not (row.is_off and row.is_later) or row.is_removed or prices is None:
        return ""
    hourly = row.hourly_when_on
    cost = NO_PRICE if hourly is None else f"{rate(hourly)} {prices.currency}/h"
    return f"{cost} when it is on"


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
    parts = [*_reasons(row, now, found.prices)]
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


def _reasons(row: Row, now: datetime, prices: Prices | None) -> Iterator[str]:
    action = row.action
    if row.is_new:
        yield "new definition"
    if row.is_removed and row.is_later:
        yield "its definition is removed"
    yield from _fields(row.changes, _MOST_FIELDS)
    yield from _fields(row.lease_changes, _MOST_FIELDS)
    if action.verb is Verb.GRANT and row.ends:
        yield f"first lease of {int((row.ends - now).total_seconds() // 60)} min"
    elif row.changes and action.verb is Verb.UPDATE:
        if row.ends:
            yield f"on until {row.ends:%Y-%m-%d %H:%M} UTC"
        yield "both run during the switch"
    else:
        yield action.reason
    if said := when_on(row, prices):
        yield said


def _fields(changes: Sequence[FieldChange], most: int) -> Iterator[str]:
    for each in changes[:most]:
        yield f"{each.field}: {each.before or '(none)'} {ARROW} {each.after or '(none)'}"
    if len(changes) > most:
        yield f"and {len(changes) - most} more fields"


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
