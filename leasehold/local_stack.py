"""The parts of a `leasehold up` in one process: git, AWS and the gateway, each on a port.

`opened` starts the parts one after the other and stops them in reverse. What they serve is kept in
the home folder, so the next one goes on from there.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from gateway.callers.authorizer import Authorizer
from gateway.callers.tokens import TokenTable
from gateway.dependencies import Dependencies
from gateway.http.errors import GATEWAY_RESPONSES
from gateway.principal import Principal, Scope
from leasehold import git_author, seeds
from leasehold.context import Cloud, clock
from leasehold.deployment import Deployment, deploy_state_machine
from leasehold.state_dir import Running, StateDir
from ledger.committers import CONTROLLER, GATEWAY
from ledger.errors import Refused
from ledger.function_variables import (
    identity_variables,
    origin_variables,
    rate_variables,
    refusal_headers,
)
from ledger.holdings import fleet_of
from ledger.identity_settings import Identities
from ledger.repository import Person, Remote, Repository
from ledger.settings import STATUS_BRANCH
from ledger.variables import LINK_SECRET_VALUE, STATE_MACHINE
from sandbox.api_gateway.authorizer import TokenAuthorizer
from sandbox.api_gateway.rest_api import ApiGateway, RestApi
from sandbox.callers import Callers
from sandbox.git.server import GitServer
from sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from types_boto3_dynamodb import DynamoDBClient

    from ledger.documents import Environment

HOST = "127.0.0.1"
_THREADS = 64
_COMPRESSED_FROM = 2048  # bytes, as in a deployment
_TOKEN_MEMORY = timedelta(seconds=30)  # as in a deployment
_FALLBACK_TABLE = "auth"
_ASYNC_SECONDS = 2.0  # until an asynchronous model has answered
_MOVED = {
    "gateway": ("the gateway", ""),
    "git": ("the ledger", ": in each clone, run `git remote set-url origin` with it"),
    "aws": ("the sandbox", ": set AWS_ENDPOINT_URL anew"),
}


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What `leasehold up` was told. A port of 0 is the last time's if it is free, else any."""

    gateway_port: int
    git_port: int
    aws_port: int
    startup_seconds: float
    hosts: frozenset[str] = frozenset()  # at which this machine is forwarded


@dataclass(frozen=True, slots=True)
class LocalStack:
    """Everything that runs, and how to reach it; `moved` says which addresses have changed."""

    home: StateDir
    running: Running
    cloud: Cloud
    moved: tuple[str, ...] = ()
    link_keys: str = ""

    def ledger(self, committer: Person) -> Repository:
        return _ledger(self.home, self.running.git_url, committer)

    def status(self) -> Repository:
        """Open the branch of the observed history, which the controller alone writes."""
        return _status_branch(self.home, self.running.git_url, CONTROLLER)


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a webhook wakes the controller, and the settings it is checked by."""

    wake: Callable[[], None]
    variables: Mapping[str, str]


@contextmanager
def opened(home: StateDir, options: UpOptions, hooks: Hooks) -> Iterator[LocalStack]:
    """Start git, AWS and the gateway. Raises Refused with what stands in the way.

    The ledger is looked at first: nothing starts beside one that is damaged.
    """
    with ExitStack() as parts:
        parts.enter_context(home.occupied())
        ports = _Ports(home)
        git_url = _serve_git(parts, home, ports.choose("git", options.git_port), options)
        port = ports.choose("aws", options.aws_port)
        cloud = Cloud(_serve_account(parts, home, port, options))
        seeds.seed_account(cloud)
        ledger = _ledger(home, git_url, GATEWAY)
        settings = fleet_of(ledger.read(), seeds.ENVIRONMENT).environment
        region = settings.region_name if settings else seeds.REGION
        table = _token_table(settings, cloud.client("dynamodb", region))
        token = _token(home, table)
        port = ports.choose("gateway", options.gateway_port)
        branch = _status_branch(home, git_url, GATEWAY)
        client = partial(cloud.client, region=region)
        link_keys = hooks.variables.get(LINK_SECRET_VALUE) or home.link_keys()
        machine = {STATE_MACHINE: deploy_state_machine(client("stepfunctions"))}
        here = {**machine, LINK_SECRET_VALUE: link_keys}
        made = Dependencies(
            ledger,
            seeds.ENVIRONMENT,
            clock,
            client,
            status=branch,
            variables={**gateway_variables(settings, hooks.variables), **here},
            wake=hooks.wake,
        )
        deployment = parts.enter_context(Deployment(made, _variables(cloud, region)))
        api = _api(made, settings, deployment, table)
        origins = frozenset(settings.allowed_origins if settings else ())
        gateway_url = parts.enter_context(
            ApiGateway(
                api,
                clock=clock,
                port=port,
                threads=_THREADS,
                callers=Callers(origins.__contains__, opens_pages=True, hosts=options.hosts),
            )
        ).url
        running = Running(gateway_url, git_url, str(cloud.sandbox_url), token, seeds.ENVIRONMENT)
        urls = {"gateway": gateway_url, "git": git_url, "aws": running.aws_endpoint_url}
        ports.keep(urls)
        yield LocalStack(home, running, cloud, tuple(ports.moved(urls)), link_keys)


class _Ports:
    """Ports: those that were asked for, or those of the last time, or free ones."""

    def __init__(self, home: StateDir) -> None:
        self._home = home
        self._former = home.ports()

    def choose(self, part: str, wanted: int) -> int:
        """Return a port to listen on. Raises Refused LH5010 when the wanted one is in use."""
        if wanted == 0:
            former = self._former.get(part, 0)
            return former if _is_free(former) else 0
        if not _is_free(wanted):
            option = "--port" if part == "gateway" else f"--{part}-port"
            raise Refused(
                "LH5010",
                f"port {wanted} is in use by another program: stop that one, or choose a port with"
                f" {option} (0 takes a free one).",
            )
        return wanted

    def keep(self, urls: Mapping[str, str]) -> None:
        self._home.keep_ports({part: _port(url) for part, url in urls.items()})

    def moved(self, urls: Mapping[str, str]) -> Iterator[str]:
        """Say which addresses are not those of the last time, and what to do about it."""
        for part, url in urls.items():
            former = self._former.get(part)
            if former not in (None, _port(url)):
                what, mend = _MOVED[part]
                yield f"The address of {what} was at port {former}, and is {url} now{mend}."


def _serve_git(parts: ExitStack, home: StateDir, port: int, options: UpOptions) -> str:
    try:
        seeds.ledger_of(home)
        server = parts.enter_context(GitServer(home.repositories, port, hosts=options.hosts))
    except FileNotFoundError as error:
        raise Refused(
            "LH5012",
            "git is missing, or its git-http-backend: install git, which serves the ledger.",
        ) from error
    return server.repository_url(seeds.LEDGER)


def _serve_account(parts: ExitStack, home: StateDir, port: int, options: UpOptions) -> str:
    sandbox = Sandbox(
        port=port,
        startup_seconds=options.startup_seconds,
        state=home.account,
        hosts=options.hosts,
        async_seconds=min(_ASYNC_SECONDS, options.startup_seconds),
    )
    try:
        return parts.enter_context(sandbox).url
    except OSError as error:
        if error.filename is None:
            raise  # it is about the port
        raise _forgotten(home, error.strerror or str(error)) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _forgotten(home, str(error)) from error


def _forgotten(home: StateDir, why: str) -> Refused:
    return Refused("LH5015", f"the sandbox's memory cannot be read ({why}): delete {home.account}.")


def _ledger(home: StateDir, git_url: str, committer: Person) -> Repository:
    """Open the ledger with a clone for each committer: a clone has one user."""
    cache = home.cache(committer.name.rpartition(" ")[2])
    return Repository(Remote(git_url), cache, committer=committer, clock=clock)


def _status_branch(home: StateDir, git_url: str, committer: Person) -> Repository:
    remote = Remote(git_url, STATUS_BRANCH)
    cache = home.cache(committer.name.rpartition(" ")[2])
    return Repository(remote, cache, under="", may_begin=True, committer=committer, clock=clock)


def gateway_variables(settings: Environment | None, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the gateway's variables: those of the shell, then what the settings allow now."""
    if settings is None:
        return {**variables}
    made = (rate_variables, origin_variables, identity_variables)
    return {name: text for each in made for name, text in each(settings).items()} | {**variables}


def _token_table(settings: Environment | None, client: DynamoDBClient) -> TokenTable:
    table = TokenTable(client, settings.ddb_auth_table_name if settings else _FALLBACK_TABLE)
    table.ensure_table()
    return table


def _token(home: StateDir, table: TokenTable) -> str:
    """Reuse the token of the last time, or make one, for whoever git says that is here."""
    now, principal = clock(), _principal()
    if token := home.read_token():
        try:
            if table.find(token, now) is None:
                table.put(token, principal, now)
        except Refused:  # what is in the file can be no token
            token = None
    if token is None:
        token, _ = table.create(principal, now)
        home.keep_token(token)
    return token


def _principal() -> Principal:
    person = git_author.configured() or git_author.NOBODY
    scopes = frozenset(Scope)
    try:
        return Principal(person.name, person.email, scopes)
    except Refused:  # git takes names that no token may carry
        return Principal(git_author.NOBODY.name, git_author.NOBODY.email, scopes)


def _variables(cloud: Cloud, region: str) -> dict[str, str]:
    """Return what functions find in their environment: this account, and nothing of ours."""
    return {
        "AWS_ENDPOINT_URL": str(cloud.sandbox_url),
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": region,
    }


def _api(
    dependencies: Dependencies,
    settings: Environment | None,
    deployment: Deployment,
    table: TokenTable,
) -> RestApi:
    admitted = settings.identities if settings else Identities()
    authorizer = Authorizer.admitting(admitted, dependencies.client("dynamodb"), table, clock)
    return RestApi(
        deployment.routes(),
        authorizer=TokenAuthorizer(authorizer, clock=clock, ttl=_TOKEN_MEMORY),
        gateway_responses=GATEWAY_RESPONSES,
        gateway_response_headers=refusal_headers(settings) if settings else {},
        deployed=deployment.integrations,
        minimum_compression_size=_COMPRESSED_FROM,
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _port(url: str) -> int:
    return int(url.partition("://")[2].partition("/")[0].rpartition(":")[2])
