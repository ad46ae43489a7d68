"""Tokens of links: what they say comes back, and whatever is wrong with one has its sentence."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.links import CHANNEL, LONGEST, Keys, Link, LinkAction, expiry, read, sign

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
OLD, NEW, OTHER = ("o" * 32, "n" * 32, "x" * 32)
KEYS = Keys((NEW,))
LINK = Link(
    environment="dev",
    endpoint_name="demo-Falcon40B-Endpoint",
    action=LinkAction.EXTEND,
    minutes=60,
    lease="5f1d0c7a9b3e4f60812c3d4e5f60718293a4b5c6",
    nonce=KEYS.nonce("dev", "demo-Falcon40B-Endpoint"),
    expires_at=NOW + timedelta(hours=1),
    audience="ana@example.com",
)


def refusal(token: str, keys: Keys = KEYS, environment: str = "dev", now: datetime = NOW) -> str:
    with pytest.raises(Refused) as refused:
        read(token, keys, environment, now)
    assert OLD not in str(refused.value)
    assert NEW not in str(refused.value)
    return str(refused.value.code)


@pytest.mark.parametrize("audience", ["ana@example.com", CHANNEL])
def test_what_is_signed_is_read_again(audience: str) -> None:
    link = replace(LINK, audience=audience)
    assert read(sign(link, KEYS), KEYS, "dev", NOW) == link
    assert link.names_a_person == (audience != CHANNEL)


def test_a_token_goes_into_a_fragment_and_fits_into_a_button() -> None:
    token = sign(LINK, KEYS)
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert len(token) < 600


def test_keys_are_replaced_while_links_are_under_way() -> None:
    before, during, after = Keys((OLD,)), Keys((NEW, OLD)), Keys((NEW,))
    sent_before, sent_during = sign(LINK, before), sign(LINK, during)
    assert read(sent_before, during, "dev", NOW) == LINK
    assert read(sent_during, after, "dev", NOW) == LINK
    assert refusal(sent_before, after) == "LH4272"
    assert refusal(sent_during, before) == "LH4272"


def test_a_key_is_never_shown_and_never_short() -> None:
    assert NEW not in repr(Keys((NEW,)))
    assert Keys.of(f"  {NEW} \n\n{OLD}\n") == Keys((NEW, OLD))
    for text in ("", "\n", "n" * 31, f"{NEW}\nshort"):
        with pytest.raises(Refused, match="openssl") as refused:
            Keys.of(text)
        assert refused.value.code == "LH4405"
        assert "short" not in str(refused.value).replace("too short", "")


@pytest.mark.parametrize(
    "token",
    ["", ".", "a.", ".a", "a.b", "a.b.c", "a b.c", "é.c", "bm8.c", "W10.c", "a" * (LONGEST + 1)],
)
def test_what_is_no_token_is_told_so(token: str) -> None:
    assert refusal(token) == "LH4270"


def test_a_token_that_was_cut_is_none() -> None:
    token = sign(LINK, KEYS)
    for length in range(len(token)):
        assert refusal(token[:length]) in {"LH4270", "LH4271"}


def test_a_changed_token_is_forged() -> None:
    body, _, signature = sign(LINK, KEYS).partition(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    for changed in (
        {"minutes": 1},
        {"endpoint": "demo-Other-Endpoint"},
        {"aud": "eve@example.com"},
        {"exp": claims["exp"] + 1},
        {"nonce": "0" * 32},
        {"lease": "0" * 40},
        {"env": "prod"},
    ):
        text = json.dumps(claims | changed).encode()
        forged = f"{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{signature}"
        assert refusal(forged) == "LH4271"


@given(position=st.integers(0, 400), letter=st.sampled_from("ABab01-_."))
def test_no_changed_letter_passes(position: int, letter: str) -> None:
    token = sign(LINK, KEYS)
    changed = f"{token[:position]}{letter}{token[position + 1 :]}"
    if changed != token:
        assert refusal(changed) in {"LH4270", "LH4271", "LH4272"}


def test_a_foreign_key_is_not_in_use() -> None:
    assert refusal(sign(LINK, Keys((OTHER,)))) == "LH4272"


def test_another_environment_has_its_own_links() -> None:
    assert refusal(sign(LINK, KEYS), environment="prod") == "LH4274"


def test_a_link_ends() -> None:
    token = sign(LINK, KEYS)
    read(token, KEYS, "dev", LINK.expires_at - timedelta(seconds=1))
    assert refusal(token, now=LINK.expires_at) == "LH4273"


def test_no_link_adds_more_than_an_hour() -> None:
    assert refusal(sign(replace(LINK, minutes=61), KEYS)) == "LH4275"


@pytest.mark.parametrize(
    ("left", "good_for"),
    [
        (timedelta(minutes=15), timedelta(minutes=75)),
        (timedelta(hours=23), timedelta(hours=24)),
        (timedelta(days=9), timedelta(hours=24)),
    ],
)
def test_a_link_is_good_a_little_longer_than_the_lease(
    left: timedelta, good_for: timedelta
) -> None:
    assert expiry(NOW + left, NOW) == NOW + good_for


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2},
        {"do": "delete"},
        {"nonce": "no"},
        {"nonce": None},
        {"exp": 10**20},
        {"exp": "soon"},
        {"minutes": "many"},
        {"aud": ...},
    ],
)
def test_what_another_version_signed_is_no_token_of_this_one(changed: dict[str, object]) -> None:
    token = sign(LINK, KEYS)
    claims = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "==")) | changed
    claims = {key: value for key, value in claims.items() if value is not ...}
    signed = _signed(claims)
    assert refusal(signed) == "LH4270"


def _signed(claims: dict[str, object]) -> str:
    from ledger import links  # noqa: PLC0415 - its own parts, for what it never writes

    body = links._encode(json.dumps(claims).encode())
    return f"{body}.{links._encode(links._mac(NEW, 'link', body))}"


def test_a_nonce_is_the_same_for_the_same_and_needs_the_key() -> None:
    assert KEYS.nonce("dev", "A") == KEYS.nonce("dev", "A") != KEYS.nonce("dev", "B")
    assert KEYS.nonce("dev", "A") != Keys((OLD,)).nonce("dev", "A")
