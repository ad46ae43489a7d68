"""The parts of a `leasehold up` in one process: AWS, git and the gateway, each on a port.

Called by `up`. A context that starts the parts one after the other and stops them in reverse.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gateway import handler as gateway
from gateway.authorizer import Authorizer
from gateway.principal import Principal, Scope
from gateway.refusals import GATEWAY_RESPONSES
from gateway.tokens import TokenTable
from ledger.documents import Environment
from ledger.errors import Refused
from ledger.holdings import read_fleet
from ledger.repository import Person, Remote, Repository
from leasehold import identity, seeds
from leasehold.connection import Cloud, clock
from leasehold.home import Home, Running
from sandbox.api_authorizer import TokenAuthorizer
from sandbox.api_gateway import ApiGateway, RestApi, Route
from sandbox.git_server import GitServer, create_repository
from sandbox.server import Sandbox

_THREADS = 64
_METHODS = ("GET", "POST", "DELETE")
_EVERY_TIME = __import__("datetime").timedelta(0)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts are to listen; 0 takes the former port if it is free, else a free one."""

    gateway: int
    git: int
    aws: int


@dataclass(frozen=True, slots=True)
class Premises:
    """Everything that runs, and how to reach it."""

    home: Home
    running: Running
    remote: Remote
    cloud: Cloud

    def ledger(self, committer: Person) -> Repository:
        cache = self.home.cache(committer.name.split()[-1])
        return Repository(self.remote, cache, committer=committer, clock=clock)
