"""Chaos: people, AWS, git and the clock do what they like, and the promises hold.

The rules are what may happen, in any order. `tests.chaos` has the promises. A soak takes examples
that nobody has seen before.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from controller.aws.account import Account
from ledger.lease import stamp
from tests.chaos import HERS, HIDING, NAMES, SET_BACK, Inspector, Town, endpoint, windows
from tests.conftest import staged
from tests.ledger.forge import git
from tests.scene import ROLE, SETTLE, _client, definition, lease, path
from tests.soak import SHARE, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.planning.action import Action
    from controller.planning.observed import Look
    from controller.planning.ownership import Owner
    from ledger.holdings import Fleet
    from tests.scene import Json, Scene

STEPS = 30

names = st.sampled_from(NAMES)
schedules = st.sampled_from(
    [
        {},
        {"initial_provision_minutes": 45},
        {"idle_minutes": 30},
        {"lease_starts": "request"},
        {"extend_while_active_minutes": 40},
        windows(),
    ]
)
definitions = st.fixed_dictionaries(
    {
        "model": st.sampled_from([{"image": "registry/model:1"}, {"image": "registry/model:2"}]),
        "schedule": schedules,
    },
    optional={
        "tags": st.just({"team": "blue"}),
        "autoscaling": st.just({"min_instances": 1, "max_instances": 2}),
    },
)
leases = st.sampled_from([None, 1, 30, 90, 600])  # minutes
refusals = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["lost-answer", "throttle", "unavailable"]),
        "operation": st.sampled_from(
            [
                *("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint"),
                *("DeleteEndpoint", "DeleteModel", "DeleteEndpointConfig", "AddTags"),
                *("PutScalingPolicy", "DeregisterScalableTarget"),
                *("DescribeEndpoint", "ListEndpoints", "GetResources", "GetMetricData"),
            ]
        ),
        "times": st.integers(1, 3),
    }
)
rollouts = st.sampled_from(
    [
        {"kind": "crash"},
        {"kind": "capacity"},
        {"kind": "slow-start", "seconds": 400},
        {"kind": "stale-config"},
        {"kind": "empty-page", "times": 2},
    ]
)
faults = st.one_of(rollouts, refusals)
troubles = st.lists(faults, min_size=1, max_size=3)


class Chaos(RuleBasedStateMachine):
    """One company and its bad day."""

    @initialize(wishes=st.tuples(*[st.tuples(definitions, leases)] * len(NAMES)))
    def begin(self, wishes: tuple[tuple[Json, float | None], ...]) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.stage = staged(self.home)
        self.scene = self.stage.__enter__()
        self.town = Town(self.scene)
        self.inspector = Inspector(self.town)
        self.defined: dict[str, Json] = {}
        self.down_for = 0
        for name, (wish, minutes) in zip(NAMES, wishes, strict=True):
            self.define_or_change(name, wish, minutes)

    @invariant()
    def half_a_minute_passes(self) -> None:
        """Every step is followed by a tick, as long as there is a controller."""
        self.down_for -= 1
        if self.down_for == 0:
            self.scene.restart()
        if self.is_up:
            self.inspector.tick([], git_is_up=True)
        self.scene.let_pass(seconds=30)

    @property
    def is_up(self) -> bool:
        return self.down_for <= 0

    def teardown(self) -> None:
        if not hasattr(self, "inspector"):
            return
        try:
            self.scene.git_server.start()
            self.town.mend()
            self.scene.let_pass(minutes=SET_BACK / timedelta(minutes=1) + 1)
            self.inspector.check_converged()
        finally:
            self.stage.__exit__(None, None, None)
            _client.cache_clear()  # of an account that is no more
            shutil.rmtree(self.home, ignore_errors=True)

    def one_of_them(self, name: str) -> str:
        return name if name in self.defined else min(self.defined)

    @rule(name=names, wish=definitions, minutes=leases)
    def define_or_change(self, name: str, wish: Json, minutes: float | None) -> None:
        self.defined[name] = definition(name, **wish)
        files: dict[str, Any] = {path(name): self.defined[name]}
        if minutes is not None:
            files[path(name, "lease")] = lease(self.scene.now + timedelta(minutes=minutes))
        self.town.push(files)

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def remove(self, name: str) -> None:
        name = self.one_of_them(name)
        del self.defined[name]
        there = self.town.files
        gone = (path(name), path(name, "lease"))
        self.town.push({file: None for file in gone if file in there})

    @precondition(lambda self: self.defined)
    @rule(name=names, minutes=st.sampled_from([None, 60]))
    def suspend(self, name: str, minutes: int | None) -> None:
        name = self.one_of_them(name)
        wish: Json = {"reason": "an inspection"}
        if minutes is not None:
            wish["until"] = stamp(self.scene.now + timedelta(minutes=minutes))
        self.defined[name] = {**self.defined[name], "suspended": wish}
        self.town.push({path(name): self.defined[name]})

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def mend_and_let_go(self, name: str) -> None:
        name = self.one_of_them(name)
        self.defined[name] = {
            key: value for key, value in self.defined[name].items() if key != "suspended"
        }
        self.town.push({path(name): self.defined[name]})

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def break_a_file(self, name: str) -> None:
        self.town.push({path(self.one_of_them(name)): "<<<<<<< HEAD\n"})

    @precondition(lambda self: self.defined)
    @rule(name=names, where=st.sampled_from(sorted(HIDING)), with_lease=st.booleans())
    def hide_a_definition(self, name: str, where: str, with_lease: bool) -> None:  # noqa: FBT001
        """Move it to where it is not read, in one commit with its lease or without."""
        name = self.one_of_them(name)
        there, content = self.town.files, json.dumps(self.defined[name])
        if path(name) not in there:
            return
        hidden = HIDING[where].format(name)
        files: dict[str, Any] = {
            path(name): None,
            hidden: content + ("," if where == "a typo" else ""),
        }
        if with_lease and path(name, "lease") in there:
            files |= {
                path(name, "lease"): None,
                path(f"{name}2", "lease"): there[path(name, "lease")],
            }
        self.town.push(files)

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def lose_a_lease(self, name: str) -> None:
        file = path(self.one_of_them(name), "lease")
        if file in self.town.files:
            self.town.push({file: None})

    @rule(own_first=st.booleans())
    def merge(self, own_first: bool) -> None:  # noqa: FBT001
        self.town.merge(own_first=own_first)

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def revert(self, name: str) -> None:
        self.town.revert(self.one_of_them(name))

    @rule()
    def force_the_branch_back(self) -> None:
        self.inspector.rewound = "refs/heads/main"
        self.town.rewind()

    @precondition(lambda self: self.is_up)
    @rule()
    def read_a_replica_that_lags(self) -> None:
        """For one tick the head is what it was a commit ago."""
        newest = self.town.tips["refs/heads/main"]
        self.town.rewind()
        self.inspector.rewound = "refs/heads/main"
        self.inspector.tick([], git_is_up=True)
        if self.town.leads_to(newest):
            git(self.scene.forge.bare, "update-ref", "refs/heads/main", newest)

    @precondition(lambda self: self.defined)
    @rule(name=names, minutes=st.sampled_from([1, 20, 200]))
    def extend(self, name: str, minutes: int) -> None:
        self.town.extend(self.one_of_them(name), minutes)

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def release(self, name: str) -> None:
        self.town.release(self.one_of_them(name))

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def use(self, name: str) -> None:
        self.town.use(self.one_of_them(name))

    @rule(minutes=st.sampled_from([2, 5, 15, 60, 180]))
    def let_time_pass(self, minutes: int) -> None:
        self.scene.let_pass(minutes=minutes)

    @precondition(lambda self: self.is_up)
    @rule(steps=st.integers(1, 3))
    def restart_the_controller(self, steps: int) -> None:
        """For so many steps there is none."""
        self.down_for = steps

    @precondition(lambda self: self.is_up)
    @rule(name=names, minutes=leases)
    def tick_without_git(self, name: str, minutes: float | None) -> None:
        """The ledger cannot be read, and meanwhile somebody may have changed it."""
        self.scene.git_server.stop()
        if minutes and self.defined:
            until = self.scene.now + timedelta(minutes=minutes)
            self.town.push({path(self.one_of_them(name), "lease"): lease(until)})
        self.inspector.tick([], git_is_up=False)
        self.scene.git_server.start()

    @precondition(lambda self: self.is_up)
    @rule(name=names, wish=definitions, minutes=leases, wishes=troubles)
    def change_and_tick_in_trouble(
        self, name: str, wish: Json, minutes: float | None, wishes: list[Json]
    ) -> None:
        self.define_or_change(name, wish, minutes)
        self.inspector.tick(wishes, git_is_up=True)

    @precondition(lambda self: self.is_up)
    @rule(wishes=troubles)
    def tick_in_trouble(self, wishes: list[Json]) -> None:
        self.inspector.tick(wishes, git_is_up=True)


TestChaos = Chaos.TestCase
TestChaos.settings = settings(
    max_examples=times(10_200 // STEPS, least=3),
    phases=[each for each in Phase if not SHARE or each is not Phase.shrink],
    stateful_step_count=STEPS,
    derandomize=not SHARE,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class _Rogue(Account):
    """An account that does something of its own accord, and what it is asked so many times."""

    def __init__(self, scene: Scene, misdeed: Callable[[], object], *, times: int = 1) -> None:
        super().__init__(scene.account.client)
        self._misdeed = misdeed
        self._times = times

    def observe(self, fleet: Fleet, owner: Owner) -> Look:
        seen = super().observe(fleet, owner)
        self._misdeed()
        return seen

    def apply(self, action: Action) -> None:
        for _ in range(self._times):
            super().apply(action)


class TestTheInspectorFinds:
    """The promises are known to be checked: whoever breaks one is found out."""

    @pytest.fixture
    def inspector(self, scene: Scene) -> Inspector:
        """A is in service and leased for ten minutes; nothing is wrong."""
        made = Inspector(Town(scene))
        scene.define("A", 10, model={"image": "registry/model:1"})
        made.tick([], git_is_up=True)
        scene.let_pass(seconds=SETTLE)
        made.tick([], git_is_up=True)
        return made

    def rogue(self, scene: Scene, operation: str = "", times: int = 1, **wish: object) -> None:
        call = getattr(scene.account.sagemaker, operation) if operation else dict
        scene.cloud = _Rogue(scene, partial(call, **wish), times=times)

    def test_a_delete_of_what_is_leased(self, inspector: Inspector) -> None:
        self.rogue(inspector.scene, "delete_endpoint", EndpointName=endpoint("A"))
        with pytest.raises(AssertionError, match="A is deleted"):
            inspector.tick([], git_is_up=True)

    def test_an_end_that_is_not_carried_out(self, inspector: Inspector) -> None:
        inspector.scene.let_pass(minutes=10)
        self.rogue(inspector.scene, times=0)
        with pytest.raises(AssertionError, match="A runs on"):
            inspector.tick([], git_is_up=True)

    def test_a_change_of_what_is_not_ours(self, inspector: Inspector) -> None:
        self.rogue(inspector.scene, "delete_endpoint", EndpointName=HERS)
        with pytest.raises(AssertionError, match="DeleteEndpoint"):
            inspector.tick([], git_is_up=True)

    def test_two_changes_in_one_tick(self, inspector: Inspector) -> None:
        scene = inspector.scene
        scene.define("A", 10, model={"image": "registry/model:2"})
        self.rogue(scene, times=2)
        with pytest.raises(AssertionError, match="UpdateEndpoint"):
            inspector.tick([], git_is_up=True)

    def test_a_touch_of_what_is_suspended(self, inspector: Inspector) -> None:
        scene = inspector.scene
        scene.define("A", 10, suspended={"reason": "an inspection"})
        self.rogue(scene, "delete_endpoint", EndpointName=endpoint("A"))
        with pytest.raises(AssertionError, match="nobody may touch A"):
            inspector.tick([], git_is_up=True)

    def test_a_history_that_is_rewritten(self, inspector: Inspector) -> None:
        bare = inspector.scene.forge.bare
        git(bare, "update-ref", "refs/heads/main", "main~1")
        inspector.town.push({"README.md": "another story"})
        with pytest.raises(subprocess.CalledProcessError, match="is-ancestor"):
            inspector.tick([], git_is_up=True)

    def test_a_model_that_is_left_behind(self, inspector: Inspector) -> None:
        self.rogue(
            inspector.scene,
            "create_model",
            ModelName="demo-A-Endpoint-draft",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": "registry/model:1"},
        )
        inspector.tick([], git_is_up=True)
        inspector.scene.restart()
        with pytest.raises(AssertionError, match="each model has its config"):
            inspector.check_converged()
