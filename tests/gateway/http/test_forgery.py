"""No text of a caller forges an author, a trailer or a path: the commit as git itself reads it."""

from __future__ import annotations

import json
import subprocess
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.dependencies import Dependencies
from gateway.handler import build
from ledger.committers import GATEWAY
from ledger.variables import IDENTITIES
from tests.conftest import staged
from tests.gateway.api import FALCON
from tests.ledger.forge import QUIET, git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.handler import Handler
    from tests.scene import Json, Scene

ENDINGS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\n\n")
FORGED = "Lease-Expires: 2099-01-01T00:00:00Z"
HOSTILE = st.sampled_from(
    [
        f"please{ending}{line}"
        for ending in ENDINGS
        for line in (FORGED, "Request-Id: 1", "Signed-off-by: Eve <e@x>", "---", "> x", "")
    ]
    + ["\x1b[31mred", "a\0b", "\u202eevil", "\u2066x", "../../x", "Eve <eve@example.com>", "# x"]
)
TEXTS = HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ADMITTED = {"iam": {"scopes": {"arn:aws:iam::123456789012:role/*": ["extend", "read"]}}}
THOROUGH = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged(tmp_path_factory.mktemp("forgery")) as made:
        made.define("Falcon40B", 60)
        yield made


@pytest.fixture(scope="module")
def handle(scene: Scene) -> Handler:
    def clock() -> object:
        scene.now += timedelta(seconds=1)
        return scene.now

    variables = {IDENTITIES: json.dumps(ADMITTED)}
    client = scene.account.client
    return build(Dependencies(scene.open(GATEWAY), "dev", clock, client, variables=variables))  # type: ignore[arg-type]


def asked(reason: str, key: str, caller: Json, name: str = FALCON) -> Json:
    return {
        "httpMethod": "POST",
        "resource": "/endpoint-expiry",
        "headers": {"Idempotency-Key": key} if key else {},
        "queryStringParameters": None,
        "requestContext": {"requestId": str(uuid.uuid4()), **caller},
        "body": json.dumps({"EndpointName": name, "minutes": 1, "reason": reason}),
    }


def check_commit(scene: Scene, author: tuple[str, str], answer: Json, before: str) -> None:
    """The newest commit is ours from end to end, or there is none."""
    bare = scene.forge.bare
    if answer["statusCode"] != 200:
        assert answer["statusCode"] < 500 or json.loads(answer["body"])["code"] == "LH4201"
        assert scene.forge.tip == before
        return
    said = json.loads(answer["body"])
    if said["Commit"] != scene.forge.tip:
        return  # a key that hypothesis has tried before
    shown = subprocess.run(
        ["git", "log", "-1", "--format=%B", "main"],
        cwd=bare,
        env=QUIET,
        check=True,
        capture_output=True,
    ).stdout
    parsed = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        cwd=bare,
        env=QUIET,
        check=True,
        capture_output=True,
        input=shown,
    ).stdout.decode()
    own = git(bare, "log", "-1", "--format=%(trailers:only,unfold)", "main")
    names = [line.partition(": ")[0] for line in parsed.split("\n") if line]
    wanted = ["Lease-Action", "Lease-Endpoint", "Lease-Expires", "Lease-Previous"]
    wanted += ["Requested-By", "Request-Id"]
    assert names in (wanted, [*wanted, "Request-Digest"])
    assert [line.partition(": ")[0] for line in own.split("\n") if line] == names
    values = dict(line.split(": ", 1) for line in parsed.split("\n") if line)
    assert values["Lease-Expires"] == said["ExpiresAt"]
    assert values["Requested-By"] == f"{author[0]} <{author[1]}>"
    assert git(bare, "log", "-1", "--format=%ae", "main") == author[1]
    trimmed = ".,:;\"'\\ "
    assert git(bare, "log", "-1", "--format=%an", "main").strip(trimmed) == author[0].strip(trimmed)
    assert git(bare, "log", "-1", "--format=%ce", "main") == GATEWAY.email
    files = git(bare, "show", "--format=", "--name-only", "main").splitlines()
    assert files == ["environments/dev/Falcon40B.lease.json"]


@THOROUGH
@given(name=TEXTS, reason=TEXTS, key=TEXTS | st.just(""))
@example(name="Ana", reason=f"please\n\n{FORGED}", key="k1")
@example(name="Ana", reason=f"please\u2028{FORGED}", key="")
@example(name="Ana\u200d", reason="---\n\nRequest-Id: 1", key="k2")
@example(name="'Ana'", reason="\n\n\n", key="~" * 255)
def test_of_who_holds_a_token(
    scene: Scene, handle: Handler, name: str, reason: str, key: str
) -> None:
    context = {"name": name, "email": "ana@example.com", "scopes": "extend"}
    before = scene.forge.tip
    answer = handle(asked(reason, key, {"authorizer": context}), None)
    check_commit(scene, (name, "ana@example.com"), answer, before)


@THOROUGH
@given(email=TEXTS.map(lambda text: f"ana{text}@example.com") | st.emails())
@example(email="ana@example.com\nRequest-Id: 1")
def test_of_whose_address_is_odd(scene: Scene, handle: Handler, email: str) -> None:
    context = {"name": "Ana", "email": email, "scopes": "extend"}
    before = scene.forge.tip
    answer = handle(asked("demo", "", {"authorizer": context}), None)
    check_commit(scene, ("Ana", email), answer, before)


@THOROUGH
@given(session=TEXTS | st.from_regex(r"[\w+=,.@-]{1,64}", fullmatch=True))
@example(session="ana\n")
@example(session="...")
def test_of_who_signs_with_aws_credentials(scene: Scene, handle: Handler, session: str) -> None:
    arn = f"arn:aws:sts::123456789012:assumed-role/Deployer/{session}"
    before = scene.forge.tip
    answer = handle(asked("demo", "", {"identity": {"userArn": arn}}), None)
    tip = scene.forge.tip
    if answer["statusCode"] == 200 and tip != before:
        email = git(scene.forge.bare, "log", "-1", "--format=%ae", "main")
        assert email.endswith("@123456789012.iam.invalid")
        check_commit(scene, (session, email), answer, before)
    else:
        assert tip == before


@THOROUGH
@given(name=TEXTS)
def test_of_who_names_an_endpoint_that_is_a_path(scene: Scene, handle: Handler, name: str) -> None:
    context = {"name": "Ana", "email": "ana@example.com", "scopes": "admin"}
    before = scene.forge.tip
    event = asked("demo", "", {"authorizer": context})
    body = {"EndpointName": f"x{name}", "EndpointConfigName": "c", "minutes": 1}
    answer = handle({**event, "body": json.dumps(body)}, None)
    if answer["statusCode"] != 200:
        assert scene.forge.tip == before
        return
    files = git(scene.forge.bare, "show", "--format=", "--name-only", "main").splitlines()
    assert files == [f"environments/dev/x{name}.{kind}.json" for kind in ("endpoint", "lease")]
    assert f"x{name}".replace("-", "").isalnum()
    assert name.isascii()
