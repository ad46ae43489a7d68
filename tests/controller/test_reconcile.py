"""Stories of ticks: pushes by plain git on one side, SageMaker on the other, time in between."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from controller.aws.account import Account
from controller.lease_changes import proposal_for
from controller.markdown import as_markdown
from controller.reconcile import State, Tick, reconcile
from controller.report import as_json, as_text
from ledger.errors import Failure, Unavailable
from tests.controller.cases import done
from tests.controller.meddling import AfterTheLook, JustBefore, WhileScalingGoes
from tests.ledger.forge import git
from tests.scene import SETTLE, definition, environment, outcome, path, told

if TYPE_CHECKING:
    from controller.planning.action import Action
    from tests.scene import Scene

BACK_OFF_MINUTES = 11


def verbs(tick: Tick) -> dict[str, str]:
    return {str(action.endpoint_name): str(action.verb) for action in tick.plan.actions}


class TestAPushStartsAnEndpoint:
    def test_by_a_grant_a_create_and_nothing_more(self, scene: Scene) -> None:
        endpoint = scene.define("Falcon40B", schedule={"initial_provision_minutes": 30})
        assert done(scene.tick()) == [("grant", "done")]
        assert done(scene.tick()) == [("create", "done")]
        assert scene.account.status(endpoint) == "Creating"
        scene.let_pass(seconds=SETTLE)
        assert verbs(scene.tick()) == {endpoint: "keep"}
        assert scene.account.status(endpoint) == "InService"

    def test_and_the_grant_is_a_commit_of_the_controller(self, scene: Scene) -> None:
        scene.define("Falcon40B", schedule={"initial_provision_minutes": 30})
        scene.tick()
        assert '"2026-11-23T12:30:00Z"' in scene.forge.file(path("Falcon40B", "lease"))
        shown = git(scene.forge.bare, "log", "-1", "--format=%an|%cn|%s", "main")
        assert shown == (
            "Leasehold controller|Leasehold controller|"
            "lease(dev): grant Falcon40B to 2026-11-23T12:30:00Z"
        )

    def test_and_the_endpoint_says_whose_it_is(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B", owner="ana@example.com", tags={"cost-center": "4711"})
        arn = scene.account.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
        assert scene.account.tags(arn) == {
            **scene.owner.tags("Falcon40B"),
            "cost-center": "4711",
            "leasehold:lease": "2026-11-23T13:00:00Z",
            "owner": "ana@example.com",
        }

    def test_without_a_lease_or_a_schedule_nothing_starts(self, scene: Scene) -> None:
        endpoint = scene.define("Falcon40B")
        assert told(scene.tick(), endpoint) == "keep: no lease"
        assert scene.account.statuses() == {}

    def test_a_schedule_window_starts_it_without_a_lease(self, scene: Scene) -> None:
        window = {"days": ["mon"], "start": "11:00", "end": "13:00"}
        endpoint = scene.define("Falcon40B", schedule={"timezone": "UTC", "windows": [window]})
        assert told(scene.tick(), endpoint) == "create: scheduled until 2026-11-23T13:00:00Z"

    def test_an_asynchronous_endpoint_knows_where_its_answers_go(self, scene: Scene) -> None:
        endpoint = scene.start("Transcriber", inference_type="async")
        config = scene.account.sagemaker.describe_endpoint_config(
            EndpointConfigName=scene.account.config(endpoint)
        )
        output = config["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"]
        assert output == "s3://demo-answers/demo-Transcriber-Endpoint/"

    def test_a_model_package_is_served_in_isolation(self, scene: Scene) -> None:
        package = "arn:aws:sagemaker:us-east-1:123456789012:model-package/summarizer/3"
        endpoint = scene.start("Summarizer", model_package_arn=package)
        model = scene.account.sagemaker.describe_model(ModelName=scene.account.config(endpoint))
        assert model["Containers"] == [{"ModelPackageName": package}]
        assert model["EnableNetworkIsolation"] is True


class TestALeaseThatEnds:
    def test_stops_the_endpoint_and_keeps_its_config_and_model(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B", minutes=10)
        config = scene.account.config(endpoint)
        scene.let_pass(minutes=10)
        tick = scene.tick()
        assert told(tick, endpoint) == "delete: lease ended at 2026-11-23T12:10:00Z"
        scene.let_pass(seconds=10)
        assert scene.account.statuses() == {}
        assert scene.account.configs() == [config]
        assert scene.account.sagemaker.describe_model(ModelName=config)["ModelName"] == config

    def test_is_still_live_in_its_last_second(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B", minutes=10)
        scene.let_pass(minutes=8, seconds=29)
        assert told(scene.tick(), endpoint) == "keep: leased until 2026-11-23T12:10:00Z"

    def test_an_extension_brings_it_back_on_the_same_config(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B", minutes=10)
        config = scene.account.config(endpoint)
        scene.let_pass(minutes=10)
        scene.tick()
        scene.let_pass(minutes=1)
        scene.lease("Falcon40B", 30)
        scene.account.calls()
        assert done(scene.tick()) == [("create", "done")]
        calls = scene.account.calls()
        assert "CreateEndpointConfig" not in calls
        assert "CreateModel" not in calls
        assert scene.account.config(endpoint) == config

    def test_while_it_is_being_made_stays_a_pending_stop(self, scene: Scene) -> None:
        endpoint = scene.define("Falcon40B", 0.5)
        scene.tick()
        scene.let_pass(seconds=31)
        tick = scene.tick()
        assert told(tick, endpoint).startswith("wait: lease ended")
        assert "the stop is pending" in told(tick, endpoint)
        assert tick.outcomes == ()
        scene.let_pass(seconds=SETTLE)
        assert done(scene.tick()) == [("delete", "done")]

    def test_an_extension_cancels_a_pending_stop(self, scene: Scene) -> None:
        endpoint = scene.define("Falcon40B", 0.5)
        scene.tick()
        scene.let_pass(seconds=31)
        scene.tick()
        scene.lease("Falcon40B", 30)
        scene.let_pass(seconds=SETTLE)
        assert verbs(scene.tick()) == {endpoint: "keep"}

    def test_a_refusal_because_something_is_in_progress_is_a_wait(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B", minutes=10)
        scene.let_pass(minutes=10)

        busy = {"status": "SystemUpdating", "seconds": 60}
        cloud = JustBefore(scene, lambda: scene.account.ask("POST", f"/endpoints/{endpoint}", busy))
        tick = reconcile(replace(scene.dependencies, cloud=cloud), "dev", scene.now)
        stopped = outcome(tick, endpoint)
        assert (stopped.state, stopped.code) == (State.WAITING, "LH3003")


class TestADefinitionThatChanges:
    def test_updates_blue_green_and_never_deletes(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B")
        before = scene.account.config(endpoint)
        scene.push({path("Falcon40B"): definition("Falcon40B", model={"image": "registry/m:2"})})
        assert done(scene.tick()) == [("update", "done")]
        assert scene.account.status(endpoint) == "Updating"
        scene.let_pass(seconds=SETTLE)
        assert scene.account.config(endpoint) != before
        assert verbs(scene.tick()) == {endpoint: "keep"}
        calls = scene.account.calls()
        assert calls["UpdateEndpoint"] == 1
        assert "DeleteEndpoint" not in calls
        assert "CreateEndpoint" not in calls

    def test_git_revert_goes_back_to_the_old_config_without_making_one(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B")
        before = scene.account.config(endpoint)
        scene.push({path("Falcon40B"): definition("Falcon40B", model={"image": "registry/m:2"})})
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        git(scene.ben.home, "revert", "--no-edit", "HEAD")
        scene.ben.push()
        scene.account.calls()
        assert done(scene.tick()) == [("update", "done")]
        assert "CreateEndpointConfig" not in scene.account.calls()
        scene.let_pass(seconds=SETTLE)
        assert scene.account.config(endpoint) == before

    def test_in_its_schedule_alone_touches_nothing(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B")
        scene.define("Falcon40B", schedule={"always_on": True})
        assert verbs(scene.tick()) == {endpoint: "keep"}

    def test_in_its_tags_or_owner_alone_tags_it_and_keeps_its_config(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B")
        config = scene.account.config(endpoint)
        scene.define("Falcon40B", 60, tags={"team": "blue"}, owner="ana@example.com")
        assert told(scene.tick(), endpoint) == "tag: its tags changed: owner, team"
        assert verbs(scene.tick()) == {endpoint: "keep"}
        assert scene.account.endpoint_tags(endpoint)["team"] == "blue"
        assert scene.account.config(endpoint) == config

    def test_a_config_that_is_not_visible_yet_is_asked_for_again(self, scene: Scene) -> None:
        endpoint = scene.define("Falcon40B", 60)
        scene.account.order_fault("stale-config")
        first = outcome(scene.tick(), endpoint)
        assert (first.state, first.code) == (State.WAITING, "LH3009")
        assert done(scene.tick()) == [("create", "done")]


class TestAnEndpointConfigThatExists:
    def test_is_used_as_it_is(self, scene: Scene) -> None:
        scene.account.make_config("by-hand")
        endpoint = scene.start("Inpainting", endpoint_config_name="by-hand")
        assert scene.account.config(endpoint) == "by-hand"
        assert scene.account.configs() == ["by-hand"]

    def test_and_is_missing_is_said_in_a_sentence(self, scene: Scene) -> None:
        endpoint = scene.define("Inpainting", 60, endpoint_config_name="by-hand")
        refused = outcome(scene.tick(), endpoint)
        assert (refused.state, refused.code) == (State.REFUSED, "LH3008")
        assert "by-hand is not in SageMaker" in refused.detail
        assert "CreateEndpoint" not in scene.account.calls()


class TestAnEndpointThatFails:
    def test_for_lack_of_capacity_starts_anew_after_a_back_off(self, scene: Scene) -> None:
        endpoint = scene.define("Falcon40B", 120)
        scene.account.order_fault("capacity")
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        assert told(scene.tick(), endpoint).startswith("wait: no capacity")
        assert scene.account.status(endpoint) == "Failed"
        scene.let_pass(minutes=BACK_OFF_MINUTES)
        assert done(scene.tick()) == [("delete", "done")]
        scene.let_pass(seconds=10)
        assert done(scene.tick()) == [("create", "done")]
        scene.let_pass(seconds=SETTLE)
        assert scene.account.status(endpoint) == "InService"

    def test_by_a_defect_is_kept_for_a_person_to_look_at(self, scene: Scene) -> None:
        endpoint = _crashed(scene)
        scene.let_pass(minutes=60)
        tick = scene.tick()
        assert told(tick, endpoint).startswith("report: it failed: The primary container")
        assert tick.outcomes == ()
        assert tick.plan.needs_a_person

    def test_starts_anew_when_its_lease_is_renewed(self, scene: Scene) -> None:
        _crashed(scene)
        scene.lease("Falcon40B", 240)
        assert done(scene.tick()) == [("delete", "done")]
        scene.let_pass(seconds=10)
        assert done(scene.tick()) == [("create", "done")]

    def test_starts_anew_when_its_definition_changes(self, scene: Scene) -> None:
        endpoint = _crashed(scene)
        scene.push({path("Falcon40B"): definition("Falcon40B", model={"image": "registry/m:2"})})
        tick = scene.tick()
        assert "its definition changed" in told(tick, endpoint)
        assert done(tick) == [("delete", "done")]

    def test_by_an_update_serves_on_and_is_not_updated_again_and_again(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B", minutes=600)
        scene.push({path("Falcon40B"): definition("Falcon40B", model={"image": "registry/m:2"})})
        scene.account.order_fault("crash", operation="UpdateEndpoint", rate=1)
        scene.tick()
        for _ in range(3):
            scene.let_pass(seconds=SETTLE)
            said = told(scene.tick(), endpoint)
            assert said.startswith("report: the update to demo-Falcon40B-Endpoint-")
            assert "did not pass the ping health check" in said
        assert scene.account.calls()["UpdateEndpoint"] == 1
        assert scene.account.status(endpoint) == "InService"

    def test_by_an_update_is_remembered_by_the_next_process_too(self, scene: Scene) -> None:
        endpoint = scene.start("Falcon40B", minutes=600)
        scene.push({path("Falcon40B"): definition("Falcon40B", model={"image": "registry/m:2"})})
        scene.account.order_fault("crash", operation="UpdateEndpoint", rate=1)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.restart()
        assert told(scene.tick(), endpoint).startswith("report: the update to")
        scene.push({path("Falcon40B"): definition("Falcon40B", model={"image": "registry/m:3"})})
        scene.account.ask("DELETE", "/faults")
        assert ("update", "done") in done(scene.tick())

    def test_by_an_update_for_lack_of_capacity_is_updated_after_a_back_off(
        self, scene: Scene
    ) -> None:
        endpoint = scene.start("Falcon40B", minutes=600)
        scene.push({path("Falcon40B"): definition("Falcon40B", model={"image": "registry/m:2"})})
        scene.account.order_fault("capacity", operation="UpdateEndpoint")
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        assert told(scene.tick(), endpoint).startswith("wait: no capacity for its update")
        scene.let_pass(minutes=BACK_OFF_MINUTES)
        assert done(scene.tick()) == [("update", "done")]

    def test_is_deleted_when_its_lease_and_the_time_to_start_are_over(self, scene: Scene) -> None:
        endpoint = _crashed(scene)
        scene.let_pass(minutes=120)
        assert told(scene.tick(), endpoint).startswith("report: it failed")
        scene.let_pass(minutes=60)
        assert told(scene.tick(), endpoint).startswith("delete: lease ended")


class TestEachActionFailsAlone:
    def test_a_throttled_call_leaves_the_others_alone(self, scene: Scene) -> None:
        endpoints = [scene.define(name, 60) for name in ("A", "B", "C")]
        scene.account.order_fault("throttle", endpoint=endpoints[1], operation="CreateEndpoint")
        tick = scene.tick()
        struck = outcome(tick, endpoints[1])
        assert (struck.state, struck.code) == (State.FAILED, "LH3001")
        assert [item.state for item in tick.outcomes].count(State.DONE) == 2
        assert done(scene.tick()) == [("create", "done")]

    def test_a_quota_is_reported_and_not_hammered(self, scene: Scene) -> None:
        scene.account.ask("POST", "/quotas", {"ml.g5.xlarge": 1})
        first, second = scene.define("A", 600), scene.define("B", 600)
        tick = scene.tick()
        refused = outcome(tick, second)
        assert (refused.state, refused.code) == (State.REFUSED, "LH3002")
        assert scene.account.status(first) == "Creating"
        scene.account.calls()
        for _ in range(5):
            scene.let_pass(minutes=1)
            assert "ResourceLimitExceeded" in told(scene.tick(), second)
        assert "CreateEndpoint" not in scene.account.calls()
        scene.account.ask("POST", "/quotas", {"ml.g5.xlarge": 2})
        scene.let_pass(minutes=BACK_OFF_MINUTES)
        assert done(scene.tick()) == [("create", "done")]

    def test_a_lost_answer_makes_no_second_endpoint(self, scene: Scene) -> None:
        endpoint = scene.define("A", 60)
        scene.account.order_fault("lost-answer", operation="CreateEndpoint")
        assert outcome(scene.tick(), endpoint).state is State.FAILED
        assert told(scene.tick(), endpoint).startswith("wait: SageMaker says Creating")

    def test_a_missing_permission_is_for_a_person(self, scene: Scene) -> None:
        endpoint = scene.define("A", 60)
        scene.account.order_fault("denied", operation="CreateEndpoint")
        refused = outcome(scene.tick(), endpoint)
        assert (refused.state, refused.code) == (State.REFUSED, "LH3006")

    def test_deletes_run_before_creates(self, scene: Scene) -> None:
        old = scene.start("Old", minutes=10)
        scene.let_pass(minutes=10)
        new = scene.define("New", 60)
        tick = scene.tick()
        assert [item.action.endpoint_name for item in tick.outcomes] == [old, new]


class TestWhatIsOurs:
    def test_an_endpoint_without_a_definition_is_deleted(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        scene.push({path("A"): None, path("A", "lease"): None}, "remove A")
        assert told(scene.tick(), endpoint) == "delete: no definition any more"
        scene.let_pass(seconds=10)
        assert scene.account.statuses() == {}

    def test_too_many_orphans_at_once_are_kept_all(self, scene: Scene) -> None:
        names = [f"A{number}" for number in range(4)]
        for name in names:
            scene.define(name, 60)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.push({file: None for name in names for file in (path(name), path(name, "lease"))})
        tick = scene.tick()
        assert tick.outcomes == ()
        assert set(scene.account.statuses().values()) == {"InService"}
        reason = told(tick, "demo-A0-Endpoint")
        assert reason.startswith("report: 4 endpoints have no definition any more")
        assert "at most 3" in reason
        assert "prune.max_orphans in environments/dev/environment.json" in reason

    def test_the_brake_is_not_on_leases_that_end(self, scene: Scene) -> None:
        for number in range(5):
            scene.define(f"A{number}", 10)
        scene.tick()
        scene.let_pass(minutes=10)
        assert done(scene.tick()) == [("delete", "done")] * 5

    def test_an_untagged_endpoint_of_the_same_name_is_never_touched(self, scene: Scene) -> None:
        scene.account.make_config("by-hand")
        scene.account.sagemaker.create_endpoint(
            EndpointName="demo-A-Endpoint", EndpointConfigName="by-hand"
        )
        scene.let_pass(seconds=SETTLE)
        scene.define("A", 10)
        assert "not touched" in told(scene.tick(), "demo-A-Endpoint")
        scene.let_pass(minutes=20)
        assert scene.tick().outcomes == ()
        scene.push({path("A"): None, path("A", "lease"): None})
        assert verbs(scene.tick()) == {}
        assert scene.account.config("demo-A-Endpoint") == "by-hand"

    def test_an_endpoint_of_another_environment_is_never_touched(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        settings = environment()
        scene.push({"environments/prod/environment.json": settings})
        tick = reconcile(scene.dependencies, "prod", scene.now)
        assert tick.plan.actions == ()
        assert scene.account.status(endpoint) == "InService"


class TestABrokenDocument:
    def test_freezes_its_own_endpoint_and_no_other(self, scene: Scene) -> None:
        scene.define("A", 10)
        scene.define("B", 10)
        scene.tick()
        scene.let_pass(minutes=20)
        scene.push({path("A", "lease"): '{"expires_at": "tomorrow"}'}, "oops")
        tick = scene.tick()
        assert verbs(tick) == {"demo-A-Endpoint": "report", "demo-B-Endpoint": "delete"}
        reason = told(tick, "demo-A-Endpoint")
        assert "environments/dev/A.lease.json: /expires_at: " in reason
        assert scene.account.status("demo-A-Endpoint") == "InService"

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", "null", '{"name": "A", "name": "A"}', "\ufeff{", "<<<<<<< HEAD\n"],
        ids=["empty", "cut", "list", "null", "twice", "mark", "conflict"],
    )
    def test_whatever_it_holds_stops_nothing(self, scene: Scene, text: str) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.push({path("A"): text}, "oops")
        scene.let_pass(minutes=20)
        tick = scene.tick()
        assert told(tick, endpoint).startswith(
            "report: frozen until its documents are mended: environments/dev/A."
        )
        assert tick.outcomes == ()

    def test_broken_settings_freeze_the_whole_environment(self, scene: Scene) -> None:
        scene.start("A", minutes=10)
        scene.push({"environments/dev/environment.json": "{"}, "oops")
        scene.let_pass(minutes=20)
        tick = scene.tick()
        assert tick.outcomes == ()
        assert tick.plan.needs_a_person
        assert scene.account.status("demo-A-Endpoint") == "InService"

    def test_is_mended_by_the_next_push(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.push({path("A"): "{"}, "oops")
        scene.tick()
        scene.push({path("A"): definition("A")}, "mend")
        assert verbs(scene.tick()) == {endpoint: "keep"}


class TestBetweenThePlanAndTheDelete:
    def test_an_extension_wins(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=10)
        cloud = AfterTheLook(scene, lambda: scene.lease("A", 10))
        tick = reconcile(replace(scene.dependencies, cloud=cloud), "dev", scene.now)
        assert outcome(tick, endpoint).state is State.DROPPED
        assert "leased until 2026-11-23T12:21:30Z" in outcome(tick, endpoint).detail
        assert scene.account.status(endpoint) == "InService"
        assert "DeleteEndpoint" not in scene.account.calls()

    def test_an_extension_of_another_endpoint_stops_no_delete(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=10)
        cloud = AfterTheLook(scene, lambda: scene.define("B", 10))
        tick = reconcile(replace(scene.dependencies, cloud=cloud), "dev", scene.now)
        assert outcome(tick, endpoint).state is State.DONE

    def test_a_definition_that_comes_back_wins(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        scene.push({path("A"): None, path("A", "lease"): None}, "remove A")
        cloud = AfterTheLook(scene, lambda: scene.define("A", 10))
        tick = reconcile(replace(scene.dependencies, cloud=cloud), "dev", scene.now)
        assert outcome(tick, endpoint).state is State.DROPPED

    def test_orphans_that_become_too_many_are_kept(self, scene: Scene) -> None:
        scene.push({"environments/dev/environment.json": environment(prune={"max_orphans": 1})})
        scene.define("A", 60)
        scene.define("B", 60)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.push({path("A"): None, path("A", "lease"): None}, "remove A")
        gone: dict[str, Any] = {path("B"): None, path("B", "lease"): None}
        cloud = AfterTheLook(scene, lambda: scene.push(gone))
        tick = reconcile(replace(scene.dependencies, cloud=cloud), "dev", scene.now)
        assert outcome(tick, "demo-A-Endpoint").state is State.DROPPED

    def test_an_extension_wins_while_its_scaling_is_taken_away(self, scene: Scene) -> None:
        """Whatever is slow comes before the last look."""
        scaling = {"min_instances": 1, "max_instances": 2}
        endpoint = scene.start("A", minutes=10, autoscaling=scaling)
        scene.tick()
        scene.let_pass(minutes=10)
        scene.cloud = WhileScalingGoes(scene, lambda: scene.lease("A", 10))
        tick = scene.tick()
        assert outcome(tick, endpoint).state is State.DROPPED
        assert scene.account.status(endpoint) == "InService"
        scene.restart()
        assert told(scene.tick(), endpoint).startswith("scale")

    def test_an_endpoint_that_was_made_anew_is_not_the_one(self, scene: Scene) -> None:
        """Somebody deletes it and makes another: AWS's list and its index of tags lag behind."""
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=10)
        scene.cloud = AfterTheLook(scene, lambda: _make_anew(scene, endpoint))
        tick = scene.tick()
        assert outcome(tick, endpoint).state is State.DROPPED
        assert "it was made anew at" in outcome(tick, endpoint).detail
        assert scene.account.status(endpoint) != "Deleting"

    def test_tags_that_are_taken_away_say_that_it_is_not_ours(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=10)
        arn = scene.account.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
        keys = ["leasehold:ledger"]
        delete_tags = partial(scene.account.sagemaker.delete_tags, ResourceArn=arn, TagKeys=keys)
        scene.cloud = AfterTheLook(scene, delete_tags)
        tick = scene.tick()
        assert outcome(tick, endpoint).state is State.DROPPED
        assert "its own tags do not say that it is ours" in outcome(tick, endpoint).detail

    def test_what_is_gone_by_then_is_as_wanted(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=10)

        def somebody_is_faster() -> None:
            scene.account.sagemaker.delete_endpoint(EndpointName=endpoint)
            scene.let_pass(seconds=SETTLE)

        scene.cloud = AfterTheLook(scene, somebody_is_faster)
        assert outcome(scene.tick(), endpoint).state is State.DONE

    def test_what_is_gone_by_then_hides_no_scaling_that_is_left(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=10)

        def somebody_is_faster() -> None:
            scene.account.sagemaker.delete_endpoint(EndpointName=endpoint)
            scene.let_pass(seconds=SETTLE)
            scene.account.order_fault("denied", operation="DeregisterScalableTarget")

        scene.cloud = AfterTheLook(scene, somebody_is_faster)
        assert outcome(scene.tick(), endpoint).code == "LH3013"

    @pytest.mark.parametrize("lag", ["stale-tags"])
    def test_an_index_that_lags_deletes_nothing(self, scene: Scene, lag: str) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.tick()
        scene.account.order_fault(lag, seconds=600, times=10)
        _make_anew(scene, endpoint)
        scene.let_pass(minutes=10)
        tick = scene.tick()
        assert scene.account.status(endpoint) == "InService"
        assert [each.state for each in tick.outcomes if each.action.verb == "delete"] in (
            [],
            [State.DROPPED],
        )


def _make_anew(scene: Scene, endpoint: str) -> None:
    """Let a person delete an endpoint, and make one of the same name for something else."""
    sagemaker = scene.account.sagemaker
    sagemaker.delete_endpoint(EndpointName=endpoint)
    scene.let_pass(seconds=SETTLE)
    config = scene.account.make_config("by-hand")
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    scene.let_pass(seconds=SETTLE)


class TestBetweenThePlanAndTheCollection:
    """A changed twice: the config that it began with is left over."""

    @pytest.fixture
    def first(self, scene: Scene) -> str:
        config = scene.account.config(scene.start("A", 600))
        for image in ("registry/m:2", "registry/m:3"):
            scene.define("A", 600, model={"image": image})
            scene.tick()
            scene.let_pass(seconds=SETTLE)
        return config

    def test_a_push_that_may_want_it_again_keeps_it(self, scene: Scene, first: str) -> None:
        cloud = AfterTheLook(scene, lambda: scene.define("A", 600))
        tick = reconcile(replace(scene.dependencies, cloud=cloud), "dev", scene.now)
        assert done(tick) == [("collect", "dropped")]
        assert "somebody pushed to the ledger meanwhile" in tick.outcomes[0].detail
        assert first in scene.account.configs()
        scene.account.calls()
        assert done(scene.tick()) == [("update", "done")]
        assert "CreateEndpointConfig" not in scene.account.calls()

    def test_it_is_deleted_where_nobody_pushed(self, scene: Scene, first: str) -> None:
        assert done(scene.tick()) == [("collect", "done")]
        assert first not in scene.account.configs()

    def test_it_is_the_config_that_the_plan_names_and_no_endpoint(
        self, scene: Scene, first: str
    ) -> None:
        (collected,) = (each for each in as_json(scene.tick())["actions"] if "outcome" in each)
        assert (collected["action"], collected["kind"]) == ("collect", "endpoint-config")
        assert collected["endpoint_name"] == first.lower()


class TestAnUnreadableSide:
    def test_no_readable_git_no_deletes(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=20)
        scene.git_server.stop()
        with pytest.raises(Unavailable):
            scene.tick()
        assert scene.account.status(endpoint) == "InService"
        scene.git_server.start()
        assert done(scene.tick()) == [("delete", "done")]

    def test_git_that_falls_silent_after_the_plan_stops_the_delete(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.let_pass(minutes=20)
        cloud = AfterTheLook(scene, scene.git_server.stop)
        tick = reconcile(replace(scene.dependencies, cloud=cloud), "dev", scene.now)
        assert outcome(tick, endpoint).state is State.FAILED
        assert scene.account.status(endpoint) == "InService"

    @pytest.mark.parametrize("operation", ["ListEndpoints", "GetResources"])
    def test_a_half_read_account_is_no_account(self, scene: Scene, operation: str) -> None:
        scene.start("A", minutes=10)
        scene.let_pass(minutes=20)
        scene.cloud = scene.account.cloud()
        scene.account.order_fault("throttle", operation=operation)
        with pytest.raises(Failure) as caught:
            scene.tick()
        assert caught.value.code == "LH3001"
        assert "DeleteEndpoint" not in scene.account.calls()

    def test_an_empty_page_hides_nothing(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        scene.account.order_fault("empty-page", operation="ListEndpoints")
        assert verbs(scene.tick()) == {endpoint: "keep"}


class TestAnIdleTick:
    def test_changes_nothing_however_often_it_runs(self, scene: Scene) -> None:
        scene.start("A", minutes=60)
        head = scene.forge.tip
        for _ in range(3):
            assert scene.tick().plan.changes == ()
        assert scene.forge.tip == head
        assert set(scene.account.calls()) == {"ListEndpoints", "GetResources", "DescribeEndpoint"}


def _crashed(scene: Scene) -> str:
    """An endpoint whose container crashed, seen so by a tick."""
    endpoint = scene.define("Falcon40B", 120)
    scene.account.order_fault("crash")
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    assert told(scene.tick(), endpoint).startswith("report")
    return endpoint


class TestALeaseThatIsMeantToHaveNoEnd:
    def test_starts_serves_is_warned_of_and_is_not_cut(self, scene: Scene) -> None:
        endpoint = scene.define("Falcon40B")
        for_ever = {"expires_at": "9999-12-31T23:59:30Z"}
        scene.push({path("Falcon40B", "lease"): for_ever})
        scene.define("Llama", minutes=30)
        assert ("create", "done") in done(scene.tick())
        scene.let_pass(seconds=SETTLE)
        scene.let_pass(minutes=3)
        tick = scene.tick()
        scene.tick()
        assert scene.account.status(endpoint) == "InService"
        (warning,) = tick.fleet.violations
        assert (warning.code, warning.file) == ("LH1022", path("Falcon40B", "lease"))
        assert f"warning: {warning}" in as_text(tick)
        assert f"warning: {warning}" in as_markdown(tick)
        assert '"9999-12-31T23:59:30Z"' in scene.forge.file(path("Falcon40B", "lease"))


class TestAFaultNobodyForesaw:
    def test_in_the_request_of_one_endpoint_stops_no_other(self, scene: Scene) -> None:
        first = scene.define("Alpha", minutes=60)
        second = scene.define("Beta", minutes=60)
        with_fault(scene, first)
        tick = scene.tick()
        assert scene.account.status(second) == "Creating"
        assert scene.account.status(first) == "Creating"
        assert done(tick) == [("create", "done")]

    def test_is_told_with_its_code_and_nothing_is_noted_as_done(self, scene: Scene) -> None:
        first = scene.define("Alpha", minutes=60)
        scene.define("Beta", minutes=60)
        tick = with_fault(scene, first)
        failed, fine = sorted(tick.outcomes, key=lambda each: each.state, reverse=True)
        assert (failed.state, failed.code) == (State.FAILED, "LH1023")
        assert "TypeError in apply: no such shape" in failed.detail
        assert fine.state is State.DONE
        assert first not in scene.account.statuses()

    def test_in_a_lease_change_stops_no_other(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(action: Action, *more: Any) -> Any:  # noqa: ANN401  (whatever it takes)
            if action.name == "Alpha":
                raise TypeError("no such shape")
            return proposal_for(action, *more)

        monkeypatch.setattr("controller.carry_out.proposal_for", breaks)
        for name in ("Alpha", "Beta"):
            scene.define(name, schedule={"initial_provision_minutes": 30})
        tick = scene.tick()
        assert sorted(done(tick)) == [("grant", "done"), ("grant", "failed")]
        assert "expires_at" in scene.forge.file(path("Beta", "lease"))


def with_fault(scene: Scene, name: str) -> Tick:
    return reconcile(replace(scene.dependencies, cloud=Faulty(scene, name)), "dev", scene.now)


class Faulty(Account):
    """AWS, with a request that cannot be built for one endpoint."""

    def __init__(self, scene: Scene, name: str) -> None:
        super().__init__(scene.account.client)
        self._name = name

    def apply(self, action: Action) -> None:
        if action.endpoint_name == self._name:
            raise TypeError("no such shape")
        super().apply(action)
