"""Whatever AWS and git say late, nothing that runs is deleted.

Each trial is a tick, or a few, in which heads, lists and tags are as they were before. Of three
endpoints none is to end: one was leased all along, one is kept by a renewal that a stale head does
not know, and one was removed and came back.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.conftest import staged
from tests.controller.meddling import AfterTheLook
from tests.ledger.forge import git
from tests.scene import SETTLE, path
from tests.soak import times

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.scene import Scene

TRIALS = times(1000, least=20)
NAMES = ("Kept", "Renewed", "Back")
DAYS = 60 * 24 * 30


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged(tmp_path_factory.mktemp("stale")) as scene:
        for name in NAMES:
            scene.define(name, DAYS)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.tick()
        scene.push({path("Back"): None, path("Back", "lease"): None}, "remove Back")
        scene.lease("Renewed", 0)
        git(scene.forge.bare, "tag", "stale", "main")  # no tick has seen it
        scene.lease("Renewed", DAYS)
        scene.define("Back", DAYS)
        scene.tick()
        git(scene.forge.bare, "tag", "fresh", "main")
        yield scene


def show(scene: Scene, tag: str) -> None:
    git(scene.forge.bare, "update-ref", "refs/heads/main", tag)


def made(scene: Scene) -> dict[str, tuple[datetime, str]]:
    found = {}
    for name in NAMES:
        described = scene.account.sagemaker.describe_endpoint(EndpointName=f"demo-{name}-Endpoint")
        assert described["EndpointStatus"] == "InService"
        found[name] = (described["CreationTime"], described["EndpointConfigName"])
    return found


def trial(scene: Scene, chance: random.Random) -> list[str]:
    """Let one thing or several be stale; return what was done."""
    lagging = chance.sample(("head", "late head", "list", "tags"), chance.randint(1, 3))
    if chance.random() < 0.3:
        scene.restart()
        lagging.append("restart")
    if "list" in lagging:
        hidden = f"demo-{chance.choice(NAMES)}-Endpoint"
        scene.account.order_fault("stale-list", endpoint=hidden)
    if "tags" in lagging:
        seconds = chance.choice([60, 3600, 86400 * 40])
        scene.account.order_fault("stale-tags", seconds=seconds)
    if "late head" in lagging:
        scene.cloud = AfterTheLook(scene, lambda: show(scene, "stale"))
    elif "head" in lagging:
        show(scene, "stale")
    for _ in range(chance.randint(1, 3)):
        scene.tick()
        scene.let_pass(seconds=chance.choice([1, 30, 200]))
    show(scene, "fresh")
    scene.account.ask("DELETE", "/faults")
    scene.cloud = scene.account.cloud()
    return lagging


@pytest.mark.parametrize("part", range(4))
def test_stale_heads_lists_and_tags_delete_nothing(town: Scene, part: int) -> None:
    chance = random.Random(part)  # noqa: S311 - for trials, not for secrets
    before, configs = made(town), set(town.account.configs())
    for number in range(TRIALS // 4):
        town.account.calls()
        lagging = trial(town, chance)
        called = town.account.calls()
        assert "DeleteEndpoint" not in called, (number, lagging)
        assert made(town) == before, (number, lagging)
        town.tick()
    assert {config for _, config in before.values()} <= set(town.account.configs()) <= configs


def test_what_a_stale_head_would_end_is_known_to_be_tried(town: Scene) -> None:
    """Were the stale head the newest, two of the three would be deleted: the trials can fail."""
    show(town, "stale")
    town.tick()
    town.let_pass(minutes=16)
    tick = town.tick()
    assert {str(each.action.name) for each in tick.outcomes if each.action.verb == "delete"} == {
        "Renewed",
        "Back",
    }
