"""Sums of money: what hosts cost, exactly, and how it is written. Pure.

Amounts are decimal numbers, each in the one currency of its prices. What has no price is counted
and never added: a sum says how many things it is without.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from ledger.documents.prices import Prices
from ledger.hosts import Hosts

NOTHING = Decimal(0)
NO_PRICE = "no price"
_HOUR = Decimal(3600)
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_CENT, _MILL = Decimal("0.01"), Decimal("0.001")
_SMALL = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Total:
    """What is known of a sum, and how many of its parts have no price."""

    amount: Decimal = NOTHING
    without: int = 0

    def __add__(self, other: "Total") -> "Total":
        return Total(self.amount + other.amount, self.without + other.without)


def per_hour(hosts: Hosts | None, prices: Prices | None) -> Decimal | None:
    """Return what hosts cost an hour. None where nobody knows them, or one has no price."""
    if hosts is None:
        return None
    found = NOTHING
    for host in hosts:
        price = prices.of(host) if prices else None
        if price is None and host.count:
            return None
        found += (price or NOTHING) * host.count
    return found


def for_time(hourly: Decimal, length: timedelta) -> Decimal:
    """Return what a length of time costs; nothing for one that is negative."""
    seconds = max(length, timedelta()) // timedelta(seconds=1)
    return hourly * seconds / _HOUR


def total(amounts: Iterable[Decimal | None]) -> Total:
    """Add up; None is a part without a price."""
    found = Total()
    for each in amounts:
        found += Total(without=1) if each is None else Total(each)
    return found


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def apportioned(parts: Sequence[Decimal | int], per: Decimal) -> list[Decimal]:
    """Divide parts and round them to hundredths that add up to what their sum is rounded to.

    Each is less than a hundredth from what it is: the largest remainders are rounded up.
    """
    exact = [part / per for part in parts]
    low = [each.quantize(_CENT, ROUND_FLOOR) for each in exact]
    missing = int((cents(sum(parts, NOTHING) / per) - sum(low, NOTHING)) / _CENT)
    dearest = sorted(range(len(low)), key=lambda number: low[number] - exact[number])
    for number in dearest[:missing]:
        low[number] += _CENT
    return low


def money(amount: Decimal, currency: str, *, signed: bool = False, with_cents: bool = False) -> str:
    """Write an amount: "$4.49", "-€0.10", "CNY 45,136".

    From ten thousand on it is without cents, unless they are asked for.
    """
    rounded = cents(amount)
    size = abs(rounded)
    sign = "-" if rounded < 0 else "+" if signed and rounded > 0 else ""
    has_cents = with_cents or size < _SMALL
    digits = f"{size:,.2f}" if has_cents else f"{size.quantize(Decimal(1), ROUND_HALF_UP):,f}"
    return f"{sign}{_SIGNS.get(currency, f'{currency} ')}{digits}"


def rate(hourly: Decimal | None) -> str:
    """Write what an hour costs, to a tenth of a cent, for a column that names its currency."""
    return NO_PRICE if hourly is None else f"{hourly.quantize(_MILL, ROUND_HALF_UP):,f}"


def priced(found: Total, currency: str, unit: str = "") -> str:
    """Write a total with what it is without: "$66.32/h and 1 without a price"."""
    text = f"{money(found.amount, currency)}{unit}"
    if not found.without:
        return text
    if not found.amount:
        return f"{found.without} without a price"
    return f"{text} and {found.without} without a price"
