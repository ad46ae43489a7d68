"""Status, next, plan, the API and its 503 say the same sentence about one endpoint."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from leasehold.converge import plan
from leasehold.next import next_
from leasehold.status import status
from ledger.names import EndpointName
from ledger.observed import Applied, Entry, Record
from ledger.phases import ABSENT
from ledger.standing import State
from tests.gateway.serving import serving
from tests.ledger.forge import git
from tests.scene import NOON, REGION, definition, lease, path

if TYPE_CHECKING:
    import click

    from tests.scene import Json, Scene

WINDOW = {"days": ["mon"], "start": "09:00", "end": "17:00"}
WEEK = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}
AUDIT = {"reason": "the model is audited"}
HOUR = timedelta(hours=1)


def scheduled(window: Json) -> Json:
    return {"schedule": {"timezone": "UTC", "windows": [window]}}


FLEET: dict[str, tuple[str, Json | None, Json | None]] = {
    "Frozen": (State.FROZEN, None, None),
    "Held": (State.SUSPENDED, {"suspended": AUDIT}, lease(NOON + HOUR)),
    "Paused": (
        State.SUSPENDED,
        {"suspended": {**AUDIT, "until": "2026-11-24T08:00:00Z"}, **scheduled(WINDOW)},
        None,
    ),
    "Released": (
        State.OFF,
        scheduled(WINDOW),
        lease(NOON - HOUR, off_until="2026-11-23T17:00:00Z"),
    ),
    "Always": (State.ALWAYS_ON, {"schedule": {"always_on": True}}, None),
    "Leased": (State.LIVE, {}, lease(NOON + HOUR)),
    "Open": (State.SCHEDULED, scheduled(WINDOW), None),
    "Endless": (State.SCHEDULED, scheduled(WEEK), lease(NOON - HOUR)),
    "Ended": (State.ENDED, scheduled({**WINDOW, "days": ["tue"]}), lease(NOON - HOUR)),
    "Lost": (State.LEASE_LOST, {}, None),
    "Idle": (State.NEVER_LEASED, {}, None),
    "Fresh": (State.NEVER_LEASED, {"schedule": {"initial_provision_minutes": 30}}, None),
}


def define(scene: Scene) -> None:
    files: dict[str, Json | str | None] = {}
    for name, (_, fields, granted) in FLEET.items():
        files[path(name)] = "{" if fields is None else definition(name, **fields)
        if granted:
            files[path(name, "lease")] = granted
    scene.push(files, "define the fleet")


def run(scene: Scene, command: click.Command) -> Any:  # noqa: ANN401 - JSON
    options = ["--repository", scene.forge.url, "--environment", "dev", "--output", "json"]
    return json.loads(CliRunner().invoke(command, options).stdout)


@pytest.fixture
def fleet(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A fleet in all states, of which SageMaker has nothing yet, and commands on its clock."""
    define(scene)
    entry = Entry("Lost", ABSENT, NOON, lease_end=NOON + HOUR)
    record = Record({EndpointName("demo-Lost-Endpoint"): entry})
    scene.logbook.keep("dev", record, Applied(scene.forge.tip, (), NOON))
    scene.account.use(monkeypatch, AWS_DEFAULT_REGION=REGION)
    for module in ("context", "next"):
        monkeypatch.setattr(f"leasehold.{module}.clock", lambda: scene.now)
    return scene


def test_everywhere_the_same_sentence(fleet: Scene) -> None:
    planned = {each["name"]: each["reason"] for each in run(fleet, plan)["actions"]}
    shown = {row["name"]: row["reason"] for row in run(fleet, status)}
    ahead = {row["name"]: row["standing"] for row in run(fleet, next_)}
    with serving(fleet) as models:
        for name, (state, _, _) in FLEET.items():
            told = models.read(name).body
            assert told["Status"] == state
            sentence = told["Why"]
            assert ahead[name] == sentence
            assert planned[name] == shown[name]
            assert planned[name].startswith(sentence)
            refused = models.ask(f"/invoke/{name}")
            assert (refused.status, refused.code) == (503, "LH4301")
            assert f"(absent): {sentence}." in refused.error


def shown(scene: Scene, command: click.Command) -> str:
    options = ["--repository", scene.forge.url, "--environment", "dev"]
    return CliRunner().invoke(command, options).output


def test_what_may_be_a_definition_is_said_beside_the_endpoints(fleet: Scene) -> None:
    fleet.push({"environments/dev/X.endpoint.JSON": "{}"})
    sentence = "environments/dev/X.endpoint.JSON: /: it may be a definition, and it is not read: "
    assert f"! {sentence}" in shown(fleet, status)
    assert shown(fleet, plan).count(sentence) == 1


def test_an_environment_behind_a_link_is_not_one_that_is_missing(fleet: Scene) -> None:
    git(fleet.ben.home, "mv", "environments", "elsewhere")
    (fleet.ben.home / "environments").symlink_to("elsewhere")
    git(fleet.ben.home, "add", ".")
    git(fleet.ben.home, "commit", "--quiet", "--message", "link it")
    fleet.ben.push()
    assert "environments: /: it is a symbolic link, " in shown(fleet, plan)


def test_every_state_is_compared() -> None:
    assert {state for state, _, _ in FLEET.values()} == set(State)
