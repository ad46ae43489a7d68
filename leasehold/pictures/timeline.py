"""What is in the picture of a timeline, and in the table beneath it. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.accounting.lines import Line
from ledger.accounting.spans import Span
from ledger.printable import printable

STARTING, IN_SERVICE = "starting", "in service"
LEASED, SCHEDULED = "leased ahead", "scheduled ahead"
HELD = "held ahead"  # left as it is, and running
STRETCHES = (STARTING, IN_SERVICE, LEASED, SCHEDULED, HELD)
EXTENDED, IDLE = "extended", "idle stop"
WIDTH = 760  # pixels that the time has
_LABELLED = 25  # so many endpoints have rows high enough for a name at each extension
_DAY = 86400
_MONDAY = 4 * _DAY  # the first one of 1970
_FEW, _MANY = 4, 16  # days
_LETTER = 5.5  # pixels, about
_LABEL = 24  # letters of it
_ADDRESS = re.compile(r" <[^<>]*>")


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of an endpoint's time, and how it is said to those who hear the picture."""

    endpoint: str
    span: Span
    what: str
    said: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at an instant; a label where there is room for one."""

    endpoint: str
    at: int
    what: str
    said: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that is drawn, in the order of the endpoints. Instants are seconds."""

    title: str
    begin: int
    now: int
    end: int
    endpoints: tuple[str, ...]
    bars: tuple[Bar, ...]
    moments: tuple[Moment, ...]

    @property
    def is_labelled(self) -> bool:
        return len(self.endpoints) <= _LABELLED

    @property
    def ticks(self) -> range:
        """Return the instants that the axis names: hours of few days, days, or Mondays."""
        days = (self.end - self.begin) / _DAY
        step = _DAY // 4 if days <= _FEW else _DAY if days <= _MANY else 7 * _DAY
        first = self.begin + (_MONDAY - self.begin) % step
        return range(first, self.end + 1, step)


HEADERS = ("endpoint", "what", "from (UTC)", "to (UTC)", "who")


def picture_of(environment: str, lines: Sequence[Line], moments: tuple[int, int, int]) -> Timeline:
    """Return what is drawn of lines between two instants, with now in the midst of them."""
    begin, now, end = moments
    period = f"{_instant(begin):%a %Y-%m-%d %H:%M} to {_instant(end):%a %Y-%m-%d %H:%M} UTC"
    scale = WIDTH / (end - begin) if len(lines) <= _LABELLED else None
    return Timeline(
        f"{environment}: {period}",
        begin,
        now,
        end,
        tuple(line.name for line in lines),
        tuple(bar for line in lines for bar in _bars(line)),
        tuple(each for line in lines for each in _moments(line, begin, scale)),
    )


def rows(lines: Sequence[Line]) -> Iterator[tuple[str, ...]]:
    """Yield all that the picture shows, and who did what, for each endpoint in order."""
    for line in lines:
        said = [(span[0], what, _at(span[1]), "") for what, span in _stretches(line)]
        said += [
            (step.at, EXTENDED, _at(step.expires), printable(step.buyer)) for step in line.extended
        ]
        said += [(at, IDLE, "", "") for at in line.idle]
        for at, what, to, who in sorted(said):
            yield line.name, what, _at(at), to, who


def _stretches(line: Line) -> Iterator[tuple[str, Span]]:
    yield from ((STARTING, span) for span in line.starting)
    yield from ((IN_SERVICE, span) for span in line.in_service)
    yield from ((LEASED, span) for span in line.leased)
    yield from ((SCHEDULED, span) for span in line.scheduled)
    yield from ((HELD, span) for span in line.held)


def _bars(line: Line) -> Iterator[Bar]:
    for what, span in _stretches(line):
        said = f"{line.name}: {what} from {_at(span[0])} to {_at(span[1])} UTC"
        yield Bar(line.name, span, what, said)


def _moments(line: Line, begin: int, scale: float | None) -> Iterator[Moment]:
    """Yield what happened; with a scale, in pixels a second, labels that do not overlap."""
    free = 0.0
    for step in line.extended:
        who = printable(step.buyer)
        label = _label(who)
        place = (step.at - begin) * scale if scale else 0
        taken = place + _LETTER * (len(label) + 2)
        fits = scale is not None and free <= place and taken <= WIDTH
        free = taken if fits else free
        said = f"{line.name}: extended at {_at(step.at)} to {_at(step.expires)} UTC by {who}"
        yield Moment(line.name, step.at, EXTENDED, said, label if fits else "")
    for at in line.idle:
        yield Moment(line.name, at, IDLE, f"{line.name}: idle stop at {_at(at)} UTC")


def named(who: str) -> str:
    """Return a name without its address, also of "first lease (Ana <ana@example.com>)"."""
    return _ADDRESS.sub("", who)


def _label(who: str) -> str:
    """Return a name that is short."""
    name = named(who)
    return name if len(name) <= _LABEL else f"{name[: _LABEL - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _at(second: int) -> str:
    return f"{_instant(second):%a %m-%d %H:%M}"


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
