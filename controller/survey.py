"""What a plan depends on besides the endpoints themselves: their scaling and use, and leftovers.

What is looked at, `planning.looks` decides. This module has it looked at, and remembers what was
found in order to look less. It must not know AWS: whatever it asks is a method of `Account`.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Protocol

from controller.planning.artifact import Artifact
from controller.planning.clock import clock_fault
from controller.planning.collection import Served, collectible, doubt, suspects, unused
from controller.planning.components import ComponentQuestion, Hosted, HostedBy, remembered
from controller.planning.config_looks import ConfigQuestion, config_looks
from controller.planning.desired import config_names
from controller.planning.existing_config import ConfigSeen
from controller.planning.findings import Configs, Findings, Scales
from controller.planning.hosts import hosting_looks
from controller.planning.idleness import Use
from controller.planning.looks import Question, Remembered, collection_inputs, last_uses, looks_due
from controller.planning.observed import Look, Observed
from controller.planning.ownership import Owner
from ledger.documents import Environment
from ledger.errors import Failure
from ledger.holdings import Fleet
from ledger.names import EndpointName, Name
from ledger.observed import Record


class Account(Protocol):
    """The looks that can be taken of an AWS account.

    Each may raise Failure, but for `uses`, `configs`, `components` and `served`: their answers say
    what is unknown.
    """

    @property
    def component_pages(self) -> int: ...
    def scaling(self, observed: Collection[Observed]) -> Scales: ...
    def uses(
        self, questions: Collection[Question], now: datetime
    ) -> Mapping[EndpointName, Use]: ...
    def configs(
        self, questions: Collection[ConfigQuestion]
    ) -> Mapping[ConfigQuestion, ConfigSeen]: ...
    def components(
        self, questions: Collection[ComponentQuestion]
    ) -> Mapping[EndpointName, Hosted]: ...
    def artifacts(self, owner: Owner) -> tuple[Artifact, ...]: ...
    def names_in_use(self, observed: Collection[Observed]) -> frozenset[Name]: ...
    def tagged(self, owner: Owner) -> Mapping[EndpointName, Name]: ...
    def served(self, names: Collection[EndpointName]) -> Mapping[EndpointName, Served]: ...


class Survey:
    """The looks of one process at one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._remembered = Remembered()

    def findings(self, fleet: Fleet, look: Look, record: Record, now: datetime) -> Findings:
        """Return what could change the plan. What cannot be read is a trouble, and left alone."""
        if fleet.environment is None:
            return Findings(record)
        due = looks_due(fleet, look.observed, record, self._remembered, now)
        troubles = list(due.troubles)
        scales: Scales = {}
        leftovers: tuple[Artifact, ...] = ()
        try:
            scales = self._account.scaling(due.scaling) if due.scaling else {}
            if due.leftovers:
                leftovers, doubts = self._leftovers(fleet, fleet.environment, look, record)
                troubles += doubts
        except Failure as failure:
            troubles.append(str(failure))
        uses = self._account.uses(due.uses, now) if due.uses else {}
        last_used = last_uses(self._remembered.last_used, uses, fleet, look.observed)
        self._remembered = replace(self._remembered, last_used=last_used)
        troubles += [use.problem for use in uses.values() if use.problem]
        configs = self._configs(fleet, look, due.configs, now)
        troubles += [seen.problem for seen in configs.values() if seen.problem]
        hostings = self._hostings(look, due.hostings, now)
        fault = clock_fault(look.aws_time, now)
        said = tuple(dict.fromkeys(troubles))
        return Findings(
            record,
            uses,
            scales,
            leftovers,
            clock_fault=fault,
            troubles=said,
            configs=configs,
            hostings=hostings,
        )

    def hosted(self, questions: Collection[ComponentQuestion], now: datetime) -> HostedBy:
        """Return which inference components are on these endpoints."""
        pages = self._account.component_pages
        known = remembered(self._remembered.hosted, questions, now, pages)
        asked = [each for each in questions if each.endpoint_name not in known]
        found = self._account.components(asked) if asked else {}
        kept = {name: self._remembered.hosted[name] for name in known}
        kept |= {name: (now, hosted) for name, hosted in found.items()}
        self._remembered = replace(self._remembered, hosted=kept)
        return {**known, **found}

    def _configs(
        self, fleet: Fleet, look: Look, due: Collection[ConfigQuestion], now: datetime
    ) -> Configs:
        """Look at the configs that are due, and return what is known of all."""
        found = self._account.configs(due) if due else {}
        known = config_looks(self._remembered.configs, found, fleet, look.observed, now)
        self._remembered = replace(self._remembered, configs=known)
        return {name: each.seen for name, each in known.items()}

    def _hostings(self, look: Look, due: Collection[ConfigQuestion], now: datetime) -> Configs:
        """Look at the configs of what runs on unknown instances; one that is not read is no
        trouble: it costs nothing but a figure.
        """
        found = self._account.configs(due) if due else {}
        known = hosting_looks(self._remembered.hostings, found, look.observed, now)
        self._remembered = replace(self._remembered, hostings=known)
        return {name: each.seen for name, each in known.items()}

    def _leftovers(
        self, fleet: Fleet, environment: Environment, look: Look, record: Record
    ) -> tuple[tuple[Artifact, ...], tuple[str, ...]]:
        """Return what may be collected and what is in doubt; remember where there is neither."""
        owner = Owner.of(fleet, environment, record)
        ours = self._account.artifacts(owner)
        wanted = config_names(fleet.holdings, environment, owner)
        found = collectible(ours, fleet, look.observed, record, wanted)
        if found:
            found = unused(found, self._account.names_in_use(look.observed))
        if not found:
            inputs = collection_inputs(fleet, look.observed)
            self._remembered = replace(self._remembered, none_left=inputs)
            return (), ()
        tagged = self._account.tagged(owner)
        asked = {item: suspects(item, fleet, look.observed, record, tagged) for item in found}
        served = self._account.served(frozenset(chain.from_iterable(asked.values())))
        doubts = {item: doubt(item, names, served) for item, names in asked.items()}
        return (
            tuple(item for item in found if not doubts[item]),
            tuple(sentence for sentence in doubts.values() if sentence),
        )
