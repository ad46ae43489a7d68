"""What callers are told when the ledger cannot be written, and the handler in AWS Lambda."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gateway import handler as deployed
from gateway.dependencies import Dependencies
from ledger.committers import GATEWAY
from ledger.errors import Refused
from tests.deployed import lambda_environment
from tests.gateway.api import FALCON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.api import Api
    from tests.scene import Json, Scene

CALLER = {"name": "Ana", "email": "ana@example.com", "scopes": "extend,read"}


class TestALedgerThatCannotBeWritten:
    def test_git_out_of_reach_is_said_and_nothing_is_committed(self, api: Api) -> None:
        head = api.scene.forge.tip
        api.scene.git_server.stop()
        for answer in (api.extend(), api.release(), api.read()):
            assert (answer.status, answer.code) == (503, "LH4503")
            assert answer.headers["Retry-After"] == "5"
            assert "nothing is committed" in answer.error
            assert api.scene.forge.url not in answer.text
        assert api.scene.forge.tip == head
        api.scene.git_server.start()
        assert api.extend().body["ExpiresAt"] == "2026-11-23T13:10:00Z"

    def test_a_branch_that_is_protected_is_for_who_runs_the_api(self, api: Api) -> None:
        head = api.scene.forge.tip
        hook = api.scene.forge.hook("pre-receive", "echo 'internal rule 7' >&2; exit 1")
        answer = api.extend()
        assert (answer.status, answer.code) == (502, "LH4502")
        assert "not committed" in answer.error
        assert "rule 7" not in answer.text
        assert api.scene.forge.tip == head
        hook.unlink()
        assert api.extend().status == 200

    def test_a_push_by_a_person_in_between_is_no_failure(self, api: Api) -> None:
        """The hook moves main once, while the gateway's own push is on its way."""
        api.scene.forge.hook(
            "pre-receive",
            "rm -f hooks/pre-receive\n"
            "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
            "export GIT_AUTHOR_NAME=Ben GIT_AUTHOR_EMAIL=b@example.com"
            " GIT_COMMITTER_NAME=Ben GIT_COMMITTER_EMAIL=b@example.com\n"
            "git update-ref refs/heads/main $(git commit-tree -p main -m meanwhile main^{tree})",
        )
        answer = api.extend()
        assert answer.status == 200
        assert api.scene.forge.subjects()[-2:] == [
            "meanwhile",
            "lease(dev): extend Falcon40B by 10 min to 2026-11-23T13:10:00Z",
        ]

    def test_a_token_table_out_of_reach_lets_nobody_pass(self, api: Api) -> None:
        api.scene.account.order_fault("unavailable", operation="GetItem")
        answer = api.extend()
        assert answer.status == 500
        assert answer.code == "LH4500"
        assert api.log() == []


@pytest.fixture
def function(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The environment of a Lambda function, and a git server that asks for a token."""
    scene.at(datetime.now(UTC))
    scene.define("Falcon40B", 60)
    with lambda_environment(scene, monkeypatch, deployed):
        yield scene


def keep_secret(scene: Scene, secret: object) -> None:
    scene.account.client("secretsmanager").create_secret(
        Name="git", SecretString=json.dumps(secret)
    )


def event(method: str, body: object = None) -> Json:
    return {
        "httpMethod": method,
        "resource": "/endpoint-expiry",
        "headers": {},
        "queryStringParameters": None,
        "requestContext": {"requestId": "r-1", "authorizer": CALLER},
        "body": None if body is None else json.dumps(body),
    }


class TestTheDeployedFunction:
    def test_commits_with_the_git_secret(self, function: Scene) -> None:
        keep_secret(function, {"username": "leasehold", "token": "s3cret"})
        body = {"EndpointName": FALCON, "minutes": 10}
        answer = deployed.handler(event("POST", body), None)
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"])["Commit"] == function.forge.tip
        assert function.forge.subjects()[-1].startswith("lease(dev): extend Falcon40B by 10 min")

    def test_builds_its_parts_once_for_a_warm_process(self, function: Scene) -> None:
        keep_secret(function, {"username": "leasehold", "token": "s3cret"})
        function.account.calls()
        for _ in range(3):
            assert deployed.handler(event("GET"), None)["statusCode"] == 200
        assert function.account.calls() == {"GetSecretValue": 1}

    def test_does_not_give_the_secret_away_when_it_is_wrong(self, function: Scene) -> None:
        keep_secret(function, {"username": "leasehold", "token": "wr0ng"})
        answer = deployed.handler(event("GET"), None)
        assert answer["statusCode"] == 502
        assert "wr0ng" not in json.dumps(answer)

    def test_logs_that_the_secret_is_not_understood_until_it_is_mended(
        self, function: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep_secret(function, {"password": "wr0ng"})
        with caplog.at_level("INFO"):
            answer = deployed.handler(event("GET"), None)
        assert answer["statusCode"] == 502
        assert "LH2021" in caplog.text
        assert "wr0ng" not in caplog.text + json.dumps(answer)
        function.account.client("secretsmanager").put_secret_value(
            SecretId="git",
            SecretString=json.dumps({"username": "leasehold", "token": "s3cret"}),
        )
        monkeypatch.setattr("ledger.access.source.READ_AGAIN_SECONDS", 0.0)  # they have passed
        assert deployed.handler(event("GET"), None)["statusCode"] == 200

    @pytest.mark.usefixtures("function")
    def test_names_the_variable_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LEASEHOLD_REPOSITORY")
        with pytest.raises(Refused) as caught:
            deployed.handler(event("GET"), None)
        assert caught.value.code == "LH2020"
        assert "LEASEHOLD_REPOSITORY" in caught.value.message


def test_a_request_that_came_past_the_authorizer_is_refused(scene: Scene) -> None:
    handle = deployed.build(
        Dependencies(scene.open(GATEWAY), "dev", lambda: scene.now, scene.account.client)
    )
    answer = handle({**event("GET"), "requestContext": {}}, None)
    assert answer["statusCode"] >= 400
    assert json.loads(answer["body"])["code"] == "LH4202"
