"""`prices.json`: what an hour of each instance type costs in the region of an environment. Pure.

A price that is not there is no price: never 0, and never that of another type, use or region.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from ledger.hosts import Host, Usage
from ledger.json_files import Violation, dump_json, present, read_json
from ledger.lease import stamp

OLD = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money in one currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Prices:
    """List prices of one region in one currency, by use and instance type."""

    region_name: str
    currency: str
    source: str
    read_at: datetime
    by_type: Mapping[tuple[Usage, str], Decimal] = field(
        default_factory=lambda: MappingProxyType({})
    )
    published_at: datetime | None = None
    savings_plan_factor: Decimal | None = None
    is_example: bool = False

    def of(self, host: Host) -> Decimal | None:
        """Return what an hour of one such instance costs; None where there is no price of it."""
        return self.by_type.get((host.usage, host.instance_type))

    def is_old(self, now: datetime) -> bool:
        return now - self.read_at > OLD


def parse_prices(file: str, content: bytes) -> Prices | tuple[Violation, ...]:
    data = read_json(file, content, "prices")
    if isinstance(data, tuple):
        return data
    instants, wrong = dict[str, datetime](), list[Violation]()
    for key in ("read_at", "published_at"):
        try:
            if key in data:
                instants[key] = datetime.fromisoformat(data[key]).astimezone(UTC)
        except (ValueError, OverflowError):
            sentence = f"{data[key]} is no date of the calendar."
            wrong.append(Violation("LH1002", file, f"/{key}", sentence))
    if wrong:
        return tuple(wrong)
    factor = data.get("savings_plan_factor")
    return Prices(
        region_name=data["region_name"],
        currency=data["currency"],
        source=data["source"],
        by_type=MappingProxyType(
            {
                (Usage(usage), kind): Decimal(price)
                for usage, prices in data["prices"].items()
                for kind, price in prices.items()
            }
        ),
        savings_plan_factor=Decimal(factor) if factor else None,
        is_example=data.get("example", False),
        read_at=instants["read_at"],
        published_at=instants.get("published_at"),
    )


def dump_prices(prices: Prices) -> bytes:
    """Write the file: sorted, one type a line, so that a changed price is a changed line."""
    factor = prices.savings_plan_factor
    return dump_json(
        present(
            **{"$schema": "../../schema/prices.schema.json"},
            region_name=prices.region_name,
            currency=prices.currency,
            unit="hour",
            source=prices.source,
            example=prices.is_example or None,
            published_at=stamp(prices.published_at) if prices.published_at else None,
            read_at=stamp(prices.read_at),
            savings_plan_factor=plain(factor) if factor is not None else None,
            prices={
                str(usage): {
                    kind: plain(price)
                    for (its_usage, kind), price in sorted(prices.by_type.items())
                    if its_usage is usage
                }
                for usage in Usage
            },
        )
    )


def plain(price: Decimal) -> str:
    """Write a decimal number without an exponent and without zeros that say nothing."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
