"""Who calls the API: what may become the author of a commit, and what a scope allows."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.principal import LONGEST, Principal, Scope, address_under
from ledger.errors import Refused
from ledger.snapshot import Person

ANA = Principal("Ana", "ana@example.com", frozenset({Scope.EXTEND, Scope.READ}))

UNSAFE_NAMES = [
    "",
    "   ",
    " Ana",
    "Ana ",
    "...",
    "Ana\nLease-Action: grant",
    "Ana\r",
    "Ana\x00",
    "Ana\x7f",
    "Ana\u0085Request-Id: 1",
    "Ana\u2028Request-Id: 1",
    "Ana\u202egro.live",
    "Ana\ud800",
    "Ana <root@example.com>",
    "Ana>",
    "A" * (LONGEST + 1),
]
UNSAFE_EMAILS = [
    "",
    "ana",
    "@example.com",
    "ana@",
    "ana@@example.com",
    "ana@example.com.",
    ".ana@example.com",
    "ana @example.com",
    "ana@example.com\n",
    "ana@example.com> <root@example.com",
    "ana@example.com\nRequest-Id: 1",
    "a" * LONGEST + "@example.com",
]


@pytest.mark.parametrize("name", UNSAFE_NAMES)
def test_a_name_that_could_forge_an_author_or_a_trailer_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        Principal(name, "ana@example.com", frozenset({Scope.READ}))
    assert refused.value.code == "LH4201"


@pytest.mark.parametrize("email", UNSAFE_EMAILS)
def test_an_address_that_could_forge_an_author_or_a_trailer_is_refused(email: str) -> None:
    with pytest.raises(Refused) as refused:
        Principal("Ana", email, frozenset({Scope.READ}))
    assert refused.value.code == "LH4201"


@pytest.mark.parametrize("name", ["Zoë Müller", "山田太郎", "Ana Jr.", "O'Neil, Pat", "می‌خواهم"])
def test_a_name_of_any_script_is_accepted(name: str) -> None:
    principal = Principal(name, "zoe.m+leases@mail.example.com", frozenset({Scope.READ}))
    assert principal.as_person() == Person(name, "zoe.m+leases@mail.example.com")


def test_without_any_scope_there_is_no_principal() -> None:
    with pytest.raises(Refused, match="at least one of read, extend, release, add, invoke, admin"):
        Principal("Ana", "ana@example.com", frozenset())


def test_a_scope_allows_itself_only() -> None:
    assert [scope for scope in Scope if ANA.allows(scope)] == [Scope.READ, Scope.EXTEND]


def test_admin_allows_everything() -> None:
    root = Principal("Root", "root@example.com", frozenset({Scope.ADMIN}))
    assert all(map(root.allows, Scope))


@pytest.mark.parametrize(
    ("globs", "name", "reached"),
    [
        ((), "demo-Falcon40B-Endpoint", True),
        (("demo-Falcon*",), "demo-Falcon40B-Endpoint", True),
        (("DEMO-falcon*",), "demo-Falcon40B-Endpoint", True),
        (("demo-Falcon",), "demo-Falcon40B-Endpoint", False),
        (("x", "demo-Falcon??B-*"), "demo-Falcon40B-Endpoint", True),
        (("demo-Falcon*",), "other-demo-Falcon", False),
    ],
)
def test_scopes_may_be_for_some_endpoints(
    globs: tuple[str, ...], name: str, *, reached: bool
) -> None:
    caller = Principal("Ana", "ana@example.com", frozenset({Scope.READ}), frozenset(globs))
    assert caller.reaches(name, None) is reached
    assert Principal.from_context(caller.to_context()) == caller


@pytest.mark.parametrize(
    ("glob", "owner", "reached"),
    [
        ("owner:ana@example.com", "ana@example.com", True),
        ("owner:ANA@example.com", "Ana <Ana@Example.com>", True),
        ("OWNER:*@example.com", "search team, ana@example.com", True),
        ("owner:ana@example.com", "banana@example.com", False),
        ("owner:ana@example.com", "ana@example.com.evil", False),
        ("owner:ana@example.com", None, False),
        ("owner:*", "", False),
        ("o*", "ana@example.com", False),
        ("*ana*", "ana@example.com", False),
    ],
)
def test_scopes_may_be_for_what_somebody_owns(
    glob: str, owner: str | None, *, reached: bool
) -> None:
    caller = Principal("Ana", "ana@example.com", frozenset({Scope.READ}), frozenset({glob}))
    assert caller.reaches("demo-Falcon40B-Endpoint", owner) is reached
    assert Principal.from_context(caller.to_context()) == caller


@pytest.mark.parametrize(
    "glob",
    [
        *("", "a,b", "[ab]", "a b", "x" * 64, "a/*", "a\n"),
        *("owner:", "owner:a,b", "owner:[a]", "owner:a b", "owner:a\u202e", "own:a"),
        f"owner:{'a' * 121}",
    ],
)
def test_a_glob_that_no_name_could_fit_is_refused(glob: str) -> None:
    with pytest.raises(Refused, match="LH4232"):
        Principal("Ana", "ana@example.com", frozenset({Scope.READ}), frozenset({glob}))


@given(
    name=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=LONGEST),
    scopes=st.frozensets(st.sampled_from(Scope), min_size=1),
)
def test_a_context_of_strings_carries_a_principal_unchanged(
    name: str, scopes: frozenset[Scope]
) -> None:
    principal = Principal(name, "ana@example.com", scopes)
    carried = json.loads(json.dumps(principal.to_context()))
    assert all(isinstance(value, str) for value in carried.values())
    aws = {"principalId": "0123", "integrationLatency": "7"}
    assert Principal.from_context({**aws, **carried}) == principal


@pytest.mark.parametrize("key", ["name", "email", "scopes"])
@pytest.mark.parametrize("value", [None, 7, ["read"], True])
def test_a_context_without_a_text_for_each_part_is_refused(key: str, value: object) -> None:
    with pytest.raises(Refused) as refused:
        Principal.from_context({**ANA.to_context(), key: value})
    assert refused.value.code == "LH4202"
    with pytest.raises(Refused):
        Principal.from_context({k: v for k, v in ANA.to_context().items() if k != key})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("name", name) for name in UNSAFE_NAMES),
        *(("email", email) for email in UNSAFE_EMAILS),
        ("scopes", ""),
        ("scopes", "read,"),
        ("scopes", "read, extend"),
        ("scopes", "READ"),
        ("scopes", "read,everything"),
    ],
)
def test_a_context_is_checked_as_strictly_as_a_new_token(key: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        Principal.from_context({**ANA.to_context(), key: value})
    assert refused.value.code == "LH4201"


@given(st.text(min_size=1), st.text(min_size=1))
@example(".", "~2e")
@example("a@b", "a~40b")
@example("x" * 200, "x" * 201)
@example("\ud800", "\n")
def test_every_subject_has_an_address_of_its_own_that_a_commit_can_carry(
    subject: str, other: str
) -> None:
    address = address_under("oidc.invalid", subject)
    assert Principal("Ana", address, frozenset({Scope.READ})).email == address
    assert (address == address_under("oidc.invalid", other)) is (subject == other)


def test_an_address_is_readable_where_it_can_be() -> None:
    assert address_under("x.invalid", "user/ana") == "user/ana@x.invalid"
    assert address_under("x.invalid", "auth0|7f") == "auth0~7c7f@x.invalid"
    assert address_under("x.invalid", "a" * LONGEST).startswith("~sha256-")
