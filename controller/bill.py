"""A plan with its price, as values: its rows, its sums, and what these are against. Pure.

`pricing` reckons them. What nobody knows, or has no price, is counted and never taken for nothing:
also a change is only what is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from controller.planning.action import Action, Verb
from controller.tick import Tick
from ledger.changed_fields import FieldChange
from ledger.documents import Amount, Prices
from ledger.holdings import (
    Broken,
)
from ledger.hosts import Hosts
from ledger.money import Total, cents

MONTH_HOURS = 730
_QUIET = frozenset({Verb.KEEP, Verb.WAIT, Verb.HOLD})
_NOTHING_AT_ALL = Decimal("0.000001")  # thirds of an hour have no exact decimal number
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Base:
    """What a plan is compared with: documents of another commit, and perhaps what they would plan.

    `files` are that commit's, and `planned` its tick, where the plan of both is asked for.
    """

    commit: str
    files: Files
    head_files: Files
    planned: Tick | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One action or change that matters, with what it costs: None where something has no price.

    `asked_before` and `asked_after` are what it asks for, which says more of one that is off.
    """

    action: Action
    before: Hosts | None
    after: Hosts | None
    hourly_before: Decimal | None
    hourly_after: Decimal | None
    lease: Decimal | None = None  # what is left of its lease costs; None too where it has no end
    ends: datetime | None = None
    changes: tuple[FieldChange, ...] = ()  # of its definition and its lock
    lease_changes: tuple[FieldChange, ...] = ()
    is_new: bool = False
    is_removed: bool = False
    asked_before: Hosts | None = None
    asked_after: Hosts | None = None
    hourly_when_on: Decimal | None = None

    @property
    def moves_money(self) -> bool:
        return self.before != self.after

    @property
    def is_later(self) -> bool:
        """Tell whether only its documents change, and nothing is done now."""
        return self.action.verb in _QUIET

    @property
    def is_off(self) -> bool:
        """Tell whether nothing of it runs before or after."""
        return self.before == self.after == ()

    @property
    def is_said(self) -> bool:
        """Tell whether there is more to say than what its action is."""
        changes = self.changes or self.lease_changes or self.is_new or self.is_removed
        return bool(changes) or self.moves_money


@dataclass(frozen=True, slots=True)
class Ending:
    """An endpoint that turns off in the next 24 hours."""

    name: str
    at: datetime
    hourly: Decimal | None
    reason: str
    by_lease: bool = False  # it has a live one, whose last change somebody made
    kept_by: str = ""  # who changed its lease last, and why, where that is known


@dataclass(frozen=True)
class Bill:
    """A plan with its price. All sums are in the currency of `prices`, or there are none."""

    prices: Prices | None
    rows: tuple[Row, ...] = ()
    before: Total = field(default_factory=Total)
    after: Total = field(default_factory=Total)
    moved: Total = field(default_factory=Total)
    promised_before: Total = field(default_factory=Total)
    promised_after: Total = field(default_factory=Total)
    promised_moved: Total = field(default_factory=Total)
    ends: tuple[Ending, ...] = ()
    on: int = 0
    limit: Amount | None = None
    digest: str = ""
    base: Base | None = None
    settings_changes: tuple[FieldChange, ...] = ()
    repriced: "Repriced | None" = None
    due_anyway: tuple[Action, ...] = ()  # that the plan it is compared with has as well

    @property
    def change(self) -> Total:
        """Return what an hour costs more, as far as that is known."""
        return difference(self.before, self.after, self.moved)

    @property
    def promised_change(self) -> Total:
        return difference(self.promised_before, self.promised_after, self.promised_moved)

    @property
    def is_over(self) -> bool:
        """Tell whether it would run past the limit of an hour, and cost more than it does."""
        limit = self.limit
        return limit is not None and self.after.amount > limit.amount and self.change.amount > 0

    @property
    def moves_money(self) -> bool:
        return any(row.moves_money for row in self.rows)

    @property
    def moves_promises(self) -> bool:
        """Tell whether the next 24 hours cost something else."""
        return self.promised_moved != Total()

    @property
    def later(self) -> tuple[Row, ...]:
        """Return the changes of documents of which nothing is done now."""
        return tuple(row for row in self.rows if row.is_later)

    def kept(self, keepers: Mapping[str, str]) -> "Bill":
        """Return it with who keeps on what ends, as the ledger's history has it."""
        return replace(
            self,
            ends=tuple(replace(each, kept_by=keepers.get(each.name, "")) for each in self.ends),
        )


@dataclass(frozen=True, slots=True)
class Repriced:
    """Prices that differ from those that the last tick, or the other commit, went by.

    `before` is what now runs by those, in their currency; None where there were none.
    """

    changes: tuple[FieldChange, ...]
    before: Total | None
    currency: str


def difference(before: Total, after: Total, moved: Total) -> Total:
    """Return a difference as the rounded sums have it, or else what is known of it."""
    if abs(after.amount - before.amount - moved.amount) < _NOTHING_AT_ALL:
        return Total(cents(after.amount) - cents(before.amount), moved.without)
    return Total(cents(moved.amount), moved.without)


def refused(tick: Tick) -> tuple[str, ...]:
    """Return what is wrong with documents, each with its place."""
    return tuple(dict.fromkeys(str(each) for each in tick.fleet.errors))


def frozen(tick: Tick) -> int:
    return sum(1 for each in tick.fleet.items if isinstance(each, Broken))
