"""Who may end a lease before its time: with `extend` alone, only what is one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.leases import ending
from gateway.principal import Principal, Scope
from tests.gateway.api import FALCON
from tests.scene import definition, path

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.api import Answer, Api

EVA = Principal("Eva", "Eva@example.com", frozenset({Scope.EXTEND}))
SOON = "2026-11-23T12:01:00Z"


def release(api: Api, token: str) -> Answer:
    return api.release(token=token)


def shorten(api: Api, token: str) -> Answer:
    body = {"EndpointName": FALCON, "until": SOON, "shorten": True}
    return api.post(body, token=token)


ENDINGS = [release, shorten]


@pytest.fixture
def eva(api: Api) -> str:
    return api.token_for(EVA)


@pytest.mark.parametrize("end", ENDINGS)
class TestWithExtendAlone:
    def test_anothers_lease_stays(
        self, api: Api, eva: str, end: Callable[[Api, str], Answer]
    ) -> None:
        api.extend()
        answer = end(api, eva)
        assert (answer.status, answer.code) == (403, "LH4233")
        assert "Ana extended it last" in answer.error
        assert "scope release" in answer.error
        assert api.read(FALCON).body["Status"] == "live"

    def test_a_lease_of_somebodys_own_commit_stays(
        self, api: Api, eva: str, end: Callable[[Api, str], Answer]
    ) -> None:
        assert end(api, eva).code == "LH4233"

    def test_what_one_extended_last_may_end(
        self, api: Api, eva: str, end: Callable[[Api, str], Answer]
    ) -> None:
        api.extend(token=eva)
        assert end(api, eva).status == 200

    def test_what_one_has_extended_before_somebody_else_stays(
        self, api: Api, eva: str, end: Callable[[Api, str], Answer]
    ) -> None:
        api.extend(token=eva)
        api.extend()
        assert end(api, eva).code == "LH4233"

    @pytest.mark.parametrize("owner", ["eva@example.com", "EVA@example.com", "Eva eva@example.com"])
    def test_what_one_owns_may_end(
        self, api: Api, eva: str, end: Callable[[Api, str], Answer], owner: str
    ) -> None:
        owned = {path("Falcon40B"): definition("Falcon40B", owner=owner)}
        api.scene.push(owned, "give it to Eva")
        assert end(api, eva).status == 200

    def test_what_a_namesake_owns_stays(
        self, api: Api, eva: str, end: Callable[[Api, str], Answer]
    ) -> None:
        owned = {path("Falcon40B"): definition("Falcon40B", owner="not-eva@example.com")}
        api.scene.push(owned, "give it away")
        answer = end(api, eva)
        assert answer.code == "LH4233"
        assert "not-eva@example.com owns it" in answer.error


def test_with_the_scope_release_anybodys_may_end(api: Api) -> None:
    rex = Principal("Rex", "rex@example.com", frozenset({Scope.RELEASE}))
    assert api.release(token=api.token_for(rex)).status == 200
    assert api.extend(token=api.token_for(rex)).code == "LH4031"


def test_without_either_scope_nothing_may_end(api: Api) -> None:
    rob = Principal("Rob", "rob@example.com", frozenset({Scope.READ, Scope.ADD, Scope.INVOKE}))
    assert api.release(token=api.token_for(rob)).code == "LH4031"


def test_shortening_that_does_not_shorten_is_an_extension(api: Api, eva: str) -> None:
    body = {"EndpointName": FALCON, "until": "2026-11-23T15:00:00Z", "shorten": True}
    assert api.post(body, token=eva).status == 200


def test_what_is_refused_by_itself_is_refused_so(api: Api, eva: str) -> None:
    assert api.release("Nobody", token=eva).code == "LH4106"


def test_a_repeated_key_gets_its_answer_whoever_has_extended_since(api: Api, eva: str) -> None:
    api.extend(token=eva)
    key = {"Idempotency-Key": "end-1"}
    first = api.release(token=eva, headers=key)
    api.extend()
    again = api.release(token=eva, headers=key)
    assert (first.status, again.status) == (200, 200)
    assert again.body["Commit"] == first.body["Commit"]
    assert api.read(FALCON).body["Status"] == "live"


@pytest.mark.parametrize(("rivals", "code"), [(1, None), (3, "LH4234")])
def test_a_lease_that_others_change_meanwhile_is_looked_at_again(
    api: Api, eva: str, monkeypatch: pytest.MonkeyPatch, rivals: int, code: str | None
) -> None:
    api.extend(token=eva)
    look, left = ending.look, [eva] * rivals

    def then_changed(*arguments: object) -> ending.Ending:
        found = look(*arguments)  # type: ignore[arg-type]
        if left:
            api.extend(token=left.pop())
        return found

    monkeypatch.setattr(ending, "look", then_changed)
    answer = api.release(token=eva)
    assert (answer.status, answer.body.get("code")) == (409 if code else 200, code)
