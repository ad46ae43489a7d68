"""A deployed function opens the ledger: the secret is in Secrets Manager, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from ledger.access import source
from ledger.access.code_commit import CodeCommitRole
from ledger.committers import GATEWAY
from ledger.errors import Refused, Unavailable
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings
from sandbox.git.server import GitServer
from tests.ledger.forge import LEASE, NOON, seeded
from tests.moto_server import moto_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.remote import Remote
    from ledger.repository import Repository

SECRET = "leasehold/git"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def secrets(aws: str, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    told = {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("secretsmanager")
    yield client
    for each in client.list_secrets()["SecretList"]:
        client.delete_secret(SecretId=each["ARN"], ForceDeleteWithoutRecovery=True)


def opened(url: str) -> Repository:
    settings = LedgerSettings("dev", url, secret_id=SECRET)
    return open_deployed_with_status(settings, GATEWAY, lambda: NOON)[0]


def test_a_secret_that_is_rotated_goes_on_opening_the_ledger(
    secrets: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source, "READ_AGAIN_SECONDS", 0.0)
    users = {"ana": "one"}
    secrets.create_secret(Name=SECRET, SecretString='{"username": "ana", "token": "one"}')
    with GitServer(tmp_path, credentials=users) as server:
        forge = seeded(tmp_path, "fleet.git", server.repository_url("fleet.git"))
        ledger = opened(forge.url)
        assert LEASE in ledger.read().files
        users["ana"] = "two"
        told = json.dumps({"username": "ana", "token": "two"})
        secrets.put_secret_value(SecretId=SECRET, SecretString=told)
        assert LEASE in ledger.read().files


def test_a_secret_that_is_not_there_is_said_each_time(
    secrets: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = opened("https://git.example.com/fleet.git")
    with pytest.raises(Unavailable, match=SECRET) as caught:
        ledger.head()
    assert caught.value.code == "LH2025"
    secrets.create_secret(Name=SECRET, SecretBinary=b"{}")
    with pytest.raises(Unavailable, match=SECRET):
        ledger.head()  # not asked for again so soon
    monkeypatch.setattr("ledger.access.source.READ_AGAIN_SECONDS", 0.0)  # they have passed
    with pytest.raises(Refused, match="binary") as refused:
        ledger.head()
    assert refused.value.code == "LH2021"


@pytest.mark.usefixtures("secrets")
def test_codecommit_is_opened_by_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Remote] = []

    def clone(remote: Remote, *_: object, **__: object) -> None:
        made.append(remote)

    monkeypatch.setattr("ledger.opening.Repository", clone)
    url = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/fleet"
    open_deployed_with_status(LedgerSettings("dev", url), GATEWAY, lambda: NOON)
    assert [type(remote.credentials) for remote in made] == [CodeCommitRole] * 2
