"""`leasehold status`: the fleet at a glance, from the ledger and from SageMaker."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import click
from rich.text import Text

from controller.reconcile import Tick, look
from leasehold import completing, git_author
from leasehold.console import dim, output_option, screen, show_json, show_lines, tell
from leasehold.context import Context, clock, connected
from leasehold.fleet_rows import SORTS, Row, as_json, in_order, leased, rows_of
from leasehold.keepers import keepers
from leasehold.own_zone import own_zone
from leasehold.status_table import SPARE, View, sums, table, troubles
from leasehold.times import as_of
from ledger.errors import Refused

_ME = "me"
_EVERY_SECONDS = 5.0
_BELOW = 8  # lines that a watched screen keeps for what stands above and beneath the rows


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose endpoints are meant: texts of which one is in a definition's owner, or all of it."""

    parts: tuple[str, ...]
    name: str = ""

    def has(self, owner: str | None) -> bool:
        text = (owner or "").strip().casefold()
        return bool(text) and (
            text == self.name.casefold() or any(each.casefold() in text for each in self.parts)
        )


@dataclass(frozen=True, slots=True)
class Wish:
    """Which endpoints are shown, and in which order."""

    names: tuple[str, ...] = ()
    on: bool = False
    owner: Owner | None = None
    sort: str = "name"

    @property
    def is_all(self) -> bool:
        return not (self.names or self.on or self.owner)

    def of(self, tick: Tick, rows: Sequence[Row]) -> list[Row]:
        """Choose among rows. Raises Refused LH4106 for a name that nothing has."""
        wanted = {str(tick.fleet.get(name).name) for name in self.names if not _is_glob(name)}
        globs = [name.lower() for name in self.names if _is_glob(name)]
        shown = [
            row
            for row in rows
            if (not self.names or str(row.name) in wanted or _matches(row, globs))
            and (not self.on or row.is_on)
            and (not self.owner or self.owner.has(row.owner))
        ]
        return in_order(shown, self.sort)


@click.command
@connected
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=completing.names)
@click.option("--on", is_flag=True, help="Only what is on, or costs something.")
@click.option(
    "--owner", metavar="WHO", help="Only what WHO owns: me, an address, or a part of a name."
)
@click.option("--sort", type=click.Choice(SORTS), default="name", show_default=True)
@click.option("--watch", is_flag=True, help="Look again every five seconds, until interrupted.")
@output_option
def status(  # noqa: PLR0913  (click hands over each option by itself)
    context: Context,
    *,
    names: tuple[str, ...],
    on: bool,
    owner: str | None,
    sort: str,
    watch: bool,
    output: str,
) -> None:
    """Show the fleet: what runs, until when, who keeps it on and why, and what it costs.

    NAME is an endpoint's name or a glob such as 'Fal*'. In a pipe each endpoint is one whole line.
    """
    wish = Wish(names, on, _owner(owner), sort)
    if watch:
        _watch(context, wish, output)
        return
    tick = context.look()
    rows = _rows(context, tick)
    if output == "json":
        prices = tick.fleet.prices
        show_json(as_json(wish.of(tick, rows), prices.currency if prices else None))
        return
    _show(tick, wish.of(tick, rows), of_all=wish.is_all)


def show_once(context: Context, wish: Wish) -> None:
    """Print the table as a person would ask for it. Raises Failure."""
    tick = context.look()
    _show(tick, wish.of(tick, _rows(context, tick)), of_all=wish.is_all)


def _rows(context: Context, tick: Tick) -> list[Row]:
    return list(rows_of(tick, keepers(context, tick.fleet.name, leased(tick))))


def _show(tick: Tick, rows: Sequence[Row], *, of_all: bool, most: int | None = None) -> None:
    """Print the rows, as many as there may be, and what they come to."""
    console = screen()
    view = View(tick.now, own_zone(), console.width if console.is_terminal else None)
    tell(dim(as_of(tick.fleet.name, tick.plan.commit, tick.now, view.zone)))
    tell()
    show_lines(*table(rows[:most], tick.fleet.prices, view), SPARE)
    if most is not None and len(rows) > most:
        tell(dim(f"... and {len(rows) - most} more: --on, --owner or a name shows fewer"))
    if rows:
        tell()
    tell(dim(sums(tick, rows, of_all=of_all)))
    if most is None:  # a screen that is watched has no room for them
        for trouble in troubles(tick, rows, view):
            tell(Text(trouble))


def _watch(context: Context, wish: Wish, output: str) -> None:
    """Draw it anew until somebody interrupts. Raises Refused LH5201 where nothing can be drawn."""
    console = screen()
    if output == "json" or not console.is_terminal:
        raise Refused(
            "LH5201",
            "--watch draws on a terminal, and this is none: leave it out, or use"
            " `leasehold reconcile --every` and `leasehold log` for what happens.",
        )
    ledger = context.repository()
    fleet = context.fleet(ledger.read())
    dependencies = context.dependencies(fleet, ledger)

    def draw() -> None:
        tick = look(dependencies, fleet.name, clock())
        rows = wish.of(tick, _rows(context, tick))
        click.clear()
        _show(tick, rows, of_all=wish.is_all, most=max(console.height - _BELOW, 1))

    repeat(draw, time.sleep)


def repeat(draw: Callable[[], None], pause: Callable[[float], None]) -> None:
    """Draw again and again, until the pause is interrupted."""
    try:
        while True:
            draw()
            pause(_EVERY_SECONDS)
    except KeyboardInterrupt:
        tell()


def _is_glob(name: str) -> bool:
    return any(each in name for each in "*?[")


def _matches(row: Row, globs: Sequence[str]) -> bool:
    names = [each.lower() for each in (row.name, row.endpoint_name) if each]
    return any(fnmatchcase(name, glob) for name in names for glob in globs)


def _owner(said: str | None) -> Owner | None:
    """Return whom --owner means; `me` is who git says commits here. Raises Refused LH5003."""
    if said is None or said.lower() != _ME:
        return Owner((said,)) if said else None
    me = git_author.author(None)
    return Owner((me.email,), me.name)
