"""Inference components: models that somebody put on an endpoint beside its definition. Pure.

Leasehold makes none, so whatever is found is somebody else's. SageMaker either refuses to delete
their endpoint, or deletes it and leaves them behind with their names taken. What they are used is
no part of the endpoint's own metric.

    what is planned    on the endpoint are components, or nobody could look
    -----------------  --------------------------------------------------------------------
    delete             report, with their names and what runs on; wait where a look may do better
                       at the next tick
    idle               keep: its own metric does not say whether it is
    adopt              adopt, and say what becomes of an end

A config that Leasehold made names a model, and such an endpoint takes no components. So AWS is
asked about none of those, unless it has refused to delete one for its components.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.planning.action import Action, Plan, Verb
from controller.planning.collection import names_content
from controller.planning.desired import content_stem
from controller.planning.observed import Observed, by_name
from ledger.documents import Prices
from ledger.hosts import Hosts, describe
from ledger.money import money, per_hour
from ledger.names import EndpointName, Name
from ledger.observed import Record

IN_TURN = 5  # calls of a tick for what had components before
_MOST_NAMED = 5
_COSTS = " and goes on to cost "
_ASKED = frozenset({Verb.DELETE, Verb.IDLE, Verb.ADOPT})


@dataclass(frozen=True, slots=True)
class ComponentQuestion:
    """Which components are on an endpoint, by the name that SageMaker has for it.

    Its hosts tell what it costs, or else its config and its number of instances, as far as they are
    known. Before an end the answer is of this moment, unless very many are held.
    """

    endpoint_name: EndpointName
    config_name: str | None
    count: int | None = None
    before_an_end: bool = True
    hosts: Hosts | None = None


@dataclass(frozen=True, slots=True)
class Hosted:
    """The components of an endpoint, and what it runs on; or why that could not be read."""

    names: tuple[str, ...] = ()
    hosts: Hosts = ()
    price: str = ""  # of an hour, as it is written; empty where it is not known
    problem: str = ""
    passes: bool = False  # whether the problem is one that passes by itself

    @property
    def cost(self) -> str:
        """Say what the endpoint costs as long as it runs on, as far as that is known."""
        counted = describe(self.hosts) if self.hosts else ""
        price = f"about {self.price} an hour" if self.price else ""
        return ", ".join(filter(None, [counted, price])) or "its instances"

    @property
    def listed(self) -> str:
        more = len(self.names) - _MOST_NAMED
        shown = ", ".join(self.names[:_MOST_NAMED])
        return f"{shown} and {more} more" if more > 0 else shown


HostedBy = Mapping[EndpointName, Hosted]
HostedAt = Mapping[EndpointName, tuple[datetime, Hosted]]
REMEMBERED = timedelta(minutes=15)  # what is on an endpoint that is not to end


def remembered(
    known: HostedAt, questions: Iterable[ComponentQuestion], now: datetime, pages: int
) -> HostedBy:
    """Return the answers that were given before and stand: components may be there for months.

    `pages` is how many the last list of the whole account had. Where that is too much for a tick,
    the endpoints that had components are asked about in turn, a few with each tick.
    """
    due: list[EndpointName] = []
    answers: dict[EndpointName, Hosted] = {}
    for question in questions:
        name = question.endpoint_name
        at, hosted = known.get(name, (now, Hosted()))
        if not hosted.names:
            continue
        if not question.before_an_end and timedelta(0) <= now - at < REMEMBERED:
            answers[name] = hosted
        else:
            due.append(name)
    if pages > IN_TURN and len(due) > IN_TURN:
        late = sorted(due, key=lambda name: (known[name][0], str(name)))[IN_TURN:]
        answers |= {name: known[name][1] for name in late}
    return answers


def with_prices(hosted: HostedBy, prices: Prices | None) -> HostedBy:
    """Return the answers with what the endpoints cost, as far as there are prices."""
    return {name: _with_price(each, prices) for name, each in hosted.items()}


def _with_price(hosted: Hosted, prices: Prices | None) -> Hosted:
    hourly = per_hour(hosted.hosts, prices)
    if not (prices and hosted.hosts and hourly is not None):
        return hosted
    return replace(hosted, price=money(hourly, prices.currency))


def may_host(endpoint_name: EndpointName, config_name: str | None) -> bool:
    """Tell whether there may be components on an endpoint that runs on this config."""
    config = config_name or ""
    is_ours = Name(config.rpartition("-")[0]) == Name(content_stem(endpoint_name))
    return not (is_ours and names_content(config))


def components_asked(
    planned: Plan, observed: Iterable[Observed], record: Record
) -> tuple[ComponentQuestion, ...]:
    """Return the endpoints whose components matter for what is planned."""
    there, asked = by_name(observed), []
    for action in planned.actions:
        seen = there.get(name) if (name := action.endpoint_name) else None
        if seen is None or name is None or action.verb not in _ASKED:
            continue
        entry = record.entry(name)
        was_held = entry is not None and entry.held is not None
        if was_held or may_host(seen.endpoint_name, seen.config_name):
            ends = action.verb is Verb.DELETE
            hosts = entry.hosts if entry else None
            asked.append(
                ComponentQuestion(seen.endpoint_name, seen.config_name, seen.count, ends, hosts)
            )
    return tuple(asked)


def with_components(actions: Iterable[Action], hosted: HostedBy) -> list[Action]:
    """Return the actions as the components leave them."""
    return [_with(each, _of(each.endpoint_name, hosted)) for each in actions]


def held_by(hosted: Hosted) -> str | None:
    """Say in a sentence why an endpoint is not ended; None where nothing is on it."""
    if hosted.problem:
        return (
            "nobody could look whether inference components are on it"
            f" ({hosted.problem.rstrip('.')}), so it is not ended now: the next tick looks again."
        )
    if not hosted.names:
        return None
    return (
        f"it hosts inference components that Leasehold did not make ({hosted.listed}), so it is not"
        f" ended{_COSTS}{hosted.cost}. Delete them"
        f" (`aws sagemaker delete-inference-component --inference-component-name"
        f" {hosted.names[0]}`), and it ends at the next tick; or extend its lease."
    )


def without_cost(reason: str) -> str:
    """Return what an endpoint is held for, whatever is known of its cost at this tick."""
    return reason.partition(_COSTS)[0]


def idle_unknown(hosted: Hosted | None) -> str:
    """Say why an endpoint does not count as idle, to be read after what keeps it on."""
    if hosted is None or not (hosted.names or hosted.problem):
        return ""
    if hosted.problem:
        return f"; whether it is idle is unknown ({hosted.problem.rstrip('.')})"
    return (
        f"; idle_minutes does not end it, for it hosts inference components ({hosted.listed}), and"
        " its own metric does not count what they are used"
    )


def with_held(record: Record, hosted: HostedBy) -> Record:
    """Return the record with what holds each endpoint now; what could not be read stays noted."""
    changed = {}
    for name, entry in record.entries.items():
        found = hosted.get(name)
        if found is not None and found.problem:
            continue
        held = held_by(found) if found else None
        if entry.held != held:
            changed[name] = replace(entry, held=held)
    return record.with_entries(changed) if changed else record


def has_any(hosted: Hosted | None) -> bool:
    """Tell whether there are components, or nobody could look."""
    return hosted is not None and bool(hosted.names or hosted.problem)


def _of(name: EndpointName | None, hosted: HostedBy) -> Hosted | None:
    return hosted.get(name) if name else None


def _with(action: Action, hosted: Hosted | None) -> Action:
    if hosted is None or not (why := held_by(hosted)):
        return action
    if action.verb is Verb.DELETE:
        verb = Verb.WAIT if hosted.passes else Verb.REPORT
        return replace(action, verb=verb, reason=f"{action.reason}; but {why}", target=None)
    if action.verb is Verb.ADOPT and hosted.names:
        reason = (
            f"{action.reason}. It hosts inference components ({hosted.listed}), which Leasehold"
            " does not end: when its lease ends it runs on until somebody deletes them, and"
            " idle_minutes does not count for it"
        )
        return replace(action, reason=reason)
    return action
