"""The terminal: tables, answers and refusals for people, JSON for machines.

Every command writes through it. Square brackets in a commit message are no mark-up, and what moves
a cursor, ends a line or is a CI's command is shown as text. It must not know what is shown.
"""

import os
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import compress, islice
from typing import Any, Literal, NoReturn

import click
from rich.cells import cell_len
from rich.console import Console
from rich.containers import Lines
from rich.style import Style
from rich.table import Table
from rich.text import Text

from leasehold.columns import GAP, fitted
from leasehold.own_zone import own_zone
from leasehold.times import localized
from ledger.errors import Failure, Unknown
from ledger.meant import did_you_mean
from ledger.printable import as_json, in_line, without_commands

output_option = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)

_AT_A_TIME = 100  # rows of a table that is read while it is printed
PIPE_WIDTH = 100_000  # a table in a pipe is for grep: no cell is folded
_NARROW = 110  # cells, below which what is streamed leaves out what is spare

Cell = str | Text
_WORDS = 16  # cells that words get on any screen
_GAP = 2
_AMOUNTS = frozenset({"COST", "HOURS", "SO FAR"})
# Columns that a narrow screen wraps.
_WORDY = frozenset({"WHO", "WHY", "NAME", "EMAIL", "SCOPES", "PERSON", "OWNER"})


def screen(*, stderr: bool = False) -> Console:
    """Make a console of the stream as it is now; rich notices width and colours.

    With NO_COLOR nothing is styled: bold and dim are escape codes too.
    """
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(
        stderr=stderr, highlight=False, markup=False, emoji=False, color_system=colours
    )
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def say(text: Cell = "") -> None:
    """Print one line, which the terminal may wrap and a pipe gets whole."""
    screen().print(_shown(text), soft_wrap=True)


def tell(text: Cell = "") -> None:
    """Print a sentence: a terminal gets it folded between words, a pipe as one line."""
    console = screen()
    for line in _folded(_shown(text), console):
        console.print(line, soft_wrap=True)


def show_json(data: Any) -> None:  # noqa: ANN401  (JSON)
    click.echo(as_json(data, indent=2))


def stream_json(items: Iterable[Any]) -> None:
    """Print a JSON list while it is read; it looks as if it were printed whole."""
    before = "["
    for item in items:
        text = as_json(item, indent=2)
        click.echo(before + "\n" + textwrap.indent(text, "  "), nl=False)
        before = ","
    click.echo("\n]" if before == "," else "[]")


def show_table(
    headers: Sequence[str], rows: Sequence[Sequence[Cell]], spare: Sequence[str] = ()
) -> None:
    """Print rows under headers, as wide as they need; only words wrap on a narrow screen.

    Columns that are `spare` are left out one by one where they would leave no room for the words.
    Where there is none yet, whatever is long wraps: a figure that is cut off would be another one.
    """
    shown = [list(map(Text, headers)), *map(_row, rows)]
    for header in spare:
        if _least_width(shown) > screen().width:
            place = [each.plain for each in shown[0]].index(header)
            shown = [row[:place] + row[place + 1 :] for row in shown]
    kept = [header.plain for header in shown[0]]
    wordy = set(_WORDY)
    if _least_width(shown) > screen().width:
        columns = zip(*shown, strict=True)
        wordy |= {column[0].plain for column in columns if _longest(column) > _WORDS}
    _print_table(kept, shown[1:], [0] * len(kept), show_header=True, wordy=wordy)


def _least_width(rows: Sequence[Sequence[Text]]) -> int:
    """Return what a table needs; the first row is its headers."""
    return sum(map(_least_of, zip(*rows, strict=True)))


def _least_of(column: Sequence[Text]) -> int:
    longest = _longest(column)
    return _GAP + (min(longest, _WORDS) if column[0].plain in _WORDY else longest)


def _longest(column: Sequence[Text]) -> int:
    return max(each.cell_len for each in column)


def counted(number: int, thing: str) -> str:
    """Return `1 lock`, `2 locks`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def show_lines(
    headers: Sequence[str], rows: Sequence[Sequence[Cell]], spare: Sequence[str] = ()
) -> None:
    """Print a line for each row, as `columns` makes it fit a terminal; a pipe gets all of it."""
    console = screen()
    width = console.width if console.is_terminal else None
    heads, lines = fitted(headers, list(map(_row, rows)), width, spare)
    widths = [max(map(cell_len, column)) for column in zip(heads, *_plain(lines), strict=True)]
    for line in [[Text(head, style="bold") for head in heads], *lines]:
        padded = map(_padded, heads, line, widths)
        text = Text(" " * GAP).join(padded)
        text.rstrip()
        console.print(text, soft_wrap=True)


def _plain(lines: Iterable[Sequence[Text]]) -> Iterator[list[str]]:
    return ([cell.plain for cell in line] for line in lines)


def _padded(header: str, cell: Text, size: int) -> Text:
    """Fill a cell up; amounts stand below each other."""
    room = " " * (size - cell.cell_len)
    is_amount = header.endswith("/H") or header in _AMOUNTS
    return Text.assemble(room, cell) if is_amount else Text.assemble(cell, room)


def stream_table(
    headers: Sequence[str], rows: Iterable[Sequence[Cell]], spare: Sequence[str] = ()
) -> int:
    """Print rows while they are read, some at a time, the columns as wide as those before.

    A narrow terminal gets no column that is `spare`. Returns how many rows there are; none prints
    nothing.
    """
    kept = [each not in spare or screen().width >= _NARROW for each in headers]
    headers = list(compress(headers, kept))
    read, count, widths = (_row(list(compress(row, kept))) for row in rows), 0, [0] * len(headers)
    while some := list(islice(read, _AT_A_TIME)):
        longest = [max(map(len, column)) for column in zip(headers, *some, strict=True)]
        widths = [max(pair) for pair in zip(widths, longest, strict=True)]
        _print_table(headers, some, widths, show_header=not count)
        count += len(some)
    return count


def _print_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[Text]],
    widths: Sequence[int],
    *,
    show_header: bool,
    wordy: Collection[str] = _WORDY,
) -> None:
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=show_header
    )
    for header, width in zip(headers, widths, strict=True):
        is_wordy = header in wordy
        least = None if is_wordy else width
        table.add_column(header, no_wrap=not is_wordy, overflow="fold", min_width=least)
    for row in rows:
        table.add_row(*row)
    console = screen()
    with console.capture() as rendered:
        console.print(table)
    for line in rendered.get().splitlines():
        click.echo(without_commands(line.rstrip()))  # a cell may be folded before one


def _row(cells: Sequence[Cell]) -> list[Text]:
    return list(map(_shown, cells))


def _shown(cell: Cell) -> Text:
    """Return a cell or a line with what others wrote made harmless, in the styles that it has."""
    if isinstance(cell, str):
        return Text(in_line(cell))
    if cell.plain == in_line(cell.plain):
        return cell
    parts = ((in_line(part.plain), _style(part)) for part in _parts(cell))
    return Text.assemble(*parts, style=cell.style)


def _style(part: Text) -> str | Style:
    return part.spans[0].style if part.spans else ""


def _parts(text: Text) -> Lines:
    ends = {each for span in text.spans for each in (span.start, span.end)}
    return text.divide(sorted(ends))


def dim(text: str) -> Text:
    return Text(text, style="dim")


def note(text: str) -> None:
    """Print a remark beside an answer, which a shell may put into a variable."""
    screen(stderr=True).print(dim(in_line(text)), soft_wrap=True)


def refuse(failure: Failure) -> NoReturn:
    """End the command with one sentence and its code."""
    complain(failure)
    raise SystemExit(1)


def complain(failure: Failure, about: str = "") -> None:
    """Print one sentence and its code; a terminal has it folded, and with the person's times."""
    said = f"leasehold: {about}{in_words(failure)} [{failure.code}]"
    console = screen(stderr=True)
    if console.is_terminal:
        said = localized(said, None, own_zone())
    for line in _folded(Text(in_line(said), style="red"), console):
        console.print(line, soft_wrap=True)


def in_words(failure: Failure) -> str:
    """Return the sentence of a failure, with what was meant where a name is not known."""
    if isinstance(failure, Unknown):
        return failure.message + did_you_mean(failure.word, failure.known)
    return failure.message


def _folded(text: Text, console: Console) -> Iterator[Text]:
    for line in text.wrap(console, console.width) if console.is_terminal else [text]:
        line.rstrip()
        yield line
