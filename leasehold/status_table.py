"""What `leasehold status` prints: a line for each endpoint, and one that adds them up. Pure.

A pipe gets every column, whole. A screen gets what it has room for: short names, and one line for
each endpoint, with what is wrong in full beneath.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from rich.text import Text

from controller.cost import hourly
from controller.planning.artifact import ResourceKind
from controller.tick import Tick
from leasehold.fleet_rows import Row
from leasehold.times import at_a_glance, in_full
from ledger.documents import Prices
from ledger.hosts import Hosts
from ledger.instants import later
from ledger.lease import relative
from ledger.money import Total, cents, money, priced, rate, total
from ledger.phases import Phase, phase_of

_WIDE = 150  # cells, from which on names are whole
_SOON = timedelta(hours=1)
_COLOURS = {Phase.SERVING: "green", Phase.FAILED: "red", Phase.ABSENT: "dim"}
WORDS = {
    "on": "green",
    "off": "dim",
    "asleep": "dim",
    **dict.fromkeys(("starting", "updating", "stopping", "restarting", "held"), "yellow"),
    **dict.fromkeys(("frozen", "failed", "stuck", "orphan"), "red"),
}
SPARE = ("SO FAR", "SAGEMAKER", "INSTANCES", "KEPT BY")


@dataclass(frozen=True, slots=True)
class View:
    """Whom it is shown to: `width` None is a pipe; times are in `zone`."""

    now: datetime
    zone: tzinfo
    width: int | None = None

    @property
    def is_wide(self) -> bool:
        return self.width is None or self.width >= _WIDE


def table(
    rows: Sequence[Row], prices: Prices | None, view: View
) -> tuple[list[str], list[list[Text]]]:
    """Return headers and cells, before they are made to fit."""
    headers = ["ENDPOINT", "SAGEMAKER", "STATE", "ENDS", "IN", "INSTANCES"]
    if prices is not None:
        headers += [f"{prices.currency}/H", "SO FAR"]
    headers += ["KEPT BY", "WHY"] if view.width is None else ["WHO AND WHY"]
    return headers, [_cells(row, view, has_prices=prices is not None) for row in rows]


def _cells(row: Row, view: View, *, has_prices: bool) -> list[Text]:
    ends = row.ends or row.expires_at
    cells = [
        name_of(row, view),
        Text(row.sagemaker, style=_COLOURS.get(phase_of(row.sagemaker), "yellow")),
        Text(row.word, style=WORDS[row.word]),
        _when(ends, view) if ends else _nothing(),
        Text(relative(ends, view.now)) if ends else _nothing(),
        _instances(row.hosts),
    ]
    if has_prices:
        cells.append(_nothing() if row.hosts == () else Text(rate(row.hourly)))
        cells.append(_nothing() if row.so_far is None else Text(f"{cents(row.so_far):,f}"))
    if view.width is None:
        return [*cells, Text(row.kept_by or "-"), Text(row.reason)]
    return [*cells, Text(row.why, style="red" if row.is_trouble else "")]


def name_of(row: Row, view: View) -> Text:
    """Name an endpoint: its definition's name, with what SageMaker adds to it where there is room.

    A pipe has the name at SageMaker, whole and first.
    """
    if view.width is None or row.name is None:
        return Text(row.endpoint_name)
    if not view.is_wide:
        return Text(row.name)
    if row.custom_name or row.name not in row.endpoint_name:
        return Text.assemble(row.name, (f" ({row.endpoint_name})", "dim"))
    before, name, after = row.endpoint_name.partition(row.name)
    return Text.assemble((before, "dim"), name, (after, "dim"))


def _when(moment: datetime, view: View) -> Text:
    if view.width is None:
        return Text(in_full(moment, view.zone))
    soon = view.now < moment <= later(view.now, _SOON)
    return Text(at_a_glance(moment, view.now, view.zone), style="yellow" if soon else "")


def _instances(hosts: Hosts | None) -> Text:
    if hosts is None:
        return Text("not known")
    return Text(" and ".join(map(str, hosts))) if hosts else _nothing()


def _nothing() -> Text:
    return Text("-", style="dim")


def sums(tick: Tick, rows: Sequence[Row], *, of_all: bool) -> str:
    """Add up what is shown: how many are in which state, and what they cost."""
    counts = Counter(row.word for row in rows)
    kinds = [f"{counts[word]} {word}" for word in WORDS if counts[word]]
    noun = "endpoint" if len(rows) == 1 else "endpoints"
    said = [f"{len(rows)} {noun}" + (f": {', '.join(kinds)}" if kinds else "")]
    soon = sum(1 for row in rows if row.ends and tick.now < row.ends <= later(tick.now, _SOON))
    if soon:
        said.append(f"{soon} {'ends' if soon == 1 else 'end'} within 1 h")
    if needy := sum(1 for row in rows if row.is_trouble):
        said.append(f"{needy} {'needs' if needy == 1 else 'need'} a person")
    prices = tick.fleet.prices
    if prices is None:
        return "; ".join(said) + "."
    return f"{'; '.join(said)}. {_money(tick, rows, prices, of_all=of_all)}."


def _money(tick: Tick, rows: Sequence[Row], prices: Prices, *, of_all: bool) -> str:
    billed = [row for row in rows if row.hosts != ()]
    found = hourly(tick.findings.record, prices) if of_all else _total(billed)
    so_far = sum((row.so_far for row in billed if row.so_far is not None), Total().amount)
    kind = "example prices" if prices.is_example else "list prices"
    spent = f", {money(so_far, prices.currency)} since they started" if billed else ""
    return (
        f"Running: {priced(found, prices.currency, '/h')}{spent}, by {kind} read"
        f" {prices.read_at:%Y-%m-%d}"
    )


def _total(rows: Sequence[Row]) -> Total:
    return total(row.hourly for row in rows)


def troubles(tick: Tick, rows: Sequence[Row], view: View) -> Iterator[str]:
    """Yield what is wrong, in full: of documents, and of the endpoints whose line is cut."""
    for row in rows:
        if row.is_trouble and view.width is not None:
            yield f"! {row.name or row.endpoint_name}: {row.reason}"
    for action in tick.plan.actions:
        if action.kind is ResourceKind.DOCUMENT:
            yield f"! {action.reason}"
    for trouble in tick.troubles:
        yield f"! {trouble}"
