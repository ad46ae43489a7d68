"""Ways in which an endpoint ends that no other story tells; docs/safety.md lists all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scene import SETTLE, outcome, told

if TYPE_CHECKING:
    from tests.gateway.api import Api
    from tests.scene import Scene


def test_a_window_that_ends_takes_its_endpoint_along(scene: Scene) -> None:
    window = {"days": ["mon"], "start": "11:00", "end": "13:00"}
    endpoint = scene.define("A", schedule={"timezone": "UTC", "windows": [window]})
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.at(scene.now.replace(hour=12, minute=59, second=59))
    assert told(scene.tick(), endpoint).startswith("keep")
    scene.let_pass(seconds=1)
    assert told(scene.tick(), endpoint).startswith("delete")
    assert scene.account.status(endpoint) == "Deleting"


def test_a_release_through_the_api_ends_it_and_says_who(api: Api) -> None:
    scene = api.scene
    endpoint = scene.start("Falcon40B", 60)
    assert told(scene.tick(), endpoint).startswith("keep")
    assert api.release(endpoint).status == 200
    assert api.log()[-1].startswith("Ana lease(dev): release Falcon40B")
    tick = scene.tick()
    assert told(tick, endpoint).startswith("delete: ")
    assert str(outcome(tick, endpoint).state) == "done"
