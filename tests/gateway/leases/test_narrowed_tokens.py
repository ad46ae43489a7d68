"""A token for some endpoints alone reads, changes and asks these, by either name, and no others.

It names them, or those who own them by their definitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.principal import Principal, Scope
from tests.conftest import staged
from tests.gateway.serving import FALCON, FLEET, PROMPT, Models, serving, start_fleet
from tests.scene import definition, path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHER = "demo-Writer-Endpoint"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("narrowed")) as scene:
        start_fleet(scene)
        owned = {"owner": "Ana Ana@example.com"}
        scene.push({path("Falcon40B"): definition("Falcon40B", **FLEET["Falcon40B"], **owned)})
        scene.push({path("Plain"): definition("Plain", owner="ben@example.com")})
        scene.tick()
        with serving(scene) as running:
            yield running


@pytest.fixture(scope="module", params=["demo-falcon*", "owner:ana@example.com", "OWNER:An*"])
def token(models: Models, request: pytest.FixtureRequest) -> str:
    only = frozenset({request.param})
    return models.token_for(Principal("Eve", "eve@example.com", frozenset({Scope.ADMIN}), only))


def history(models: Models, name: str, token: str) -> Any:  # noqa: ANN401
    query = {"EndpointName": name}
    return models.send("GET", query=query, token=token, path="/prod/endpoint-expiry/history")


ASKED: list[Callable[[Models, str, str], Any]] = [
    lambda api, name, token: api.read(name, token=token),
    history,
    lambda api, name, token: api.extend(name, query={"dry_run": "true"}, token=token),
    lambda api, name, token: api.extend(name, token=token),
    lambda api, name, token: api.ask(f"/invoke/{name}", PROMPT, token=token),
    lambda api, name, token: api.ask(
        "/startexecution", {"endpointname": name, "body": PROMPT}, token=token
    ),
]


@pytest.mark.parametrize("ask", ASKED)
def test_what_it_is_for_is_reached_by_either_name(
    models: Models, token: str, ask: Callable[[Models, str, str], Any]
) -> None:
    for name in (FALCON, "Falcon40B", "falcon40b"):
        assert ask(models, name, token).status == 200


@pytest.mark.parametrize("ask", [*ASKED, lambda api, name, token: api.release(name, token=token)])
def test_everything_else_is_refused_by_either_name(
    models: Models, token: str, ask: Callable[[Models, str, str], Any]
) -> None:
    for name in (OTHER, "Writer"):
        answer = ask(models, name, token)
        assert (answer.status, answer.code) == (403, "LH4231"), answer
        assert "This token is for " in answer.error


def test_the_list_has_what_it_reaches(models: Models, token: str) -> None:
    assert {each["EndpointName"] for each in models.read(token=token).body} == {FALCON}
    assert len(models.read().body) > 1


@pytest.mark.parametrize("only", ["o*", "owner:example.com", "owner:an"])
def test_what_nobody_of_that_name_owns_is_not_reached(models: Models, only: str) -> None:
    narrow = Principal("Eve", "eve@example.com", frozenset({Scope.READ}), frozenset({only}))
    assert models.read(token=models.token_for(narrow)).body == []


def test_what_is_open_is_told_of_what_it_reaches(models: Models, token: str) -> None:
    scene = models.scene
    for name in "XY":
        scene.define(name, 60, owner="ben@example.com")
    commit = scene.repository.read().commit
    scene.tick()
    query = {"commit": commit}
    whole = models.send("GET", query=query, path="/prod/reconcile").body
    assert {"demo-X-Endpoint", "demo-Y-Endpoint"} <= set(whole["Open"])
    narrow = models.send("GET", query=query, token=token, path="/prod/reconcile").body
    assert not {"demo-X-Endpoint", "demo-Y-Endpoint"} & set(narrow["Open"])
    bens = Principal("Eve", "eve@example.com", frozenset({Scope.READ}), frozenset({"owner:ben*"}))
    seen = models.send(
        "GET", query=query, token=models.token_for(bens), path="/prod/reconcile"
    ).body
    assert {"demo-X-Endpoint", "demo-Y-Endpoint"} <= set(seen["Open"])


def test_an_endpoint_is_added_only_within_its_globs(models: Models, token: str) -> None:
    body = {"EndpointName": "Painter", "EndpointConfigName": "cfg", "minutes": 5}
    answer = models.post(body, token=token)
    assert (answer.status, answer.code) == (403, "LH4231")


def test_a_models_own_path_is_closed(models: Models, token: str) -> None:
    answer = models.ask("/falcon", PROMPT, token=token)
    assert (answer.status, answer.code) == (403, "LH4030")


def test_a_long_call_to_another_endpoint_is_not_told(models: Models, token: str) -> None:
    ida = Principal("Eve", "eve@example.com", frozenset({Scope.INVOKE}))
    body = {"endpointname": FALCON, "body": PROMPT}
    started = models.ask("/startexecution", body, token=models.token_for(ida)).body
    other = Principal("Eve", "eve@example.com", frozenset({Scope.INVOKE}), frozenset({"x*"}))
    asked = {"executionArn": started["executionArn"]}
    narrow = models.token_for(other)
    assert models.ask("/describeexecution", asked, token=narrow).code == "LH4231"
    assert models.ask("/describeexecution", asked, token=token).status == 200
