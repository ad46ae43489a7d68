"""Several ledgers, copies of one, and settings that change: nobody touches what is another's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from controller.reconcile import State, reconcile
from ledger.names import EndpointName
from ledger.phases import Status
from ledger.tags import ENVIRONMENT_TAG, LEDGER_TAG, NAME_TAG, PROJECT_TAG, RECORD_TAG
from sandbox.git.server import GitServer
from tests.ledger.forge import Colleague, Forge, git, hosted
from tests.scene import LEDGER_ID, SETTLE, Scene, definition, environment, path, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = path("environment").replace(".endpoint", "")
A = "demo-A-Endpoint"


@pytest.fixture
def another(scene: Scene, tmp_path: Path) -> Iterator[Scene]:
    """A second ledger, just begun, whose controller works in the same account."""
    bare = hosted(tmp_path / "another", "fleet.git")
    with GitServer(bare.parent) as server:
        forge = Forge(bare, server.repository_url("fleet.git"))
        made = Scene(forge, server, scene.account, Colleague(tmp_path / "eve", str(bare)), tmp_path)
        made.push({SETTINGS: environment(ledger_id="fedcba9876543210")}, "an id of its own")
        yield made


def copied(scene: Scene, another: Scene) -> None:
    """Put the main branch of one ledger in the place of another's."""
    refs = "+refs/heads/main:refs/heads/main"
    git(another.forge.bare, "fetch", "--quiet", str(scene.forge.bare), refs)
    another.restart()


def tags_without(scene: Scene, endpoint: str, *keys: str) -> None:
    arn = scene.account.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
    scene.account.sagemaker.delete_tags(ResourceArn=arn, TagKeys=keys)


class TestAFreshLedger:
    """The example settings, in an account where another ledger is at work."""

    def test_leaves_alone_what_another_has_started(self, scene: Scene, another: Scene) -> None:
        endpoint = scene.start("A", 60)
        config = scene.account.config(endpoint)
        for _ in range(3):
            tick = another.tick()
            assert tick.plan.actions == ()
            another.let_pass(minutes=1)
        assert scene.account.status(endpoint) == "InService"
        assert config in scene.account.configs()

    def test_reports_a_name_that_is_taken(self, scene: Scene, another: Scene) -> None:
        endpoint = scene.start("A", 600)
        another.define("A", 1)
        another.let_pass(minutes=20)
        for _ in range(2):
            assert told(another.tick(), endpoint) == (
                "report: the endpoint of this name belongs to another environment or ledger of"
                " Leasehold: it is not touched. Choose another endpoint_name."
            )
        assert scene.account.status(endpoint) == "InService"

    def test_gets_an_id_by_its_first_tick(self, scene: Scene) -> None:
        scene.push({SETTINGS: environment(ledger_id=None)}, "without an id")
        endpoint = scene.define("A", 60)
        assert told(scene.tick(), endpoint).startswith("create")
        minted = json.loads(scene.forge.file(SETTINGS))["ledger_id"]
        assert minted != LEDGER_ID
        assert scene.account.endpoint_tags(endpoint)[LEDGER_TAG] == minted
        assert scene.forge.subjects()[-1] == f"environment(dev): mint ledger_id {minted}"
        scene.restart()
        scene.let_pass(seconds=SETTLE)
        assert told(scene.tick(), endpoint).startswith("keep")
        assert json.loads(scene.forge.file(SETTINGS))["ledger_id"] == minted

    def test_shares_the_id_of_its_other_environments(self, scene: Scene) -> None:
        scene.push({"environments/prod/environment.json": environment(ledger_id=None)})
        reconcile(scene.dependencies, "prod", scene.now)
        minted = json.loads(scene.forge.file("environments/prod/environment.json"))["ledger_id"]
        assert minted == LEDGER_ID

    def test_that_cannot_be_given_an_id_makes_nothing(self, scene: Scene) -> None:
        scene.push({SETTINGS: environment(ledger_id=None)}, "without an id")
        endpoint = scene.define("A", 60)
        hook = scene.forge.hook("pre-receive", "echo 'main is protected' >&2; exit 1")
        tick = scene.tick()
        assert told(tick, endpoint).startswith("report: this ledger's id or its record's cannot be")
        assert "main is protected" in tick.troubles[0]
        assert scene.account.statuses() == {}
        hook.unlink()
        assert told(scene.tick(), endpoint).startswith("create")


class TestACopyOfALedger:
    """It has the same id, and the same documents."""

    def test_ends_nothing_that_it_did_not_start(self, scene: Scene, another: Scene) -> None:
        endpoint = scene.start("A", 10)
        copied(scene, another)
        scene.lease("A", 600)
        another.let_pass(minutes=30)
        tick = another.tick()
        assert told(tick, endpoint).startswith("report: it has this ledger's id, but its record")
        assert not [each for each in tick.outcomes if each.action.verb.ends]
        assert scene.account.status(endpoint) == "InService"

    def test_prunes_nothing_either(self, scene: Scene, another: Scene) -> None:
        copied(scene, another)
        another.tick()
        endpoint = scene.start("Later", 600)
        for _ in range(2):
            assert told(another.tick(), endpoint).startswith("report: no definition, and it has")
            another.let_pass(minutes=1)
        assert scene.account.status(endpoint) == "InService"

    def test_keeps_its_hands_off_configs_and_models(self, scene: Scene, another: Scene) -> None:
        endpoint = scene.start("A", 600)
        for image in ("registry/m:2", "registry/m:3"):
            scene.define("A", 600, model={"image": image})
            another.account.sagemaker.describe_endpoint(EndpointName=endpoint)
        copied(scene, another)
        before = scene.account.configs()
        another.push({path("A"): None, path("A", "lease"): None}, "remove A")
        for _ in range(3):
            another.tick()
        assert scene.account.configs() == before


class TestWhatWasTaggedBeforeLedgersHadIds:
    def test_is_held_until_somebody_claims_it(self, scene: Scene) -> None:
        endpoint = scene.start("A", 10)
        tags_without(scene, endpoint, LEDGER_TAG, RECORD_TAG)
        scene.let_pass(minutes=20)
        tick = scene.tick()
        assert told(tick, endpoint).startswith("report: it has this environment's tags, but no")
        assert tick.outcomes == ()
        arn = scene.account.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
        tags = [{"Key": key, "Value": text} for key, text in scene.owner.tags("A").items()]
        scene.account.sagemaker.add_tags(ResourceArn=arn, Tags=tags)
        assert told(scene.tick(), endpoint).startswith("delete")

    def test_is_no_orphan(self, scene: Scene) -> None:
        endpoint = scene.start("A", 10)
        tags_without(scene, endpoint, LEDGER_TAG, RECORD_TAG)
        scene.push({path("A"): None, path("A", "lease"): None}, "remove A")
        for _ in range(2):
            assert told(scene.tick(), endpoint).startswith("report: no definition, and it has")
        assert scene.account.status(endpoint) == "InService"


class TestAChangedRegion:
    @pytest.fixture
    def moved(self, scene: Scene) -> str:
        endpoint = scene.start("A", 10)
        scene.tick()
        scene.push({SETTINGS: environment(region_name="eu-west-1")}, "move")
        return endpoint

    @pytest.mark.parametrize("restarts", [False, True])
    def test_is_refused_while_something_runs(
        self,
        scene: Scene,
        moved: str,
        restarts: bool,  # noqa: FBT001
    ) -> None:
        if restarts:
            scene.restart()
        scene.let_pass(minutes=30)
        tick = scene.tick()
        (action,) = tick.plan.actions
        assert action.verb == "report"
        assert action.reason == (
            f"{SETTINGS}: /region_name: it was us-east-1, and {moved} run there. Change it back and"
            " release them; once they are gone, it may be eu-west-1. [LH1021]"
        )
        assert tick.outcomes == ()
        assert scene.account.status(moved) == "InService"

    def test_forgets_nothing_meanwhile(self, scene: Scene, moved: str) -> None:
        scene.tick()
        scene.push({SETTINGS: environment()}, "move back")
        assert told(scene.tick(), moved).startswith("keep")
        assert EndpointName(moved) in scene.logbook.read("dev").entries

    def test_is_another_controllers_work(self, scene: Scene) -> None:
        scene.push({SETTINGS: environment(region_name="eu-west-1")}, "move")
        (action,) = scene.tick().plan.actions
        assert "this controller works in us-east-1" in action.reason


class TestARenamedEnvironment:
    def test_does_not_lose_sight_of_the_old_one(self, scene: Scene) -> None:
        endpoint = scene.start("A", 10)
        scene.tick()
        home = scene.ben.home
        scene.ben.pull()
        git(home, "mv", "environments/dev", "environments/staging")
        git(home, "commit", "--quiet", "-m", "rename")
        git(home, "push", "--quiet", "origin", "HEAD:main")
        scene.let_pass(minutes=30)
        tick = reconcile(scene.dependencies, "staging", scene.now)
        assert told(tick, endpoint).startswith(
            "report: it belongs to the environment dev, which this ledger has no more."
        )
        assert scene.account.status(endpoint) == "InService"
        (action,) = scene.tick().plan.actions
        assert action.verb == "report"


def test_a_definition_in_each_of_two_environments_may_not_share_an_endpoint(scene: Scene) -> None:
    endpoint = scene.start("A", 600)
    scene.push(
        {
            "environments/prod/environment.json": environment(),
            "environments/prod/A.endpoint.json": definition("A"),
        }
    )
    tick = reconcile(scene.dependencies, "prod", scene.now)
    assert told(tick, endpoint).startswith("report: the endpoint of this name belongs to another")
    assert scene.account.status(endpoint) == Status.IN_SERVICE


def test_tags_that_somebody_put_on_by_hand_do_not_make_it_ours(scene: Scene) -> None:
    scene.tick()
    config = scene.account.make_config("by-hand")
    tags = {PROJECT_TAG: "demo", ENVIRONMENT_TAG: "dev", NAME_TAG: "X", LEDGER_TAG: LEDGER_ID}
    scene.account.sagemaker.create_endpoint(
        EndpointName="forged",
        EndpointConfigName=config,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    scene.let_pass(seconds=SETTLE)
    tick = scene.tick()
    assert told(tick, "forged").startswith("report: no definition, and it has this ledger's id")
    assert [each for each in tick.outcomes if each.state is State.DONE] == []
    assert scene.account.status("forged") == "InService"
