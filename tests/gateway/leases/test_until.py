"""Leases until an instant, answers without a commit, and changes of the lease that was read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.api import FALCON
from tests.scene import definition, environment, lease, path

if TYPE_CHECKING:
    from tests.gateway.api import Answer, Api

FIVE = "2026-11-23T17:00:00Z"


def until(api: Api, instant: str = FIVE, *, shorten: bool | None = None, **more: Any) -> Answer:  # noqa: ANN401
    wish = {} if shorten is None else {"shorten": shorten}
    return api.post({"EndpointName": FALCON, "until": instant, **wish}, **more)


def tag(answer: Answer) -> str:
    """Give the header's value: in quotes, as it is sent back."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return headers.get("etag", "")


class TestALeaseUntilAnInstant:
    def test_ends_then_and_is_a_commit_that_says_so(self, api: Api) -> None:
        answer = until(api)
        assert answer.status == 200
        assert answer.body["ExpiresAt"] == FIVE
        assert answer.body["TimeLeft"] == "5:00:00"
        assert answer.body["Commit"] == api.scene.forge.tip
        assert api.log() == [f"Ana lease(dev): set Falcon40B to {FIVE}"]

    @pytest.mark.parametrize(
        "instant",
        [
            "2026-11-23T18:00:00+01:00",
            "2026-11-23T18:00:00+0100",
            "2026-11-23T18:00:00+01",
            "2026-11-23T12:00-05:00",
            "2026-11-23T22:30:00+05:30",
            "2026-11-23T17:00:00.000Z",
            "2026-11-23T17:00:00.999999Z",
        ],
    )
    def test_may_be_written_by_any_clock(self, api: Api, instant: str) -> None:
        answer = until(api, instant)
        assert (answer.status, answer.body["ExpiresAt"]) == (200, FIVE)

    def test_is_absolute_so_that_asking_twice_gives_the_same_end(self, api: Api) -> None:
        assert until(api).body["ExpiresAt"] == until(api).body["ExpiresAt"] == FIVE

    @pytest.mark.parametrize("shorten", [None, False])
    def test_never_gets_shorter_by_mistake(self, api: Api, shorten: bool | None) -> None:  # noqa: FBT001
        answer = until(api, "2026-11-23T12:30:00Z", shorten=shorten)
        assert (answer.status, answer.code) == (409, "LH4103")
        assert '"shorten": true' in answer.error
        assert api.log() == []

    def test_gets_shorter_on_request(self, api: Api) -> None:
        answer = until(api, "2026-11-23T12:30:00Z", shorten=True)
        assert answer.body["ExpiresAt"] == "2026-11-23T12:30:00Z"

    def test_in_the_year_1_is_refused_where_it_is_written(self, api: Api) -> None:
        answer = until(api, "0001-01-01T00:00:00Z", shorten=True)
        assert (answer.status, answer.code) == (400, "LH4002")
        assert "/until: 0001-01-01T00:00:00Z is before the year 2000" in answer.error
        assert api.log() == []

    def test_past_the_ceiling_names_the_latest_end_and_the_file(self, api: Api) -> None:
        limits = environment(limits={"max_lease_minutes": 100})
        api.scene.push({"environments/dev/environment.json": limits})
        answer = until(api)
        assert (answer.status, answer.code) == (422, "LH4102")
        assert "the latest possible is 2026-11-23T13:40:00Z" in answer.error
        assert "max_lease_minutes in environments/dev/environment.json" in answer.error
        assert until(api, "2026-11-23T13:40:00Z").status == 200

    def test_of_what_is_always_on_is_refused(self, api: Api) -> None:
        api.scene.define("Search", schedule={"always_on": True})
        body = {"EndpointName": "demo-Search-Endpoint", "until": FIVE}
        assert api.post(body).code == "LH4110"


class TestALengthOfTime:
    @pytest.mark.parametrize("said", ["2h30m", "150", "2.5h", "PT2H30M", "2 h 30 min"])
    def test_may_be_written_as_people_and_programs_do(self, api: Api, said: str) -> None:
        by_minutes = api.post({"EndpointName": FALCON, "minutes": 150}, query={"dry_run": "true"})
        answer = api.post({"EndpointName": FALCON, "duration": said})
        assert (answer.status, answer.body["ExpiresAt"]) == (200, by_minutes.body["ExpiresAt"])
        assert api.log() == [f"Ana lease(dev): extend Falcon40B by 150 min to {_end(answer)}"]

    def test_adds_an_endpoint_too(self, api: Api) -> None:
        body = {"EndpointName": "new", "EndpointConfigName": "by-hand", "duration": "1h"}
        assert api.post(body).body["TimeLeft"] == 60


def _end(answer: Answer) -> str:
    return str(answer.body["ExpiresAt"])


class TestADryRun:
    def test_answers_what_would_be_granted_and_commits_nothing(self, api: Api) -> None:
        head = api.scene.forge.tip
        for body in ({"minutes": 10}, {"until": FIVE}):
            shown = api.post({"EndpointName": FALCON, **body}, query={"dry_run": "true"})
            assert (shown.status, shown.body["Commit"]) == (200, head)
            assert api.scene.forge.tip == head
        real = until(api)
        beside = {"Commit": "", "DryRun": True, "CommitMessage": shown.body["CommitMessage"]}
        assert {**shown.body, "Commit": ""} == {**real.body, **beside}

    def test_of_an_addition_shows_the_endpoint_that_is_not_there(self, api: Api) -> None:
        head = api.scene.forge.tip
        body = {"EndpointName": "mine", "EndpointConfigName": "by-hand", "minutes": 30}
        shown = api.post(body, query={"dry_run": "true"})
        assert (shown.body["EndpointName"], shown.body["TimeLeft"]) == ("mine", 30)
        assert api.scene.forge.tip == head
        assert api.read("mine").status == 404

    def test_of_a_release_shows_the_end(self, api: Api) -> None:
        shown = api.send("DELETE", query={"EndpointName": FALCON, "dry_run": "true"})
        assert (shown.body["Status"], shown.body["DryRun"]) == ("ended", True)
        assert api.read(FALCON).body["Status"] == "live"

    def test_that_is_not_asked_for_is_none(self, api: Api) -> None:
        assert api.extend(query={"dry_run": "false"}).body["Commit"] == api.scene.forge.tip


class TestTheETag:
    def test_is_the_commit_that_last_changed_the_lease(self, api: Api) -> None:
        defined = api.scene.forge.tip
        assert tag(api.read(FALCON)) == f'"{defined}"'
        changed = api.extend()
        assert tag(changed) == f'"{changed.body["Commit"]}"'
        api.scene.push({path("Other"): definition("Other")})
        assert tag(api.read(FALCON)) == tag(changed)
        assert api.read(FALCON).body["Commit"] == api.scene.forge.tip

    def test_follows_what_a_person_pushed(self, api: Api) -> None:
        api.read(FALCON)
        pushed = api.scene.push({path("Falcon40B", "lease"): lease(api.scene.now)})
        assert tag(api.read(FALCON)) == f'"{pushed}"'

    def test_is_not_there_where_there_is_no_lease(self, api: Api) -> None:
        api.scene.define("New")
        assert tag(api.read("demo-New-Endpoint")) == ""


class TestIfMatch:
    def test_lets_the_lease_be_changed_that_was_read(self, api: Api) -> None:
        read = api.read(FALCON)
        api.scene.push({path("Other"): definition("Other")})
        assert api.extend(headers={"If-Match": tag(read)}).status == 200

    @pytest.mark.parametrize("key", ["ETag", "Commit"])
    def test_takes_the_tag_and_the_commit_of_any_answer(self, api: Api, key: str) -> None:
        api.scene.push({path("Other"): definition("Other")})
        read = api.read(FALCON)
        name = tag(read) if key == "ETag" else read.body["Commit"]
        assert until(api, headers={"If-Match": name}).status == 200

    def test_refuses_what_somebody_has_changed_and_names_the_present_one(self, api: Api) -> None:
        read = api.read(FALCON)
        present = api.extend().body["Commit"]
        wish = {"If-Match": tag(read)}
        for answer in (
            api.extend(headers=wish),
            until(api, headers=wish),
            api.release(headers=wish),
        ):
            assert (answer.status, answer.code) == (412, "LH4112")
            assert f"commit {present}" in answer.error
        assert api.scene.forge.tip == present
        assert api.release(headers={"If-Match": present}).status == 200

    def test_with_a_star_wants_any_lease(self, api: Api) -> None:
        api.scene.define("New")
        wish = {"If-Match": "*"}
        assert api.extend(headers=wish).status == 200
        assert api.extend("demo-New-Endpoint", headers=wish).code == "LH4112"

    def test_among_many_at_once_lets_one_pass(self, api: Api) -> None:
        wish = {"If-Match": tag(api.read(FALCON))}
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: api.extend(headers=wish), range(8)))
        assert sorted(answer.status for answer in answers) == [200, *[412] * 7]
        assert len(api.log()) == 1

    def test_holds_for_a_dry_run_too(self, api: Api) -> None:
        read = api.read(FALCON)
        api.extend()
        wish = {"If-Match": tag(read)}
        assert api.extend(headers=wish, query={"dry_run": "true"}).code == "LH4112"

    def test_does_not_take_a_repeated_key_for_a_change(self, api: Api) -> None:
        wish = {"If-Match": tag(api.read(FALCON)), "Idempotency-Key": "k-1"}
        assert api.extend(headers=wish).body == api.extend(headers=wish).body
        assert len(api.log()) == 1
