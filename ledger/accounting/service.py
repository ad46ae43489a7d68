"""What SageMaker did, from the versions of the status branch's record. Pure.

A version is written when something moved, so between two of them nothing did. What nobody noted is
a gap: before the first version, where one cannot be read, and where a move was noted late.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from ledger.accounting.spans import Span, united
from ledger.hosts import Hosts, read_hosts
from ledger.names import EndpointName, Name
from ledger.phases import Phase, phase_of

NOT_YET = "nothing was noted yet"
UNREADABLE = "the record of that time cannot be read"
LATE = "what moved was noted late"
_OPEN = 2**62
_LATE = 600  # seconds after a move, from which on it counts as noted late
_STARTING = frozenset({Phase.STARTING})


class State(NamedTuple):
    """What a version says of an endpoint; `since` is SageMaker's own moment for the status."""

    name: Name
    status: Phase
    since: int
    hosts: Hosts | None
    is_foreign: bool
    is_suspended: bool
    has_served: bool  # before that


class Piece(NamedTuple):
    """A stretch of an endpoint's life in which nothing moved."""

    begin: int
    end: int
    phase: Phase
    hosts: Hosts | None
    is_suspended: bool
    has_served: bool = False  # before that

    @property
    def span(self) -> Span:
        return self.begin, self.end

    @property
    def is_in_service(self) -> bool:
        return self.phase.is_billed and self.phase not in _STARTING

    @property
    def is_starting(self) -> bool:
        return self.phase in _STARTING


class Gap(NamedTuple):
    begin: int
    end: int
    reason: str


@dataclass
class Watched:
    """What the versions say; they are added newest first, as history is read."""

    _states: dict[EndpointName, list[tuple[int, State | None]]] = field(default_factory=dict)
    _raw: dict[str, object] = field(default_factory=dict)
    _unreadable: list[Span] = field(default_factory=list)
    _odd: dict[str, list[Span]] = field(default_factory=dict)  # entries that cannot be read
    _newer: int | None = None
    _read: int | None = None  # the version before it that could be read
    first: int | None = None
    last: int | None = None

    def add(self, at: int, entries: Mapping[str, object] | None) -> None:
        """Add a version that was committed at an instant; None is one that cannot be read.

        What an entry of a version says is read once for as long as it stays the same.
        """
        span = at, _OPEN if self._newer is None else self._newer
        if entries is None:
            self._unreadable.append(span)
        else:
            for name in {*self._raw, *entries}:
                raw = entries.get(name)
                if name not in self._raw and self._read is not None:
                    self._note(EndpointName(name), self._read, None)
                if name in self._raw and self._raw[name] == raw:
                    state = self._states[EndpointName(name)][-1][1]
                else:
                    state = _state(raw)
                if state is None and name in entries:
                    self._odd.setdefault(name, []).append(span)
                self._raw[name] = raw
                self._note(EndpointName(name), at, state)
            self._read = at
        self._newer = self.first = at
        self.last = at if self.last is None else self.last

    def _note(self, name: EndpointName, at: int, state: State | None) -> None:
        known = self._states.setdefault(name, [])
        if known and known[-1][1] == state:
            known[-1] = (at, state)
        else:
            known.append((at, state))

    def lives(self, until: int) -> dict[Name, list[Piece]]:
        """Return the life of each definition's endpoint, up to an instant."""
        found: dict[Name, list[Piece]] = {}
        for states in self._states.values():
            for name, piece in _pieces(states[::-1], until):
                found.setdefault(name, []).append(piece)
        return {name: sorted(pieces) for name, pieces in found.items()}

    def gaps(self, since: int, until: int) -> list[Gap]:
        """Return when nobody looked, between two instants."""
        found = [Gap(*span, UNREADABLE) for span in self._unreadable]
        for name, spans in self._odd.items():
            told = f"what was noted of {name} cannot be read"
            found += [Gap(*span, told) for span in united(spans)]
        if self.first is None or self.first > since:
            end = until if self.first is None else self.first
            found.append(Gap(since, end, NOT_YET))
        late = united(span for states in self._states.values() for span in _late(states[::-1]))
        found += [Gap(*span, LATE) for span in late]
        cut = (Gap(max(each.begin, since), min(each.end, until), each.reason) for each in found)
        return sorted(each for each in cut if each.begin < each.end)


def _state(entry: object) -> State | None:
    """Read what matters of an entry; None where it is not there, or cannot be read."""
    try:
        data: dict[str, Any] = dict(entry)  # type: ignore[call-overload]
        since = datetime.fromisoformat(data["since"])
        if since.tzinfo is None:
            return None
        return State(
            Name(data["name"]),
            phase_of(data["status"]),
            int(since.timestamp()),
            read_hosts(data.get("hosts")),
            data.get("foreign") is True,
            "suspended_since" in data,
            bool(data.get("starts")),
        )
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return None


def _pieces(states: list[tuple[int, State | None]], until: int) -> Iterator[tuple[Name, Piece]]:
    begins, hosts = list(_begins(states)), _hosts(states)
    for number, ((_, state), begin) in enumerate(zip(states, begins, strict=True)):
        end = min(begins[number + 1] if number + 1 < len(begins) else until, until)
        if state and not state.is_foreign and begin < end:
            known = hosts[number], state.is_suspended, state.has_served
            yield state.name, Piece(begin, end, state.status, *known)


def _hosts(states: list[tuple[int, State | None]]) -> list[Hosts | None]:
    """Return what each state ran on: what was found out later was so from its begin on."""
    found: list[Hosts | None] = []
    after: State | None = None
    for _, state in reversed(states):
        hosts = state.hosts if state else None
        if state and after and hosts is None and state.status.is_billed:
            goes_on = state.since == after.since or state.status in _STARTING
            hosts = found[-1] if goes_on else None
        found.append(hosts)
        after = state
    return found[::-1]


def _begins(states: list[tuple[int, State | None]]) -> Iterator[int]:
    """Yield when each state began: by SageMaker's clock where the status moved."""
    before: State | None = None
    earliest: int | None = None
    for at, state in states:
        begin = at
        if state and (before is None or before.since != state.since):
            begin = min(state.since, at)
        earliest = begin if earliest is None else max(begin, earliest)
        yield earliest
        before = state


def _late(states: list[tuple[int, State | None]]) -> Iterator[Span]:
    for (_, before), (at, state) in pairwise(states):
        if before and state and before.since != state.since and at - state.since > _LATE:
            yield state.since, at
