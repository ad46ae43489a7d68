"""Endpoints that host inference components: what JumpStart in Studio makes, and others work with.

Each story is told with a git server and the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from controller.aws.account import Account
from controller.overdue import overdue
from controller.planning.action import Verb
from controller.reconcile import State
from gateway.known import seen
from ledger.errors import Refused
from ledger.names import EndpointName
from ledger.settings import STATUS_BRANCH
from tests.controller.cases import subjects
from tests.controller.meddling import WhileScalingGoes
from tests.ledger.forge import git
from tests.scene import ROLE, environment, outcome, path, told

if TYPE_CHECKING:
    from controller.planning.action import Action
    from tests.scene import Scene

A = EndpointName("demo-A-Endpoint")
STUDIO = "studio-config"
TOPIC = "arn:aws:sns:us-east-1:123456789012:people"


def make_config(scene: Scene) -> str:
    variant = {
        "VariantName": "AllTraffic",
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": 2,
    }
    scene.account.sagemaker.create_endpoint_config(
        EndpointConfigName=STUDIO, ProductionVariants=[variant], ExecutionRoleArn=ROLE
    )
    return STUDIO


def add(scene: Scene, component: str, endpoint: str = A) -> None:
    scene.account.sagemaker.create_inference_component(
        InferenceComponentName=component,
        EndpointName=endpoint,
        VariantName="AllTraffic",
        Specification={"ModelName": "llama"},
        RuntimeConfig={"CopyCount": 1},
    )


def remove(scene: Scene, component: str) -> None:
    scene.account.sagemaker.delete_inference_component(InferenceComponentName=component)


def start(scene: Scene, *components: str, minutes: float = 60, **fields: object) -> None:
    scene.start("A", minutes, endpoint_config_name=make_config(scene), **fields)
    scene.tick()
    for component in components:
        add(scene, component)


class Refusing(Account):
    """An account that ends nothing."""

    def apply(self, action: Action) -> None:
        if action.verb is Verb.DELETE:
            raise Refused("LH3035", "Cannot delete endpoint with inference component associated.")
        super().apply(action)


@pytest.mark.parametrize("stay", [False, True], ids=["AWS refuses", "AWS leaves them behind"])
def test_an_end_holds_and_says_why_once(scene: Scene, *, stay: bool) -> None:
    scene.account.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
    scene.push(
        {"environments/dev/environment.json": environment(notifications={"topic_arn": TOPIC})}
    )
    start(scene, "llama", "mistral")
    if stay:
        scene.account.order_fault("components-stay")
    scene.let_pass(minutes=60)
    heard: list[str] = []
    scene.account.calls()
    for _ in range(4):
        scene.let_pass(minutes=1)
        tick = scene.tick()
        heard += [each for each in subjects(tick) if "has to look" in each]
        said = told(tick, A)
        assert said.startswith("report: lease ended at")
        assert "inference components that Leasehold did not make (llama, mistral)" in said
        assert "goes on to cost 2 x ml.g5.xlarge" in said
        assert "delete-inference-component --inference-component-name llama" in said
        assert overdue(tick) == {A}
    calls = scene.account.calls()
    assert "DeleteEndpoint" not in calls
    assert calls["ListInferenceComponents"] == 4
    assert heard == ["[dev] A: a person has to look"]
    assert scene.account.status(A) == "InService"
    noted = seen(scene.open_status(), "dev").noted[A]
    assert noted is not None
    assert "(llama, mistral)" in str(noted.reason)
    history = git(scene.forge.bare, "log", STATUS_BRANCH)
    assert history.count("InService, and it is not ended (it hosts inference components") == 1


def test_it_ends_once_they_are_gone_and_a_longer_lease_takes_the_note_away(scene: Scene) -> None:
    start(scene, "llama")
    scene.let_pass(minutes=61)
    scene.tick()
    scene.restart()
    scene.lease("A", 30)
    assert told(scene.tick(), A).startswith("keep: leased until")
    noted = seen(scene.open_status(), "dev").noted[A]
    assert noted is not None
    assert noted.reason is None
    scene.let_pass(minutes=31)
    assert told(scene.tick(), A).startswith("report:")
    remove(scene, "llama")
    assert outcome(scene.tick(), A).state is State.DONE
    assert scene.account.status(A) == "Deleting"


def test_what_cannot_be_looked_at_is_not_ended(scene: Scene) -> None:
    start(scene)
    scene.let_pass(minutes=61)
    scene.account.order_fault("denied", operation="ListInferenceComponents", times=1)
    said = told(scene.tick(), A)
    assert said.startswith("report:")
    assert "nobody could look whether inference components are on it (LH3006" in said
    scene.account.order_fault("throttle", operation="ListInferenceComponents", times=1)
    tick = scene.tick()
    assert told(tick, A).startswith("wait:")
    assert overdue(tick) == {A}
    assert scene.account.status(A) == "InService"
    assert outcome(scene.tick(), A).state is State.DONE


def test_what_cannot_be_looked_at_in_the_last_moment_is_not_ended(scene: Scene) -> None:
    start(scene)
    scene.let_pass(minutes=61)
    fault = {"operation": "ListInferenceComponents", "times": 1}
    scene.cloud = WhileScalingGoes(scene, lambda: scene.account.order_fault("throttle", **fault))
    tick = scene.tick()
    assert (outcome(tick, A).state, outcome(tick, A).code) == (State.WAITING, "LH3036")
    assert overdue(tick) == {A}
    scene.cloud = scene.account.cloud()
    assert outcome(scene.tick(), A).state is State.DONE


def test_a_look_that_fails_between_tells_nobody_again(scene: Scene) -> None:
    scene.account.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
    scene.push(
        {"environments/dev/environment.json": environment(notifications={"topic_arn": TOPIC})}
    )
    start(scene, "llama")
    scene.let_pass(minutes=61)
    heard: list[str] = []
    for operation in ("none", "ListInferenceComponents", "DescribeEndpointConfig", "none"):
        scene.restart()
        scene.account.ask("DELETE", "/faults")
        if operation != "none":
            scene.account.order_fault("throttle", operation=operation, times=9)
        heard += [each for each in subjects(scene.tick()) if "has to look" in each]
    assert heard == ["[dev] A: a person has to look"]


@pytest.mark.parametrize("stay", [False, True])
def test_one_that_comes_between_the_look_and_the_end_wins(scene: Scene, *, stay: bool) -> None:
    start(scene)
    if stay:
        scene.account.order_fault("components-stay")
    scene.let_pass(minutes=61)
    scene.cloud = WhileScalingGoes(scene, lambda: add(scene, "llama"))
    tick = scene.tick()
    assert outcome(tick, A).state is State.REFUSED
    assert outcome(tick, A).code == "LH3035"
    assert "(llama)" in outcome(tick, A).detail
    scene.cloud = scene.account.cloud()
    assert scene.account.status(A) == "InService"
    assert told(scene.tick(), A).startswith("report:")


def test_what_is_refused_without_having_been_seen_is_looked_at_then(scene: Scene) -> None:
    """A config of ours names a model; should AWS say otherwise, AWS is right."""
    endpoint = scene.start("B", 60)
    scene.let_pass(minutes=61)
    scene.cloud = Refusing(scene.account.client)
    assert outcome(scene.tick(), endpoint).code == "LH3035"
    noted = seen(scene.open_status(), "dev").noted[EndpointName(endpoint)]
    assert "inference component" in str(noted and noted.reason)
    scene.cloud = scene.account.cloud()
    scene.account.calls()
    assert outcome(scene.tick(), endpoint).state is State.DONE
    assert scene.account.calls()["ListInferenceComponents"] == 1


def test_what_is_ours_is_not_asked_about(scene: Scene) -> None:
    endpoint = scene.start("B", 60)
    scene.let_pass(minutes=61)
    assert outcome(scene.tick(), endpoint).state is State.DONE
    assert "ListInferenceComponents" not in scene.account.calls()


def test_a_live_one_is_asked_nothing(scene: Scene) -> None:
    start(scene, "llama")
    scene.tick()
    scene.account.calls()
    scene.tick()
    assert "ListInferenceComponents" not in scene.account.calls()


def test_it_is_never_idle_by_its_own_metric(scene: Scene) -> None:
    idle: dict[str, Any] = {"schedule": {"idle_minutes": 10}}
    start(scene, "llama", minutes=600, **idle)
    scene.let_pass(minutes=30)
    said = told(scene.tick(), A)
    assert said.startswith("keep: leased until")
    assert "idle_minutes does not end it, for it hosts inference components (llama)" in said
    remove(scene, "llama")
    scene.let_pass(minutes=14)
    scene.account.calls()
    assert told(scene.tick(), A).startswith("keep: leased until")
    assert "ListInferenceComponents" not in scene.account.calls()
    scene.let_pass(minutes=1)
    assert outcome(scene.tick(), A).action.verb == "idle"


def test_whether_it_is_idle_is_unknown_where_nobody_can_look(scene: Scene) -> None:
    start(scene, minutes=600, schedule={"idle_minutes": 10})
    scene.let_pass(minutes=30)
    scene.account.order_fault("throttle", operation="ListInferenceComponents", times=9)
    assert "whether it is idle is unknown (LH3001" in told(scene.tick(), A)


def test_an_orphan_holds_too(scene: Scene) -> None:
    start(scene, "llama")
    scene.push({path("A"): None, path("A", "lease"): None})
    said = told(scene.tick(), A)
    assert said.startswith("report: no definition any more; but it hosts inference components")
    assert scene.account.status(A) == "InService"


def test_adoption_says_before_what_becomes_of_an_end(scene: Scene) -> None:
    make_config(scene)
    scene.account.sagemaker.create_endpoint(EndpointName="theirs", EndpointConfigName=STUDIO)
    scene.let_pass(minutes=2)
    add(scene, "llama", "theirs")
    scene.account.offer("theirs")
    scene.define("A", 60, endpoint_name="theirs", endpoint_config_name=STUDIO, adopt=True)
    action = outcome(scene.tick(), "theirs").action
    assert action.verb == "adopt"
    assert "It hosts inference components (llama), which Leasehold does not end" in action.reason
    scene.let_pass(minutes=61)
    assert told(scene.tick(), "theirs").startswith("report: lease ended at")


def test_many_are_asked_about_by_one_list(scene: Scene) -> None:
    make_config(scene)
    names = [f"E{number}" for number in range(7)]
    for name in names:
        scene.define(name, 60, endpoint_config_name=STUDIO)
    scene.tick()
    scene.let_pass(minutes=2)
    scene.tick()
    for name in names[1:]:
        add(scene, f"c-{name}", f"demo-{name}-Endpoint")
    scene.account.order_fault("throttle", operation="ListInferenceComponents", times=9)
    scene.let_pass(minutes=61)
    assert "nobody could look" in told(scene.tick(), "demo-E0-Endpoint")
    scene.account.ask("DELETE", "/faults")
    scene.account.calls()
    tick = scene.tick()
    assert outcome(tick, "demo-E0-Endpoint").state is State.DONE
    assert "(c-E6)" in told(tick, "demo-E6-Endpoint")
    assert scene.account.calls()["ListInferenceComponents"] == 2  # and the last look at E0
