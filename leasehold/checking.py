"""All that is wrong with a tree of documents: what the controller and AWS would say of it.

No call is made. A document that is broken is judged with stand-ins for what breaks it, so that
everything wrong with it is told at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from controller.aws.limits import Limits, installed_limits
from controller.planning.desired import desired
from controller.planning.objections import objections
from controller.planning.ownership import Owner
from leasehold.mending import Mended, mended
from leasehold.regions import wrong_region
from ledger.cross_checks import one_token_table, wrong_definition, wrong_lock
from ledger.documents import (
    Definition,
    Environment,
    ExistingConfig,
    JumpStart,
    Lock,
    parse_definition,
    parse_environment,
    parse_lock,
)
from ledger.holdings import (
    Broken,
    Fleet,
    Holding,
    document_path,
    environment_path,
    environments,
    read_fleet,
)
from ledger.json_files import Violation
from ledger.names import EndpointName, Name
from ledger.observed import Record
from ledger.old_prices import with_old_prices
from ledger.overlong import with_overlong
from ledger.proof import wrong_signers
from ledger.snapshot import Entries

FUNCTIONS = "functions"  # as the CDK app has it
_MODULE = "app.py"


@dataclass(frozen=True, slots=True)
class Checked:
    """One environment: how many definitions it has, and what is wrong, sorted by file."""

    name: str
    definitions: int
    violations: tuple[Violation, ...]


def checked(entries: Entries, code: Path, now: datetime) -> tuple[Checked, ...]:
    """Check all environments. `code` is the folder that has the folder of functions."""
    limits = installed_limits()
    return tuple(
        _Check(
            entries,
            with_old_prices(with_overlong(read_fleet(entries, name), now), now),
            code,
            limits,
        ).run()
        for name in environments(entries)
    )


def _place(violation: Violation) -> tuple[str, str, str, str]:
    return violation.file, violation.pointer, violation.code, violation.sentence


@dataclass(frozen=True)
class _Check:
    entries: Entries
    fleet: Fleet
    code: Path
    limits: Limits

    def run(self) -> Checked:
        found = {*self.fleet.violations, *self._further()}
        count = len(self.fleet.holdings) + len(self.fleet.broken)
        return Checked(self.fleet.name, count, tuple(sorted(found, key=_place)))

    def _further(self) -> Iterator[Violation]:
        """Yield what the controller finds only later, or behind what is broken."""
        file = environment_path(self.fleet.name)
        if settings := self.fleet.environment:
            yield from self._of(settings, self.fleet)
            return
        told = mended(file, self.entries.get(file), "environment", parse_environment)
        if told is None:
            return
        entries: Mapping[str, object] = {**self.entries, file: told.content}
        fleet = read_fleet(cast("Entries", entries), self.fleet.name)
        if settings := fleet.environment:
            found = {*fleet.violations, *self._of(settings, fleet)}
            yield from (each for each in found if not _is_of_stand_ins(each, file, told))

    def _of(self, settings: Environment, fleet: Fleet) -> Iterator[Violation]:
        yield from wrong_region(fleet.name, settings)
        yield from _other_account(fleet.name, settings)
        yield from one_token_table(environment_path(fleet.name), settings)
        yield from wrong_signers(self.entries, fleet.name, settings.verify)
        for holding in fleet.holdings:
            yield from self._of_holding(fleet, settings, holding)
        for broken in fleet.broken:
            yield from self._of_broken(fleet, settings, broken)

    def _of_holding(
        self, fleet: Fleet, settings: Environment, holding: Holding
    ) -> Iterator[Violation]:
        target = desired(holding, settings, Owner.of(fleet, settings, Record()))
        yield from objections(fleet, settings, holding, target, self.limits.violations)
        yield from self._no_function(document_path(fleet.name, holding.name, "endpoint"), holding)
        yield from _foreign_topics(fleet.name, settings, holding)

    def _of_broken(
        self, fleet: Fleet, settings: Environment, broken: Broken
    ) -> Iterator[Violation]:
        """Judge a broken endpoint by what can be read of its files."""
        file = document_path(fleet.name, broken.name, "endpoint")
        told = mended(file, self.entries.get(file), "endpoint", parse_definition)
        if told is None:
            return
        yield from told.violations
        found = self._as_read(fleet, settings, broken, told.document)
        yield from (each for each in found if not _is_of_stand_ins(each, file, told))

    def _as_read(
        self, fleet: Fleet, settings: Environment, broken: Broken, definition: Definition
    ) -> Iterator[Violation]:
        file, name = document_path(fleet.name, broken.name, "endpoint"), str(broken.name)
        yield from wrong_definition(file, name, definition, settings)
        lock_file = document_path(fleet.name, name, "lock")
        content = self.entries.get(lock_file)
        lock = parse_lock(lock_file, content) if isinstance(content, bytes) else None
        if content is None or isinstance(lock, Lock):
            usable = lock if isinstance(lock, Lock) else None
            yield from wrong_lock(file, definition, usable, settings.region_name)
        if isinstance(definition.source, JumpStart) and not isinstance(lock, Lock):
            return
        if definition.instance_type is None and not isinstance(definition.source, ExistingConfig):
            return
        endpoint_name = EndpointName(definition.endpoint_name or settings.endpoint_name(name))
        same = replace(definition, name=Name(name))
        usable = lock if isinstance(lock, Lock) else None
        yield from self._of_holding(fleet, settings, Holding(same, endpoint_name, lock=usable))

    def _no_function(self, file: str, holding: Holding) -> Iterator[Violation]:
        integration = holding.definition.integration
        if integration is None or integration.type != "lambda" or integration.lambda_src is None:
            return
        folder = (self.code / integration.lambda_src).resolve()
        functions = (self.code / FUNCTIONS).resolve()
        if folder.parent != functions or not (folder / _MODULE).is_file():
            pointer = "/integration/properties/lambda_src"
            sentence = (
                f"{integration.lambda_src} is no folder of {FUNCTIONS}/ with an {_MODULE}: add it"
                " there, or set the integration's type to api. Where the code is in another"
                " folder, say --code."
            )
            yield Violation("LH1028", file, pointer, sentence)


def _is_of_stand_ins(violation: Violation, file: str, told: Mended[Any]) -> bool:
    """Tell whether it is about a value that no document has."""
    if violation.file == file:
        return told.stands_in(violation.pointer)
    # A lock is for the region that the settings name.
    return violation.code == "LH1012" and told.stands_in("/region_name")


def _other_account(environment: str, settings: Environment) -> Iterator[Violation]:
    """Yield where SageMaker's role and the topic of the notices cannot both be of this account."""
    if settings.topic_arn is None:
        return
    of_role, of_topic = _account(settings.execution_role_arn), _account(settings.topic_arn)
    if of_role != of_topic:
        sentence = (
            f"it is of the account {of_role}, and notifications.topic_arn of {of_topic}: SageMaker"
            " takes only a role of the account that the endpoints run in."
        )
        yield Violation("LH1027", environment_path(environment), "/execution_role_arn", sentence)


def _foreign_topics(
    environment: str, settings: Environment, holding: Holding
) -> Iterator[Violation]:
    """Warn of a topic of another account: it works only if its policy lets the role publish."""
    asynchronous, account = (
        holding.definition.async_inference,
        _account(settings.execution_role_arn),
    )
    if asynchronous is None:
        return
    file = document_path(environment, holding.name, "endpoint")
    for field in ("success_topic_arn", "error_topic_arn"):
        arn = getattr(asynchronous, field)
        if arn and _account(arn) not in {account, ""}:
            sentence = (
                f"it is of the account {_account(arn)}, and execution_role_arn of {account}:"
                " answers are told only if the topic's policy lets that role publish."
            )
            yield Violation("LH1027", file, f"/async_inference/{field}", sentence, "warning")


def _account(arn: str) -> str:
    """Return the account of an ARN; nothing where it says none."""
    return (arn.split(":") + [""] * 5)[4]
