"""Stories of extensions: who has just set a lease is not told what he knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.lease import stamp
from tests.ledger.forge import QUIET
from tests.scene import environment

if TYPE_CHECKING:
    from tests.scene import Scene

TOPIC = "arn:aws:sns:us-east-1:123456789012:people"


@pytest.fixture(autouse=True)
def _told(scene: Scene) -> None:
    """Let people be told an hour and a quarter of an hour before an end."""
    scene.account.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
    settings = environment(notifications={"topic_arn": TOPIC, "lead_minutes": [60, 15]})
    scene.push({"environments/dev/environment.json": settings}, "tell people")


def pass_minutes(scene: Scene, minutes: int) -> list[int]:
    """Let a tick come each five minutes; return the minutes that were left when an end was told."""
    found: list[int] = []
    for _ in range(0, minutes, 5):
        scene.let_pass(minutes=5)
        notices = [each.notice for each in scene.tick().deliveries]
        found += [each.detail["minutes_left"] for each in notices if each.kind == "expiring"]
    return found


def test_an_extension_by_half_an_hour_is_told_a_quarter_before_its_end(scene: Scene) -> None:
    scene.start("A", 90)
    assert pass_minutes(scene, 35) == [58]  # once its start is given back
    scene.lease("A", 30)
    assert pass_minutes(scene, 25) == [15]
    scene.lease("A", 300)
    assert pass_minutes(scene, 30) == []


def test_after_an_outage_a_lease_of_before_it_is_told_of(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.start("A", 20)
    scene.tick()
    monkeypatch.setitem(QUIET, "GIT_COMMITTER_DATE", stamp(scene.now))
    scene.lease("A", 120)
    scene.let_pass(minutes=110)
    scene.restart()
    assert [each.notice.detail["minutes_left"] for each in scene.tick().deliveries] == [10]
