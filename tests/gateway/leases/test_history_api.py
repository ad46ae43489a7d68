"""Who kept an endpoint alive, when and why: as git has it, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.principal import Principal, Scope
from tests.gateway.api import FALCON
from tests.ledger.forge import git
from tests.scene import lease, path

if TYPE_CHECKING:
    from tests.gateway.api import Answer, Api


def history(
    api: Api, name: str | None = FALCON, limit: str | None = None, token: str = ""
) -> Answer:
    query = {"EndpointName": name, "limit": limit}
    return api.send(
        "GET",
        query={key: value for key, value in query.items() if value is not None},
        token=token,
        path="/prod/endpoint-expiry/history",
    )


class TestTheHistory:
    def test_tells_the_newest_change_first_and_each_with_all_that_git_knows(self, api: Api) -> None:
        api.extend(minutes=10)
        api.scene.let_pass(minutes=5)
        body = {"EndpointName": FALCON, "until": "2026-11-23T17:00:00Z", "reason": "the board"}
        eva = Principal("Eva", "eva@example.com", frozenset({Scope.EXTEND}))
        committed = api.post(body, token=api.token_for(eva)).body["Commit"]

        answer = history(api)

        assert answer.status == 200
        first, second = answer.body
        trailer = "--format=%(trailers:key=Request-Id,valueonly)"
        request_id = git(api.scene.forge.bare, "log", "-1", trailer, committed)
        assert first == {
            "At": "2026-11-23T12:05:00Z",
            "By": {"Name": "Eva", "Email": "eva@example.com"},
            "Action": "set",
            "From": "2026-11-23T13:10:00Z",
            "To": "2026-11-23T17:00:00Z",
            "Reason": "the board",
            "Commit": committed,
            "RequestId": request_id,
            "Proven": None,
        }
        assert (second["Action"], second["Reason"], second["By"]["Name"]) == ("extend", None, "Ana")

    def test_of_a_new_endpoint_begins_with_no_end_before(self, api: Api) -> None:
        api.post({"EndpointName": "mine", "EndpointConfigName": "by-hand", "minutes": 30})
        (only,) = history(api, "mine").body
        assert (only["Action"], only["From"]) == ("grant", None)

    def test_is_empty_for_what_was_never_leased(self, api: Api) -> None:
        api.scene.define("New")
        assert history(api, "demo-New-Endpoint").body == []

    def test_is_of_one_endpoint_only_by_either_name(self, api: Api) -> None:
        api.scene.define("Other", 60)
        api.extend("demo-Other-Endpoint")
        assert history(api).body == []
        assert len(history(api, "other").body) == 1

    def test_has_at_most_as_many_as_are_wanted_and_else_twenty(self, api: Api) -> None:
        for _ in range(22):
            api.extend(minutes=1)
        newest = api.read(FALCON).body["ExpiresAt"]
        assert [each["To"] for each in history(api, limit="1").body] == [newest]
        assert len(history(api).body) == 20
        assert len(history(api, limit="100").body) == 22

    def test_of_an_endpoint_that_is_frozen_can_still_be_read(self, api: Api) -> None:
        api.extend()
        api.scene.push({path("Falcon40B"): "{"}, "oops")
        assert len(history(api).body) == 1

    def test_passes_over_what_a_person_pushed_without_a_reason(self, api: Api) -> None:
        api.extend()
        api.scene.push({path("Falcon40B", "lease"): lease(api.scene.now)}, "by hand")
        assert [each["Action"] for each in history(api).body] == ["extend"]
