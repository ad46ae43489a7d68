"""Chaos: people, AWS, git and the clock do what they like, and the promises hold.

The rules are what may happen, in any order. `tests.chaos` has the promises. LEASEHOLD_SOAK is a
number of examples, for a longer run on examples that nobody has seen before.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.lease import stamp
from tests.chaos import NAMES, Inspector, Town, windows
from tests.conftest import staged
from tests.scene import definition, lease, path

if TYPE_CHECKING:
    from tests.scene import Json

SOAK = int(os.environ.get("LEASEHOLD_SOAK", "0"))

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
            self.inspector.check_converged()
        finally:
            self.stage.__exit__(None, None, None)
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
    @rule(name=names, minutes=st.sampled_from([1, 20, 200]))
    def extend(self, name: str, minutes: int) -> None:
        self.town.extend(self.one_of_them(name), minutes)

    @precondition(lambda self: self.defined)
    @rule(name=names)
    def release(self, name: str) -> None:
        self.town.release(self.one_of_them(name))

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
    max_examples=SOAK or 12,
    stateful_step_count=30,
    derandomize=not SOAK,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
