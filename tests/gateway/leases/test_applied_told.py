"""The controller's notes and the API's answers, together: a push goes live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateway.leases.test_applied import ask
from tests.scene import SETTLE

if TYPE_CHECKING:
    from tests.gateway.api import Api


def test_a_push_is_live_when_its_endpoint_is_in_service(api: Api) -> None:
    api.scene.define("New", 60)
    mine = api.scene.forge.tip
    answers = []
    for seconds in (1, 20, SETTLE, 60):
        api.scene.tick()
        body = ask(api, mine).body
        answers.append((body["Applied"], body["Open"]))
        api.scene.let_pass(seconds=seconds)
    assert answers[0] == (False, ["demo-Falcon40B-Endpoint", "demo-New-Endpoint"])
    assert answers[-1] == (True, [])


def test_a_quiet_tick_notes_nothing(api: Api) -> None:
    for _ in range(3):
        api.scene.tick()
        api.scene.let_pass(seconds=SETTLE)
    status = api.scene.open_status()
    before = status.head()
    api.scene.tick()
    assert status.head() == before
