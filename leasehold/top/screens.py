"""The screens that lie over the list of `leasehold top`: a change, an answer to read, the keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from leasehold.top.board import KEYS
from leasehold.top.source import Quote, Source, Wish, new_id
from ledger.errors import Failure
from ledger.printable import in_line

_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint that a change is for, as SageMaker and as its definition name it."""

    endpoint: str
    name: str


class ChangeScreen(ModalScreen[tuple[Quote, ...]]):
    """Quotes a change of some leases, asks why, commits each, and says what became of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel")]

    def __init__(self, source: Source, wish: Wish, targets: Sequence[Target]) -> None:
        super().__init__()
        self._source, self._wish, self._waiting = source, wish, list(targets)
        self._ids = {target.endpoint: new_id() for target in targets}
        self._done: list[Quote] = []
        self._is_ready = self._is_busy = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Text(self._wish.title.format(named(self._waiting))), id="title")
            yield Static(Text("asking what it would be ..."), id="quotes")
            yield Input(placeholder="why? for those who read the history", id="reason")
            yield Static(Text("enter commits, esc leaves it"), id="hint")

    def on_mount(self) -> None:
        self.query_one("#reason", Input).focus()
        self.quote()

    @work(thread=True)
    def quote(self) -> None:
        """Ask for each endpoint what the change would be."""
        lines = [self._quoted(target) for target in self._waiting]
        self.app.call_from_thread(self._show, lines)

    @on(Input.Submitted, "#reason")
    def commit(self) -> None:
        if self._is_ready and not self._is_busy:
            self._is_busy = True
            self._say("committing ...")
            self.make(self.query_one("#reason", Input).value)

    @work(thread=True)
    def make(self, reason: str) -> None:
        """Commit each; what is refused stays, and can be tried again."""
        lines, left = [], []
        for target in self._waiting:
            try:
                made = self._source.change(
                    target.endpoint, self._wish, reason, self._ids[target.endpoint]
                )
            except Failure as failure:
                left.append(target)
                lines.append(_refused(target, failure))
            else:
                self._done.append(made)
                lines.append(Text(f"{made.name}: ends {made.ends}, {made.commit[:8]}"))
        self._waiting = left
        self.app.call_from_thread(self._made, lines)

    def action_leave(self) -> None:
        if not self._is_busy:  # what is on its way is not to be called off
            self.dismiss(tuple(self._done))

    def _quoted(self, target: Target) -> Text:
        try:
            told = self._source.quote(target.endpoint, self._wish, "")
        except Failure as failure:
            return _refused(target, failure)
        cost = f"  {told.cost}" if told.cost else ""
        return Text(in_line(f"{told.name}: ends {told.ends}{cost}\n  ").rstrip()).append(
            in_line(f"  {told.subject}"), style="dim"
        )

    def _show(self, lines: list[Text]) -> None:
        self._is_ready = True
        self.query_one("#quotes", Static).update(Text("\n").join(lines))

    def _made(self, lines: list[Text]) -> None:
        self._is_busy = False
        if not self._waiting:
            self.dismiss(tuple(self._done))
            return
        self._show(lines)
        self._say("enter tries again what was refused, esc leaves it")

    def _say(self, text: str) -> None:
        self.query_one("#hint", Static).update(Text(text))


class UntilScreen(ModalScreen[str]):
    """Asks until when."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel")]

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._targets = targets

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Text(f"Keep {named(self._targets)} until"), id="title")
            yield Input(placeholder="18:00, tomorrow, friday 18:00", id="until")

    @on(Input.Submitted, "#until")
    def said(self, event: Input.Submitted) -> None:
        if text := event.value.strip():
            self.dismiss(text)

    def action_leave(self) -> None:
        self.dismiss("")


class TextScreen(ModalScreen[None]):
    """Shows something to read, which may take a moment to find out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "back", priority=True)
    ]

    def __init__(self, title: str, read: Callable[[], Text]) -> None:
        super().__init__()
        self._title, self._read = title, read

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="dialog"):
            yield Static(Text(self._title), id="title")
            yield Static(Text("reading ..."), id="text")
            yield Static(Text("esc goes back"), id="hint")

    def on_mount(self) -> None:
        self.find_out()

    @work(thread=True)
    def find_out(self) -> None:
        """Read it beside the screen: a ledger may be far away."""
        try:
            text = self._read()
        except Failure as failure:
            text = Text(in_line(f"{failure.message} [{failure.code}]"), style="red")
        self.app.call_from_thread(self.query_one("#text", Static).update, text)

    def action_leave(self) -> None:
        self.dismiss(None)


def keys_text() -> Text:
    width = max(map(len, KEYS))
    return Text("\n".join(f"{key.ljust(width)}  {what}" for key, what in KEYS.items()))


def named(targets: Sequence[Target]) -> str:
    """Name a few; of many, say how many."""
    if len(targets) > _MOST_NAMES:
        return f"{len(targets)} endpoints"
    return ", ".join(target.name for target in targets)


def _refused(target: Target, failure: Failure) -> Text:
    return Text(in_line(f"{target.name}: {failure.message} [{failure.code}]"), style="red")
