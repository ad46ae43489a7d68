"""CodeCommit: no secret, each connection is signed by a role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, CredentialRetrievalError

from ledger.access.addresses import region_of
from ledger.access.code_commit import CodeCommitRole
from ledger.errors import Unavailable
from ledger.remote import Remote, Token

HOST = "git-codecommit.eu-west-1.amazonaws.com"
URL = f"https://{HOST}/v1/repos/fleet"


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (URL, "eu-west-1"),
        ("https://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/f", "us-east-1"),
        ("https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/f", "cn-north-1"),
        ("https://github.com/shop/fleet.git", None),
        (f"https://{HOST}.example.com/v1/repos/f", None),
        ("https://git-codecommit.us-gov-west-1.amazonaws.com/v1/repos/f", "us-gov-west-1"),
        (f"ssh://{HOST}/v1/repos/f", None),
    ],
)
def test_an_address_of_codecommit_has_its_region(url: str, region: str | None) -> None:
    assert region_of(url) == region


def test_without_credentials_nothing_is_signed() -> None:
    with pytest.raises(Unavailable, match="no AWS credentials"):
        CodeCommitRole(URL, "eu-west-1", lambda: None, lambda: datetime.now(UTC)).access()


@pytest.mark.parametrize(
    "error",
    [
        CredentialRetrievalError(provider="imds", error_msg="no answer"),
        ClientError({"Error": {"Code": "ExpiredToken", "Message": "over"}}, "AssumeRole"),
    ],
)
@pytest.mark.parametrize("is_late", [True, False])
def test_a_role_that_cannot_be_had_now_may_be_tried_again(
    error: Exception, *, is_late: bool
) -> None:
    class Role:
        def get_frozen_credentials(self) -> None:
            raise error

    def credentials() -> Role:
        if is_late:
            return Role()
        raise error

    source = CodeCommitRole(URL, "eu-west-1", credentials, lambda: datetime.now(UTC))
    with pytest.raises(Unavailable, match="cannot be got") as caught:
        source.access()
    assert caught.value.code == "LH2025"


KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # the one of AWS's documentation
FIPS = "https://git-codecommit-fips.us-east-2.amazonaws.com/v1/repos/a.b-c"


@pytest.mark.parametrize(
    ("url", "token", "signed"),
    [
        (
            "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/fleet",
            "SESSION",
            "3af907c79f5ef7465f6d313b6a4b93b94767e544a7cd94be211b4ba27fb3a639",
        ),
        (FIPS, None, "bf9ff07ca2e3abc12f697660e70e01e1e37dd8e70a9ce9b8a515c8b5c8881402"),
    ],
    ids=["a role", "a user"],
)
def test_each_connection_is_signed_as_git_remote_codecommit_does(
    url: str, token: str | None, signed: str
) -> None:
    """The signatures are those of its version 1.17, at that moment."""
    now = datetime(2026, 11, 26, 13, 5, 31, tzinfo=timezone(timedelta(hours=1)))
    region = region_of(url)
    assert region
    role = Credentials("AKIDEXAMPLE", KEY, token)
    source = CodeCommitRole(url, region, lambda: role, lambda: now)
    opens = Remote(url, credentials=source).access().credentials
    source.doubt()
    assert isinstance(opens, Token)
    assert opens.username == ("AKIDEXAMPLE%SESSION" if token else "AKIDEXAMPLE")
    assert opens.token == f"20261126T120531Z{signed}"
    assert KEY not in repr(opens)
