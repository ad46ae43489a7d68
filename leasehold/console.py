"""The terminal: tables, answers and refusals for people, JSON for machines.

Every command writes through it. Text that comes from outside is printed as it is: square brackets
in a commit message are no mark-up. It must not know what is shown.
"""

import json
from collections.abc import Sequence
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledger.errors import Failure

output_option = click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)

PIPE_WIDTH = 200  # a table in a pipe is for grep: no cell is folded

Cell = str | Text
_WORDY = frozenset({"WHO", "WHY", "NAME", "EMAIL", "SCOPES"})  # columns that a narrow screen wraps


def screen(*, stderr: bool = False) -> Console:
    """Make a console of the stream as it is now; rich notices colours, width and NO_COLOR."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def say(text: Cell = "") -> None:
    """Print one line, which the terminal may wrap and a pipe gets whole."""
    screen().print(text, soft_wrap=True)


def show_json(data: Any) -> None:  # noqa: ANN401  (JSON)
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def show_table(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows under headers, as wide as they need; only words wrap on a narrow screen."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in headers:
        table.add_column(header, no_wrap=header not in _WORDY, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = screen()
    with console.capture() as rendered:
        console.print(table)
    for line in rendered.get().splitlines():
        click.echo(line.rstrip())


def dim(text: str) -> Text:
    return Text(text, style="dim")


def refuse(failure: Failure) -> NoReturn:
    """End the command with one sentence and its code."""
    complain(failure)
    raise SystemExit(1)


def complain(failure: Failure) -> None:
    sentence = Text(f"leasehold: {failure.message} [{failure.code}]", style="red")
    screen(stderr=True).print(sentence, soft_wrap=True)
