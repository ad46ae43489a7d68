"""What the rules for notices look at, and how they write a notice. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from controller.notices.notice import Kind, Notice
from controller.planning.action import Action, Plan, Verb
from ledger.holdings import Fleet, Holding
from ledger.lease import is_on, stamp
from ledger.names import EndpointName, Name
from ledger.observed import Record
from ledger.printable import in_line

_LONGEST_REASON = 2000  # letters: ten notices fit into one request to SNS


@dataclass(frozen=True)
class View:
    """One environment at the moment of a tick."""

    fleet: Fleet
    plan: Plan
    record: Record
    now: datetime

    def actions(self, endpoint_name: EndpointName) -> list[Action]:
        return self._actions.get(endpoint_name, [])

    def verbs(self, endpoint_name: EndpointName) -> set[Verb]:
        return {action.verb for action in self.actions(endpoint_name)}

    def holding(self, endpoint_name: EndpointName) -> Holding | None:
        return self._holdings.get(endpoint_name)

    def is_wanted(self, endpoint_name: EndpointName) -> bool:
        """Tell whether it should run: then it is only stopped in order to be started anew."""
        verbs, holding = self.verbs(endpoint_name), self.holding(endpoint_name)
        if Verb.HOLD in verbs:
            return False
        on = holding and is_on(holding.definition.schedule, holding.lease, self.now)
        return bool(on) or Verb.CREATE in verbs

    @cached_property
    def _actions(self) -> dict[EndpointName, list[Action]]:
        found: dict[EndpointName, list[Action]] = defaultdict(list)
        for action in self.plan.actions:
            if name := action.endpoint_name:
                found[name].append(action)
        return dict(found)

    @cached_property
    def _holdings(self) -> dict[EndpointName, Holding]:
        return {holding.endpoint_name: holding for holding in self.fleet.holdings}


@dataclass(frozen=True, slots=True)
class About:
    """What a notice is about: an endpoint, or several of an environment under its name."""

    view: View
    name: str
    endpoint_name: Name

    def __str__(self) -> str:
        return f"{self.endpoint_name} ({self.name} in {self.view.fleet.name})"

    def notice(self, key: str, headline: str, text: str, **facts: object) -> Notice:
        """Return a notice; the facts become its detail, without those that are not known."""
        environment = self.view.fleet.name
        known = {name: _plain(fact) for name, fact in facts.items() if fact is not None}
        return Notice(
            kind=Kind(key.partition(":")[0]),
            environment=environment,
            name=self.name,
            endpoint_name=self.endpoint_name,
            key=key,
            subject=f"[{environment}] {self.name}: {headline}",
            text=text,
            detail={
                "environment": environment,
                "name": self.name,
                "endpoint_name": self.endpoint_name,
                "at": stamp(self.view.now),
                **known,
            },
            settles={EndpointName(self.endpoint_name): frozenset({key})},
            owner=self._owner,
        )

    @property
    def _owner(self) -> str | None:
        holding = self.view.holding(EndpointName(self.endpoint_name))
        return holding.owner if holding else None


def cut(text: str) -> str:
    """Return a text that others wrote as a part of a line, cut where it would fill a message."""
    text = in_line(text)
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} ..."


def _plain(fact: object) -> object:
    return stamp(fact) if isinstance(fact, datetime) else fact
