"""Callers that AWS itself vouches for: their names, their addresses, and when they count."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.callers import aws_signature
from gateway.callers.identify import Caller, identified
from gateway.principal import LONGEST, Principal, Scope
from ledger.errors import Refused
from ledger.identity_settings import Iam, Identities
from tests.gateway.door import NOON

ACCOUNT = "123456789012"
SSO = "AWSReservedSSO_PlatformAdmin_0a1b2c3d4e5f6071"
EVERYBODY = Iam(
    {
        f"arn:aws:iam::{ACCOUNT}:role/*": ("read",),
        f"arn:aws:iam::{ACCOUNT}:user/*": ("read",),
        f"arn:aws:sts::{ACCOUNT}:federated-user/*": ("read",),
    }
)
IDENTITIES = Identities(iam=Iam({f"arn:aws:iam::{ACCOUNT}:role/Deployer": ("read", "extend")}))
DEPLOYER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/ana"
NAMES = st.text(string.ascii_letters + string.digits + "_+=,.@-", min_size=2, max_size=64).filter(
    lambda name: any(map(str.isalnum, name))
)


def request(arn: object = DEPLOYER, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """An event of a method with the authorization AWS_IAM, as API Gateway makes it."""
    identity = {"userArn": arn, "caller": "AROAEXAMPLE:ana", "accountId": ACCOUNT}
    return {"httpMethod": "GET", "requestContext": {"identity": identity, "requestId": "r", **more}}


# -- who an ARN is


@pytest.mark.parametrize(
    ("arn", "name", "address"),
    [
        (DEPLOYER, "ana", f"assumed-role/Deployer/ana@{ACCOUNT}.iam.invalid"),
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO}/ana@example.com",
            "ana@example.com",
            f"assumed-role/{SSO}/ana~40example.com@{ACCOUNT}.iam.invalid",
        ),
        (f"arn:aws:iam::{ACCOUNT}:user/ben", "ben", f"user/ben@{ACCOUNT}.iam.invalid"),
        (
            f"arn:aws:iam::{ACCOUNT}:user/team/x/ben",
            "ben",
            f"user/team/x/ben@{ACCOUNT}.iam.invalid",
        ),
        (
            f"arn:aws:sts::{ACCOUNT}:federated-user/Cleo",
            "Cleo",
            f"federated-user/Cleo@{ACCOUNT}.iam.invalid",
        ),
    ],
)
def test_the_name_is_the_sessions_or_the_users_and_the_address_is_what_aws_vouches_for(
    arn: str, name: str, address: str
) -> None:
    assert aws_signature.principal(arn, EVERYBODY) == Principal(
        name, address, frozenset({Scope.READ})
    )


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_callers_never_share_an_address(role: str, session: str, role2: str, who2: str) -> None:
    prefix = f"arn:aws:sts::{ACCOUNT}:assumed-role"
    one = aws_signature.principal(f"{prefix}/{role}/{session}", EVERYBODY).email
    two = aws_signature.principal(f"{prefix}/{role2}/{who2}", EVERYBODY).email
    assert (one == two) is ((role, session) == (role2, who2))
    assert len(one) <= LONGEST


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "ana",
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:role/Deployer",
        f"arn:aws:iam::{ACCOUNT}:group/ops",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/ana\nRequest-Id: 1",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/ana\n",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/<ana>",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/aña",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/---",
        "arn:aws:sts::12345:assumed-role/Deployer/ana",
        f"arn:aws:lambda::{ACCOUNT}:assumed-role/Deployer/ana",
    ],
    ids=ascii,
)
def test_who_is_no_user_and_no_session_of_a_role_is_refused(arn: str) -> None:
    with pytest.raises(Refused, match="LH4213"):
        aws_signature.principal(arn, EVERYBODY)


# -- what they may do


@pytest.mark.parametrize(
    ("arn", "scopes"),
    [
        (DEPLOYER, {"read", "extend"}),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO}/ana@example.com", {"read", "admin"}),
        (f"arn:aws:iam::{ACCOUNT}:user/ops/ben", {"invoke"}),
    ],
)
def test_scopes_are_those_of_all_globs_that_match_the_role_or_the_user(
    arn: str, scopes: set[str]
) -> None:
    rules = Iam(
        {
            f"arn:aws:iam::{ACCOUNT}:role/*": ("read",),
            f"arn:aws:iam::{ACCOUNT}:role/Deployer": ("extend",),
            f"arn:aws:iam::{ACCOUNT}:role/AWSReservedSSO_PlatformAdmin_????????????????": (
                "admin",
            ),
            f"arn:aws:iam::{ACCOUNT}:user/ops/*": ("invoke",),
        }
    )
    assert aws_signature.principal(arn, rules).scopes == scopes


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer2/ana",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ana",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Other/Deployer",
        "arn:aws:sts::210987654321:assumed-role/Deployer/ana",
        "arn:aws-cn:sts::123456789012:assumed-role/Deployer/ana",
        f"arn:aws:iam::{ACCOUNT}:user/Deployer",
    ],
)
def test_who_matches_no_glob_may_do_nothing(arn: str) -> None:
    with pytest.raises(Refused, match=r"LH4213.*has no scope here"):
        identified(request(arn), IDENTITIES, NOON)


# -- when it counts


def test_a_signed_request_is_that_of_a_principal() -> None:
    caller = identified(request(), IDENTITIES, NOON)
    assert caller is not None
    assert caller.name == "ana"


def test_where_an_authorizer_spoke_the_signature_counts_nothing() -> None:
    ben = Principal("Ben", "ben@example.com", frozenset({Scope.READ}))
    spoken = request(authorizer={"principalId": "0123", **ben.to_context()})
    assert identified(spoken, IDENTITIES, NOON) == ben
    with pytest.raises(Refused, match="LH4202"):
        identified(request(authorizer={"principalId": "0123"}), IDENTITIES, NOON)


def test_an_environment_that_admits_no_signatures_takes_none() -> None:
    assert identified(request(), Identities(), NOON) is None


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"requestContext": None},
        request(None),
        request(7),
        {"requestContext": {"identity": None}},
    ],
    ids=["empty", "null", "no arn", "a number", "no identity"],
)
def test_a_request_of_nobody_stays_nobodys(event: dict[str, Any]) -> None:
    assert identified(event, IDENTITIES, NOON) is None


def test_what_a_client_writes_into_its_request_makes_nobody_a_signer() -> None:
    event = {
        **request(None),
        "headers": {"userArn": DEPLOYER, "requestContext": DEPLOYER},
        "body": f'{{"requestContext": {{"identity": {{"userArn": "{DEPLOYER}"}}}}}}',
        "queryStringParameters": {"userArn": DEPLOYER},
    }
    assert identified(event, IDENTITIES, NOON) is None


@pytest.mark.parametrize("until", ["", "soon", "2026-11-23", 7])
def test_an_end_in_the_context_that_is_no_time_lets_nobody_in(until: object) -> None:
    ben = Principal("Ben", "ben@example.com", frozenset({Scope.READ}))
    context = {**Caller("0123", ben, NOON).to_context(), "expires_at": until}
    with pytest.raises(Refused, match="LH4202"):
        identified({"requestContext": {"authorizer": context}}, Identities(), NOON)
