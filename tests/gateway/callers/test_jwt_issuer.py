"""JWTs at the API's door: a real issuer on loopback, real keys, DynamoDB beside it."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.callers.authorizer import Authorizer, UnauthorizedError
from gateway.callers.jwks import SigningKeys
from gateway.callers.jwt_issuer import Issuer
from gateway.principal import LONGEST, Principal, Scope
from ledger.errors import Refused, Unavailable
from ledger.identity_settings import Identities
from tests.gateway.door import NOON, Clock, api_behind, ask, event
from tests.gateway.issuer import AUDIENCE, LocalIssuer, ec_key, jwk, rsa_key, signed
from tests.ledger.stalling import Stalling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient

    from gateway.callers.tokens import TokenTable

NOW = int(NOON.timestamp())
HOSTILE = ["Ana\nLease-Action: grant", "Ana\x00", "Ana <root@example.com>", "Ana\u202egro", " Ana"]
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with LocalIssuer() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(
    issuer: LocalIssuer, dynamodb: DynamoDBClient, table: TokenTable, clock: Clock
) -> Authorizer:
    return Authorizer.admitting(Identities(oidc=issuer.settings()), dynamodb, table, clock)


@pytest.fixture
def claims(issuer: LocalIssuer) -> dict[str, Any]:
    return {
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": "5d1f2c9e-0000-4000-8000-0a1b2c3d4e5f",
        "name": "Ana Núñez",
        "email": "ana@example.com",
        "email_verified": True,
        "scope": "openid leasehold/extend",
        "iat": NOW - 60,
        "exp": NOW + 3600,
    }


def admitted(door: Authorizer, token: str) -> Principal:
    answer = door(event(token), None)
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow", "it was denied"
    return Principal.from_context(answer["context"])


def is_denied(door: Authorizer, token: str) -> bool:
    answer = door(event(token), None)
    assert "context" not in answer
    return bool(answer["policyDocument"]["Statement"][0]["Effect"] == "Deny")


def is_unauthorized(door: Authorizer, token: str) -> bool:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        door(event(token), None)
    return True


# -- who is let in


@pytest.mark.parametrize("kid", ["rsa", "ec"])
def test_the_holder_of_a_jwt_reaches_the_handler_as_a_principal(
    door: Authorizer, clock: Clock, claims: dict[str, Any], kid: str
) -> None:
    with api_behind(door, clock) as api:
        answer = ask(api, f"Bearer {signed(claims, kid)}")
    assert answer.status_code == 200
    assert answer.json() == ["Ana Núñez", "ana@example.com", ["extend", "read"]]


def test_an_access_token_of_cognito_names_its_client_and_has_groups_but_no_address(
    issuer: LocalIssuer, table: TokenTable, clock: Clock, claims: dict[str, Any]
) -> None:
    of_cognito = issuer.settings(name_claim="username", scopes_claim="cognito:groups")
    door = Authorizer(table, clock, issuer=Issuer(of_cognito))
    for claim in ("aud", "name", "email", "email_verified"):
        del claims[claim]
    more = {"client_id": AUDIENCE, "username": "ana", "cognito:groups": ["ops", "people"]}
    caller = admitted(door, signed({**claims, **more, "token_use": "access"}))
    assert caller.name == "ana"
    assert caller.email == "5d1f2c9e-0000-4000-8000-0a1b2c3d4e5f@127.0.0.1.oidc.invalid"
    assert caller.scopes == {Scope.ADMIN}


def test_a_pipeline_whose_subject_is_no_address_gets_one_of_its_own(
    door: Authorizer, claims: dict[str, Any]
) -> None:
    del claims["email"]
    claims["sub"] = "repo:octo/models:ref:refs/heads/main"
    assert admitted(door, signed(claims)).email == (
        "repo~3aocto/models~3aref~3arefs/heads/main@127.0.0.1.oidc.invalid"
    )


def test_a_token_of_the_table_is_as_good_as_before(
    door: Authorizer, table: TokenTable, issuer: LocalIssuer
) -> None:
    ben = Principal("Ben", "ben@example.com", frozenset({Scope.READ}))
    assert admitted(door, table.create(ben, NOON)[0]) == ben
    assert issuer.fetches == 0


def test_a_pass_code_that_happens_to_be_a_jwt_of_somebody_else_is_a_token_of_the_table(
    door: Authorizer, table: TokenTable, claims: dict[str, Any]
) -> None:
    ben = Principal("Ben", "ben@example.com", frozenset({Scope.READ}))
    foreign = signed({**claims, "iss": "https://elsewhere.example.com"})
    assert is_unauthorized(door, foreign)
    table.put(foreign, ben, NOON)
    assert admitted(door, foreign) == ben


def test_a_jwt_with_a_long_list_of_groups_fits(door: Authorizer, claims: dict[str, Any]) -> None:
    token = signed({**claims, "groups": ["a-rather-long-group-name"] * 150})
    assert len(token) > 4096
    assert admitted(door, token).name == "Ana Núñez"


# -- what is no good


def hand_signed(claims: dict[str, Any]) -> str:
    """A JWT with claims that PyJWT would not write, signed by the issuer's key all the same."""
    text = unsecured(claims, "RS256").removesuffix(".")
    signature = jwt.get_algorithm_by_name("RS256").sign(text.encode(), rsa_key())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def unsecured(claims: dict[str, Any], algorithm: str = "none") -> str:
    header = {"alg": algorithm, "typ": "JWT", "kid": "rsa"}
    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS256"])
def test_a_jwt_without_a_signature_is_refused_before_anybody_is_asked(
    door: Authorizer, issuer: LocalIssuer, claims: dict[str, Any], algorithm: str
) -> None:
    assert is_unauthorized(door, unsecured(claims, algorithm))
    assert issuer.fetches == 0


def test_the_public_key_is_no_shared_secret(door: Authorizer, claims: dict[str, Any]) -> None:
    public = rsa_key().public_key()
    for encoded in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ):
        # by hand: PyJWT would not sign with a PEM
        text = unsecured(claims, "HS256").removesuffix(".")
        signature = jwt.get_algorithm_by_name("HS256").sign(text.encode(), encoded)
        forged = f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        assert is_unauthorized(door, forged)


def test_a_shared_secret_among_the_issuers_keys_verifies_nothing(
    door: Authorizer, issuer: LocalIssuer, claims: dict[str, Any]
) -> None:
    secret = base64.urlsafe_b64encode(b"x" * 32).decode().rstrip("=")
    issuer.publish({"kty": "oct", "k": secret, "kid": "rsa"}, jwk("ec", ec_key()))
    forged = jwt.encode(claims, b"x" * 32, "HS256", headers={"kid": "rsa"})
    assert is_unauthorized(door, forged)
    assert is_unauthorized(door, signed(claims, "rsa"))
    assert admitted(door, signed(claims, "ec"))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_are_refused(
    door: Authorizer, claims: dict[str, Any], algorithm: str
) -> None:
    assert is_unauthorized(door, jwt.encode(claims, rsa_key(), algorithm, headers={"kid": "rsa"}))


def test_a_signature_by_another_key_is_refused(door: Authorizer, claims: dict[str, Any]) -> None:
    assert is_unauthorized(door, signed(claims, "rsa", rsa_key(2)))
    assert is_unauthorized(door, signed(claims, "ec", rsa_key()))
    assert is_unauthorized(door, signed(claims, "rsa", ec_key()))


def test_a_jwt_whose_claims_were_changed_is_refused(
    door: Authorizer, claims: dict[str, Any]
) -> None:
    head, _, signature = signed(claims).split(".")
    _, body, _ = signed({**claims, "scope": "ops"}).split(".")
    assert is_unauthorized(door, f"{head}.{body}.{signature}")


def test_a_key_to_encrypt_with_and_one_that_is_too_short_sign_nothing(
    door: Authorizer, issuer: LocalIssuer, claims: dict[str, Any]
) -> None:
    issuer.publish(jwk("rsa", rsa_key(), use="enc"), jwk("short", rsa_key(1, 1024)))
    assert is_unauthorized(door, signed(claims))
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        weak = signed(claims, "short", rsa_key(1, 1024))
    assert is_unauthorized(door, weak)


@pytest.mark.parametrize("kid", [None, "", "gone", "rsa\n"])
def test_a_jwt_without_a_key_of_the_issuer_is_refused(
    door: Authorizer, claims: dict[str, Any], kid: str | None
) -> None:
    assert is_unauthorized(door, signed(claims, kid, rsa_key()))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"aud": ["another", "and-another"]},
        {"aud": []},
        {"aud": None},
        {"aud": None, "client_id": AUDIENCE},
        {"aud": {AUDIENCE: True}},
        {"aud": "another", "client_id": AUDIENCE},
        {"aud": f"{AUDIENCE}x"},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_jwt_for_another_audience_or_of_nobody_is_refused(
    door: Authorizer, claims: dict[str, Any], change: dict[str, Any]
) -> None:
    assert is_unauthorized(door, signed({**claims, **change}))


def test_a_jwt_of_another_issuer_is_refused_even_with_a_key_of_this_one(
    issuer: LocalIssuer, claims: dict[str, Any]
) -> None:
    for other in (f"{issuer.url}/", issuer.url.upper(), "", None, [issuer.url]):
        with pytest.raises(Refused, match="LH4210"):
            Issuer(issuer.settings()).verify(hand_signed({**claims, "iss": other}), NOON)


def test_a_jwt_for_several_audiences_is_for_this_one_too(
    door: Authorizer, claims: dict[str, Any]
) -> None:
    assert admitted(door, signed({**claims, "aud": ["another", AUDIENCE]}))


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({"exp": NOW + 1}, True),
        ({"exp": NOW - 9}, True),
        ({"exp": NOW - 10}, False),
        ({"nbf": NOW + 10}, True),
        ({"nbf": NOW + 11}, False),
        ({"iat": NOW + 10}, True),
        ({"iat": NOW + 11}, False),
        ({"iat": NOW - 10**8}, True),
        ({"exp": NOW + 1.5}, True),
        ({"exp": True}, False),
        ({"exp": None}, False),
        ({"exp": str(NOW + 60)}, False),
        ({"exp": [NOW + 60]}, False),
        ({"exp": float("nan")}, False),
        ({"exp": float("inf")}, False),
        ({"exp": 1e300}, False),
        ({"exp": 10**30}, False),
        ({"nbf": float("nan")}, False),
        ({"nbf": "now"}, False),
        ({"iat": False}, False),
    ],
    ids=str,
)
def test_times_count_give_or_take_ten_seconds_and_nonsense_is_no_time(
    door: Authorizer, claims: dict[str, Any], change: dict[str, Any], *, good: bool
) -> None:
    token = signed({**claims, **change})
    assert admitted(door, token) if good else is_unauthorized(door, token)


def test_a_jwt_without_an_end_is_refused(door: Authorizer, claims: dict[str, Any]) -> None:
    del claims["exp"]
    assert is_unauthorized(door, signed(claims))


@MANY
@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=80))
@example("a.b.c")
@example("eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.")
@example(f"e30.{base64.urlsafe_b64encode(b'[' * 3000).decode()}.e30")
def test_whatever_strangers_present_is_unauthorized_and_never_an_error(
    door: Authorizer, presented: str
) -> None:
    assert is_unauthorized(door, presented)


@MANY
@given(data=st.data())
def test_a_jwt_with_any_other_letter_in_it_is_unauthorized(
    door: Authorizer, issuer: LocalIssuer, data: st.DataObject
) -> None:
    token = signed({"iss": issuer.url, "aud": AUDIENCE, "sub": "x", "exp": NOW + 60})
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("Aa09-_.=").filter(lambda each: each != token[place]))
    assert is_unauthorized(door, f"{token[:place]}{other}{token[place + 1 :]}")


# -- good JWTs whose holders may do nothing here: 403


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "openid profile"},
        {"scope": ""},
        {"scope": None},
        {"scope": {"ops": True}},
        {"scope": [["ops"], 7]},
        {"scope": "OPS"},
        {"name": None},
        {"name": ["Ana"]},
        {"name": ""},
        {"name": "A" * (LONGEST + 1)},
        {"email": 7},
        {"email": "ana"},
        {"email": ""},
        {"email_verified": False},
        {"email_verified": "false"},
        {"email_verified": None},
        {"email_verified": ["true"]},
        {"email": "assumed-role/Admin/ben@123456789012.iam.invalid"},
        {"email": "ben@LEGACY.INVALID"},
        *({"name": each} for each in HOSTILE),
        *({"email": f"{each}@example.com"} for each in HOSTILE),
    ],
    ids=ascii,
)
def test_a_good_jwt_that_makes_no_principal_is_denied(
    door: Authorizer, clock: Clock, claims: dict[str, Any], change: dict[str, Any]
) -> None:
    token = signed({**claims, **change})
    assert is_denied(door, token)


def test_an_address_that_nobody_vouches_for_is_denied_unless_the_environment_takes_it(
    issuer: LocalIssuer, table: TokenTable, clock: Clock, claims: dict[str, Any]
) -> None:
    strict = Authorizer(table, clock, issuer=Issuer(issuer.settings()))
    lenient = issuer.settings(require_email_verified=False)
    door = Authorizer(table, clock, issuer=Issuer(lenient))
    for said in ({}, {"email_verified": False}):
        plain = {key: it for key, it in claims.items() if key != "email_verified"}
        token = signed({**plain, **said})
        assert is_denied(strict, token)
        assert admitted(door, token).email == "ana@example.com"


def test_another_claim_is_the_environments_own_choice(
    issuer: LocalIssuer, table: TokenTable, clock: Clock, claims: dict[str, Any]
) -> None:
    door = Authorizer(table, clock, issuer=Issuer(issuer.settings(email_claim="mail")))
    del claims["email_verified"]
    assert admitted(door, signed({**claims, "mail": "a@example.com"})).email == "a@example.com"


def test_who_is_denied_gets_403(door: Authorizer, clock: Clock, claims: dict[str, Any]) -> None:
    with api_behind(door, clock) as api:
        assert ask(api, signed({**claims, "scope": "openid"})).status_code == 403


@MANY
@given(name=st.text(max_size=40), email=st.text(max_size=40) | st.emails())
@example("Ana\ud800", "ana@example.com")
def test_a_claim_is_taken_to_the_letter_or_not_at_all(
    door: Authorizer, issuer: LocalIssuer, name: str, email: str
) -> None:
    token = signed(
        {
            "iss": issuer.url,
            "aud": AUDIENCE,
            "sub": "x",
            "exp": NOW + 60,
            "scope": "ops",
            "name": name,
            "email": email,
            "email_verified": True,
        }
    )
    try:
        wanted = Principal(name, email, frozenset({Scope.ADMIN}))
    except Exception:  # noqa: BLE001 - whatever a principal refuses, for the door to deny
        assert is_denied(door, token)
    else:
        assert admitted(door, token) == wanted


@MANY
@given(st.text(min_size=1))
@example("Ana\nLease-Action: grant")
@example(".")
@example("\ud800")
@example("x" * 500)
def test_any_subject_becomes_an_address_that_a_commit_can_carry(
    door: Authorizer, issuer: LocalIssuer, subject: str
) -> None:
    said = {"iss": issuer.url, "aud": AUDIENCE, "exp": NOW + 60, "scope": "ops", "name": "Ana"}
    assert admitted(door, signed({**said, "sub": subject})).email.endswith(".oidc.invalid")


# -- the issuer's keys


def test_the_keys_are_fetched_once_for_many_jwts(
    door: Authorizer, issuer: LocalIssuer, clock: Clock, claims: dict[str, Any]
) -> None:
    for kid in ("rsa", "ec", "rsa"):
        admitted(door, signed(claims, kid))
        clock.pass_(seconds=90)
    assert issuer.fetches == 1


def test_a_new_key_is_known_at_once_unless_somebody_looked_within_the_minute(
    door: Authorizer, issuer: LocalIssuer, clock: Clock, claims: dict[str, Any]
) -> None:
    token = signed(claims, "new", rsa_key(2))
    assert is_unauthorized(door, token)
    issuer.publish(jwk("new", rsa_key(2)), jwk("rsa", rsa_key()))
    clock.pass_(seconds=59)
    assert is_unauthorized(door, token)
    assert issuer.fetches == 1
    clock.pass_(seconds=1)
    assert admitted(door, token)
    assert issuer.fetches == 2


def test_strangers_with_invented_key_ids_make_one_look_a_minute(
    door: Authorizer, issuer: LocalIssuer, clock: Clock, claims: dict[str, Any]
) -> None:
    for number in range(120):
        assert is_unauthorized(door, signed(claims, f"invented-{number}", ec_key()))
        clock.pass_(seconds=1)
    assert issuer.fetches == 2


def test_a_key_that_the_issuer_withdraws_opens_nothing_after_five_minutes(
    door: Authorizer, issuer: LocalIssuer, clock: Clock, claims: dict[str, Any]
) -> None:
    token = signed(claims)
    admitted(door, token)
    issuer.publish(jwk("ec", ec_key()))
    clock.pass_(minutes=5)
    assert is_unauthorized(door, token)


def test_an_issuer_out_of_reach_is_500_for_jwts_and_nothing_to_the_holder_of_a_token(
    table: TokenTable, clock: Clock
) -> None:
    with LocalIssuer() as issuer:
        oidc = issuer.settings()
    door = Authorizer(table, clock, issuer=Issuer(oidc))
    ben = Principal("Ben", "ben@example.com", frozenset({Scope.READ}))
    said = {"iss": oidc.issuer, "aud": AUDIENCE, "sub": "x", "exp": NOW + 3600, "scope": "ops"}
    with api_behind(door, clock) as api:
        assert ask(api, signed({**said, "name": "Ana"})).status_code == 500
        assert ask(api, table.create(ben, NOON)[0]).status_code == 200


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (503, b"{}"),
        (200, b"<html>Sign in"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": [7, {"kid": "rsa"}]}'),
        (200, b"[" * 100_000),
        (200, b"\xff"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_answer_without_keys_is_no_answer_and_nobody_asks_again_for_ten_seconds(
    issuer: LocalIssuer,
    door: Authorizer,
    clock: Clock,
    claims: dict[str, Any],
    *,
    status: int,
    answer: bytes,
) -> None:
    good = issuer.answer
    issuer.status, issuer.answer = status, answer
    for _ in range(3):
        with pytest.raises(Unavailable, match="LH4212"):
            door(event(signed(claims)), None)
        clock.pass_(seconds=3)
    assert issuer.fetches == 1
    issuer.status, issuer.answer = 200, good
    clock.pass_(seconds=1)
    assert admitted(door, signed(claims))


def test_keys_that_are_known_stay_good_while_the_issuer_does_not_tell_a_new_one(
    issuer: LocalIssuer, door: Authorizer, clock: Clock, claims: dict[str, Any]
) -> None:
    admitted(door, signed(claims))
    issuer.status = 503
    clock.pass_(minutes=2)
    with pytest.raises(Unavailable, match="LH4212"):
        door(event(signed(claims, "new", ec_key())), None)
    assert admitted(door, signed(claims))
    clock.pass_(minutes=3)
    with pytest.raises(Unavailable, match="LH4212"):
        door(event(signed(claims)), None)


def test_an_issuer_that_never_answers_is_given_up(
    issuer: LocalIssuer, table: TokenTable, clock: Clock, claims: dict[str, Any]
) -> None:
    issuer.mute.clear()
    keys = SigningKeys(issuer.settings().jwks_url, patience_seconds=0.2)
    door = Authorizer(table, clock, issuer=Issuer(issuer.settings(), keys))
    with pytest.raises(Unavailable, match="LH4212"):
        door(event(signed(claims)), None)


# -- under API Gateway's memory, and in the logs


def test_a_policy_that_is_remembered_does_not_outlive_its_jwt(
    door: Authorizer, clock: Clock, claims: dict[str, Any]
) -> None:
    token = signed({**claims, "exp": NOW + 5})
    with api_behind(door, clock, ttl=timedelta(seconds=30)) as api:
        assert ask(api, token).status_code == 200
        clock.pass_(seconds=14)
        assert ask(api, token).status_code == 200, "within the leeway"
        clock.pass_(seconds=1)
        answer = ask(api, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "LH4216")


def test_no_log_and_no_error_ever_shows_a_jwt(
    door: Authorizer,
    issuer: LocalIssuer,
    clock: Clock,
    claims: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    presented = [
        signed(claims),
        signed(claims, "gone", rsa_key(2)),
        signed({**claims, "exp": NOW - 60}),
        signed({**claims, "scope": "none"}),
        signed({**claims, "name": "Ana\n"}),
        signed({**claims, "aud": "x"}),
        signed({**claims, "iss": "https://elsewhere.example.com"}),
        unsecured(claims),
        f"{signed(claims)[:-9]}AAAAAAAAA",
    ]
    said = []
    for down in (False, True):
        for token in presented:
            try:
                said.append(repr(door(event(token), None)))
            except (UnauthorizedError, Unavailable) as error:
                said.append("".join(traceback.format_exception(error)))
        issuer.status = 503
        clock.pass_(minutes=6)
        assert not down or any("LH4212" in each for each in said)
    assert "LH4210" in caplog.text
    assert "LH4211" in caplog.text
    parts = {part for token in presented for part in token.split(".") if len(part) > 20}
    assert not [part for part in parts if part in caplog.text + "".join(said)]


def test_without_the_extra_the_function_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['jwt'] = None\n"
        "from datetime import datetime\n"
        "from gateway.callers.authorizer import Authorizer\n"
        "from ledger.identity_settings import Identities, Oidc\n"
        "oidc = Oidc('https://x.example.com', ('a',), {}, 'https://x.example.com/jwks')\n"
        "Authorizer.admitting(Identities(), None, None, datetime.now)\n"
        "print('tokens need nothing')\n"
        "Authorizer.admitting(Identities(oidc=oidc), None, None, datetime.now)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "tokens need nothing\n"
    assert "LH4209: JWTs cannot be verified (jwt is missing): install" in done.stderr


def test_an_issuer_that_trickles_its_keys_is_given_up() -> None:
    with Stalling(begin=b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{") as server:
        keys = SigningKeys(server.url, patience_seconds=0.2)
        for _ in range(2):
            with pytest.raises(Unavailable, match="LH4212"):
                keys.find("any", NOON)
