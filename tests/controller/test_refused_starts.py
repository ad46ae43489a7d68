"""What AWS or the environment would refuse is said, and never tried: SageMaker is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.scene import SETTLE, environment, told

if TYPE_CHECKING:
    from tests.scene import Scene


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"inference_instance_type": "ml.g5.12xlrage"}, "did you mean ml.g5.12xlarge"),
        ({"model": {"image": "x:1", "environment": {"A-B": "1"}}}, "/model/environment/A-B: "),
        ({"model": {"image": "theirs/x:1"}}, "/model/image: theirs/x:1 is none of"),
    ],
)
def test_a_start_that_would_be_refused_is_reported_until_it_is_mended(
    scene: Scene, fields: dict[str, Any], words: str
) -> None:
    settings = environment(allowed={"images": ["x:*", "ours/*"]})
    scene.push({"environments/dev/environment.json": settings})
    endpoint = scene.define("Chat", 60, **fields)
    scene.account.calls()
    for _ in range(2):
        tick = scene.tick()
        assert [str(each.verb) for each in tick.plan.actions] == ["report"]
        assert words in tick.plan.actions[0].reason
    assert not {call for call in scene.account.calls() if call.startswith("Create")}
    scene.define("Chat", 60, model={"image": "ours/x:1"})
    scene.tick()
    assert scene.account.status(endpoint) == "Creating"


def test_an_endpoint_that_runs_goes_on_and_ends_with_its_lease(scene: Scene) -> None:
    endpoint = scene.start("Chat", minutes=60)
    scene.push({"environments/dev/environment.json": environment(allowed={"images": ["ours/*"]})})
    assert [str(each.verb) for each in scene.tick().plan.actions] == ["keep"]
    scene.define("Chat", 60, model={"image": "theirs/x:2"})
    assert "no update is tried" in scene.tick().plan.actions[0].reason
    scene.let_pass(hours=2)
    assert told(scene.tick(), endpoint)
    scene.let_pass(seconds=SETTLE)
    assert scene.account.status(endpoint) == "absent"
