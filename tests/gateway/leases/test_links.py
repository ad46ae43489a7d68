"""Links of notices over HTTP: looked at as often as one likes, they do what they say once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.principal import Principal, Scope
from ledger.links import CHANNEL, Keys, Link, LinkAction, expiry, sign
from ledger.variables import LINK_SECRET_VALUE
from tests.gateway.api import ANA, FALCON, READER, Answer, Api, deployed
from tests.ledger.forge import git
from tests.scene import NOON, definition, environment, lease, path, prices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

KEY = "k" * 32
KEYS = Keys((KEY,))
OWNER = "olga@example.com"
OPEN, SIGNED_IN = "/prod/extend-link", "/prod/extend-link/signed-in"
ONE, TWO = "2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"
PRICES = prices()


@pytest.fixture
def api(scene: Scene) -> Iterator[Api]:
    """The API with keys for links, and Falcon40B, which is Olga's, leased for an hour."""
    scene.push({"environments/dev/prices.json": PRICES})
    scene.define("Falcon40B", 60, owner=OWNER)
    server, table = deployed(scene, variables={LINK_SECRET_VALUE: KEY})
    with server:
        yield Api(scene, server.url, table, table.create(ANA, scene.now)[0])


def token(api: Api, keys: Keys = KEYS, **fields: Any) -> str:  # noqa: ANN401
    link = Link(
        environment="dev",
        endpoint_name=FALCON,
        action=LinkAction.EXTEND,
        minutes=60,
        lease=api.scene.forge.tip,
        nonce=keys.nonce("a notice"),
        expires_at=expiry(NOON + timedelta(hours=1), api.scene.now),
        audience=OWNER,
    )
    return sign(replace(link, **fields), keys)


def use(api: Api, link: str, *, confirm: str | None = None, **more: Any) -> Answer:  # noqa: ANN401
    """Use a link as nobody who signed in."""
    body = {"Token": link, **({"Confirm": confirm} if confirm else {})}
    return api.post(body, **{"token": None, "path": OPEN, **more})


def look(api: Api, link: str, **more: Any) -> Answer:  # noqa: ANN401
    return use(api, link, query={"dry_run": "true"}, **more)


class TestALinkThatAnOwnerGot:
    def test_extends_once_in_the_owners_name_and_says_how_it_came(self, api: Api) -> None:
        answer = use(api, token(api))
        assert answer.status == 200
        assert (answer.body["State"], answer.body["Was"]) == ("done", ONE)
        assert answer.body["ExpiresAt"] == TWO == api.read(FALCON).body["ExpiresAt"]
        assert answer.body["By"] == {"Name": "olga", "Email": OWNER}
        assert answer.body["Commit"] == api.scene.forge.tip
        assert answer.body["Cost"]["Added"] == "1.41"
        (message,) = api.log(form="%an <%ae> %(trailers:key=Lease-Via,separator=)")
        assert message == f"olga <{OWNER}> Lease-Via: link"

    def test_is_looked_at_without_a_commit_as_often_as_one_likes(self, api: Api) -> None:
        answer = look(api, token(api))
        assert answer.status == 200
        told = answer.body
        assert (told["State"], told["ExpiresAt"], told["SignIn"]) == ("ready", TWO, False)
        assert told["By"] == {"Name": "olga", "Email": OWNER}
        assert told["CommitMessage"].startswith(
            f"lease(dev): extend Falcon40B by 60 min to {TWO}\n"
        )
        assert "Lease-Via: link" in told["CommitMessage"]
        assert told["Cost"] == {
            "Added": "1.41",
            "PerHour": "1.408",
            "Currency": "USD",
            "PricesReadAt": "2026-11-01T08:00:00Z",
        }
        assert told["GoodUntil"] == TWO
        assert (
            f"ends at {ONE}, in 60 min. This would extend it by 60 min, to {TWO}."
            in (told["Sentence"])
        )
        assert api.log() == []

    def test_a_repeat_is_told_whose_commit_it_was(self, api: Api) -> None:
        link = token(api)
        first = use(api, link).body
        api.scene.let_pass(minutes=4)
        again = use(api, link)
        assert again.status == 200
        assert (again.body["State"], again.body["Commit"]) == ("used", first["Commit"])
        assert (again.body["ExpiresAt"], again.body["At"]) == (TWO, "2026-11-23T12:00:00Z")
        for word in ("used before", "olga", "2026-11-23T12:00:00Z", first["Commit"]):
            assert word in again.body["Sentence"]
        assert look(api, link).body["State"] == "used"
        assert len(api.log()) == 1

    def test_many_at_once_are_one_commit(self, api: Api) -> None:
        link = token(api)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: use(api, link), range(8)))
        assert {each.status for each in answers} == {200}
        assert sorted(each.body["State"] for each in answers).count("done") >= 1
        assert {each.body["Commit"] for each in answers} == {api.scene.forge.tip}
        assert api.log() == [f"olga lease(dev): extend Falcon40B by 60 min to {TWO}"]

    def test_is_no_idempotency_key_of_anybodys(self, api: Api) -> None:
        """A caller's own key is another thing, though it has the same letters."""
        nonce = KEYS.nonce("a notice")
        for key in (nonce, f"link\n{nonce}".replace("\n", "-")):
            assert api.extend(headers={"Idempotency-Key": key}, minutes=1).status == 200
        tip = api.scene.forge.tip
        assert use(api, token(api, lease=tip)).body["State"] == "done"

    def test_a_key_beside_it_makes_no_second_use(self, api: Api) -> None:
        link = token(api)
        for key in ("one", "two"):
            assert use(api, link, headers={"Idempotency-Key": key, "If-Match": "*"}).status == 200
        assert len(api.log()) == 1

    def test_after_the_lease_it_starts_the_endpoint_again_from_now(self, api: Api) -> None:
        link = token(api)
        api.scene.let_pass(minutes=90)
        assert f"ended at {ONE}" in look(api, link).body["Sentence"]
        assert use(api, link).body["ExpiresAt"] == "2026-11-23T14:30:00Z"

    def test_is_the_owners_no_more_when_somebody_else_owns_it(self, api: Api) -> None:
        link = token(api)
        api.scene.push({path("Falcon40B"): definition("Falcon40B", owner="zoe@example.com")})
        answer = use(api, link)
        assert (answer.status, answer.code) == (403, "LH4231")
        assert OWNER in answer.error
        assert api.log() == []

    @pytest.mark.parametrize("owner", [OWNER.upper(), f"ML {OWNER}", f"bo@example.com {OWNER}"])
    def test_is_for_whomever_the_owner_field_names(self, api: Api, owner: str) -> None:
        api.scene.push({path("Falcon40B"): definition("Falcon40B", owner=owner)})
        assert use(api, token(api)).body["By"] == {"Name": "olga", "Email": OWNER}

    def test_somebody_who_signed_in_uses_it_in_their_own_name(self, api: Api) -> None:
        answer = use(api, token(api), path=SIGNED_IN, token="")
        assert answer.body["By"] == {"Name": "Ana", "Email": "ana@example.com"}
        assert use(api, token(api)).body["By"]["Name"] == "Ana"  # and it is used up for all
        assert len(api.log()) == 1


class TestALeaseThatMovedOn:
    def test_is_asked_about_again_and_not_added_to_blindly(self, api: Api) -> None:
        link = token(api)
        extended = api.extend(minutes=30).body["Commit"]
        answer = use(api, link)
        assert (answer.status, answer.code) == (412, "LH4276")
        quote = answer.body["Quote"]
        assert (quote["State"], quote["Was"]) == ("moved", "2026-11-23T13:30:00Z")
        assert quote["ExpiresAt"] == "2026-11-23T14:30:00Z"
        for word in ("was changed", "Ana", extended, "14:30:00Z"):
            assert word in answer.error
        assert look(api, link).body["State"] == "moved"
        assert len(api.log()) == 1

    def test_is_extended_from_its_new_end_when_that_is_confirmed(self, api: Api) -> None:
        link = token(api)
        api.extend(minutes=30)
        quote = look(api, link).body
        answer = use(api, link, confirm=quote["Commit"])
        assert answer.body["State"] == "done"
        assert answer.body["ExpiresAt"] == quote["ExpiresAt"] == "2026-11-23T14:30:00Z"
        assert use(api, link).body["State"] == "used"
        assert use(api, link, confirm=answer.body["Commit"]).body["State"] == "used"
        assert len(api.log()) == 2

    def test_is_asked_about_again_when_it_moved_once_more(self, api: Api) -> None:
        link = token(api)
        api.extend(minutes=30)
        seen = look(api, link).body["Commit"]
        api.extend(minutes=30)
        assert use(api, link, confirm=seen).code == "LH4276"
        assert len(api.log()) == 2

    def test_other_files_do_not_move_it(self, api: Api) -> None:
        link = token(api)
        api.scene.define("Other", 60)
        assert use(api, link).body["State"] == "done"

    def test_a_lease_file_that_is_gone_has_moved_too(self, api: Api) -> None:
        link = token(api)
        api.scene.push({path("Falcon40B", "lease"): None})
        assert use(api, link).status in {409, 412}
        assert api.log() == []

    def test_a_commit_that_nobody_knows_is_no_lease_that_was_seen(self, api: Api) -> None:
        assert use(api, token(api, lease="0" * 40)).code == "LH4276"


class TestALinkThatAChannelGot:
    def test_shows_the_end_and_the_price_and_asks_to_sign_in(self, api: Api) -> None:
        answer = look(api, token(api, audience=CHANNEL))
        told = answer.body
        assert (answer.status, told["SignIn"], told["By"]) == (200, True, None)
        assert (told["ExpiresAt"], told["Cost"]["Added"]) == (TWO, "1.41")
        assert told["CommitMessage"] is None

    def test_is_used_by_nobody_who_did_not_sign_in(self, api: Api) -> None:
        answer = use(api, token(api, audience=CHANNEL))
        assert (answer.status, answer.code) == (401, "LH4277")
        assert "Sign in" in answer.error
        assert api.log() == []

    def test_is_used_in_the_name_of_who_signed_in_and_once_by_all(self, api: Api) -> None:
        link = token(api, audience=CHANNEL)
        quote = look(api, link, path=SIGNED_IN, token="").body
        assert (quote["By"]["Name"], quote["SignIn"]) == ("Ana", False)
        assert use(api, link, path=SIGNED_IN, token="").body["State"] == "done"
        zoe = Principal("Zoe", "zoe@example.com", frozenset({Scope.EXTEND}))
        again = use(api, link, path=SIGNED_IN, token=api.token_for(zoe)).body
        assert (again["State"], again["By"]["Name"]) == ("used", "Ana")
        assert look(api, link).body["By"]["Name"] == "Ana"
        assert len(api.log()) == 1

    def test_needs_a_token_that_may_extend_and_reaches_the_endpoint(self, api: Api) -> None:
        link = token(api, audience=CHANNEL)
        assert use(api, link, path=SIGNED_IN, token=None).status == 401
        reader = api.token_for(READER)
        assert use(api, link, path=SIGNED_IN, token=reader).code == "LH4031"
        narrow = replace(ANA, email="nia@example.com", only=frozenset({"other-*"}))
        other = api.token_for(narrow)
        assert use(api, link, path=SIGNED_IN, token=other).code == "LH4231"
        assert api.log() == []


class TestALinkThatReleases:
    def test_ends_the_lease_in_the_owners_name_once(self, api: Api) -> None:
        link = token(api, action=LinkAction.RELEASE, minutes=0)
        quote = look(api, link).body
        assert (quote["Action"], quote["State"], quote["Cost"]["Added"]) == (
            "release",
            "ready",
            "-1.41",
        )
        assert "This would end it now" in quote["Sentence"]
        assert use(api, link).body["State"] == "done"
        assert use(api, link).body["State"] == "used"
        assert api.read(FALCON).body["SecondsLeft"] == 0
        assert api.log() == ["olga lease(dev): release Falcon40B to 2026-11-23T12:00:00Z"]

    def test_is_asked_about_again_when_somebody_extended(self, api: Api) -> None:
        link = token(api, action=LinkAction.RELEASE, minutes=0)
        api.extend(minutes=30)
        assert use(api, link).code == "LH4276"
        assert use(api, link, confirm=look(api, link).body["Commit"]).body["State"] == "done"

    def test_of_a_channel_asks_whose_the_lease_is(self, api: Api) -> None:
        link = token(api, action=LinkAction.RELEASE, minutes=0, audience=CHANNEL)
        zoe = Principal("Zoe", "zoe@example.com", frozenset({Scope.EXTEND}))
        answer = use(api, link, path=SIGNED_IN, token=api.token_for(zoe))
        assert (answer.status, answer.code) == (403, "LH4233")
        assert api.log() == []


class TestWhatIsWrongWithALink:
    @pytest.mark.parametrize(
        ("wrong", "status", "code", "word"),
        [
            ({"environment": "prod"}, 403, "LH4274", "environment prod"),
            ({"minutes": 61}, 403, "LH4275", "60 min"),
            ({"expires_at": NOON}, 410, "LH4273", "was good until"),
            ({"keys": Keys(("x" * 32,))}, 403, "LH4272", "key"),
            ({"endpoint_name": "demo-None-Endpoint"}, 404, "LH4106", "no endpoint"),
        ],
    )
    def test_is_told_and_nothing_is_done(
        self, api: Api, wrong: dict[str, Any], status: int, code: str, word: str
    ) -> None:
        for ask in (use, look):
            answer = ask(api, token(api, **wrong))
            assert (answer.status, answer.code) == (status, code)
            assert word in answer.error
        assert api.log() == []

    def test_a_forged_and_a_cut_one(self, api: Api) -> None:
        whole = token(api)
        assert (use(api, whole[:-2] + "AA").status, use(api, whole[:-2] + "AA").code) == (
            403,
            "LH4271",
        )
        assert (use(api, "nothing").status, use(api, "nothing").code) == (400, "LH4270")
        assert use(api, "").code == "LH4002"
        assert api.log() == []

    def test_one_whose_commit_was_reverted_does_not_come_back(self, api: Api) -> None:
        link = token(api)
        commit = use(api, link).body["Commit"]
        api.scene.ben.pull()
        git(api.scene.ben.home, "revert", "--no-edit", commit)
        api.scene.ben.push()
        answer = use(api, link)
        assert (answer.status, answer.code) == (409, "LH4117")
        assert "this link was applied by" in answer.error
        assert "key" not in answer.error
        assert len(api.log()) == 1

    def test_past_the_ceiling_it_is_refused_as_any_extension(self, api: Api) -> None:
        limits = environment(limits={"max_lease_minutes": 90})
        api.scene.push({"environments/dev/environment.json": limits})
        answer = use(api, token(api))
        assert (answer.status, answer.code) == (422, "LH4102")

    def test_what_is_always_on_has_no_lease_to_extend(self, api: Api) -> None:
        link = token(api)
        api.scene.push(
            {path("Falcon40B"): definition("Falcon40B", owner=OWNER, schedule={"always_on": True})}
        )
        assert use(api, link).code == "LH4110"

    def test_without_keys_there_are_no_links(self, scene: Scene) -> None:
        scene.define("Falcon40B", 60, owner=OWNER)
        server, table = deployed(scene)
        with server:
            api = Api(scene, server.url, table, "")
            answer = use(api, token(api))
        assert (answer.status, answer.code) == (404, "LH4279")


class TestMachinesThatFollowLinks:
    def test_a_hundred_gets_are_no_commit(self, api: Api) -> None:
        link = token(api)
        for method in ("GET", "HEAD"):
            for _ in range(50):
                answer = api.send(method, path=OPEN, query={"Token": link}, token=None)
                assert answer.status in {403, 404, 405}
        assert api.log() == []
        assert api.read(FALCON).body["ExpiresAt"] == ONE

    def test_one_link_is_tried_ten_times_a_minute(self, api: Api) -> None:
        link = token(api)
        for _ in range(10):
            assert look(api, link).status == 200
        answer = look(api, link)
        assert (answer.status, answer.code) == (429, "LH4278")
        assert int(answer.headers["Retry-After"]) == 60
        api.scene.let_pass(minutes=1)
        assert look(api, link).status == 200

    def test_one_address_tries_sixty_links_a_minute(self, api: Api) -> None:
        for _ in range(60):
            assert use(api, "forged.token").code == "LH4270"
        answer = use(api, token(api))
        assert (answer.status, answer.code) == (429, "LH4278")
        assert api.log() == []


def test_a_link_for_a_lease_of_an_editor_is_good_as_well(api: Api) -> None:
    until = lease(NOON + timedelta(minutes=20))
    api.scene.push({path("Falcon40B", "lease"): until})
    assert use(api, token(api)).body["ExpiresAt"] == "2026-11-23T13:20:00Z"
