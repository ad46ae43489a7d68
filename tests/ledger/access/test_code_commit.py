"""CodeCommit: no secret, each connection is signed by a role."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ledger.access.code_commit import CodeCommitRole, region_of
from ledger.errors import Refused, Unavailable
from ledger.remote import Remote, Token

HOST = "git-codecommit.eu-west-1.amazonaws.com"
URL = f"https://{HOST}/v1/repos/fleet"
ROLE = Credentials("AKIDEXAMPLE", "s3cret", "session/token+")


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (URL, "eu-west-1"),
        ("https://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/f", "us-east-1"),
        ("https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/f", "cn-north-1"),
        ("https://github.com/shop/fleet.git", None),
        (f"https://{HOST}.example.com/v1/repos/f", None),
        (f"ssh://{HOST}/v1/repos/f", None),
    ],
)
def test_an_address_of_codecommit_has_its_region(url: str, region: str | None) -> None:
    assert region_of(url) == region


def test_without_credentials_nothing_is_signed() -> None:
    with pytest.raises(Unavailable, match="no AWS credentials"):
        CodeCommitRole(URL, "eu-west-1", lambda: None).access()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:  # noqa: ANN401
        if name == "git_remote_codecommit":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "git_remote_codecommit", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Refused, match=r"leasehold\[codecommit\]"):
        CodeCommitRole(URL, "eu-west-1", lambda: ROLE).access()


def signature(at: str, credentials: Any, path: str = "/v1/repos/fleet") -> str:  # noqa: ANN401
    """Sign as AWS documents it: the method GIT, the path, the host, and no body."""
    signer = SigV4Auth(credentials, "codecommit", "eu-west-1")
    request = AWSRequest("GIT", f"https://{HOST}{path}")
    request.context["timestamp"] = at
    canonical = f"GIT\n{path}\n\nhost:{HOST}\n\nhost\n"
    return str(signer.signature(signer.string_to_sign(request, canonical), request))


@pytest.mark.parametrize("role", [ROLE, Credentials("AKIDEXAMPLE", "s3cret")], ids=["role", "user"])
def test_each_connection_is_signed(role: Any) -> None:  # noqa: ANN401
    pytest.importorskip("git_remote_codecommit", reason="needs leasehold[codecommit]")
    source = CodeCommitRole(URL, "eu-west-1", lambda: role)
    opens = Remote(URL, credentials=source).access().credentials
    source.doubt()
    assert isinstance(opens, Token)
    at, _, signed = opens.token.partition("Z")
    assert opens.username == "%".join(filter(None, (role.access_key, role.token)))
    assert signed == signature(at, role)
    assert "s3cret" not in repr(opens)
