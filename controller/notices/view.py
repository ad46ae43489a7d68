"""What the rules for notices look at, and how they write a notice. Pure.

`notices` makes one view for each tick; `lease_notices` and `life_notices` are the rules.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from controller.memory.record import Entry, Record
from controller.notices.notice import Kind, Notice
from controller.planning.action import Action, Plan, Verb
from ledger.holdings import Fleet, Holding
from ledger.lease import is_on, stamp

_LONGEST_REASON = 2000  # letters: ten notices fit into one request to SNS


@dataclass(frozen=True)
class View:
    """One environment at the moment of a tick."""

    fleet: Fleet
    plan: Plan
    record: Record
    now: datetime

    def actions(self, endpoint_name: str) -> list[Action]:
        return self._actions.get(endpoint_name, [])

    def verbs(self, endpoint_name: str) -> set[Verb]:
        return {action.verb for action in self.actions(endpoint_name)}

    def holding(self, endpoint_name: str) -> Holding | None:
        return self._holdings.get(endpoint_name)

    def is_wanted(self, endpoint_name: str) -> bool:
        """Tell whether it should run, so that its going is only the way to a new start."""
        verbs, holding = self.verbs(endpoint_name), self.holding(endpoint_name)
        if Verb.HOLD in verbs:
            return False
        on = holding and is_on(holding.definition.schedule, holding.lease, self.now)
        return bool(on) or Verb.CREATE in verbs

    @cached_property
    def _actions(self) -> dict[str, list[Action]]:
        found: dict[str, list[Action]] = defaultdict(list)
        for action in self.plan.actions:
            found[action.endpoint_name].append(action)
        return dict(found)

    @cached_property
    def _holdings(self) -> dict[str, Holding]:
        return {holding.endpoint_name: holding for holding in self.fleet.holdings}


@dataclass(frozen=True, slots=True)
class About:
    """Whom a notice is about."""

    view: View
    name: str
    endpoint_name: str

    def __str__(self) -> str:
        return f"{self.endpoint_name} ({self.name} in {self.view.fleet.name})"

    @property
    def entry(self) -> Entry | None:
        return self.view.record.entry(self.endpoint_name)

    def notice(self, key: str, headline: str, text: str, **facts: object) -> Notice:
        """Write a notice; facts become its detail, without those that are not known."""
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
            settles={self.endpoint_name: frozenset({key})},
        )


def cut(text: str) -> str:
    """Keep a text that AWS or a broken document gave from filling a whole message."""
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} ..."


def _plain(fact: object) -> object:
    return stamp(fact) if isinstance(fact, datetime) else fact
