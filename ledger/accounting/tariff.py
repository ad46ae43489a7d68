"""What an hour cost when: by the prices that the ledger had at that moment. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter

from ledger.documents import Prices
from ledger.hosts import Hosts
from ledger.money import per_hour

_HOUR = 3600
_BEGIN = itemgetter(0)


@dataclass
class Sum:
    """Money by currency, exact: what hours cost, times 3600. And seconds without a price."""

    parts: dict[str, Decimal] = field(default_factory=dict)
    unpriced: int = 0

    def add(self, currency: str, hourly: Decimal, seconds: int) -> None:
        if hourly:
            self.parts[currency] = self.parts.get(currency, Decimal(0)) + hourly * seconds

    def take(self, other: "Sum") -> None:
        for currency, part in other.parts.items():
            self.parts[currency] = self.parts.get(currency, Decimal(0)) + part
        self.unpriced += other.unpriced

    @property
    def amounts(self) -> dict[str, Decimal]:
        return {currency: part / _HOUR for currency, part in sorted(self.parts.items())}


@dataclass(frozen=True)
class Tariff:
    """Prices, each from an instant on, in order."""

    versions: Sequence[tuple[int, Prices | None]] = ()

    @classmethod
    def fixed(cls, prices: Prices | None) -> "Tariff":
        """Return one that has been so for ever."""
        return cls([(-(2**62), prices)])

    def cost(self, hosts: Hosts | None, begin: int, end: int) -> Sum:
        """Return what these hosts cost from one instant to another."""
        found = Sum()
        for prices, seconds in self._parts(begin, end):
            hourly = per_hour(hosts, prices)
            if hourly is None:
                found.unpriced += seconds
            elif prices is not None:
                found.add(prices.currency, hourly, seconds)
        return found

    def at(self, instant: int) -> Prices | None:
        number = bisect_right(self.versions, instant, key=_BEGIN)
        return self.versions[number - 1][1] if number else None

    def _parts(self, begin: int, end: int) -> Iterator[tuple[Prices | None, int]]:
        first = bisect_right(self.versions, begin, key=_BEGIN)
        last = bisect_left(self.versions, end, key=_BEGIN)
        moments = [begin, *(self.versions[each][0] for each in range(first, last)), end]
        for here, there in pairwise(moments):
            yield self.at(here), there - here
