"""`leasehold top`: the verb. Where nothing can be drawn it is the table of `status`."""

from importlib import import_module
from importlib.util import find_spec

import click
from rich.text import Text

from leasehold.console import dim, screen, show_lines, tell
from leasehold.context import Context, clock, connected
from leasehold.own_zone import own_zone
from leasehold.status import Wish, show_once
from leasehold.top.board import HEADERS, SPARE, Board, headline, provenance
from leasehold.top.source import Source
from ledger.errors import Refused


@click.command
@connected
@click.option("--once", is_flag=True, help="Print it once, and end.")
@click.option(
    "--every",
    type=click.FloatRange(min=1, max=3600),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often the ledger and SageMaker are read.",
)
def top(context: Context, *, once: bool, every: float) -> None:
    """Watch the fleet, and keep endpoints on by a key.

    In a pipe it prints what `leasehold status` does. Changes are commits, and you are their author.
    """
    if not screen().is_terminal:
        show_once(context, Wish(sort="ends"))
        return
    if not once and find_spec("textual") is None:
        raise Refused(
            "LH5220",
            "`leasehold top` draws with textual, which is not installed here: run"
            " `pip install 'leasehold[top]'`, or use `leasehold top --once` or"
            " `leasehold status --watch`.",
        )
    board = Board(own_zone())
    source = Source(context, board.zone)
    if once:
        _print(board, source)
        return
    # Imported here, for it needs the extra `top`.
    import_module("leasehold.top.app").Top(source, board, every=every).run()


def _print(board: Board, source: Source) -> None:
    """Print the list as it stands."""
    seen = source.look()
    now = clock()
    cells = [board.cells(row, now) for row in board.chosen(seen)]
    tell(headline(seen, now))
    tell(dim(provenance(seen)))
    tell()
    lines = [
        [Text.assemble(mark, " " * (2 - len(mark)), name), *rest] for mark, name, *rest in cells
    ]
    show_lines((f"  {HEADERS[1]}", *HEADERS[2:]), lines, SPARE)
