"""Who was first keeps an endpoint that another definition claims too, and so does its lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.forge import git
from tests.scene import definition, lease, path, told

if TYPE_CHECKING:
    from tests.scene import Json, Scene

ENDPOINT = "demo-A-Endpoint"
FROZEN = (
    "report: frozen until its documents are mended: environments/dev/B.endpoint.json:"
    f" /endpoint_name: '{ENDPOINT}' is the endpoint of A.endpoint.json already: choose another"
    " endpoint_name, or remove one. [LH1004]"
)


def claim(scene: Scene, minutes: float = 120) -> None:
    """Push B, which claims the endpoint of A, with a lease of its own."""
    scene.define("B", minutes, endpoint_name=ENDPOINT)


def end(scene: Scene) -> None:
    """Let A be in service for a while, and end by its lease."""
    scene.start("A", 1)
    for _ in range(5):
        scene.tick()
        scene.let_pass(minutes=1)
    assert scene.account.status(ENDPOINT) == "absent"


@pytest.mark.parametrize("is_cold", [False, True], ids=["warm", "cold"])
def test_the_first_ends_by_its_own_lease(scene: Scene, *, is_cold: bool) -> None:
    scene.start("A", 10)
    claim(scene)
    if is_cold:
        scene.restart()
    tick = scene.tick()
    assert told(tick, ENDPOINT).startswith("keep: leased until")
    assert told(tick, "B") == FROZEN
    scene.let_pass(minutes=10)
    scene.tick()
    assert scene.account.status(ENDPOINT) == "Deleting"


def test_the_first_starts_updates_and_is_renewed(scene: Scene) -> None:
    end(scene)
    claim(scene)
    scene.lease("A", 10)
    assert told(scene.tick(), ENDPOINT).startswith("create: ")
    scene.let_pass(minutes=2)
    scene.push({path("A"): definition("A", model={"image": "registry/m:2"})})
    assert told(scene.tick(), ENDPOINT).startswith("update: ")


def test_the_record_knows_who_was_first_before_there_is_an_endpoint(scene: Scene) -> None:
    end(scene)
    claim(scene)
    scene.restart()
    assert told(scene.tick(), ENDPOINT).startswith("keep: lease ended")


def test_a_lease_tells_where_nothing_else_does(scene: Scene) -> None:
    scene.push(
        {
            path("A"): definition("A"),
            path("A", "lease"): lease(scene.now.replace(hour=13)),
            path("B"): definition("B", endpoint_name=ENDPOINT),
        }
    )
    assert told(scene.tick(), ENDPOINT).startswith("create: ")


def test_where_nobody_can_tell_nothing_is_done(scene: Scene) -> None:
    both: dict[str, Json | str | None] = {
        path("A"): definition("A"),
        path("B"): definition("B", endpoint_name=ENDPOINT),
    }
    scene.push(both)
    tick = scene.tick()
    assert [str(action.verb) for action in tick.plan.actions] == ["report", "report"]
    assert scene.account.status(ENDPOINT) == "absent"


def test_the_newcomer_has_it_once_the_first_is_gone(scene: Scene) -> None:
    scene.start("A", 60)
    claim(scene)
    scene.tick()
    scene.push({path("A"): None, path("A", "lease"): None})
    assert told(scene.tick(), ENDPOINT) == "tag: its tags changed: leasehold:name"
    assert told(scene.tick(), ENDPOINT).startswith("keep: leased until")
    scene.push({path("C"): definition("C", endpoint_name=ENDPOINT)})
    scene.restart()
    tick = scene.tick()
    assert told(tick, ENDPOINT).startswith("keep: leased until")
    assert "is the endpoint of B.endpoint.json already" in told(tick, "C")


def test_a_first_lease_is_granted_to_the_first_alone(scene: Scene) -> None:
    """The change of a lease asks the documents anew, and knows who was first all the same."""
    scene.start("A", 1)
    scene.let_pass(minutes=3)
    scene.tick()
    schedule = {"schedule": {"initial_provision_minutes": 30}}
    scene.push({path("A"): definition("A", **schedule), path("A", "lease"): None})
    claim(scene)
    scene.tick()
    assert scene.forge.subjects()[-1].startswith("lease(dev): grant A to ")


def test_the_first_at_a_path_goes_on(scene: Scene) -> None:
    def talking(name: str) -> Json:
        properties = {"type": "api", "properties": {"api_resource_name": "talk"}}
        return definition(name, integration=properties)

    scene.push({path("A"): talking("A"), path("A", "lease"): lease(scene.now.replace(hour=14))})
    scene.tick()
    scene.define("B", 120)
    scene.let_pass(minutes=2)
    scene.tick()
    scene.push({path("B"): talking("B")})
    scene.restart()
    tick = scene.tick()
    assert told(tick, ENDPOINT).startswith("keep: leased until")
    assert "/talk is the path of A.endpoint.json already" in told(tick, "demo-B-Endpoint")
    assert scene.account.status("demo-B-Endpoint") != "absent", "it is left as it is"


def test_a_push_before_a_delete_is_judged_by_who_was_first(scene: Scene) -> None:
    """The last look before an end reads the documents again: a newcomer changes nothing."""
    scene.start("A", 5)
    scene.let_pass(minutes=5)
    head = scene.repository.head

    def pushed() -> str:
        if not git(scene.forge.bare, "ls-tree", "main", path("B")):
            claim(scene)
        return head()

    scene.repository.head = pushed  # type: ignore[method-assign]
    scene.tick()
    assert git(scene.forge.bare, "ls-tree", "main", path("B"))
    assert scene.account.status(ENDPOINT) == "Deleting"
