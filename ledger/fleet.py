"""One environment of the ledger as values: its holdings, and how one of them is found by name.

Pure. It must not know how files are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from ledger.documents import (
    Container,
    Definition,
    Environment,
    JumpStart,
    Lock,
    ModelPackage,
    Prices,
)
from ledger.errors import Refused, Unknown
from ledger.json_files import Violation, as_sentences
from ledger.lease import Ceiling, Lease
from ledger.names import EndpointName, Name

ROOT = "environments"
ENVIRONMENT_FILE = "environment.json"
PRICES_FILE = "prices.json"
PEOPLE, BOTS = "people.allowed_signers", "bots.allowed_signers"  # who may sign
FROZEN = "frozen until its documents are mended"
Kind = Literal["endpoint", "lease", "lock"]


@dataclass(frozen=True, slots=True)
class Holding:
    """One endpoint as the ledger has it: definition, lease and lock together."""

    definition: Definition
    endpoint_name: EndpointName
    lease: Lease | None = None
    lock: Lock | None = None
    lost_lease: Lease | None = None  # it would still run, but its file is gone

    @property
    def name(self) -> Name:
        return self.definition.name

    @property
    def owner(self) -> str | None:
        return self.definition.owner

    @property
    def served(self) -> Container | ModelPackage | None:
        """Return what is served; None for somebody else's config, and where a lock is missing."""
        match self.definition.source:
            case JumpStart():
                return self.lock.container if self.lock else None
            case Container() | ModelPackage() as source:
                return source
            case _:
                return None

    @property
    def served_in(self) -> Literal["endpoint", "lock"]:
        """Return the kind of the document that says what is served."""
        return "lock" if isinstance(self.definition.source, JumpStart) else "endpoint"

    @property
    def api_resource_name(self) -> str | None:
        integration = self.definition.integration
        return integration.api_resource_name if integration else None

    @property
    def running_lease(self) -> Lease | None:
        """Return the lease that a change of it goes on from; one whose file is gone counts."""
        return self.lease or self.lost_lease

    @property
    def first_lease_due(self) -> bool:
        """Tell whether the controller is to grant `initial_provision_minutes`."""
        minutes = self.definition.schedule.initial_provision_minutes
        return self.running_lease is None and minutes > 0


@dataclass(frozen=True, slots=True)
class Broken:
    """An endpoint with a file that cannot be trusted: no start, no stop, no change.

    Where the definition cannot be read at all, its `endpoint_name` is a guess, and which endpoint
    it is about nobody knows.
    """

    name: Name
    endpoint_name: EndpointName
    violations: tuple[Violation, ...]
    is_guess: bool = False

    @property
    def owner(self) -> None:
        """Whose it is cannot be told while its documents cannot be trusted."""
        return

    @property
    def complaint(self) -> str:
        """Say what is wrong, to be read after the endpoint's name."""
        return f"{FROZEN}: {as_sentences(self.violations)}"


@dataclass(frozen=True)
class Fleet:
    """One environment of the ledger; without readable settings nothing in it may be touched.

    `unreadable` is what may be a definition of any endpoint: as long as there is some of it, an
    endpoint without a definition is not one that nobody wants. `as_read` is what stands in the
    documents, where some of it is broken only because another definition claims the same. `prices`
    are None where there are none that can be used: that stops nothing.
    """

    name: str
    environment: Environment | None
    holdings: tuple[Holding, ...] = ()
    broken: tuple[Broken, ...] = ()
    violations: tuple[Violation, ...] = ()
    siblings: frozenset[str] = frozenset()  # the ledger's other environments
    unreadable: tuple[Violation, ...] = ()
    as_read: tuple[Holding | Broken, ...] = ()
    prices: Prices | None = None

    @property
    def items(self) -> tuple[Holding | Broken, ...]:
        return (*self.holdings, *self.broken)

    @property
    def errors(self) -> tuple[Violation, ...]:
        return tuple(item for item in self.violations if item.level == "error")

    @property
    def ceiling(self) -> Ceiling:
        minutes = self.environment.max_lease_minutes if self.environment else 0
        return Ceiling(minutes, environment_path(self.name))

    def require_settings(self) -> Environment:
        """Return the environment's settings. Raises Refused LH4109 where they cannot be read."""
        if self.environment is None:
            raise Refused(
                "LH4109",
                f"the environment {self.name} is frozen: {as_sentences(self.violations)}",
            )
        return self.environment

    def find(self, name: str) -> Holding | Broken | None:
        """Return the endpoint of a SageMaker name, or else of a definition's, ignoring case.

        None where nothing is called so. Raises Refused LH4109 where the environment cannot be read,
        for then nobody knows.
        """
        self.require_settings()
        return self._by_name.get(Name(name))

    def get(self, name: str) -> Holding | Broken:
        """Return an endpoint. Raises Refused LH4106 where nothing is called so, and LH4109."""
        if (item := self.find(name)) is None:
            raise Unknown(
                "LH4106",
                f"no endpoint is called {name:.80} in {self.name}: check the name. To add it,"
                " commit its definition, or send its EndpointConfigName to POST /endpoint-expiry.",
                name,
                self.names,
            )
        return item

    def holding(self, name: str) -> Holding:
        """Return an endpoint whose files can be read. Raises Refused LH4106, LH4109."""
        return readable(self.get(name))

    def with_leases(self, leases: Mapping[Name, Lease]) -> "Fleet":
        """Return the fleet with other leases of some of its holdings, by definition."""
        if not leases:
            return self
        changed = {
            item.name: replace(item, lease=leases[item.name])
            for item in self.holdings
            if item.name in leases
        }
        made = replace(self, holdings=tuple(changed.get(each.name, each) for each in self.holdings))
        found = self._by_name
        both = [
            (item, name) for item in changed.values() for name in (item.name, item.endpoint_name)
        ]
        renewed = {name: item for item, name in both if found[name].name == item.name}
        made.__dict__["_by_name"] = {**found, **renewed}
        return made

    @property
    def names(self) -> list[str]:
        """Return all by which an endpoint can be named, the definitions' first."""
        return [
            *(str(item.name) for item in self.items),
            *(str(item.endpoint_name) for item in self.items),
        ]

    @cached_property
    def _by_name(self) -> Mapping[Name, Holding | Broken]:
        last_first = self.items[::-1]
        by_definition: dict[Name, Holding | Broken] = {item.name: item for item in last_first}
        return by_definition | {item.endpoint_name: item for item in last_first}


def readable(item: Holding | Broken) -> Holding:
    """Return a holding as it is. Raises Refused LH4109 for an endpoint that is broken."""
    if isinstance(item, Broken):
        raise Refused("LH4109", f"{item.endpoint_name} is {item.complaint}")
    return item


def signer_files(environment: str) -> tuple[str, str]:
    """Return where the keys of people and of bots stand."""
    return f"{ROOT}/{environment}/{PEOPLE}", f"{ROOT}/{environment}/{BOTS}"


def environment_path(environment: str) -> str:
    return f"{ROOT}/{environment}/{ENVIRONMENT_FILE}"


def prices_path(environment: str) -> str:
    return f"{ROOT}/{environment}/{PRICES_FILE}"


def document_path(environment: str, name: str, kind: Kind) -> str:
    return f"{ROOT}/{environment}/{name}.{kind}.json"
