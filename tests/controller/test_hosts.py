"""What serves is noted, whoever made it, and a tick that finds nothing new is cheap."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from controller.aws.account import Account
from controller.memory.transitions import noted, refreshed
from controller.planning.hosts import with_hosts
from controller.planning.ownership import Owner
from controller.survey import Survey
from ledger.holdings import Fleet, read_fleet
from ledger.hosts import Host, Usage
from ledger.names import EndpointName
from ledger.observed import Record
from tests.scene import NOON, SETTLE, Scene, definition, environment, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.hosts import Hosts

A = "demo-A-Endpoint"
G5, G6, M5 = "ml.g5.xlarge", "ml.g6.xlarge", "ml.m5.large"


def hosts(scene: Scene, name: str = A) -> Hosts | None:
    """What a process that has just started reads of an endpoint."""
    scene.restart()
    entry = scene.logbook.read("dev").entry(EndpointName(name))
    assert entry is not None
    return entry.hosts


class TestTheRecord:
    def test_follows_what_scaling_does(self, scene: Scene) -> None:
        scaling = {"min_instances": 1, "max_instances": 4}
        scene.start("A", autoscaling=scaling, schedule={"lease_starts": "request"})
        scene.tick()
        assert hosts(scene) == (Host(G5, 1),)
        wish = {"VariantName": "AllTraffic", "DesiredInstanceCount": 3}
        scene.account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=A, DesiredWeightsAndCapacities=[wish]
        )
        scene.let_pass(seconds=SETTLE)
        scene.tick()
        assert hosts(scene) == (Host(G5, 3),)

    def test_has_the_type_that_a_pool_gave(self, scene: Scene) -> None:
        scene.account.order_fault("capacity", instance_type=G5)
        scene.start("A", instance_pools=[{"instance_type": G6}])
        scene.tick()
        assert hosts(scene) == (Host(G6, 1),)

    def test_follows_an_update(self, scene: Scene) -> None:
        scene.start("A", inference_type="async")
        scene.tick()
        assert hosts(scene) == (Host(G5, 1, Usage.ASYNC),)
        fields = definition("A", inference_instance_type=M5, inference_instance_count=2)
        scene.push({path("A"): fields})
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.tick()
        assert hosts(scene) == (Host(M5, 2),)

    def test_knows_what_somebody_else_has_configured_and_what_is_nobodys(
        self, scene: Scene
    ) -> None:
        scene.account.make_config("theirs", G6)
        scene.start("A", endpoint_config_name="theirs")
        scene.account.sagemaker.create_endpoint(EndpointName="by-hand", EndpointConfigName="theirs")
        scene.define("B", endpoint_name="by-hand")
        scene.let_pass(seconds=SETTLE)
        scene.tick()
        assert hosts(scene) == (Host(G6, 1),)
        assert hosts(scene, "by-hand") == (Host(G6, 1),)

    def test_has_none_of_what_has_ended(self, scene: Scene) -> None:
        scene.start("A", 5, schedule={"lease_starts": "request"})
        scene.let_pass(minutes=10)
        scene.tick()
        assert hosts(scene) is None


class Pages:
    """A SageMaker with a thousand endpoints that answers at once and counts what it is asked."""

    def __init__(self, owner: Owner, names: list[str]) -> None:
        self.calls: Counter[str] = Counter()
        self.meta = SimpleNamespace(region_name="us-east-1", service_model=None)
        self._names = names
        self._tags = [{"Key": key, "Value": value} for key, value in owner.tags("A").items()]

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401  (as boto3's)
        def paginate(**_: object) -> Iterator[dict[str, Any]]:
            for start in range(0, len(self._names), 100):
                self.calls[operation] += 1
                names = self._names[start : start + 100]
                if operation == "list_endpoints":
                    about: dict[str, Any] = {"ResponseMetadata": {"HTTPHeaders": {}}}
                    yield {"Endpoints": [self._summary(name) for name in names], **about}
                else:
                    found = [{"ResourceARN": _arn(name), "Tags": self._tags} for name in names]
                    yield {"ResourceTagMappingList": found}

        return SimpleNamespace(paginate=paginate)

    def _summary(self, name: str) -> dict[str, Any]:
        times = {"CreationTime": NOON, "LastModifiedTime": NOON}
        about = {"EndpointName": name, "EndpointArn": _arn(name), "EndpointStatus": "InService"}
        return {**about, **times}

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:  # noqa: N803  (AWS's)
        self.calls["describe_endpoint"] += 1
        variant = {"VariantName": "main", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2}
        config = {"EndpointConfigName": "theirs", "ProductionVariants": [variant]}
        return {**self._summary(EndpointName), **config}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        self.calls["describe_endpoint_config"] += 1
        variant = {"VariantName": "main", "InstanceType": G5, "InitialInstanceCount": 1}
        about = {"EndpointConfigName": EndpointConfigName, "CreationTime": NOON}
        return {**about, "EndpointConfigArn": "config", "ProductionVariants": [variant]}


def _arn(name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}"


class Watch:
    """One process that looks at an account with each tick, and its record."""

    def __init__(self, fleet: Fleet, record: Record) -> None:
        assert fleet.environment is not None
        self.owner = Owner.of(fleet, fleet.environment, record)
        self.aws = Pages(self.owner, [str(each.endpoint_name) for each in fleet.holdings])
        account = Account(lambda _: self.aws)
        self.record, self._fleet, self._account = record, fleet, account
        self._survey, self._now = Survey(account), NOON

    def tick(self) -> int:
        """Count the calls of one look."""
        self.aws.calls.clear()
        self._now += timedelta(minutes=1)
        seen = self._account.observe(self._fleet, self.owner)
        record = refreshed(self.record, self._fleet, seen.observed, self._now)
        found = self._survey.findings(self._fleet, seen, record, self._now)
        noted_ = noted(record, found, seen.observed)
        self.record = with_hosts(noted_, self._fleet, found, seen.observed)
        return self.aws.calls.total()


def thousand() -> Fleet:
    """Endpoints with a definition of ours, which run on what somebody else has configured."""
    files = {"environments/dev/environment.json": environment()}
    for number in range(1000):
        files[path(f"E{number}")] = definition(f"E{number}")
        files[path(f"E{number}", "lease")] = lease(NOON + timedelta(days=5))
    contents = {name: json.dumps(content).encode() for name, content in files.items()}
    return read_fleet(contents, "dev")


def test_a_quiet_tick_of_a_thousand_endpoints_takes_at_most_25_calls() -> None:
    watch = Watch(thousand(), Record(is_new=True, id="x"))
    watch.tick()
    calls = [watch.tick() for _ in range(3)]
    assert max(calls) <= 25, watch.aws.calls
    known = [each for each in watch.record.entries.values() if each.hosts]
    assert len(known) == 20
    assert {each.hosts for each in known} == {(Host(G5, 2),)}
