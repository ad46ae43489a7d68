"""`GET /fleet` over HTTP: a real ledger, a real controller's notes, who may see what, and polls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from gateway.principal import Principal, Scope
from ledger.errors import Unavailable
from ledger.json_files import SCHEMAS
from tests.gateway.api import ANA, FALCON
from tests.gateway.fleet.views import PRICES
from tests.scene import STARTUP, definition, lease

if TYPE_CHECKING:
    import pytest

    from tests.gateway.api import Answer, Api

SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "fleet.schema.json").read_bytes()))
PATH = "/prod/fleet"


def read(api: Api, **more: Any) -> Answer:  # noqa: ANN401
    return api.send("GET", path=PATH, **more)


def only(answer: Answer) -> dict[str, Any]:
    SCHEMA.validate(answer.body)
    (row,) = answer.body["Endpoints"]
    return dict(row)


def test_it_says_who_kept_it_what_runs_and_what_it_costs(api: Api) -> None:
    scene = api.scene
    scene.push({"environments/dev/prices.json": PRICES})
    scene.tick()
    scene.let_pass(minutes=2)
    scene.tick()
    made = api.post({"EndpointName": FALCON, "minutes": 10, "reason": "demo for the board"})
    scene.let_pass(minutes=30)
    answer = read(api)
    row = only(answer)
    assert row["SageMaker"]["Status"] == "InService"
    assert (row["PerHour"], row["SoFar"]) == ("1.408", "0.75")
    change = row["LastChange"]
    assert change["By"] == {"Name": "Ana", "Email": "ana@example.com"}
    assert (change["Action"], change["Reason"]) == ("extend", "demo for the board")
    assert change["Commit"] == made.body["Commit"] == answer.body["Commit"]
    assert answer.body["ObservedAt"] == "2026-11-23T12:02:00Z"


def test_what_ran_today_is_told_when_it_is_gone(api: Api) -> None:
    scene = api.scene
    scene.push({"environments/dev/prices.json": PRICES})
    for minutes in (0, 2, 60, 10):  # it is asked for, in service, ended, gone
        scene.let_pass(minutes=minutes)
        scene.tick()
    answer = read(api)
    row = only(answer)
    assert (row["SageMaker"]["Status"], row["IsBilled"]) == ("absent", False)
    assert row["StartTakes"] == STARTUP
    assert answer.body["Totals"]["SpentToday"]["Amount"] == "1.45"  # 62 minutes


def test_a_poll_is_answered_once_while_nothing_changes(api: Api) -> None:
    first = read(api)
    known = {"If-None-Match": first.headers["Etag"]}
    again = read(api, headers=known)
    assert (again.status, again.text) == (304, "")
    assert again.headers["Etag"] == first.headers["Etag"]
    assert again.headers["Cache-Control"] == "private, no-cache"
    api.extend(minutes=1)
    assert read(api, headers=known).status == 200


def test_its_tag_is_good_for_a_change(api: Api) -> None:
    row = only(read(api))
    held = {"If-Match": row["ETag"]}
    assert api.extend(minutes=1, headers=held).status == 200
    assert api.extend(minutes=1, headers=held).status == 412


def test_a_lease_that_somebody_wrote_by_hand_names_them(api: Api) -> None:
    api.scene.push(
        {"environments/dev/Falcon40B.lease.json": lease(api.scene.now)}, "let it go\n\nfor now"
    )
    change = only(read(api))["LastChange"]
    assert (change["Action"], change["Reason"]) == ("edit", "let it go")
    assert change["By"]["Name"] == "Ben"


def test_a_lease_that_ended_long_ago_has_one_too(api: Api) -> None:
    api.extend(minutes=1)
    api.scene.let_pass(days=5)
    row = only(read(api))
    assert (row["LeaseState"], row["LastChange"]["Action"]) == ("ended", "extend")


def test_a_lease_that_is_gone_is_forgotten(api: Api) -> None:
    assert only(read(api))["LastChange"]
    gone = {f"environments/dev/Falcon40B.{kind}.json": None for kind in ("endpoint", "lease")}
    api.scene.push(gone, "not any more")
    assert read(api).body["Endpoints"] == []


def test_the_history_is_looked_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.extend(minutes=1)
    asked: list[str] = []
    journal = type(api.scene.repository).journal

    def counted(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        asked.append(args[1])
        journal(*args, **kwargs)

    monkeypatch.setattr("ledger.repository.Repository.journal", counted)
    for _ in range(3):
        assert only(read(api))["LastChange"]["Action"] == "extend"
    assert len(asked) == 1
    api.scene.push({"environments/dev/B.endpoint.json": definition("B")})
    read(api)
    assert len(asked) == 1  # no lease has changed


def test_a_history_that_cannot_be_read_hides_nothing_else(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:  # noqa: ANN401
        raise Unavailable("LH2008", "no")

    monkeypatch.setattr("ledger.repository.Repository.journal", broken)
    answer = read(api)
    assert only(answer)["LastChange"] is None
    assert "Etag" not in answer.headers  # once it can be read, there is more to say


def test_an_environment_that_cannot_be_read_is_said_to_be_frozen(api: Api) -> None:
    api.scene.push({"environments/dev/environment.json": "{"})
    answer = read(api)
    assert (answer.status, answer.code) == (409, "LH4109")
    assert "environments/dev/environment.json" in answer.error


class TestMe:
    def test_is_whoever_asks_whatever_they_may_do(self, api: Api) -> None:
        narrow = frozenset({"owner:bo@example.com"})
        bo = Principal("Bo", "bo@example.com", frozenset({Scope.INVOKE}), narrow)
        answer = api.send("GET", path="/prod/me", token=api.token_for(bo))
        assert answer.body == {
            "Name": "Bo",
            "Email": "bo@example.com",
            "Scopes": ["invoke"],
            "Only": ["owner:bo@example.com"],
            "Environment": "dev",
        }
        assert answer.headers["Cache-Control"] == "no-store"
        assert api.send("GET", path="/prod/me").body["Scopes"] == sorted(ANA.scopes)

    def test_is_nobody_without_a_token(self, api: Api) -> None:
        assert api.send("GET", path="/prod/me", token=None).status == 401


class TestTheConsole:
    def test_is_served_without_a_token_below_the_stage(self, quiet_api: Api) -> None:
        page = quiet_api.send("GET", path="/prod/console", token=None)
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        digest = page.text.partition("console/")[2][:16]
        file = quiet_api.send("GET", path=f"/prod/console/{digest}/app.js", token=None)
        assert file.headers["Content-Type"] == "text/javascript; charset=utf-8"
        missing = quiet_api.send("GET", path=f"/prod/console/{digest}/no.js", token=None)
        assert (missing.status, missing.code) == (404, "LH4261")

    def test_is_led_to_from_a_slash_at_its_end(self, quiet_api: Api) -> None:
        """The browser follows it: to the page, not to one below it."""
        page = quiet_api.send("GET", path="/prod/console/", token=None)
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_a_dry_run_says_the_commit_message_as_it_would_be(quiet_api: Api) -> None:
    body = {"EndpointName": FALCON, "minutes": 5, "reason": "a look"}
    told = quiet_api.post(body, query={"dry_run": "true"}).body
    assert told["CommitMessage"].startswith("lease(dev): extend Falcon40B by 5 min to ")
    assert "\n> a look\n" in told["CommitMessage"]
    query = {"EndpointName": FALCON, "dry_run": "true"}
    assert "CommitMessage" in quiet_api.send("DELETE", query=query).body
