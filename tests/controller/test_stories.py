"""Whole stories of endpoints: use and idleness, slow starts, changes and failures, tick by tick."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from controller.planning.desired import VARIANT
from controller.reconcile import State, Tick, reconcile
from ledger.history import trailers
from ledger.lease import stamp
from tests.controller.cases import done
from tests.ledger.forge import BEN, git
from tests.ledger.long_history import grow
from tests.scene import SETTLE, definition, environment, outcome, path, told

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from controller.planning.components import ComponentQuestion, HostedBy
    from controller.planning.findings import Findings
    from controller.planning.observed import Look
    from ledger.holdings import Fleet
    from ledger.observed import Record
    from tests.scene import Json, Scene

A = "demo-A-Endpoint"
OFFICE: Json = {
    "timezone": "UTC",
    "windows": [{"days": ["mon"], "start": "11:00", "end": "17:00"}],
}
LOCKED = "while read _ _ ref; do test $ref = refs/heads/leasehold/status && exit 1; done; true"
SLOW = 600  # seconds of a slow start
NEW_MODEL = {"image": "registry/m:2"}


def lease_commits(scene: Scene, action: str) -> list[dict[str, str]]:
    """The trailers of every commit that changed a lease in this way, newest first."""
    log = git(scene.forge.bare, "log", "-z", "--format=%B", "main").split("\0")
    found = [trailers(message) for message in log]
    return [each for each in found if each.get("Lease-Action") == action]


def expires(scene: Scene) -> str:
    held = scene.forge.file(path("A", "lease")).split('"expires_at": "')[1]
    return held.partition('"')[0]


def invoke(scene: Scene, count: int = 3, at: datetime | None = None) -> None:
    moment = stamp(at or scene.now)
    scene.account.ask("POST", f"/endpoints/{A}/invocations", {"count": count, "at": moment})


@dataclass
class Meanwhile:
    """A survey, after which somebody pushes: ledger and SageMaker have been read by then."""

    scene: Scene
    happen: Callable[[], object]

    def findings(self, fleet: Fleet, look: Look, record: Record, now: datetime) -> Findings:
        findings = self.scene.survey.findings(fleet, look, record, now)
        self.happen()
        return findings

    def hosted(self, questions: Collection[ComponentQuestion], now: datetime) -> HostedBy:
        return self.scene.survey.hosted(questions, now)

    def tick(self) -> Tick:
        return reconcile(replace(self.scene.dependencies, survey=self), "dev", self.scene.now)


class TestAnEndpointThatNobodyUses:
    def test_is_stopped_by_a_commit_that_says_since_when(self, scene: Scene) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        invoke(scene)
        scene.let_pass(minutes=40)
        assert done(scene.tick()) == [("idle", "done")]
        [commit] = lease_commits(scene, "idle")
        assert commit["Lease-Expires"] == stamp(scene.now)
        assert commit["Requested-By"] == "Leasehold controller <controller@leasehold.invalid>"
        said = git(scene.forge.bare, "log", "-1", "--format=%B", "main")
        # CloudWatch was asked for the 30 minutes, and 3 more in which it may be late.
        assert "> no invocation since 2026-11-23T12:08:30Z, longer than 30 min" in said
        assert done(scene.tick()) == [("delete", "done")]

    def test_has_its_whole_period_after_it_came_into_service(self, scene: Scene) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        scene.let_pass(minutes=31)
        assert told(scene.tick(), A).startswith("keep")
        scene.let_pass(minutes=2)
        assert told(scene.tick(), A).startswith("idle: no invocation since")

    def test_is_one_that_was_not_used_lately(self, scene: Scene) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        scene.let_pass(minutes=60)
        invoke(scene, count=1, at=scene.now - timedelta(minutes=20))
        assert told(scene.tick(), A).startswith("keep")

    def test_is_none_whose_lease_was_renewed_lately(self, scene: Scene) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        scene.tick()
        scene.let_pass(minutes=29)
        scene.lease("A", 700)
        scene.tick()
        scene.let_pass(minutes=29)
        assert told(scene.tick(), A).startswith("keep")
        scene.let_pass(minutes=5)
        assert told(scene.tick(), A).startswith("idle: no invocation since")

    @pytest.mark.parametrize("kind", ["throttle", "unavailable", "denied"])
    def test_is_none_that_nobody_knows_of(self, scene: Scene, kind: str) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        scene.let_pass(minutes=60)
        scene.account.order_fault(kind, operation="GetMetricData")
        tick = scene.tick()
        assert told(tick, A).startswith("keep")
        [trouble] = tick.troubles
        assert trouble.startswith("LH3022: CloudWatch does not say whether it is used: ")
        assert told(scene.tick(), A).startswith("idle")

    def test_is_none_while_requests_wait(self, scene: Scene) -> None:
        scene.start("A", 600, inference_type="async", schedule={"idle_minutes": 30})
        scene.account.ask("POST", f"/endpoints/{A}/backlog", {"size": 2})
        scene.let_pass(minutes=60)
        assert told(scene.tick(), A).startswith("keep")
        scene.account.ask("POST", f"/endpoints/{A}/backlog", {"size": 0})
        scene.let_pass(minutes=60)
        assert told(scene.tick(), A).startswith("idle")

    def test_inside_a_window_stays_off_until_its_end(self, scene: Scene) -> None:
        scene.define("A", schedule={"idle_minutes": 30, **OFFICE})
        scene.tick()
        scene.let_pass(minutes=60)
        assert done(scene.tick()) == [("idle", "done")]
        assert '"off_until": "2026-11-23T17:00:00Z"' in scene.forge.file(path("A", "lease"))
        assert told(scene.tick(), A) == "delete: released, off until 2026-11-23T17:00:00Z"
        scene.let_pass(minutes=5)
        assert told(scene.tick(), A) == "keep: released, off until 2026-11-23T17:00:00Z"

    def test_is_kept_by_an_extension_that_is_pushed_a_moment_before(self, scene: Scene) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        scene.let_pass(minutes=60)
        tick = Meanwhile(scene, lambda: scene.lease("A", 120)).tick()
        kept = outcome(tick, A)
        assert (kept.state, kept.code) == (State.WAITING, "LH3012")
        assert expires(scene) == stamp(scene.now + timedelta(hours=2))
        assert lease_commits(scene, "idle") == []

    def test_costs_no_metric_before_an_answer_could_matter(self, scene: Scene) -> None:
        scene.start("A", 600, schedule={"idle_minutes": 30})
        scene.let_pass(minutes=20)
        scene.tick()
        assert "GetMetricData" not in scene.account.calls()


class TestAnEndpointInUse:
    def test_is_carried_on_by_a_commit(self, scene: Scene) -> None:
        scene.start("A", 30, schedule={"extend_while_active_minutes": 60})
        scene.let_pass(minutes=15)
        invoke(scene)
        assert done(scene.tick()) == [("extend", "done")]
        [commit] = lease_commits(scene, "extend")
        assert (commit["Lease-Previous"], commit["Lease-Expires"]) == (
            "2026-11-23T12:30:00Z",
            "2026-11-23T13:16:30Z",
        )

    def test_is_not_carried_on_at_every_request(self, scene: Scene) -> None:
        scene.start("A", 30, schedule={"extend_while_active_minutes": 60})
        for _ in range(30):
            scene.let_pass(minutes=2)
            invoke(scene)
            scene.tick()
        assert 1 <= len(lease_commits(scene, "extend")) <= 3
        assert scene.account.status(A) == "InService"

    def test_is_carried_on_up_to_the_ceiling(self, scene: Scene) -> None:
        limits = {"max_lease_minutes": 50}
        scene.push({"environments/dev/environment.json": environment(limits=limits)})
        scene.start("A", 15, schedule={"extend_while_active_minutes": 60})
        scene.let_pass(minutes=10)
        invoke(scene)
        scene.tick()
        assert expires(scene) == stamp(scene.now + timedelta(minutes=50))

    def test_gives_way_to_a_release(self, scene: Scene) -> None:
        scene.start("A", 30, schedule={"extend_while_active_minutes": 60})
        scene.let_pass(minutes=15)
        invoke(scene)
        tick = Meanwhile(scene, lambda: scene.lease("A", 0)).tick()
        assert outcome(tick, A).code == "LH3012"
        assert told(scene.tick(), A).startswith("delete: lease ended")

    def test_ends_once_nobody_uses_it_any_more(self, scene: Scene) -> None:
        scene.start("A", 30, schedule={"extend_while_active_minutes": 60})
        scene.let_pass(minutes=15)
        invoke(scene)
        scene.tick()
        scene.let_pass(minutes=60)
        assert told(scene.tick(), A) == "delete: lease ended at 2026-11-23T13:16:30Z"


class TestASlowStart:
    def begin(self, scene: Scene, minutes: float = 60, **fields: Any) -> None:  # noqa: ANN401
        scene.tick()  # a record there is
        scene.account.order_fault("slow-start", seconds=SLOW)
        scene.define("A", minutes, **fields)
        assert done(scene.tick()) == [("create", "done")]

    def test_is_given_back_in_one_commit(self, scene: Scene) -> None:
        self.begin(scene)
        for _ in range(15):
            scene.let_pass(minutes=1)
            scene.tick()
        [credit] = lease_commits(scene, "credit")
        assert (credit["Lease-Previous"], credit["Lease-Expires"]) == (
            "2026-11-23T13:00:00Z",
            "2026-11-23T13:10:00Z",
        )
        said = git(scene.forge.bare, "log", "-1", "--format=%B", "main")
        assert "> it took 10 min to start, and they are given back" in said
        assert expires(scene) == "2026-11-23T13:10:00Z"

    def test_is_not_where_the_lease_starts_with_the_request(self, scene: Scene) -> None:
        self.begin(scene, schedule={"lease_starts": "request"})
        scene.let_pass(minutes=11)
        assert told(scene.tick(), A) == "keep: leased until 2026-11-23T13:00:00Z"

    def test_is_given_back_up_to_the_ceiling(self, scene: Scene) -> None:
        limits = {"max_lease_minutes": 55}
        self.begin(scene)
        scene.push({"environments/dev/environment.json": environment(limits=limits)})
        scene.let_pass(minutes=11)
        scene.tick()
        assert expires(scene) == "2026-11-23T13:06:00Z"

    def test_is_given_back_up_to_what_a_start_may_take(self, scene: Scene) -> None:
        self.begin(scene, schedule={"max_creating_minutes": 5})
        scene.let_pass(minutes=11)
        scene.tick()
        assert expires(scene) == "2026-11-23T13:05:00Z"

    def test_longer_than_its_lease_is_lived_through(self, scene: Scene) -> None:
        self.begin(scene, minutes=5)
        scene.let_pass(minutes=8)
        assert "pending" not in told(scene.tick(), A)
        scene.let_pass(minutes=3)
        assert done(scene.tick()) == [("credit", "done")]
        assert told(scene.tick(), A) == "keep: leased until 2026-11-23T12:15:00Z"

    def test_that_nobody_watched_is_given_back_too(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(minutes=30)
        scene.tick()
        assert expires(scene) == "2026-11-23T13:10:00Z"

    def test_is_given_back_by_the_next_process(self, scene: Scene) -> None:
        self.begin(scene)
        scene.restart()
        scene.let_pass(minutes=11)
        assert done(scene.tick()) == [("credit", "done")]
        assert expires(scene) == "2026-11-23T13:10:00Z"

    def test_is_given_back_though_its_creation_was_never_confirmed(self, scene: Scene) -> None:
        scene.tick()
        scene.account.order_fault("slow-start", seconds=SLOW)
        scene.account.order_fault("lost-answer", operation="CreateEndpoint")
        scene.define("A", 60)
        assert done(scene.tick()) == [("create", "failed")]
        scene.restart()
        scene.let_pass(minutes=11)
        assert done(scene.tick()) == [("credit", "done")]

    def test_is_given_back_once_though_the_tick_was_cut_short(self, scene: Scene) -> None:
        """The credit is in the ledger, and the record still says that it is due."""
        self.begin(scene)
        scene.let_pass(minutes=11)
        hook = scene.forge.hook("pre-receive", LOCKED)
        assert done(scene.tick()) == [("credit", "done")]
        hook.unlink()
        scene.restart()
        scene.tick()
        scene.tick()
        assert len(lease_commits(scene, "credit")) == 1
        assert expires(scene) == "2026-11-23T13:10:00Z"

    def test_is_given_back_once_though_a_person_merged_it_into_a_branch(self, scene: Scene) -> None:
        """The credit is below the second parent, and far below the newest commits."""
        self.begin(scene)
        scene.ben.pull()
        scene.let_pass(minutes=11)
        hook = scene.forge.hook("pre-receive", LOCKED)
        assert done(scene.tick()) == [("credit", "done")]
        hook.unlink()
        for number in range(3):
            scene.ben.commit({"README.md": f"{number}"}, "topic")
        git(scene.ben.home, "fetch", "--quiet", "origin", "main")
        git(scene.ben.home, "merge", "--quiet", "-m", "merge main", "origin/main")
        scene.ben.push()
        grow(scene.forge, 600, begin=scene.now, path="README.md", committer=BEN)
        scene.restart()
        scene.tick()
        scene.tick()
        assert len(lease_commits(scene, "credit")) == 1
        assert expires(scene) == "2026-11-23T13:10:00Z"

    def test_keeps_an_extension_that_came_meanwhile(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(minutes=5)
        scene.tick()
        scene.lease("A", 90)
        scene.let_pass(minutes=6)
        scene.tick()
        assert expires(scene) == "2026-11-23T13:45:00Z"

    def test_adds_to_an_extension_that_is_pushed_a_moment_before(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(minutes=11)
        tick = Meanwhile(scene, lambda: scene.lease("A", 60)).tick()
        assert done(tick) == [("credit", "done")]
        assert expires(scene) == "2026-11-23T13:21:00Z"

    def test_does_not_undo_a_release_that_came_meanwhile(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(minutes=5)
        scene.tick()
        scene.lease("A", 0)
        scene.let_pass(minutes=1)
        assert "the stop is pending" in told(scene.tick(), A)
        scene.let_pass(minutes=5)
        assert done(scene.tick()) == [("delete", "done")]
        assert lease_commits(scene, "credit") == []

    def test_does_not_undo_a_release_right_after_it_began(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(seconds=30)
        scene.lease("A", 0)
        scene.let_pass(minutes=1)
        assert "the stop is pending" in told(scene.tick(), A)
        scene.let_pass(minutes=10)
        assert done(scene.tick()) == [("delete", "done")]

    def test_does_not_undo_a_release_that_is_pushed_a_moment_before(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(minutes=11)
        tick = Meanwhile(scene, lambda: scene.lease("A", 0)).tick()
        assert outcome(tick, A).code == "LH3012"
        assert told(scene.tick(), A) == "delete: lease ended at 2026-11-23T12:11:00Z"

    def test_that_lacked_capacity_at_first_is_given_back_whole(self, scene: Scene) -> None:
        scene.tick()
        scene.account.order_fault("capacity")
        scene.define("A", 60)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        assert told(scene.tick(), A).startswith("wait: no capacity")
        scene.let_pass(minutes=11)
        scene.tick()
        scene.let_pass(seconds=10)
        assert done(scene.tick()) == [("create", "done")]
        scene.let_pass(seconds=SETTLE)
        [credit] = scene.tick().outcomes
        assert credit.action.reason == "it took 13 min to start, and they are given back"

    def test_that_was_over_when_the_record_was_lost_is_not(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(minutes=11)
        _lose_the_record(scene)
        assert told(scene.tick(), A) == "keep: leased until 2026-11-23T13:00:00Z"

    def test_that_goes_on_when_the_record_was_lost_is_given_back_whole(self, scene: Scene) -> None:
        self.begin(scene)
        scene.let_pass(minutes=5)
        _lose_the_record(scene)
        scene.tick()
        scene.let_pass(minutes=6)
        assert done(scene.tick()) == [("credit", "done")]
        assert expires(scene) == "2026-11-23T13:10:00Z"

    def test_past_its_patience_is_for_a_person_to_look_at(self, scene: Scene) -> None:
        self.begin(scene, schedule={"max_creating_minutes": 5})
        scene.let_pass(minutes=6)
        tick = scene.tick()
        assert told(tick, A).startswith("report: it is Creating since 2026-11-23T12:00:00Z, longer")
        assert tick.plan.needs_a_person


class TestAChange:
    def test_of_what_is_scaled_keeps_the_instances_that_it_has(self, scene: Scene) -> None:
        scene.start("A", autoscaling={"min_instances": 1, "max_instances": 4})
        assert done(scene.tick()) == [("scale", "done")]
        _rescale(scene, 3)
        scaling = {"min_instances": 1, "max_instances": 4}
        scene.define("A", 60, model=NEW_MODEL, autoscaling=scaling)
        assert done(scene.tick()) == [("update", "done")]
        scene.let_pass(seconds=SETTLE)
        assert scene.account.instances(A) == 3

    def test_of_what_is_not_scaled_has_the_instances_of_its_definition(self, scene: Scene) -> None:
        scene.start("A")
        scene.tick()
        _rescale(scene, 3)
        scene.define("A", 60, model=NEW_MODEL)
        assert done(scene.tick()) == [("update", "done")]
        scene.let_pass(seconds=SETTLE)
        assert scene.account.instances(A) == 1

    def test_of_the_instance_type_of_what_is_scaled_goes_through(self, scene: Scene) -> None:
        scaling = {"min_instances": 1, "max_instances": 4}
        scene.start("A", autoscaling=scaling)
        scene.tick()
        scene.define("A", 60, autoscaling=scaling, inference_instance_type="ml.g5.2xlarge")
        assert done(scene.tick()) == [("update", "done")]
        scene.let_pass(seconds=SETTLE)
        assert done(scene.tick()) == [("scale", "done")]
        assert told(scene.tick(), A).startswith("keep")

    def test_of_tags_owner_and_schedule_never_touches_the_config(self, scene: Scene) -> None:
        scene.start("A")
        scene.define("A", 60, tags={"team": "blue"}, owner="ana", schedule={"idle_minutes": 90})
        assert done(scene.tick()) == [("tag", "done")]
        scene.tick()
        touched = {"CreateModel", "CreateEndpointConfig", "UpdateEndpoint", "CreateEndpoint"}
        assert not touched & scene.account.calls().keys()

    def test_back_and_forth_makes_each_config_once(self, scene: Scene) -> None:
        scene.start("A", 600)
        for model in (NEW_MODEL, {"image": "registry/model:1"}, NEW_MODEL):
            scene.push({path("A"): definition("A", model=model)})
            assert done(scene.tick()) == [("update", "done")]
            scene.let_pass(seconds=SETTLE)
            scene.tick()
        calls = scene.account.calls()
        assert (calls["CreateModel"], calls["CreateEndpointConfig"]) == (1, 1)

    def test_that_failed_is_made_good_by_a_revert(self, scene: Scene) -> None:
        scene.start("A", 600)
        scene.push({path("A"): definition("A", model=NEW_MODEL)})
        scene.account.order_fault("crash", operation="UpdateEndpoint")
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        assert told(scene.tick(), A).startswith("report: the update to")
        git(scene.ben.home, "revert", "--no-edit", "HEAD")
        scene.ben.push()
        tick = scene.tick()
        assert told(tick, A).startswith("keep: leased until")
        assert "; the last update failed: The primary container" in told(tick, A)
        assert not tick.plan.needs_a_person


class TestAnEndpointThatIsSick:
    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("OutOfService", "It takes no requests; change its definition to update it, or"),
            ("UpdateRollbackFailed", "It serves a mix of its old and its new config; change its"),
        ],
    )
    def test_is_said_out_loud_and_left_alone(self, scene: Scene, status: str, words: str) -> None:
        scene.start("A")
        reason = {"status": status, "reason": "2 of 4 instances did not come back"}
        scene.account.ask("POST", f"/endpoints/{A}", reason)
        for _ in range(2):
            tick = scene.tick()
            said = told(tick, A)
            assert said.startswith(f"report: SageMaker says {status}: 2 of 4 instances did not")
            assert words in said
            assert (tick.outcomes, tick.plan.needs_a_person) == ((), True)
            scene.let_pass(minutes=5)

    @pytest.mark.parametrize("status", ["OutOfService", "UpdateRollbackFailed"])
    def test_is_updated_once_its_definition_changes(self, scene: Scene, status: str) -> None:
        scene.start("A")
        scene.account.ask("POST", f"/endpoints/{A}", {"status": status})
        scene.tick()
        scene.push({path("A"): definition("A", model=NEW_MODEL)})
        assert done(scene.tick()) == [("update", "done")]

    @pytest.mark.parametrize("status", ["OutOfService", "UpdateRollbackFailed"])
    def test_is_started_anew_by_a_release_and_an_extension(self, scene: Scene, status: str) -> None:
        scene.start("A")
        scene.account.ask("POST", f"/endpoints/{A}", {"status": status})
        scene.lease("A", 0)
        assert done(scene.tick()) == [("delete", "done")]
        scene.lease("A", 60)
        scene.let_pass(seconds=10)
        assert done(scene.tick()) == [("create", "done")]


class TestALackOfCapacity:
    def test_is_met_with_longer_and_longer_pauses(self, scene: Scene) -> None:
        scene.account.order_fault("capacity", times=3)
        scene.define("A", 600)
        waits = [_minutes_until_the_retry(scene) for _ in range(3)]
        assert [5 <= waits[0] <= 11, 10 <= waits[1] <= 21, 20 <= waits[2] <= 41] == [True] * 3

    def test_is_met_with_another_instance_type_where_the_definition_names_one(
        self, scene: Scene
    ) -> None:
        scene.account.order_fault("capacity", instance_type="ml.g5.xlarge")
        pools = [{"instance_type": "ml.g5.2xlarge"}, {"instance_type": "ml.g6.xlarge"}]
        scene.start("A", instance_pools=pools, instance_provision_timeout_seconds=600)
        described = scene.account.sagemaker.describe_endpoint_config(
            EndpointConfigName=scene.account.config(A)
        )
        [variant] = described["ProductionVariants"]
        assert variant["InstancePools"] == [
            {"InstanceType": "ml.g5.xlarge", "Priority": 1},
            {"InstanceType": "ml.g5.2xlarge", "Priority": 2},
            {"InstanceType": "ml.g6.xlarge", "Priority": 3},
        ]
        assert variant["VariantInstanceProvisionTimeoutInSeconds"] == 600
        assert "InstanceType" not in variant

    def test_by_quota_says_the_limit_and_what_is_used(self, scene: Scene) -> None:
        scene.account.ask("POST", "/quotas", {"ml.g5.xlarge": 1})
        scene.start("B", 600)
        scene.define("A", 600)
        refused = outcome(scene.tick(), A)
        assert (refused.state, refused.code) == (State.REFUSED, "LH3002")
        assert "is 1 Instances" in refused.detail
        assert "current utilization of 1 Instances" in refused.detail


class TestAWrongClock:
    def test_ends_nothing_and_starts_what_is_due(self, scene: Scene) -> None:
        running = scene.start("A", 10)
        due = scene.define("B", 600)
        scene.let_pass(minutes=20)
        scene.account.ask("POST", "/skew", {"seconds": -3600})
        tick = scene.tick()
        assert told(tick, running) == (
            "report: this machine's clock is 60 min ahead of AWS's, so there is no delete now"
            " (lease ended at 2026-11-23T12:10:00Z)"
        )
        assert done(tick) == [("create", "done")]
        assert scene.account.status(due) == "Creating"


def _minutes_until_the_retry(scene: Scene) -> int:
    """Go on minute by minute, from a create to the delete that clears the way for the next."""
    while done(scene.tick()) != [("create", "done")]:
        scene.let_pass(seconds=10)
    scene.let_pass(seconds=SETTLE)
    minutes = 1
    while done(scene.tick()) != [("delete", "done")]:
        scene.let_pass(minutes=1)
        minutes += 1
    scene.let_pass(seconds=10)
    return minutes


def _lose_the_record(scene: Scene) -> None:
    """Lose what was noted of endpoints. The id is left, or nothing would be ours any more."""
    scene.overwrite_record(json.dumps({"id": scene.owner.record_id}))
    scene.restart()


def _rescale(scene: Scene, count: int) -> None:
    """Have the number of instances changed, as Application Auto Scaling does it."""
    scene.account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=A,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": count}],
    )
    scene.let_pass(seconds=SETTLE)
    assert scene.account.instances(A) == count
