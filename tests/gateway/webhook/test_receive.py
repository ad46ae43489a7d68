"""A push brings the next tick forward: calls of forges over HTTP, and what they set off."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.http.routes import WEBHOOK_BODY
from gateway.webhook.seen import REMEMBERED
from gateway.webhook.signatures import sign
from ledger.committers import GATEWAY
from ledger.errors import Unavailable
from ledger.variables import (
    CONTROLLER_FUNCTION,
    CONTROLLER_PROJECT,
    WEBHOOK_SECRET,
    WEBHOOK_SECRET_VALUE,
)
from tests.conftest import staged
from tests.gateway.api import Answer, Api, deployed
from tests.lambda_service import front_door

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.scene import Json, Scene

OLD, NEW = "the-former-secret", "the-present-secret"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MAIN = {"ref": "refs/heads/main"}


@dataclass
class Controller:
    """Whoever is asked for a tick; it may be out of reach."""

    ticks: int = 0
    failure: Unavailable | None = None

    def __call__(self) -> None:
        if self.failure:
            raise self.failure
        self.ticks += 1


@dataclass
class Hook:
    """The API with a webhook, and who hears of it."""

    api: Api
    controller: Controller
    _sent: int = field(default=0)

    @property
    def ticks(self) -> int:
        return self.controller.ticks

    def send(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self.api.send("POST", body, token=None, headers=headers, path="/prod/webhooks/git")

    def push(self, data: object = None, secret: str = NEW) -> Answer:
        """A push as GitHub tells of it, different from all before."""
        self._sent += 1
        body = json.dumps({**MAIN, "after": self._sent} if data is None else data).encode()
        return self.send(body, github(body, secret))


def github(body: bytes, secret: str = NEW) -> dict[str, str]:
    proof = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={proof}", "X-GitHub-Event": "push"}


@pytest.fixture(scope="module")
def scene_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged(tmp_path_factory.mktemp("webhook")) as made:
        yield made


@pytest.fixture
def hook(scene_of_all: Scene) -> Iterator[Hook]:
    controller, variables = Controller(), {WEBHOOK_SECRET_VALUE: f"{NEW}\n{OLD}\n"}
    server, table = deployed(scene_of_all, variables=variables, wake=controller)
    with server:
        yield Hook(Api(scene_of_all, server.url, table, ""), controller)


class TestAPushToTheLedgersBranch:
    def test_brings_a_tick_forward(self, hook: Hook) -> None:
        answer = hook.push()
        assert (answer.status, hook.ticks) == (202, 1)
        assert answer.body == {"Triggered": True, "Reason": "The branch main was pushed to."}

    def test_is_understood_from_a_form_too(self, hook: Hook) -> None:
        body = urlencode({"payload": json.dumps(MAIN)}).encode()
        assert hook.send(body, {**github(body), **FORM}).status == 202

    def test_is_understood_from_curl_which_calls_everything_a_form(self, hook: Hook) -> None:
        body = json.dumps(MAIN).encode()
        assert hook.send(body, {**github(body), **FORM}).status == 202

    def test_is_understood_from_gitlab(self, hook: Hook) -> None:
        headers = {"X-Gitlab-Token": NEW, "X-Gitlab-Event-UUID": "e-1"}
        assert hook.send(json.dumps(MAIN).encode(), headers).status == 202

    def test_is_understood_from_anybody_who_signs_it(self, hook: Hook) -> None:
        body = json.dumps(MAIN).encode()
        assert hook.send(body, sign(NEW, body, hook.api.scene.now)).status == 202

    def test_is_understood_with_the_former_secret_while_both_are_set(self, hook: Hook) -> None:
        assert hook.push(secret=OLD).status == 202

    def test_is_acted_on_once_however_often_it_is_sent(self, hook: Hook) -> None:
        body = json.dumps(MAIN).encode()
        first, second = hook.send(body, github(body)), hook.send(body, github(body))
        assert (first.status, second.status, hook.ticks) == (202, 200, 1)
        assert second.body["Reason"] == "Ignored. It has come before."

    def test_may_come_again_when_the_controller_could_not_be_told(self, hook: Hook) -> None:
        body = json.dumps(MAIN).encode()
        hook.controller.failure = Unavailable("LH4407", "The controller could not be told.")
        assert hook.send(body, github(body)).status == 503
        hook.controller.failure = None
        assert hook.send(body, github(body)).status == 202

    def test_may_come_again_after_a_while(self, hook: Hook) -> None:
        body = json.dumps(MAIN).encode()
        hook.send(body, github(body))
        hook.api.scene.at(hook.api.scene.now + REMEMBERED + timedelta(seconds=1))
        assert hook.send(body, github(body)).status == 202


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"zen": "Design for failure."}, "It names no branch: it is no push."),
        ({"ref": None}, "It names no branch: it is no push."),
        ({"ref": "refs/heads/leasehold/status"}, "It is about refs/heads/leasehold/status"),
        ({"ref": "refs/heads/maintenance"}, "It is about refs/heads/maintenance"),
        ({"ref": "refs/tags/main"}, "It is about refs/tags/main"),
        ({"ref": "main"}, "It is about main"),
    ],
    ids=["ping", "null", "status", "longer", "tag", "created"],
)
def test_whatever_else_happened_is_ignored_and_says_why(hook: Hook, data: object, why: str) -> None:
    answer = hook.push(data)
    assert (answer.status, hook.ticks) == (200, 0)
    assert answer.body["Triggered"] is False
    assert answer.body["Reason"].startswith(f"Ignored. {why}")


class TestACallThatCannotBeTrusted:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X-Gitlab-Token": "guessed-guessed-guessed"},
            {"X-Hub-Signature-256": "sha256=" + "0" * 64},
            {"X-Leasehold-Signature": "sha256=" + "0" * 64, "X-Leasehold-Timestamp": "0"},
        ],
        ids=["none", "gitlab", "github", "generic"],
    )
    def test_is_refused_with_one_and_the_same_sentence(
        self, hook: Hook, headers: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            answer = hook.send(json.dumps(MAIN).encode(), headers)
        assert (answer.status, answer.code, hook.ticks) == (401, "LH4401", 0)
        assert answer.error == (
            "This call does not prove that it comes from the repository: the webhook's secret is"
            " not the one here, or the call is older than five minutes."
        )
        assert not any(value in caplog.text for value in headers.values() if len(value) > 1)
        assert NEW not in caplog.text

    def test_is_not_read_at_all(self, hook: Hook) -> None:
        assert hook.send(b"{", {}).code == "LH4401"

    def test_is_refused_when_it_is_older_than_five_minutes(self, hook: Hook) -> None:
        body = json.dumps(MAIN).encode()
        headers = sign(NEW, body, hook.api.scene.now)
        hook.api.scene.let_pass(minutes=5, seconds=1)
        assert hook.send(body, headers).code == "LH4401"

    def test_is_refused_when_it_is_too_large(self, hook: Hook) -> None:
        body = json.dumps({**MAIN, "commits": "x" * WEBHOOK_BODY.most_bytes}).encode()
        answer = hook.send(body, github(body))
        assert (answer.status, answer.code) == (413, "LH4402")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"main"', b"\xff", b"[" * 100_000, b"payload=", b"payload=1"],
    ids=lambda body: body[:9],
)
def test_a_signed_body_that_is_no_json_object_is_refused(hook: Hook, body: bytes) -> None:
    answer = hook.send(body, github(body))
    assert (answer.status, answer.code, hook.ticks) == (400, "LH4403", 0)


def event(body: str, headers: Mapping[str, str], *, encoded: bool = False) -> Json:
    return {
        "httpMethod": "POST",
        "resource": "/webhooks/git",
        "headers": dict(headers),
        "body": body,
        "isBase64Encoded": encoded,
        "requestContext": {},
    }


def answered(
    dependencies: Dependencies, body: bytes, headers: Mapping[str, str]
) -> tuple[int, Any]:
    """What the function answers when API Gateway hands the body over in base64."""
    text = base64.b64encode(body).decode()
    answer = build(dependencies)(event(text, headers, encoded=True), None)
    return answer["statusCode"], json.loads(answer["body"])


class TestTheDeployedFunction:
    """With its secret in Secrets Manager and the controller in another function."""

    def test_asks_for_a_tick_and_says_when(self, scene_of_all: Scene) -> None:
        with front_door() as (url, calls):
            client = lambda_client(url)
            dependencies = aws(scene_of_all, client, "fleet/webhook", NEW)
            status, _ = answered(
                dependencies, b'{"ref":"refs/heads/main"}', {"X-Gitlab-Token": NEW}
            )
        assert status == 202
        (call,) = calls
        assert call.path == "/2015-03-31/functions/the-controller/invocations"
        assert call.kind == "Event"
        assert json.loads(call.payload) == {
            "source": "leasehold.webhook",
            "asked_at": scene_of_all.now.isoformat(),
        }

    def test_says_that_the_controller_could_not_be_told(self, scene_of_all: Scene) -> None:
        dependencies = aws(scene_of_all, nowhere(), "fleet/unheard", NEW)
        status, body = answered(dependencies, b'{"ref":"refs/heads/main"}', {"X-Gitlab-Token": NEW})
        assert (status, body["code"]) == (503, "LH4407")

    def test_takes_a_secret_that_was_replaced_after_five_minutes(self, scene_of_all: Scene) -> None:
        with front_door() as (url, _):
            client = lambda_client(url)
            dependencies = aws(scene_of_all, client, "fleet/replaced", OLD)
            handle = build(dependencies)
            call = event('{"ref":"refs/heads/other"}', {"X-Gitlab-Token": NEW})
            assert handle(call, None)["statusCode"] == 401
            scene_of_all.account.client("secretsmanager").put_secret_value(
                SecretId="fleet/replaced", SecretString=f"{NEW}\n{OLD}"
            )
            assert handle(call, None)["statusCode"] == 401
            scene_of_all.let_pass(minutes=5, seconds=1)
            assert handle(call, None)["statusCode"] == 200

    def test_believes_nobody_by_a_secret_that_could_be_guessed(self, scene_of_all: Scene) -> None:
        dependencies = aws(scene_of_all, nowhere(), "fleet/short", f"{NEW}\nshort")
        status, body = answered(dependencies, b"{}", {"X-Gitlab-Token": "short"})
        assert (status, body["code"]) == (500, "LH4405")
        assert NEW not in body["error"]

    def test_says_that_the_secret_cannot_be_read(self, scene_of_all: Scene) -> None:
        variables = {WEBHOOK_SECRET: "fleet/none"}
        status, body = answered(parts_of(scene_of_all, nowhere(), variables), b"{}", {})
        assert (status, body["code"]) == (503, "LH4406")

    def test_says_what_is_not_set_up(self, scene_of_all: Scene) -> None:
        status, body = answered(parts_of(scene_of_all, nowhere(), {}), b"{}", {})
        assert (status, body["code"]) == (404, "LH4404")
        assert WEBHOOK_SECRET in body["error"]
        dependencies = parts_of(scene_of_all, nowhere(), {WEBHOOK_SECRET_VALUE: NEW})
        _, body = answered(dependencies, b'{"ref":"refs/heads/main"}', {"X-Gitlab-Token": NEW})
        assert CONTROLLER_FUNCTION in body["error"]

    def test_starts_the_build_of_a_controller_that_is_one(self, scene_of_all: Scene) -> None:
        started: list[str] = []
        codebuild = SimpleNamespace(start_build=lambda **told: started.append(told["projectName"]))
        status, body = answered(building(scene_of_all, codebuild), *PUSHED)
        assert (status, started) == (202, ["the-project"]), body

    def test_says_that_a_build_was_refused(self, scene_of_all: Scene) -> None:
        """While another runs: it may have read the ledger before this push."""

        def refuse(**_: str) -> None:
            error: Any = {"Code": "AccountLimitExceededException", "Message": "1 build is running"}
            raise ClientError({"Error": error}, "StartBuild")

        codebuild = SimpleNamespace(start_build=refuse)
        status, body = answered(building(scene_of_all, codebuild), *PUSHED)
        assert (status, body["code"]) == (503, "LH4407")

    def test_knows_the_branch_by_its_setting(self, scene_of_all: Scene) -> None:
        variables = {WEBHOOK_SECRET_VALUE: NEW, "LEASEHOLD_BRANCH": "live"}
        dependencies = parts_of(scene_of_all, nowhere(), variables)
        proof = {"X-Gitlab-Token": NEW}
        assert answered(dependencies, b'{"ref":"refs/heads/main"}', proof)[0] == 200
        assert answered(dependencies, b'{"ref":"refs/heads/live"}', proof)[1]["code"] == "LH4404"

    def test_says_that_base64_is_none(self, scene_of_all: Scene) -> None:
        handle = build(parts_of(scene_of_all, nowhere(), {WEBHOOK_SECRET_VALUE: NEW}))
        answer = handle(event("%", {}, encoded=True), None)
        assert json.loads(answer["body"])["code"] == "LH4001"


def parts_of(scene: Scene, client: Any, variables: Mapping[str, str]) -> Dependencies:  # noqa: ANN401
    def clients(service: str, config: Config) -> Any:  # noqa: ANN401
        return client if service == "lambda" else scene.account.client(service, config)

    return Dependencies(scene.open(GATEWAY), "dev", lambda: scene.now, clients, variables=variables)


PUSHED = (b'{"ref":"refs/heads/main"}', {"X-Gitlab-Token": NEW})


def building(scene: Scene, codebuild: Any) -> Dependencies:  # noqa: ANN401
    """Give a gateway whose controller is a project of CodeBuild."""
    variables = {WEBHOOK_SECRET_VALUE: NEW, CONTROLLER_PROJECT: "the-project"}
    clients = {"codebuild": codebuild}
    return Dependencies(
        scene.open(GATEWAY),
        "dev",
        lambda: scene.now,
        lambda service, config: clients[service],  # noqa: ARG005  (boto3's signature)
        variables=variables,
    )


def aws(scene: Scene, client: Any, secret: str, text: str) -> Dependencies:  # noqa: ANN401
    scene.account.client("secretsmanager").create_secret(Name=secret, SecretString=text)
    variables = {WEBHOOK_SECRET: secret, CONTROLLER_FUNCTION: "the-controller"}
    return parts_of(scene, client, variables)


def lambda_client(url: str) -> Any:  # noqa: ANN401
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10)
    session: Any = boto3.Session("testing", "testing", region_name="us-east-1")
    return session.client("lambda", endpoint_url=url, config=config)


def nowhere() -> Any:  # noqa: ANN401
    """A client of a service that nobody offers."""
    return lambda_client("http://127.0.0.1:1")
