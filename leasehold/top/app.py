"""The list of `leasehold top`, redrawn as it changes. It draws, and decides nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Input, Static

from leasehold.context import clock
from leasehold.fleet_rows import Row
from leasehold.top.board import SORTS, Board, Seen, fit, headline, left, provenance, total_of
from leasehold.top.screens import ChangeScreen, Target, TextScreen, UntilScreen, keys_text
from leasehold.top.source import Quote, Source, Wish
from ledger.errors import Failure
from ledger.printable import in_line

_FEW_KEYS = "e +30m  E +2h  u until  r release  / filter  enter explain  ? keys  q quit"
_ALL_KEYS = (
    "e +30m  E +2h  u until  r release  space mark  / filter  s sort  enter explain  l log"
    "  c curl  ? keys  q quit"
)
_STALE = timedelta(minutes=5)
_PADDING = 2


class Top(App[None]):
    """One screen: a line of sums, the list, what was said last, the keys."""

    CSS = """
    Screen { layers: base; }
    #head { height: auto; text-style: bold; }
    #from, #keys { height: 1; color: $text-muted; }
    #said { height: auto; }
    #filter { display: none; border: none; height: 1; padding: 0; }
    #filter.shown { display: block; }
    DataTable { height: 1fr; scrollbar-size-horizontal: 0; }
    ModalScreen { align: center middle; }
    #dialog { width: 90%; max-width: 100; height: auto; max-height: 90%; border: round $primary;
              padding: 0 1; background: $surface; }
    #title { text-style: bold; height: auto; }
    #hint { color: $text-muted; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "extend(30)", "+30 min"),
        Binding("E", "extend(120)", "+2 h"),
        Binding("u", "until", "until"),
        Binding("r", "release", "release"),
        Binding("space", "mark", "mark"),
        Binding("slash", "filter", "filter"),
        Binding("s", "sort", "sort"),
        Binding("l", "log", "log"),
        Binding("c", "curl", "curl"),
        Binding("question_mark", "keys", "keys"),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
        Binding("escape", "clear", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(
        self,
        source: Source,
        board: Board,
        *,
        every: float = 5.0,
        now: Callable[[], datetime] = clock,
    ) -> None:
        super().__init__()
        self._source, self._board, self._every, self._now = source, board, every, now
        self._seen: Seen | None = None
        self._shown: list[Row] = []
        self._left_column: int | None = None

    def compose(self) -> ComposeResult:
        yield Static(Text("reading the ledger and SageMaker ..."), id="head")
        yield Static(id="from")
        yield Input(placeholder="a part of a name, an owner, a reason", id="filter")
        table: DataTable[Text] = DataTable(cursor_type="row", cell_padding=0, zebra_stripes=False)
        yield table
        yield Static(id="said")
        yield Static(id="keys")

    def on_mount(self) -> None:
        self.query_one(DataTable).focus()
        self.look()
        self.set_interval(self._every, self.look)
        self.set_interval(1.0, self.count_down)

    @work(thread=True, exclusive=True, group="look")
    def look(self) -> None:
        """Read beside the screen; what cannot be read leaves the last look where it is."""
        try:
            seen = self._source.look()
        except Failure as failure:
            self.call_from_thread(self.say, f"{failure.message} [{failure.code}]", "red")
        else:
            self.call_from_thread(self.show, seen)

    def show(self, seen: Seen) -> None:
        """Draw a look. The cursor stays on its endpoint, wherever that has gone."""
        before = self.under_cursor
        self._seen = seen
        self.draw(before.endpoint_name if before else None)

    def draw(self, cursor: str | None = None) -> None:
        if self._seen is None:
            return
        now = self._now()
        self._shown = self._board.chosen(self._seen)
        table = self.query_one(DataTable)
        cells = [self._board.cells(row, now) for row in self._shown]
        headers, lines = fit(cells, max(self.size.width, 40))
        offset = table.scroll_offset
        table.clear(columns=True)
        self._left_column = headers.index("LEFT") if "LEFT" in headers else None
        for place, header in enumerate(headers):
            longest = max([len(header), *(line[place].cell_len for line in lines)])
            table.add_column(header, width=longest + (_PADDING if place else 1))
        for line in lines:
            table.add_row(*map(_harmless, line))
        names = [row.endpoint_name for row in self._shown]
        if cursor in names:
            table.move_cursor(row=names.index(cursor), scroll=False)
            table.scroll_to(y=offset.y, animate=False)
        self.draw_head()

    def draw_head(self) -> None:
        if self._seen is None:
            return
        now = self._now()
        said = headline(self._seen, now)
        if self._board.marked:
            marked = [
                row for row in self._seen.rows if str(row.endpoint_name) in self._board.marked
            ]
            said += f"  {len(marked)} marked {total_of(marked, self._seen.prices)}"
        self.query_one("#head", Static).update(Text(in_line(said)))
        text = Text(f"{provenance(self._seen)}  sorted by {self._board.sort}")
        if now - self._seen.tick.now > _STALE:
            text.append("  this is old: the last looks failed", style="red")
        self.query_one("#from", Static).update(text)

    def count_down(self) -> None:
        """Let the clocks run: of each row one cell, and nothing else, is written anew."""
        if self._left_column is None or not self._shown:
            return
        now, table = self._now(), self.query_one(DataTable)
        for place, row in enumerate(self._shown):
            if row.ends is not None:
                table.update_cell_at(Coordinate(place, self._left_column), left(row, now))

    def on_resize(self, _event: events.Resize) -> None:
        keys = _ALL_KEYS if self.size.width >= len(_ALL_KEYS) else _FEW_KEYS
        self.query_one("#keys", Static).update(Text(keys))
        row = self.under_cursor
        self.draw(row.endpoint_name if row else None)

    def say(self, text: str, style: str = "") -> None:
        self.query_one("#said", Static).update(Text(in_line(text), style=style))

    @property
    def under_cursor(self) -> Row | None:
        place = self.query_one(DataTable).cursor_row
        return self._shown[place] if 0 <= place < len(self._shown) else None

    @property
    def targets(self) -> list[Target]:
        """Return what is marked, or what is under the cursor."""
        rows = [row for row in self._shown if str(row.endpoint_name) in self._board.marked]
        row = self.under_cursor
        found = rows or ([row] if row else [])
        return [Target(each.endpoint_name, each.name or each.endpoint_name) for each in found]

    def action_move(self, by: int) -> None:
        table = self.query_one(DataTable)
        table.move_cursor(row=table.cursor_row + by)

    def action_extend(self, minutes: int) -> None:
        self._change(Wish(minutes=minutes), self.targets)

    def action_release(self) -> None:
        self._change(Wish(), self.targets)

    def action_until(self) -> None:
        targets = self.targets

        def asked(text: str | None) -> None:
            if text:
                self._change(Wish(until=text), targets)

        if targets:
            self.push_screen(UntilScreen(targets), asked)

    def _change(self, wish: Wish, targets: Sequence[Target]) -> None:
        if targets:
            self.push_screen(ChangeScreen(self._source, wish, targets), self._changed)

    def _changed(self, made: tuple[Quote, ...] | None) -> None:
        if not made:
            return
        changed = {quote.name for quote in made}
        rows = self._seen.rows if self._seen else ()
        names = frozenset(str(row.endpoint_name) for row in rows if str(row.name) in changed)
        self._board = replace(self._board, changed=names, marked=frozenset())
        last = made[-1]
        more = f", and {len(made) - 1} more" if len(made) > 1 else ""
        self.say(f"{last.name} ends {last.ends}, commit {last.commit[:8]}{more}", "green")
        self.look()

    def action_mark(self) -> None:
        row = self.under_cursor
        if row is None:
            return
        self._board = replace(self._board, marked=self._board.marked ^ {str(row.endpoint_name)})
        self.draw(row.endpoint_name)
        self.action_move(1)

    def action_sort(self) -> None:
        after = SORTS[(SORTS.index(self._board.sort) + 1) % len(SORTS)]
        self._board = replace(self._board, sort=after)
        row = self.under_cursor
        self.draw(row.endpoint_name if row else None)

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.add_class("shown")
        field.focus()

    @on(Input.Changed, "#filter")
    def filtered(self, event: Input.Changed) -> None:
        self._board = replace(self._board, wanted=event.value)
        self.draw()

    @on(Input.Submitted, "#filter")
    def found(self) -> None:
        field = self.query_one("#filter", Input)
        field.set_class(bool(field.value), "shown")
        self.query_one(DataTable).focus()

    def action_clear(self) -> None:
        """Take back the filter, and then the marks."""
        field = self.query_one("#filter", Input)
        if self._board.wanted or field.has_focus:
            field.value = ""
            field.remove_class("shown")
            self.query_one(DataTable).focus()
            return
        self._board = replace(self._board, marked=frozenset())
        row = self.under_cursor
        self.draw(row.endpoint_name if row else None)

    @on(DataTable.RowSelected)
    def explain(self) -> None:
        row, seen = self.under_cursor, self._seen
        if row is None or seen is None:
            return
        read = partial(_answers, self._source, seen, row.endpoint_name)
        self.push_screen(TextScreen(row.endpoint_name, read))

    def action_log(self) -> None:
        row, seen = self.under_cursor, self._seen
        if row is None or seen is None:
            return
        read = partial(_history, self._source, seen, row.endpoint_name)
        self.push_screen(TextScreen(f"Who kept {row.endpoint_name} on", read))

    def action_curl(self) -> None:
        if (row := self.under_cursor) is not None:
            text = self._source.curl(row.endpoint_name)
            self.copy_to_clipboard(text)
            self.push_screen(TextScreen("Extend it by curl (copied)", lambda: Text(text)))

    def action_keys(self) -> None:
        self.push_screen(TextScreen("Keys", keys_text))


def _answers(source: Source, seen: Seen, endpoint: str) -> Text:
    found = source.explain(seen, endpoint)
    width = max((len(question) for question, _ in found), default=0)
    text = Text()
    for question, answer in found:
        text.append(question.ljust(width + 2), style="bold").append(in_line(answer) + "\n")
    return text


def _history(source: Source, seen: Seen, endpoint: str) -> Text:
    lines = source.history(seen, endpoint)
    return Text("\n".join(map(in_line, lines)) or "It was never leased.")


def _harmless(cell: Text) -> Text:
    return cell if cell.plain == in_line(cell.plain) else Text(in_line(cell.plain))
