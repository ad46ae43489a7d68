"""How a command finds the ledger, the environment and AWS.

Options come first, then the LEASEHOLD_* variables, then a `leasehold up` that runs in ./.leasehold
or in that of a folder above, then the clone that one is in. Every command that reads or writes the
ledger is decorated with `connected`.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click
from botocore.config import Config

from controller.aws.account import Account
from controller.aws.clients import HASTY, PATIENT
from controller.aws.notifier import Notifier
from controller.bill import Base
from controller.dependencies import Ledger
from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies, Tick, look
from controller.survey import Survey
from gateway.callers.tokens import TokenTable
from leasehold import aws_settings, completing, credentials
from leasehold.as_of import AsOf
from leasehold.current_leases import with_current_leases
from leasehold.origin import origin_of
from leasehold.own_zone import utc_option
from leasehold.state_dir import Running, StateDir, nearest
from leasehold.work_tree import commit_of
from ledger import variables
from ledger.claims import NOTHING, Known, leaves_open
from ledger.committers import CONTROLLER, READER
from ledger.errors import Failure, Refused, Unknown
from ledger.holdings import ROOT, Fleet, environments, fleet_of
from ledger.names import EndpointName
from ledger.observed import Noted, read_noted, read_record
from ledger.repository import Person, Remote, Repository, Snapshot
from ledger.settings import STATUS_BRANCH

Command = Callable[..., None]

_MAIN = "main"
_ANY_REGION = "us-east-1"  # where settings cannot be read, AWS is not asked either


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Cloud:
    """AWS: the real one by boto3's own settings, or a sandbox by its address."""

    sandbox_url: str | None = None

    def client(self, service: Any, region: str, config: Config = PATIENT) -> Any:  # noqa: ANN401  (boto3 types by literals)
        if self.sandbox_url is None:
            return aws_settings.client(service, region, config)
        return aws_settings.client_of_sandbox(service, region, config, self.sandbox_url)

    def account(self, region: str) -> Account:
        return Account(lambda service: self.client(service, region))

    def notifier(self, region: str, link_keys: str = "") -> Notifier:
        return Notifier(lambda service: self.client(service, region, HASTY), link_keys=link_keys)


@dataclass(frozen=True, slots=True)
class Context:
    """Where the ledger is, which environment is meant (None: the only one), and AWS."""

    remote: Remote
    environment: str | None
    cloud: Cloud
    gateway_url: str | None = None

    def repository(
        self,
        committer: Person = READER,
        clock: Callable[[], datetime] = clock,
        sign: Callable[[bytes], str] | None = None,
    ) -> Repository:
        """Open the ledger with a clone that ends with the command."""
        folder = self._folder()
        return Repository(self.remote, folder, committer=committer, clock=clock, sign=sign)

    def repository_of(self, remote: Remote, *, may_begin: bool = False) -> Repository:
        """Open another branch for reading, with a clone that ends with the command."""
        folder, under = self._folder(), "" if may_begin else f"{ROOT}/"
        return Repository(
            remote, folder, under=under, may_begin=may_begin, committer=READER, clock=clock
        )

    def _folder(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="leasehold-", ignore_cleanup_errors=True)
        return Path(click.get_current_context().with_resource(folder))

    def fleet(self, snapshot: Snapshot) -> Fleet:
        """Read the chosen environment. Raises Refused LH5002 where it is not clear or not there."""
        there = environments(snapshot.entries)
        match self.environment, there:
            case None, (only,):
                return fleet_of(snapshot, only)
            case str() as chosen, _ if chosen in there or ROOT in snapshot.entries:
                return fleet_of(snapshot, chosen)
            case None, ():
                raise Refused(
                    "LH5002",
                    f"{self.remote.url} has no folder below environments/: `leasehold init NAME`"
                    " makes one in a clone.",
                )
            case None, _:
                raise Refused(
                    "LH5002",
                    f"there are several environments: say --environment {' | '.join(there)}.",
                )
            case chosen, _:
                known = ", ".join(there) or "none"
                raise Unknown(
                    "LH5002",
                    f"there is no environment {chosen}; there is: {known}.",
                    str(chosen),
                    there,
                )

    def account(self, fleet: Fleet) -> Account:
        return self.cloud.account(_region(fleet))

    def dependencies(self, fleet: Fleet, ledger: Ledger) -> Dependencies:
        """Return what a look or a tick works with, in the region of the environment."""
        account, notifier = self.account(fleet), self.cloud.notifier(_region(fleet))
        return Dependencies(ledger, account, Survey(account), Logbook(self.status()), notifier)

    def look(self, ref: str | None = None) -> Tick:
        """Read both sides, and plan for the chosen environment as of now. Raises Failure.

        `ref` names another commit than the head of the ledger's branch.
        """
        ledger: Ledger = self.repository() if ref is None else AsOf(self._commit(ref))
        fleet = self.fleet(ledger.read())
        return look(self.dependencies(fleet, ledger), fleet.name, clock())

    def compared(self, ref: str | None, against: str | None) -> tuple[Tick, Base | None]:
        """Plan, and find what to compare the plan with. Raises Failure.

        Without `against` it is what the last tick carried out, where the ledger still has that.
        Leases of a commit that the ledger's branch has moved on from are those of that branch.
        """
        repository = self.repository()
        head = repository.read() if ref is None else self._commit(ref)
        fleet = self.fleet(head)
        if ref is not None:
            head = with_current_leases(repository, fleet.name, head)
        ledger: Ledger = repository if ref is None else AsOf(head)
        dependencies = self.dependencies(fleet, ledger)
        tick = look(dependencies, fleet.name, clock())
        if against is not None:
            there = with_current_leases(repository, fleet.name, self._commit(against))
            planned = look(replace(dependencies, ledger=AsOf(there)), fleet.name, tick.now)
            return tick, Base(there.commit, there.files, head.files, planned)
        note = dependencies.logbook.applied(fleet.name)
        if note is None:
            return tick, None
        before = head if note.commit == head.commit else self._recalled(note.commit)
        return tick, Base(before.commit, before.files, head.files) if before else None

    def _recalled(self, commit: str) -> Snapshot | None:
        """Return what a commit has; None where the ledger does not have it any more."""
        ledger = self.repository()
        with suppress(Failure):
            ledger.read()
            if record := ledger.find(commit):
                return ledger.at(record.commit)
        return None

    def _commit(self, ref: str) -> Snapshot:
        """Find a commit in the checkout that one is in, or else in the ledger's repository.

        Raises Refused LH5058 where neither has it.
        """
        if not ref.strip():
            raise Refused(
                "LH5058",
                "a commit is to be planned that has no name: a variable of CI may not be set.",
            )
        found = commit_of(Path(), ref)
        if found and found.entries:  # or else it is the checkout of something else
            return found
        with suppress(Refused):  # no name of a branch, or none of a branch that is there
            return self.repository_of(replace(self.remote, branch=ref)).read()
        ledger = self.repository()
        if ref == "HEAD":
            return ledger.read()
        if record := ledger.find(ref):
            return ledger.at(record.commit)
        raise Refused(
            "LH5058",
            f"neither this checkout nor {self.remote.url} has a commit {ref} that can be read: a"
            f" checkout of CI may be shallow, and `git fetch --depth 1 origin {ref}` gets it.",
        )

    def status(self) -> Repository:
        """Open the branch of the observed history, with a clone that ends with the command."""
        remote = replace(self.remote, branch=STATUS_BRANCH)
        return Repository(
            remote, self._folder(), under="", may_begin=True, committer=CONTROLLER, clock=clock
        )

    def known(self, fleet: Fleet, name: str | None) -> Known:
        """Read what is known of the endpoints, if that may say more of one, or of any."""
        if not leaves_open(fleet, name):
            return NOTHING
        return Known(read_record(self.status().read().files, fleet.name))

    def noted(self, fleet: Fleet) -> Mapping[EndpointName, Noted | None]:
        """Return what the last ticks noted of each endpoint; nothing where that cannot be read."""
        with suppress(ValueError):
            return read_noted(self.status().read().files, fleet.name)
        return {}

    def tokens(self, fleet: Fleet) -> TokenTable:
        """Return the environment's token table. Raises Refused LH4109 without readable settings."""
        environment = fleet.require_settings()
        dynamodb = self.cloud.client("dynamodb", environment.region_name)
        return TokenTable(dynamodb, environment.ddb_auth_table_name)


def connect(
    home: Path | None, repository: str | None, branch: str | None, environment: str | None
) -> Context:
    """Find the ledger. Raises Refused LH5001 where nothing says which."""
    if repository is not None:
        return _at(repository, branch, environment)
    folder = nearest() if home is None else home
    if home is None and StateDir(folder).running() is None and (found := origin_of(Path.cwd())):
        return _at(found.url, branch or found.branch, environment or found.environment)
    running = running_in(folder)
    return Context(
        Remote(running.git_url, branch or _MAIN),
        environment or running.environment,
        Cloud(running.aws_endpoint_url),
        running.gateway_url,
    )


def _at(repository: str, branch: str | None, environment: str | None) -> Context:
    access = credentials.for_address(repository, Path.home())
    return Context(Remote(repository, branch or _MAIN, access), environment, Cloud())


def running_in(home: Path) -> Running:
    """Find the `leasehold up` of a folder. Raises Refused LH5001 where none runs."""
    running = StateDir(home).running()
    if running is None:
        raise Refused(
            "LH5001",
            f"this is no clone of a ledger, none is named, and no `leasehold up` runs in {home}:"
            " start one on this machine with `leasehold up`, go to a clone of yours, or name its"
            f" repository with --repository or {variables.REPOSITORY}.",
        )
    return running


def home_option(help_text: str) -> Callable[[Command], Command]:
    """Give a command the option `--home`."""
    folder = click.Path(path_type=Path)
    return click.option(
        "--home",
        type=folder,
        default=nearest,
        show_default=".leasehold, here or in a folder above",
        metavar="DIR",
        help=help_text,
    )


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that find the ledger, and a Context as its first argument."""

    @connecting
    @wraps(command)
    def with_context(
        open_context: Callable[[], Context],
        **rest: Any,  # noqa: ANN401  (the command's own options)
    ) -> None:
        command(open_context(), **rest)

    return with_context


def connecting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the same options, and as its first argument what opens a Context.

    That raises Failure, for a command that goes on all the same.
    """

    @click.option(
        "--environment",
        "-e",
        envvar=variables.ENVIRONMENT,
        show_envvar=True,
        metavar="NAME",
        shell_complete=completing.environments,
        help="Environment, as its folder is called.",
    )
    @click.option(
        "--repository",
        envvar=variables.REPOSITORY,
        show_envvar=True,
        metavar="URL",
        show_default="the remote of the clone that one is in",
        help="Address of the ledger's repository.",
    )
    @click.option(
        "--branch",
        envvar=variables.BRANCH,
        show_envvar=True,
        show_default=f"the remote's own in a clone, or else {_MAIN}",
        metavar="NAME",
        help="Its branch.",
    )
    @click.option(
        "--home",
        type=click.Path(path_type=Path),
        show_default=".leasehold, here or in a folder above",
        metavar="DIR",
        help="The folder of a running `leasehold up`, whose ledger comes before a clone's.",
    )
    @utc_option
    @wraps(command)
    def with_context(
        *,
        environment: str | None,
        repository: str | None,
        branch: str | None,
        home: Path | None,
        **rest: Any,  # noqa: ANN401  (the command's own options)
    ) -> None:
        command(partial(connect, home, repository, branch, environment), **rest)

    return with_context


def _region(fleet: Fleet) -> str:
    return fleet.environment.region_name if fleet.environment else _ANY_REGION
