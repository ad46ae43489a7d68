"""Is my push live? What the controller noted, compared with the commit that somebody asks about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ledger.committers import CONTROLLER
from ledger.lease import stamp
from ledger.snapshot import Change
from tests.gateway.api import FALCON, READER
from tests.ledger.forge import git

if TYPE_CHECKING:
    from tests.gateway.api import Answer, Api

NOTED_AT = "2026-11-23T12:00:00Z"


def ask(api: Api, commit: str, **query: str) -> Answer:
    return api.send("GET", query={"commit": commit, **query}, path="/prod/reconcile")


def note(api: Api, commit: str, *left: str) -> None:
    """What the controller writes after a tick that had news."""
    data = {"commit": commit, "at": stamp(api.scene.now), "open": sorted(left)}
    write(api, json.dumps(data).encode())


def write(api: Api, content: bytes) -> None:
    change = Change({"dev.applied.json": content}, "status(dev): note\n", CONTROLLER, uuid4().hex)
    api.scene.open_status().commit(lambda _: change)


class TestACommit:
    def test_is_not_applied_before_the_controller_has_noted_anything(self, api: Api) -> None:
        head = api.scene.forge.tip
        assert ask(api, head).body == {
            "Commit": head,
            "Applied": False,
            "Head": head,
            "AppliedCommit": None,
            "Open": [],
            "At": None,
        }

    def test_is_applied_when_the_controller_has_noted_it(self, api: Api) -> None:
        head = api.scene.forge.tip
        note(api, head)
        assert ask(api, head).body == {
            "Commit": head,
            "Applied": True,
            "Head": head,
            "AppliedCommit": head,
            "Open": [],
            "At": NOTED_AT,
        }

    def test_is_applied_when_a_later_one_is(self, api: Api) -> None:
        mine = api.scene.forge.tip
        api.extend()
        note(api, api.scene.forge.tip)
        assert ask(api, mine).body["Applied"] is True

    def test_is_not_applied_when_only_an_earlier_one_is(self, api: Api) -> None:
        note(api, api.scene.forge.tip)
        api.extend()
        body = ask(api, api.scene.forge.tip).body
        assert body["Applied"] is False
        assert body["Head"] == api.scene.forge.tip != body["AppliedCommit"]

    def test_of_a_branch_is_applied_with_the_merge_that_took_it_in(self, api: Api) -> None:
        api.scene.ben.pull()
        home = api.scene.ben.home
        mine = api.scene.ben.commit({"notes.md": "mine"}, "work on a branch")
        git(home, "reset", "--quiet", "--hard", "HEAD~1")
        api.scene.ben.commit({"README.md": "us"}, "work on main")
        git(home, "merge", "--quiet", "--no-ff", "-m", "merge", mine)
        api.scene.ben.push()
        assert ask(api, mine).body["Applied"] is False
        note(api, api.scene.forge.tip)
        assert ask(api, mine).body["Applied"] is True

    @pytest.mark.parametrize("digits", [7, 12, 40])
    def test_is_known_by_its_beginning(self, api: Api, digits: int) -> None:
        head = api.scene.forge.tip
        assert ask(api, head[:digits]).body["Commit"] == head
        assert ask(api, head[:digits].upper()).body["Commit"] == head

    def test_that_a_rewritten_branch_has_lost_is_unknown(self, api: Api) -> None:
        lost = api.scene.forge.tip
        note(api, lost)
        api.read()
        git(api.scene.forge.bare, "update-ref", "refs/heads/main", "main~1")
        assert ask(api, lost).code == "LH4409"
        assert ask(api, api.scene.forge.tip).body["Applied"] is True

    def test_is_not_applied_when_the_note_is_about_a_history_that_is_gone(self, api: Api) -> None:
        note(api, "1" * 40)
        answer = ask(api, api.scene.forge.tip)
        assert (answer.status, answer.body["Applied"]) == (200, False)


class TestWhatIsOpen:
    def test_keeps_a_commit_from_being_applied(self, api: Api) -> None:
        note(api, api.scene.forge.tip, FALCON)
        body = ask(api, api.scene.forge.tip).body
        assert (body["Applied"], body["Open"]) == (False, [FALCON])

    def test_elsewhere_does_not_matter_to_who_asks_about_one_endpoint(self, api: Api) -> None:
        note(api, api.scene.forge.tip, "demo-Other-Endpoint")
        head = api.scene.forge.tip
        assert ask(api, head).body["Applied"] is False
        body = ask(api, head, EndpointName="falcon40b").body
        assert (body["Applied"], body["Open"]) == (True, [])

    def test_at_that_endpoint_does(self, api: Api) -> None:
        note(api, api.scene.forge.tip, "demo-Other-Endpoint", FALCON)
        body = ask(api, api.scene.forge.tip, EndpointName=FALCON).body
        assert (body["Applied"], body["Open"]) == (False, [FALCON])

    def test_at_an_endpoint_that_does_not_exist_is_no_answer(self, api: Api) -> None:
        answer = ask(api, api.scene.forge.tip, EndpointName="nobody")
        assert (answer.status, answer.code) == (404, "LH4106")


@pytest.mark.parametrize("commit", ["", "main", "HEAD~1", "123456", "g" * 40, "a" * 41, " abcdef1"])
def test_what_is_no_commits_id_is_refused(quiet_api: Api, commit: str) -> None:
    answer = ask(quiet_api, commit)
    assert (answer.status, answer.code) == (400, "LH4408")


def test_without_a_commit_it_is_refused(quiet_api: Api) -> None:
    assert quiet_api.send("GET", path="/prod/reconcile").code == "LH4408"


@pytest.mark.parametrize("commit", ["0" * 40, "1234567"])
def test_a_commit_that_nobody_knows_is_not_found(quiet_api: Api, commit: str) -> None:
    answer = ask(quiet_api, commit)
    assert (answer.status, answer.code) == (404, "LH4409")


def test_the_id_of_a_file_is_not_found(quiet_api: Api) -> None:
    blob = git(quiet_api.scene.forge.bare, "rev-parse", "main:environments")
    assert ask(quiet_api, blob).code == "LH4409"


def test_a_reader_may_ask_and_somebody_without_a_token_may_not(quiet_api: Api) -> None:
    head = quiet_api.scene.forge.tip
    query = {"commit": head}
    reader = quiet_api.token_for(READER)
    assert quiet_api.send("GET", query=query, token=reader, path="/prod/reconcile").status == 200
    assert quiet_api.send("GET", query=query, token=None, path="/prod/reconcile").status == 401
