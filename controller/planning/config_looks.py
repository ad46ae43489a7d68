"""Which endpoint configs of others a tick looks at, and what is remembered of them. Pure.

config                                     is looked at
-----------------------------------------  ----------------------------------------------
about to be used                           at once, unless that was done a moment ago
may not be used                            in turn, a few with each tick
of an endpoint that serves, and has moved  at once
of an endpoint that serves                 in turn, a few with each tick
of an endpoint that is to end              not at all
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from operator import attrgetter

from controller.planning.decision import Decision
from controller.planning.existing_config import ConfigSeen, objection
from controller.planning.findings import Findings
from controller.planning.observed import Observed, by_name
from ledger.documents import ExistingConfig
from ledger.faults import Faults
from ledger.holdings import Fleet, Holding
from ledger.names import EndpointName
from ledger.observed import Record
from ledger.phases import Phase

IN_TURN = 4  # with each tick
FRESH = timedelta(minutes=5)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConfigQuestion:
    """What an endpoint's config is. Its tags tell whose it is, and matter before it is used."""

    endpoint_name: EndpointName
    config_name: str
    with_tags: bool = False


@dataclass(frozen=True, slots=True)
class ConfigLook:
    """What a look at a config found, when, and of which version of the endpoint on it."""

    at: datetime
    seen: ConfigSeen
    modified_at: datetime | None


ConfigLooks = Mapping[EndpointName, ConfigLook]


@dataclass(frozen=True, slots=True)
class _Due:
    question: ConfigQuestion
    looked_at: datetime
    at_once: bool


def configs_due(
    fleet: Fleet, observed: Iterable[Observed], record: Record, known: ConfigLooks, now: datetime
) -> tuple[ConfigQuestion, ...]:
    """Return the configs to look at in this tick; none of what its plan will say is faulty."""
    if fleet.environment is None:
        return ()
    decisions = (
        (Decision(fleet, fleet.environment, holding, Findings(record), now), config_name)
        for holding, config_name in _named(fleet)
    )
    due = list(_due(decisions, by_name(observed), known))
    late = sorted((each for each in due if not each.at_once), key=attrgetter("looked_at"))
    in_turn = (
        [each for each in late if each.question.with_tags is wanted][:IN_TURN]
        for wanted in (True, False)
    )
    at_once = [each for each in due if each.at_once]
    return tuple(each.question for each in chain(at_once, *in_turn))


def config_looks(
    before: ConfigLooks,
    found: Mapping[ConfigQuestion, ConfigSeen],
    fleet: Fleet,
    observed: Iterable[Observed],
    now: datetime,
) -> ConfigLooks:
    """Return what is known of the configs that definitions name, with what was just found."""
    there, wanted = by_name(observed), {each.endpoint_name: name for each, name in _named(fleet)}
    kept = {name: look for name, look in before.items() if wanted.get(name) == look.seen.name}
    for question, seen in found.items():
        at = there.get(question.endpoint_name)
        kept[question.endpoint_name] = ConfigLook(now, seen, at.modified_at if at else None)
    return kept


def _due(
    decisions: Iterable[tuple[Decision, str]],
    there: Mapping[EndpointName, Observed],
    known: ConfigLooks,
) -> Iterator[_Due]:
    faults = Faults()
    for decision, config_name in decisions:
        name = decision.holding.endpoint_name
        judge = partial(_due_of, decision, config_name, there.get(name), known.get(name))
        if due := faults.around(name, judge, None):
            yield due


def _due_of(
    decision: Decision, config_name: str, seen: Observed | None, look: ConfigLook | None
) -> _Due | None:
    name = decision.holding.endpoint_name
    if look and look.seen.name != config_name:
        look = None
    looked_at = look.at if look else _NEVER
    fresh = look is not None and look.seen.tags is not None and decision.now - look.at < FRESH
    if _uses_next(decision, seen, config_name):
        usable = look is None or not _objection(decision, look)
        if not usable or not fresh:
            return _Due(ConfigQuestion(name, config_name, with_tags=True), looked_at, usable)
    elif seen and _serves_on(decision, seen, config_name):
        moved = look is not None and look.modified_at != seen.modified_at
        return _Due(ConfigQuestion(name, config_name), looked_at, moved)
    return None


def _serves_on(decision: Decision, seen: Observed, config_name: str) -> bool:
    stays = decision.is_on or decision.lease_is_lost
    return stays and seen.phase is Phase.SERVING and seen.config_name == config_name


def _objection(decision: Decision, look: ConfigLook) -> str | None:
    return objection(look.seen, decision.environment, decision.fleet, decision.lease_left)


def _uses_next(decision: Decision, seen: Observed | None, config_name: str) -> bool:
    """Tell whether the config is what its endpoint takes next, if nothing is against it."""
    if seen and (seen.config_name == config_name or not seen.phase.accepts_end):
        return False
    return decision.is_on or decision.holding.first_lease_due


def _named(fleet: Fleet) -> Iterator[tuple[Holding, str]]:
    for holding in fleet.holdings:
        source = holding.definition.source
        if isinstance(source, ExistingConfig):
            yield holding, source.endpoint_config_name
