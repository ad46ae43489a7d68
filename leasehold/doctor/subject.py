"""What is examined: a ledger, its environment's account, and what a deployment is told of them.

Each fact is found out once. Whoever asks first for one that cannot be known gets the failure, and
whoever asks later is told that it is known already.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

from controller.aws.clients import PATIENT
from controller.aws.errors import Absent, aws_errors
from leasehold.context import Cloud, Context
from leasehold.doctor.finding import NotKnown
from ledger.access.source import SecretSource
from ledger.documents import Environment
from ledger.errors import Failure
from ledger.holdings import Fleet
from ledger.remote import Credentials, Remote
from ledger.repository import Repository, Snapshot

LEDGER, SECRET, READ, DOCUMENTS = "ledger", "secret", "repository: read", "documents"
CREDENTIALS = "credentials"
# Which check tells what is wrong with a fact.
_TOLD_BY = {
    "context": LEDGER,
    "credentials": SECRET,
    "remote": SECRET,
    "repository": READ,
    "snapshot": READ,
    "fleet": DOCUMENTS,
    "settings": DOCUMENTS,
    "caller": CREDENTIALS,
}
_ANY_REGION = "us-east-1"  # who asks is told in every region
_Fact = TypeVar("_Fact")


@dataclass(frozen=True, slots=True)
class Named:
    """What a deployment is told by name, and documents do not say."""

    git_secret: str | None = None
    webhook_secret: str | None = None
    api_url: str | None = None
    region: str | None = None
    qualifier: str = "hnb659fds"
    choices: Mapping[str, object] = field(default_factory=dict)
    unread: str = ""  # why the CDK's own file is not among the choices, where it is there


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks AWS, and when AWS says it was."""

    account: str
    arn: str
    asked_at: datetime
    answered_at: datetime | None


def _once(find: "Callable[[Subject], _Fact]") -> "Callable[[Subject], _Fact]":
    @wraps(find)
    def found(self: "Subject") -> _Fact:
        name = find.__name__
        if name in self.missing:
            raise NotKnown(self.missing[name])
        if name not in self.facts:
            try:
                self.facts[name] = find(self)
            except NotKnown as reason:
                self.missing[name] = str(reason)
                raise
            except Failure:
                self.missing[name] = f"it waits for the check `{_TOLD_BY[name]}`"
                raise
        fact: _Fact = self.facts[name]
        return fact

    return found


@dataclass
class Subject:
    open_context: Callable[[], Context]
    named: Named
    clock: Callable[[], datetime]
    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @_once
    def context(self) -> Context:
        return self.open_context()

    @_once
    def credentials(self) -> Credentials | None:
        """Read the named secret as a function does, or else take one's own credentials.

        Raises Failure for a secret that is not there or not understood.
        """
        return self._opened().access().credentials

    @_once
    def remote(self) -> Remote:
        self.credentials()
        return self._opened()

    def _opened(self) -> Remote:
        remote = self.context().remote
        if self.named.git_secret is None:
            return remote
        secret = partial(self.secret, self.named.git_secret)
        source = SecretSource(secret, self.folder / "access", self.clock, time.monotonic)
        return replace(remote, credentials=source)

    @_once
    def repository(self) -> Repository:
        return self.context().repository_of(self.remote())

    @_once
    def snapshot(self) -> Snapshot:
        return self.repository().read()

    @_once
    def fleet(self) -> Fleet:
        return self.context().fleet(self.snapshot())

    @_once
    def settings(self) -> Environment:
        return self.fleet().require_settings()

    @_once
    def caller(self) -> Caller:
        client, asked_at = self._client("sts", self.region()), self.clock()
        with aws_errors():
            told = client.get_caller_identity()
        date = told["ResponseMetadata"]["HTTPHeaders"].get("date")
        answered_at = parsedate_to_datetime(date) if date else None
        return Caller(told["Account"], told["Arn"], asked_at, answered_at)

    def region(self) -> str:
        """Return the environment's region, as far as one can read it without the secret."""
        return self._own_region() or self.named.region or _ANY_REGION

    def client(self, service: str) -> Any:  # noqa: ANN401  (boto3 types by literals)
        """Make a client in the environment's region, once it is known that AWS takes us."""
        self.caller()
        return self._client(service, self.region())

    def _when_known(self, service: str) -> Any:  # noqa: ANN401  (boto3 types by literals)
        """Make a client, and leave it to the check of credentials to say that there are none."""
        try:
            return self.client(service)
        except Failure as failure:
            self.missing.pop("caller", None)
            raise NotKnown(f"it waits for the check `{CREDENTIALS}`") from failure

    @property
    def is_sandbox(self) -> bool:
        """Whether it is a `leasehold up`, to which nothing is deployed."""
        return "context" in self.facts and self.context().cloud.sandbox_url is not None

    def deployed(self, service: str) -> Any:  # noqa: ANN401
        """Make a client for what is deployed. Raises NotKnown where nothing can be."""
        self._check_account()
        if self.named.region is None and self._own_region() is None:
            self.settings()
        return self.client(service)

    def secret(self, name: str) -> str:
        """Read a secret; where the environment cannot be read without it, in a region by guess."""
        self._check_account()
        client = self._when_known("secretsmanager")
        try:
            with aws_errors():
                told = client.get_secret_value(SecretId=name)
        except Failure as failure:
            sentence = f"the secret {name} cannot be read in {self.region()}. {failure.message}"
            raise type(failure)(failure.code, sentence) from failure
        return str(told.get("SecretString", ""))

    def has_stack(self, part: str) -> bool:
        """Tell whether the controller's or the gateway's stack of this environment is there."""
        name = f"{self.settings().project_prefix}-{self.fleet().name}-{part}"
        try:
            with aws_errors():
                self.deployed("cloudformation").describe_stacks(StackName=name)
        except Absent:
            return False
        return True

    def _check_account(self) -> None:
        if self.is_sandbox:
            raise NotKnown("this is a sandbox, and nothing is deployed to it")

    def _own_region(self) -> str | None:
        if "settings" in self.facts:
            return self.settings().region_name
        try:
            context = self.context()
            fleet = context.fleet(context.repository().read())
        except (Failure, NotKnown):  # the checks of the ledger say so
            return None
        return fleet.environment.region_name if fleet.environment else None

    def _client(self, service: str, region: str) -> Any:  # noqa: ANN401
        cloud = self.facts["context"].cloud if "context" in self.facts else Cloud()
        return cloud.client(service, region, PATIENT)
