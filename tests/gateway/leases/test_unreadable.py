"""Unreadable is not absent: a broken environment is told as frozen by every route that looks up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway.api import FALCON
from tests.scene import path

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.api import Answer, Api

SETTINGS = "environments/dev/environment.json"


def history(api: Api, name: str = FALCON) -> Answer:
    return api.send("GET", query={"EndpointName": name}, path="/prod/endpoint-expiry/history")


def reconcile(api: Api, name: str = FALCON) -> Answer:
    query = {"commit": api.scene.forge.tip, "EndpointName": name}
    return api.send("GET", query=query, path="/prod/reconcile")


def addition(api: Api) -> Answer:
    return api.post({"EndpointName": "mine", "EndpointConfigName": "by-hand", "minutes": 30})


ROUTES: dict[str, Callable[[Api], Answer]] = {
    "one": lambda api: api.read(FALCON),
    "all": lambda api: api.read(),
    "history": history,
    "reconcile": reconcile,
    "extend": lambda api: api.extend(),
    "extend if any": lambda api: api.extend(headers={"If-Match": "*"}),
    "extend if seen": lambda api: api.extend(headers={"If-Match": f'"{api.scene.forge.tip}"'}),
    "extend dry": lambda api: api.extend(query={"dry_run": "true"}),
    "add": addition,
    "release": lambda api: api.release(),
    "release if any": lambda api: api.release(headers={"If-Match": "*"}),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("settings", ["{", None], ids=["broken", "missing"])
def test_a_frozen_environment_is_told_with_what_is_wrong(
    api: Api, route: str, settings: str | None
) -> None:
    head = api.scene.push({SETTINGS: settings}, "oops")
    answer = ROUTES[route](api)
    assert (answer.status, answer.code) == (409, "LH4109")
    assert SETTINGS in answer.error
    assert api.scene.forge.tip == head


@pytest.mark.parametrize("route", [api for api in ROUTES if api.startswith(("extend", "release"))])
def test_a_frozen_endpoint_is_not_changed(api: Api, route: str) -> None:
    head = api.scene.push({path("Falcon40B"): "{"}, "oops")
    answer = ROUTES[route](api)
    assert (answer.status, answer.code) == (409, "LH4109")
    assert path("Falcon40B") in answer.error
    assert api.scene.forge.tip == head


def test_a_frozen_endpoint_can_still_be_read(api: Api) -> None:
    api.scene.push({path("Falcon40B"): "{"}, "oops")
    assert [ask(api).status for ask in (history, reconcile)] == [200, 200]
    assert api.read(FALCON).body["Status"] == "frozen"


def test_a_lease_that_was_seen_while_the_environment_was_broken_is_the_lease_for_all_that(
    api: Api,
) -> None:
    settings = api.scene.forge.file(SETTINGS)
    seen = api.scene.push({SETTINGS: "{"}, "oops")
    api.scene.push({SETTINGS: settings}, "mend it")
    assert api.extend(headers={"If-Match": f'"{seen}"'}).status == 200


@pytest.mark.parametrize("ask", [history, reconcile, lambda api, name: api.read(name)])
def test_a_name_that_nobody_has_is_not_found(api: Api, ask: Callable[[Api, str], Answer]) -> None:
    answer = ask(api, "nobody")
    assert (answer.status, answer.code) == (404, "LH4106")
    assert answer.error.startswith("no endpoint is called nobody in dev")
