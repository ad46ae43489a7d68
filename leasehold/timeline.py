"""`leasehold timeline`: what each endpoint did in the last days, and what the ledger says is next.

A line of cells for each, and beneath it who kept it on and when: no figure is in a picture alone.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from leasehold import completing
from leasehold.columns import GAP, middle_cut
from leasehold.console import dim, note, output_option, say, screen, show_json, show_lines, tell
from leasehold.context import Context, clock, connected
from leasehold.histories import read_histories
from leasehold.own_zone import own_zone
from leasehold.pictures import timeline as drawing
from leasehold.pictures.files import Files, picture_option
from leasehold.pictures.page import Page
from leasehold.report_words import unread
from leasehold.times import as_of, with_weekday, zone_name
from ledger.accounting.lines import Line, line_of, second
from ledger.accounting.spans import Span, clipped, length
from ledger.claims import settle
from ledger.instants import in_zone
from ledger.lease import stamp

_AHEAD = timedelta(days=2)
_CELLS = 56
_LEAST_NAME = 16
# What a cell is, by what most of it was: letters and blocks differ in shape, not in colour alone.
_BLOCKS = {
    "starting": "░",
    "in service": "█",
    "ahead": "▒",
    "off": "·",
    "idle": "\N{MULTIPLICATION SIGN}",
}
_LETTERS = {"starting": "s", "in service": "#", "ahead": "=", "off": ".", "idle": "x"}


@click.command
@connected
@click.argument("name", required=False, shell_complete=completing.names)
@click.option(
    "--days",
    type=click.IntRange(min=1, max=366),
    default=7,
    show_default=True,
    help="How many days back; two days ahead are shown besides.",
)
@picture_option("it")
@output_option
def timeline(
    context: Context, *, name: str | None, days: int, picture: Path | None, output: str
) -> None:
    """Show what NAME, or each endpoint, did and will do, and who kept it on."""
    files = Files.of(picture) if picture else None
    now = clock().replace(microsecond=0)
    ledger = context.repository()
    snapshot = ledger.read()
    fleet = context.fleet(snapshot)
    fleet.require_settings()
    fleet = settle(fleet, context.known(fleet, None), now)
    wanted = None if name is None else str(fleet.get(name).name)
    begin, end = now - timedelta(days=days), now + _AHEAD
    histories = read_histories(context, ledger, fleet, second(begin))
    lines = [
        line_of(book, fleet, begin, now, end)
        for book in histories.books(second(now))
        if wanted is None or str(book.name) == wanted
    ]
    for sentence in unread(histories.unread, histories.undated):
        note(sentence)
    moments = second(begin), second(now), second(end)
    if files:
        drawn_as = drawing.picture_of(fleet.name, lines, moments)
        files.write(drawn_as, Page(drawn_as.title, drawing.HEADERS, tuple(drawing.rows(lines))))
    if output == "json":
        show_json([_as_data(line) for line in lines])
        return
    zone = own_zone()
    first, last = (with_weekday(each, now, zone) for each in (begin, end))
    period = f"from {first} to {last}, | is now"
    tell(dim(f"{as_of(fleet.name, snapshot.commit, now, zone)}: {period}"))
    tell()
    marks = _BLOCKS if _can_show(_BLOCKS) else _LETTERS
    width = screen().width if screen().is_terminal else None
    for text in drawn(lines, moments, marks, width):
        say(text)
    say(dim("  ".join(f"{mark} {what}" for what, mark in marks.items())))
    tell()
    headers = ("ENDPOINT", f"FROM ({zone_name(in_zone(now, zone))})", "TO", "WHO")
    if rows := list(_who(lines, now, zone)):
        if width:  # a pipe gets addresses too
            rows = [(*row[:-1], drawing.named(row[-1])) for row in rows]
        show_lines(headers, rows)
    else:
        tell("No lease was granted or extended for this time.")


def cell(line: Line, span: Span) -> str:
    """Tell what most of a stretch was."""
    if any(span[0] <= at < span[1] for at in line.idle):
        return "idle"
    shares = {
        "in service": length(clipped(line.in_service, *span)),
        "starting": length(clipped(line.starting, *span)),
        "ahead": length(clipped(line.ahead, *span)),
    }
    what, share = max(shares.items(), key=lambda item: item[1])
    return what if share else "off"


def drawn(
    lines: Sequence[Line],
    moments: tuple[int, int, int],
    marks: dict[str, str],
    screen_width: int | None = None,
) -> Iterator[str]:
    """Yield a line of cells for each endpoint; the bar stands where now is.

    On a screen that is narrow, names are cut first, and then there are fewer cells.
    """
    begin, now, end = moments
    texts = [Text(line.name) for line in lines]
    if screen_width:
        texts = [middle_cut(each, max(screen_width // 4, _LEAST_NAME)) for each in texts]
    width = max((each.cell_len for each in texts), default=0)
    room = screen_width - width - GAP - 1 if screen_width else _CELLS
    count = max(min(room, _CELLS), 1)
    edges = [begin + (end - begin) * number // count for number in range(count + 1)]
    here = sum(1 for edge in edges if edge <= now) - 1
    for line, name in zip(lines, texts, strict=True):
        cells = [marks[cell(line, (left, right))] for left, right in pairwise(edges)]
        padded = f"{name.plain}{' ' * (width - name.cell_len + GAP)}"
        yield f"{padded}{''.join(cells[:here])}|{''.join(cells[here:])}"


def _who(lines: Sequence[Line], now: datetime, zone: tzinfo) -> Iterator[tuple[str, str, str, str]]:
    for line in lines:
        for begin, end, buyer in line.bought:
            at, to = (with_weekday(_instant(each), now, zone) for each in (begin, end))
            yield line.name, at, to, buyer


def _can_show(marks: dict[str, str]) -> bool:
    try:
        "".join(marks.values()).encode(screen().encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _as_data(line: Line) -> dict[str, Any]:
    def spans(found: Sequence[Span]) -> list[dict[str, str]]:
        return [{"from": stamp(_instant(a)), "to": stamp(_instant(b))} for a, b in found]

    return {
        "name": line.name,
        "starting": spans(line.starting),
        "in_service": spans(line.in_service),
        "ahead": spans(line.ahead),
        "leased_ahead": spans(line.leased),
        "scheduled_ahead": spans(line.scheduled),
        "held_ahead": spans(line.held),
        "idle_stops": [stamp(_instant(at)) for at in line.idle],
        "kept_by": [
            {"from": stamp(_instant(a)), "to": stamp(_instant(b)), "who": who}
            for a, b, who in line.bought
        ],
        "extended": [
            {"at": stamp(_instant(each.at)), "to": stamp(_instant(each.expires)), "who": each.buyer}
            for each in line.extended
        ],
    }


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
