"""The log of a running controller: only what is news, as lines for a person.

It compares a tick with the one before, so a quiet fleet is quiet, and a problem that stays is told
once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from controller.planning.action import Action, Verb
from controller.tick import Outcome, State, Tick
from leasehold.console import say
from leasehold.times import clock_face
from ledger.errors import Failure
from ledger.names import EndpointName
from ledger.phases import Phase, phase_of

_STYLES = {
    "grant": "cyan",
    "credit": "cyan",
    "extend": "cyan",
    "idle": "yellow",
    "adopt": "green",
    "collect": "yellow",
    "create": "green",
    "update": "green",
    "delete": "yellow",
    "gone": "yellow",
    "commit": "cyan",
    "refused": "red",
    "failed": "red",
    "error": "red",
    "report": "red",
    "trouble": "red",
}
_PHASE_STYLES = {Phase.SERVING: "bold green", Phase.FAILED: "red"}
_VERB_WIDTH = 9


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of news: a word for what, a name for which, and the rest of the sentence."""

    what: str
    which: str
    why: str = ""


Commits = Callable[[str, str], Iterable[Line]]


def _no_commits(_since: str, _until: str) -> Iterable[Line]:
    return ()


class Narrator:
    """Prints the news of each tick. `commits` tells what is between two commits, if it can."""

    def __init__(self, clock: Callable[[], datetime], commits: Commits = _no_commits) -> None:
        self._clock = clock
        self._commits = commits
        self._last: Tick | None = None
        self._looked: Tick | None = None  # the last one that could look at SageMaker
        self._trouble: frozenset[Line] = frozenset()
        self._width = 0

    def tell(self, tick: Tick) -> None:
        self._width = max((len(each.resource_name) for each in tick.plan.actions), default=0)
        trouble = frozenset(_trouble(tick))
        if self._last and self._last.plan.commit != tick.plan.commit:
            self._print(self._commits(self._last.plan.commit, tick.plan.commit))
        if tick.fleet.environment is not None:
            self._print(_movements(self._looked, tick))
            self._looked = tick
        self._print(_done(tick))
        self._print(sorted(trouble - self._trouble, key=lambda line: line.which))
        self._last, self._trouble = tick, trouble

    def tell_failure(self, failure: Failure) -> None:
        line = Line("error", "", f"{failure.message} [{failure.code}]")
        if line not in self._trouble:
            self._print([line])
        self._trouble = frozenset({line})

    def _print(self, lines: Iterable[Line]) -> None:
        for line in lines:
            text = Text(clock_face(self._clock()), style="dim")
            style = _STYLES.get(line.what) or _PHASE_STYLES.get(phase_of(line.what), "")
            text = Text.assemble(text, "  ", (line.what.ljust(_VERB_WIDTH), style), " ")
            which = line.which.ljust(self._width) if line.why else line.which
            say(text.append(f"{which}  {line.why}".strip()))


def _movements(before: Tick | None, tick: Tick) -> Iterator[Line]:
    """Yield what moved in SageMaker since the last tick; at the first one, what is there."""
    was = {item.endpoint_name: item.status for item in before.observed} if before else {}
    now = {item.endpoint_name: item for item in tick.observed}
    begun = {_begun(outcome.action) for outcome in before.outcomes} if before else set()
    for name, item in sorted(now.items()):
        foretold = (name, item.status) in begun  # by the action that began it
        if was.get(name) != item.status and not foretold:
            yield Line(item.status, name, item.failure_reason or "")
    for name in sorted(was.keys() - now.keys()):
        yield Line("gone", name)


def _begun(action: Action) -> tuple[EndpointName | None, str | None]:
    return action.endpoint_name, action.verb.begins


def _done(tick: Tick) -> Iterator[Line]:
    for outcome in tick.outcomes:
        if outcome.state is State.DONE:
            yield _line(str(outcome.action.verb), outcome.action)
        elif outcome.state is State.DROPPED:
            yield Line("dropped", outcome.action.resource_name, outcome.detail)


def _trouble(tick: Tick) -> Iterator[Line]:
    """Yield what stays as it is until somebody acts, or the next tick succeeds."""
    for action in tick.plan.actions:
        if action.verb is Verb.REPORT:
            yield _line("report", action)
    for outcome in tick.outcomes:
        if outcome.state in (State.REFUSED, State.FAILED, State.WAITING):
            yield Line(str(outcome.state), outcome.action.resource_name, _detail(outcome))
    for trouble in tick.troubles:
        yield Line("trouble", "", trouble)
    for violation in tick.fleet.violations:
        if violation.level == "warning":
            yield Line("warning", "", str(violation))


def _line(what: str, action: Action) -> Line:
    return Line(what, action.resource_name, action.reason)


def _detail(outcome: Outcome) -> str:
    return f"{outcome.action.verb}: {outcome.detail} [{outcome.code}]"
