"""What becomes of endpoints without a definition, and of those that were there before theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.plan import plan
from controller.planning.action import Verb
from controller.reconcile import reconcile
from controller.tick import State
from ledger.errors import Failure
from ledger.names import EndpointName
from ledger.tags import ADOPTABLE_TAG, NAME_TAG, ON_REMOVE_TAG
from tests.controller.cases import (
    BUSY,
    NOW,
    broken_fleet,
    fleet_of,
    retagged,
    there,
)
from tests.scene import SETTLE, definition, environment, outcome, path, told

if TYPE_CHECKING:
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet
    from tests.scene import Json, Scene

A = "demo-A-Endpoint"
NONE = fleet_of()


def orphans(count: int, **fields: Any) -> list[Observed]:  # noqa: ANN401
    return [
        replace(
            there("InService", NONE, endpoint_name=f"demo-O{n}-Endpoint", name=f"O{n}"), **fields
        )
        for n in range(count)
    ]


def verbs(fleet: Fleet, observed: list[Observed]) -> dict[str, Verb]:
    return {str(a.endpoint_name): a.verb for a in plan(fleet, observed, NOW).actions}


class TestTheBrake:
    """Two orphans may be deleted at once; see `cases.fleet_of`."""

    def test_is_not_on_as_many_as_are_allowed(self) -> None:
        assert set(verbs(NONE, orphans(2)).values()) == {Verb.DELETE}

    def test_names_the_number_the_limit_and_the_way_out(self) -> None:
        actions = plan(NONE, orphans(3), NOW).actions
        assert [action.verb for action in actions] == [Verb.REPORT] * 3
        assert {action.reason for action in actions} == {
            (
                "3 endpoints have no definition any more, and a tick may delete at most 2: none is"
                " deleted. Restore the definitions, or raise prune.max_orphans in"
                " environments/dev/environment.json."
            )
        }

    def test_blocks_nothing_but_prunes(self) -> None:
        fleet = fleet_of("A", "B")
        ended = fleet_of("C", expires_at=NOW)
        fleet = replace(fleet, holdings=(*fleet.holdings, *ended.holdings))
        changed = there("InService", fleet, endpoint_name="demo-B-Endpoint", name="B", config="b-0")
        over = there("InService", fleet, endpoint_name="demo-C-Endpoint", name="C")
        found = verbs(fleet, [*orphans(3), changed, over])
        assert {name: verb for name, verb in found.items() if "-O" not in name} == {
            "demo-A-Endpoint": Verb.CREATE,
            "demo-B-Endpoint": Verb.UPDATE,
            "demo-C-Endpoint": Verb.DELETE,
        }

    def test_does_not_count_what_is_going_already_or_stays(self) -> None:
        deleting = [replace(item, status="Deleting") for item in orphans(4)[2:]]
        stays = EndpointName("stays")
        staying = [
            retagged(item, **{ON_REMOVE_TAG: "retain"}) for item in orphans(1, endpoint_name=stays)
        ]
        found = verbs(NONE, [*orphans(2), *deleting, *staying])
        assert sorted(found.values()) == ["delete", "delete", "hold", "wait", "wait"]

    def test_lets_deletes_and_reports_be_told_as_orphans(self) -> None:
        assert all(action.is_orphan for action in plan(NONE, orphans(3), NOW).actions)


class TestAnOrphan:
    @pytest.mark.parametrize("status", BUSY)
    def test_that_is_busy_is_waited_for(self, status: str) -> None:
        assert set(verbs(NONE, orphans(1, status=status)).values()) == {Verb.WAIT}

    def test_that_was_retained_runs_on_and_is_shown(self) -> None:
        [held] = plan(NONE, [retagged(orphans(1)[0], **{ON_REMOVE_TAG: "retain"})], NOW).actions
        assert (held.verb, held.reason) == (
            Verb.HOLD,
            "no definition any more; its on_remove said retain, so it runs on",
        )

    def test_that_is_retained_no_more_is_deleted(self) -> None:
        changed_back = retagged(orphans(1)[0], **{ON_REMOVE_TAG: "delete"})
        assert set(verbs(NONE, [changed_back]).values()) == {Verb.DELETE}

    def test_of_a_broken_definition_is_kept(self) -> None:
        elsewhere = retagged(orphans(1)[0], **{NAME_TAG: "a"})
        assert verbs(broken_fleet(), [elsewhere])["demo-O0-Endpoint"] is Verb.REPORT


class TestARemovedDefinition:
    def test_takes_its_endpoint_then_its_config_and_then_its_model(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        config = scene.account.config(endpoint)
        scene.tick()
        _remove(scene)
        seen = []
        for _ in range(6):
            seen += [
                (str(item.action.verb), item.action.reason.split(" is ")[0])
                for item in scene.tick().outcomes
                if item.state is State.DONE
            ]
            scene.let_pass(seconds=30)
        assert seen == [
            ("delete", "no definition any more"),
            ("collect", "this endpoint-config"),
            ("collect", "this model"),
        ]
        assert scene.account.configs() == []
        models = scene.account.sagemaker.list_models()["Models"]
        assert [model["ModelName"] for model in models if model["ModelName"] == config] == []

    def test_leaves_the_configs_of_the_others(self, scene: Scene) -> None:
        scene.start("A")
        other = scene.start("B")
        scene.tick()
        _remove(scene)
        for _ in range(5):
            scene.tick()
            scene.let_pass(seconds=30)
        assert scene.account.configs() == [scene.account.config(other)]

    def test_leaves_an_endpoint_that_was_to_be_retained(self, scene: Scene) -> None:
        endpoint = scene.start("A", on_remove="retain")
        assert scene.account.endpoint_tags(endpoint)[ON_REMOVE_TAG] == "retain"
        _remove(scene)
        scene.let_pass(minutes=90)
        assert told(scene.tick(), endpoint).startswith("hold: no definition any more")
        scene.restart()
        assert scene.tick().outcomes == ()
        assert scene.account.status(endpoint) == "InService"
        assert len(scene.account.configs()) == 1

    def test_deletes_an_endpoint_that_is_to_be_retained_no_more(self, scene: Scene) -> None:
        endpoint = scene.start("A", on_remove="retain")
        scene.define("A", 60)
        assert told(scene.tick(), endpoint) == "tag: its tags changed: leasehold:on-remove"
        _remove(scene)
        assert told(scene.tick(), endpoint) == "delete: no definition any more"

    def test_that_comes_back_while_it_was_retained_has_its_endpoint_again(
        self, scene: Scene
    ) -> None:
        endpoint = scene.start("A", on_remove="retain")
        _remove(scene)
        scene.tick()
        scene.define("A", 60, on_remove="retain")
        assert told(scene.tick(), endpoint).startswith("keep: leased")


class TestABadSide:
    """Deleting for want of a definition takes both sides, read to their ends."""

    def test_a_list_that_breaks_off_on_its_second_page_prunes_nothing(self, scene: Scene) -> None:
        scene.start("A")
        _remove(scene)
        _more_endpoints(scene, 101)
        # The faults' dice are seeded: of the first two calls, this rate strikes the second.
        scene.account.order_fault("throttle", operation="ListEndpoints", rate=0.8)
        scene.account.calls()
        with pytest.raises(Failure) as caught:
            scene.tick()
        assert caught.value.code == "LH3001"
        calls = scene.account.calls()
        assert calls["ListEndpoints"] == 2
        assert "DeleteEndpoint" not in calls
        scene.account.ask("DELETE", "/faults")
        assert told(scene.tick(), A) == "delete: no definition any more"

    def test_a_repository_that_cannot_be_read_prunes_nothing(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        _remove(scene)
        scene.git_server.stop()
        with pytest.raises(Failure):
            scene.tick()
        assert scene.account.status(endpoint) == "InService"

    def test_settings_that_cannot_be_read_prune_nothing(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        _remove(scene)
        scene.push({"environments/dev/environment.json": "{"}, "oops")
        scene.tick()
        assert scene.account.status(endpoint) == "InService"

    def test_settings_that_are_gone_prune_nothing(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        gone: dict[str, Json | str | None] = {"environments/dev/environment.json": None}
        scene.push(gone | {path("A"): None, path("A", "lease"): None}, "remove dev")
        scene.tick()
        assert scene.account.status(endpoint) == "InService"

    def test_a_prefix_that_was_changed_ends_the_old_ones_through_the_brake(
        self, scene: Scene
    ) -> None:
        endpoint = scene.start("A")
        settings = "environments/dev/environment.json"
        scene.push({settings: environment(project_prefix="other", prune={"max_orphans": 0})})
        assert told(scene.tick(), endpoint).startswith("report: 1 endpoints have no definition any")
        assert scene.account.status(endpoint) == "InService"
        scene.push({settings: environment(project_prefix="other")})
        assert told(scene.tick(), endpoint) == (
            "delete: no definition any more: its project_prefix was demo"
        )


class TestAdoption:
    def test_gives_tags_and_a_later_change_of_the_definition_is_an_update(
        self, scene: Scene
    ) -> None:
        _by_hand(scene, A)
        scene.define("A", 60, adopt=True, owner="ana@example.com", endpoint_config_name="by-hand")
        first = scene.tick()
        assert told(first, A) == "adopt: it is there already, and gets Leasehold's tags"
        assert scene.account.endpoint_tags(A) == {
            **scene.owner.tags("A"),
            "leasehold:adoptable": "demo/dev",
            "leasehold:lease": "2026-11-23T13:01:30Z",
            "owner": "ana@example.com",
        }
        assert scene.account.config(A) == "by-hand"
        scene.define("A", 60, adopt=True)
        assert told(scene.tick(), A).startswith("update: its definition changed: by-hand becomes")

    @pytest.mark.parametrize("adoptable", [None, "", "demo/prod", "shop/dev", "demo/dev "])
    def test_needs_the_owners_consent_at_aws(self, scene: Scene, adoptable: str | None) -> None:
        _by_hand(scene, A, adoptable)
        before = scene.account.endpoint_tags(A)
        scene.define("A", 60, adopt=True, endpoint_config_name="by-hand")
        for _ in range(3):
            tick = scene.tick()
            assert told(tick, A).startswith("report: it is not adopted, for nobody has agreed")
            assert tick.outcomes == ()
            scene.let_pass(minutes=30)  # past the end of its lease
        scene.push({path("A"): None, path("A", "lease"): None}, "remove A")
        scene.tick()
        assert scene.account.endpoint_tags(A) == before
        assert scene.account.status(A) == "InService"

    def test_never_changes_what_it_serves(self, scene: Scene) -> None:
        """A pull request alone would put another image behind somebody's name."""
        _by_hand(scene, A)
        scene.define("A", 60, adopt=True, model={"image": "registry/another:1"})
        for _ in range(3):
            tick = scene.tick()
            assert told(tick, A).startswith("report: it is not adopted, for it would be changed")
            assert tick.outcomes == ()
        assert scene.account.config(A) == "by-hand"
        assert scene.account.endpoint_tags(A) == {"leasehold:adoptable": "demo/dev"}

    def test_on_the_config_that_is_there_changes_nothing_else(self, scene: Scene) -> None:
        _by_hand(scene, A)
        made = scene.account.sagemaker.describe_endpoint(EndpointName=A)["CreationTime"]
        scene.define("A", 60, adopt=True, endpoint_config_name="by-hand")
        scene.tick()
        assert told(scene.tick(), A).startswith("keep: leased until")
        described = scene.account.sagemaker.describe_endpoint(EndpointName=A)
        assert described["CreationTime"] == made

    def test_grants_the_first_lease_to_what_it_adopted(self, scene: Scene) -> None:
        _by_hand(scene, A)
        schedule = {"initial_provision_minutes": 30}
        scene.define("A", adopt=True, endpoint_config_name="by-hand", schedule=schedule)
        verbs_seen = [told(scene.tick(), A).partition(":")[0] for _ in range(3)]
        assert verbs_seen == ["adopt", "grant", "keep"]

    def test_gives_no_credit_for_a_start_that_was_not_ours(self, scene: Scene) -> None:
        scene.tick()
        _by_hand(scene, A)
        scene.define("A", 60, adopt=True, endpoint_config_name="by-hand")
        scene.let_pass(minutes=5)
        scene.tick()
        assert told(scene.tick(), A).startswith("keep: leased until 2026-11-23T13:01:30Z")

    def test_takes_nothing_that_would_be_stopped_at_once(self, scene: Scene) -> None:
        _by_hand(scene, A)
        scene.define("A", adopt=True, endpoint_config_name="by-hand")
        tick = scene.tick()
        assert told(tick, A) == (
            "report: it is not adopted, for it would be stopped at once (no lease): lease it first."
        )
        assert scene.account.endpoint_tags(A) == {"leasehold:adoptable": "demo/dev"}

    def test_takes_nothing_that_belongs_to_another_environment(self, scene: Scene) -> None:
        endpoint = scene.start("A")
        config = scene.account.config(endpoint)
        scene.push(
            {
                "environments/prod/environment.json": environment(),
                "environments/prod/A.endpoint.json": definition("A", adopt=True),
                "environments/prod/A.lease.json": {"expires_at": "2026-11-23T15:00:00Z"},
            }
        )
        tick = reconcile(scene.dependencies, "prod", scene.now)
        assert told(tick, endpoint).startswith("report: the endpoint of this name belongs to")
        assert tick.outcomes == ()
        assert scene.account.endpoint_tags(endpoint)["leasehold:environment"] == "dev"
        assert scene.account.config(endpoint) == config

    def test_that_fails_is_tried_again(self, scene: Scene) -> None:
        _by_hand(scene, A)
        scene.define("A", 60, adopt=True, endpoint_config_name="by-hand")
        scene.account.order_fault("throttle", operation="AddTags")
        assert outcome(scene.tick(), A).state is State.FAILED
        assert told(scene.tick(), A).startswith("adopt")

    def test_is_never_done_without_the_word(self, scene: Scene) -> None:
        _by_hand(scene, A)
        scene.define("A", 60)
        for _ in range(3):
            assert scene.tick().outcomes == ()
            scene.let_pass(minutes=60)
        assert scene.account.endpoint_tags(A) == {"leasehold:adoptable": "demo/dev"}
        assert scene.account.config(A) == "by-hand"


class TestASuspension:
    def test_stops_the_end_of_a_lease_and_shows_its_age(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.define("A", suspended={"reason": "Load test by the platform team"})
        assert told(scene.tick(), endpoint) == (
            "hold: suspended: Load test by the platform team (for 0 s so far)"
        )
        scene.let_pass(minutes=90)
        scene.restart()
        tick = scene.tick()
        assert told(tick, endpoint) == (
            "hold: suspended: Load test by the platform team (for 90 min so far)"
        )
        assert tick.outcomes == ()
        assert scene.account.status(endpoint) == "InService"

    def test_stops_a_start_an_update_and_a_new_tag(self, scene: Scene) -> None:
        running = scene.start("A")
        held = {"reason": "Audit", "until": "2026-11-24T08:00:00Z"}
        scene.define("A", 60, suspended=held, model={"image": "registry/m:2"}, owner="ana")
        absent = scene.define("B", 60, suspended=held)
        tick = scene.tick()
        assert told(tick, running).startswith("hold: suspended until 2026-11-24T08:00:00Z: ")
        assert told(tick, absent) == (
            "hold: suspended until 2026-11-24T08:00:00Z: Audit (for 0 s so far)"
        )
        assert tick.outcomes == ()

    def test_ends_at_its_until(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.define("A", suspended={"reason": "Audit", "until": "2026-11-23T13:00:00Z"})
        scene.at(scene.now.replace(hour=12, minute=59, second=59))
        assert told(scene.tick(), endpoint).startswith("hold")
        scene.let_pass(seconds=1)
        assert told(scene.tick(), endpoint) == "delete: lease ended at 2026-11-23T12:10:00Z"

    def test_that_is_over_says_nothing_in_the_next_one(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=600)
        scene.define("A", 600, suspended={"reason": "Audit"})
        scene.tick()
        scene.let_pass(minutes=30)
        scene.define("A", 600)
        assert told(scene.tick(), endpoint).startswith("keep")
        scene.define("A", 600, suspended={"reason": "Audit"})
        assert told(scene.tick(), endpoint) == "hold: suspended: Audit (for 0 s so far)"


def _remove(scene: Scene) -> None:
    scene.push({path("A"): None, path("A", "lease"): None}, "remove A")


def _by_hand(scene: Scene, name: str, adoptable: str | None = "demo/dev") -> None:
    """An endpoint that somebody made, and by default lets us adopt."""
    scene.account.make_config("by-hand")
    tags = [] if adoptable is None else [{"Key": ADOPTABLE_TAG, "Value": adoptable}]
    scene.account.sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName="by-hand", Tags=tags
    )
    scene.let_pass(seconds=SETTLE)


def _more_endpoints(scene: Scene, count: int) -> None:
    """Somebody else's endpoints, so that a list of all of them has two pages."""
    scene.account.make_config("theirs", "ml.m5.large")
    for number in range(count):
        scene.account.sagemaker.create_endpoint(
            EndpointName=f"theirs-{number}", EndpointConfigName="theirs"
        )
