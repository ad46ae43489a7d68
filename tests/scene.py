"""A small company for the tests: a hosted ledger, people who push to it, an account, one clock.

Everything is real but the account, which is the sandbox: git's own server, plain `git` for the
people, boto3 over HTTP. Time is `now`, and the sandbox's clock follows it: nobody waits.
"""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from controller.aws.account import Account as Cloud
from controller.aws.notifier import Notifier
from controller.memory.logbook import Logbook
from controller.planning.ownership import Owner
from controller.reconcile import Dependencies, Tick, reconcile
from controller.survey import Survey
from ledger.committers import CONTROLLER
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.remote import Remote
from ledger.repository import Person, Repository
from ledger.settings import STATUS_BRANCH
from tests.ledger.forge import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from controller.reconcile import Outcome
    from sandbox.git.server import GitServer
    from tests.ledger.forge import Colleague, Forge

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
STARTUP = 50.0  # below a whole minute, so that a start takes nothing from a lease
SETTLE = 90.0  # enough for a start, however slow this machine is
REGION = "us-east-1"
LEDGER_ID = "0123456789abcdef"
ROLE = "arn:aws:iam::123456789012:role/demo-sagemaker"
Json = dict[str, Any]


@cache
def _session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name=REGION)


ONCE = Config(retries={"total_max_attempts": 1})


@cache
def _client(service: str, url: str, config: Config) -> Any:  # noqa: ANN401 - any of boto3's
    session: Any = _session()
    return session.client(service, endpoint_url=url, config=config)


@dataclass(frozen=True)
class Account:
    """The sandbox as its users meet it: AWS clients, and its own HTTP API."""

    url: str

    @property
    def variables(self) -> dict[str, str]:
        """What a program's environment needs, so that boto3 asks this account."""
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        return {**keys, "AWS_ENDPOINT_URL": self.url}

    def use(self, monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
        """Let this process ask this account by default; `more` is set beside it."""
        for name, value in {**self.variables, **more}.items():
            monkeypatch.setenv(name, value)

    def client(self, service: str, config: Config = ONCE) -> Any:  # noqa: ANN401
        return _client(service, self.url, ONCE if config is ONCE else config.merge(ONCE))

    @property
    def sagemaker(self) -> Any:  # noqa: ANN401
        return self.client("sagemaker")

    def cloud(self) -> Cloud:
        """The account as a fresh process has it: it has seen nothing yet."""
        return Cloud(self.client)

    def notifier(self) -> Notifier:
        return Notifier(self.client)

    def ask(self, method: str, path: str, body: object = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/sandbox{path}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            return dict(json.load(answer))

    def order_fault(self, kind: str, **wish: object) -> None:
        self.ask("POST", "/faults", {"kind": kind, **wish})

    def calls(self) -> dict[str, int]:
        """AWS calls by operation since this was asked last."""
        counted = self.ask("GET", "/calls")["operations"]
        self.ask("DELETE", "/calls")
        return dict(counted)

    def actions(self) -> set[str]:
        """What was asked of AWS since this was asked last, by the names that policies have."""
        asked = self.ask("GET", "/calls")["actions"]
        self.ask("DELETE", "/calls")
        return set(asked)

    def statuses(self) -> dict[str, str]:
        pages = self.sagemaker.get_paginator("list_endpoints").paginate()
        found = (item for page in pages for item in page["Endpoints"])
        return {item["EndpointName"]: item["EndpointStatus"] for item in found}

    def status(self, name: str) -> str:
        return self.statuses().get(str(name), "absent")

    def instances(self, name: str) -> int:
        """How many instances its one variant has now."""
        [variant] = self.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"]
        return int(variant["CurrentInstanceCount"])

    def config(self, name: str) -> str:
        return str(self.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"])

    def configs(self) -> list[str]:
        listed = self.sagemaker.list_endpoint_configs(MaxResults=100)["EndpointConfigs"]
        return sorted(item["EndpointConfigName"] for item in listed)

    def tags(self, arn: str) -> dict[str, str]:
        listed = self.sagemaker.list_tags(ResourceArn=arn)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in listed}

    def endpoint_tags(self, name: str) -> dict[str, str]:
        described = self.sagemaker.describe_endpoint(EndpointName=name)
        return self.tags(described["EndpointArn"])

    def offer(self, name: str, consent: str = "demo/dev") -> None:
        """Let the owner of an endpoint agree that an environment adopts it."""
        arn = self.sagemaker.describe_endpoint(EndpointName=name)["EndpointArn"]
        self.sagemaker.add_tags(
            ResourceArn=arn, Tags=[{"Key": "leasehold:adoptable", "Value": consent}]
        )

    def make_config(self, name: str, instance_type: str = "ml.g5.xlarge") -> str:
        """An endpoint config that somebody made by hand, with its model."""
        self.sagemaker.create_model(
            ModelName=f"{name}-model",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": "registry/by-hand:1"},
        )
        variant = {
            "VariantName": "main",
            "ModelName": f"{name}-model",
            "InstanceType": instance_type,
            "InitialInstanceCount": 1,
        }
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name


def environment(**fields: object) -> Json:
    """An environment's settings; a field that is None is left out."""
    settings = {
        "ledger_id": LEDGER_ID,
        "project_prefix": "demo",
        "region_name": REGION,
        "execution_role_arn": ROLE,
        "async_output_path": "s3://demo-answers/",
        **fields,
    }
    return {key: value for key, value in settings.items() if value is not None}


def prices(hosting: Mapping[str, str] | None = None, **fields: object) -> Json:
    """A price list in USD, by default of one instance type, read three weeks before NOON."""
    return {
        "region_name": REGION,
        "currency": "USD",
        "unit": "hour",
        "source": "a test",
        "read_at": "2026-11-01T08:00:00Z",
        "prices": {"Hosting": dict(hosting or {"ml.g5.xlarge": "1.408"})},
        **fields,
    }


def definition(name: str, **fields: object) -> Json:
    """A definition with an own container, unless the fields say where else the model is."""
    elsewhere = fields.keys() & {"model", "model_package_arn", "endpoint_config_name", "model_id"}
    source: Json = {} if elsewhere else {"model": {"image": "registry/model:1"}}
    hosting: Json = (
        {} if "endpoint_config_name" in fields else {"inference_instance_type": "ml.g5.xlarge"}
    )
    return {"name": name, "inference_type": "realtime", **source, **hosting, **fields}


def path(name: str, kind: str = "endpoint") -> str:
    return f"environments/dev/{name}.{kind}.json"


def lease(until: datetime, **fields: object) -> Json:
    return {"expires_at": stamp(until), **fields}


@dataclass
class Scene:
    """One ledger, one account, one clock, and Ben, who pushes with plain git."""

    forge: Forge
    git_server: GitServer
    account: Account
    ben: Colleague
    home: Path
    now: datetime = NOON
    _made: int = field(default=0)

    def __post_init__(self) -> None:
        self.at(self.now)
        self.push({"environments/dev/environment.json": environment()}, "begin")
        self.notifier = self.account.notifier()
        self.restart()

    def restart(self) -> None:
        """Go on with a controller that has just started and remembers nothing."""
        self.cloud = self.account.cloud()
        self.survey = Survey(self.cloud)
        self.logbook = Logbook(self.open_status())
        self.repository = self.open(CONTROLLER)

    @property
    def owner(self) -> Owner:
        """Whose the endpoints are that a tick makes."""
        return Owner("dev", "demo", LEDGER_ID, self.logbook.read("dev").id)

    def at(self, now: datetime) -> None:
        """Set the time, here and in the account."""
        self.now = now
        self.account.ask("POST", "/clock", {"now": stamp(now)})

    def let_pass(self, **length: float) -> None:
        self.at(self.now + timedelta(**length))

    def open(self, committer: Person) -> Repository:
        """A repository of a process of its own."""
        self._made += 1
        cache_folder = self.home / f"cache-{self._made}"
        return Repository(
            Remote(self.forge.url), cache_folder, committer=committer, clock=lambda: self.now
        )

    def open_status(self, committer: Person = CONTROLLER) -> Repository:
        """The branch of the observed history, for a process of its own."""
        self._made += 1
        return Repository(
            Remote(self.forge.url, STATUS_BRANCH),
            self.home / f"cache-{self._made}",
            under="",
            may_begin=True,
            committer=committer,
            clock=lambda: self.now,
        )

    def push(self, files: Mapping[str, Json | str | None], message: str = "change") -> str:
        """Let Ben commit files to the newest main and push them."""
        if self._made:
            self.ben.pull()
        texts = {
            name: json.dumps(content) if isinstance(content, dict) else content
            for name, content in files.items()
        }
        commit = self.ben.commit(texts, message)
        self.ben.push()
        return commit

    def overwrite_record(self, text: str) -> None:
        """Let Ben put something else in the place of what the ticks have noted."""
        git(self.ben.home, "fetch", "--quiet", "origin", STATUS_BRANCH)
        git(self.ben.home, "checkout", "--quiet", "-B", "status", "FETCH_HEAD")
        self.ben.commit({"dev.json": text}, "oops")
        git(self.ben.home, "push", "--quiet", "origin", f"HEAD:{STATUS_BRANCH}")
        git(self.ben.home, "checkout", "--quiet", "main")

    def define(self, name: str, minutes: float | None = None, **fields: object) -> str:
        """Push a definition, and with `minutes` a lease that runs so long from now."""
        files: dict[str, Json | str | None] = {path(name): definition(name, **fields)}
        if minutes is not None:
            files[path(name, "lease")] = lease(self.now + timedelta(minutes=minutes))
        self.push(files, f"define {name}")
        return str(fields.get("endpoint_name", f"demo-{name}-Endpoint"))

    def lease(self, name: str, minutes: float) -> None:
        until = lease(self.now + timedelta(minutes=minutes))
        self.push({path(name, "lease"): until}, f"lease {name}")

    def tick(self) -> Tick:
        return reconcile(self.dependencies, "dev", self.now)

    @property
    def dependencies(self) -> Dependencies:
        return Dependencies(self.repository, self.cloud, self.survey, self.logbook, self.notifier)

    def start(self, name: str, minutes: float = 60, **fields: object) -> str:
        """Define and lease an endpoint, and let it come into service."""
        endpoint = self.define(name, minutes, **fields)
        self.tick()
        self.let_pass(seconds=SETTLE)
        assert self.account.status(endpoint) == "InService"
        self.account.calls()
        return endpoint


def outcome(tick: Tick, endpoint: str) -> Outcome:
    """What became of an endpoint's change; a test fails where none was tried."""
    return next(item for item in tick.outcomes if item.action.endpoint_name == endpoint)


def told(tick: Tick, endpoint: str) -> str:
    """What is planned for an endpoint, as `verb: reason`."""
    action = tick.plan.action_for(EndpointName(endpoint))
    assert action is not None, f"{endpoint} is not in the plan"
    return f"{action.verb}: {action.reason}"
