"""Calls as the forges make them, over HTTP: who proves what, and what each event brings about."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from tests.gateway.webhook.test_receive import NEW, OLD, Hook, github, hook, scene_of_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["hook", "scene_of_all"]  # the fixtures
MAIN = "refs/heads/main"
PUSH = {"ref": MAIN, "before": "a" * 40, "after": "b" * 40}
NONE = "0" * 40


def digits(body: bytes, secret: str = NEW, algorithm: Any = hashlib.sha256) -> str:  # noqa: ANN401
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def hub256(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={digits(body)}"}


def bitbucket(body: bytes) -> dict[str, str]:
    return {
        "X-Hub-Signature": f"sha256={digits(body)}",
        "X-Event-Key": "repo:push",
        "X-Request-UUID": "r-1",
    }


def bitbucket_server(body: bytes) -> dict[str, str]:
    return {**bitbucket(body), "X-Event-Key": "repo:refs_changed", "X-Request-Id": "r-2"}


def gitea(body: bytes) -> dict[str, str]:
    return {"X-Gitea-Signature": digits(body), "X-Gitea-Event": "push", "X-Gitea-Delivery": "d"}


def forgejo(body: bytes) -> dict[str, str]:
    return {"X-Forgejo-Signature": digits(body), "X-Forgejo-Event": "push"}


def gitlab(_body: bytes) -> dict[str, str]:
    return {"X-Gitlab-Token": NEW, "X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": "u1"}


def azure(_body: bytes, secret: str = NEW) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"x:{secret}".encode()).decode()}


def cloud_change(new: object, old: object = None, **more: object) -> dict[str, object]:
    return {"push": {"changes": [{"new": new, "old": old, **more}]}}


def branch(name: str) -> dict[str, object]:
    return {"type": "branch", "name": name, "target": {"hash": "b" * 40}}


def server_change(kind: str, ref: str = MAIN) -> dict[str, object]:
    change = {"ref": {"id": ref, "displayId": "main", "type": "BRANCH"}, "type": kind}
    return {"eventKey": "repo:refs_changed", "changes": [change]}


def azure_update(old: str = "a" * 40, new: str = "b" * 40, ref: str = MAIN) -> dict[str, object]:
    update = {"name": ref, "oldObjectId": old, "newObjectId": new}
    return {"id": "i", "eventType": "git.push", "resource": {"refUpdates": [update]}}


def codecommit(event: str = "referenceUpdated", name: str = "main") -> dict[str, object]:
    detail = {"event": event, "referenceType": "branch", "referenceName": name}
    return {"detail-type": "CodeCommit Repository State Change", "detail": detail}


def encoded(data: object) -> bytes:
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("data", "prove"),
    [
        (PUSH, hub256),
        (PUSH, gitea),
        (PUSH, forgejo),
        ({"object_kind": "push", **PUSH}, gitlab),
        ({"event_name": "push", **PUSH}, gitlab),
        (cloud_change(branch("main"), branch("main"), created=False, closed=False), bitbucket),
        (cloud_change(branch("main")), bitbucket),
        (cloud_change(branch("main"), branch("main")), hub256),
        (server_change("UPDATE"), bitbucket_server),
        (azure_update(), azure),
        ({"eventType": "git.push", "resource": {"refUpdates": [{"name": MAIN}]}}, azure),
        (codecommit(), hub256),
        (codecommit(), azure),
        ({"detail-type": codecommit()["detail-type"], "detail": {"referenceName": "main"}}, hub256),
    ],
)
def test_a_push_to_the_branch_brings_a_tick_forward_once(
    hook: Hook, data: object, prove: Callable[[bytes], dict[str, str]]
) -> None:
    body = encoded(data)
    first, again = hook.send(body, prove(body)), hook.send(body, prove(body))
    assert (first.status, first.body["Triggered"]) == (202, True), first.body
    assert (again.status, again.body["Reason"]) == (200, "Ignored. It has come before.")
    assert hook.ticks == 1


def test_one_of_several_branches_is_enough(hook: Hook) -> None:
    changes = [{"new": None, "old": branch("old")}, 7, {"new": branch("main"), "old": None}]
    body = encoded({"push": {"changes": changes}})
    assert hook.send(body, bitbucket(body)).status == 202
    first, second = server_change("DELETE", "refs/heads/x"), server_change("UPDATE")
    body = encoded({"changes": [*first["changes"], None, *second["changes"]]})  # type: ignore[misc]
    assert hook.send(body, bitbucket_server(body)).status == 202
    body = encoded({"resource": {"refUpdates": ["?", {"name": "refs/tags/v1"}, {"name": MAIN}]}})
    assert hook.send(body, azure(body)).status == 202


GITHUB_CREATE = {"ref": "main", "ref_type": "branch", "master_branch": "main"}
GITHUB_DELETE = {"ref": "main", "ref_type": "branch"}


@pytest.mark.parametrize(
    ("data", "prove", "more", "reason"),
    [
        (GITHUB_CREATE, hub256, {"X-GitHub-Event": "create"}, "The branch main was created."),
        (GITHUB_CREATE, hub256, {}, "The branch main was created."),
        (GITHUB_DELETE, hub256, {"X-GitHub-Event": "delete"}, "The branch main was deleted."),
        (GITHUB_DELETE, hub256, {}, "The branch main was created or deleted."),
        (GITHUB_DELETE, gitea, {"X-Gitea-Event": "create"}, "The branch main was created."),
        (
            {"ref": "v1", "ref_type": "tag"},
            hub256,
            {"X-GitHub-Event": "delete"},
            "The tag v1 was deleted.",
        ),
        ({"ref": MAIN, "deleted": True}, hub256, {}, "The branch main was deleted."),
        ({"ref": MAIN, "created": True}, hub256, {}, "The branch main was created."),
        ({**PUSH, "after": NONE}, gitlab, {}, "The branch main was deleted."),
        ({**PUSH, "before": NONE}, gitlab, {}, "The branch main was created."),
        ({**PUSH, "after": "0" * 64}, gitea, {}, "The branch main was deleted."),
        (cloud_change(None, branch("main")), bitbucket, {}, "The branch main was deleted."),
        (
            cloud_change(branch("main"), created=True),
            bitbucket,
            {},
            "The branch main was created.",
        ),
        (
            cloud_change({"type": "tag", "name": "main"}),
            bitbucket,
            {},
            "It is about refs/tags/main, and the ledger's branch is main.",
        ),
        (server_change("DELETE"), bitbucket_server, {}, "The branch main was deleted."),
        (server_change("ADD"), bitbucket_server, {}, "The branch main was created."),
        (azure_update(new=NONE), azure, {}, "The branch main was deleted."),
        (azure_update(old=NONE), azure, {}, "The branch main was created."),
        (codecommit("referenceDeleted"), azure, {}, "The branch main was deleted."),
        (codecommit("referenceCreated", "x"), azure, {}, "The branch x was created."),
        (
            {"ref": "refs/notes/x", "deleted": True},
            hub256,
            {},
            "The reference refs/notes/x was deleted.",
        ),
        ({"zen": "x", "hook_id": 1}, hub256, {}, "It is a ping, and it was understood."),
        ({}, hub256, {"X-GitHub-Event": "ping"}, "It is a ping, and it was understood."),
        ({"test": True}, bitbucket_server, {"X-Event-Key": "diagnostics:ping"}, "It is a ping"),
        ({"test": True}, hub256, {}, "It is a ping, and it was understood."),
        (
            PUSH,
            hub256,
            {"X-GitHub-Event": "workflow_dispatch"},
            "It is the event workflow_dispatch, and no push.",
        ),
        (PUSH, gitlab, {"X-Gitlab-Event": "Note Hook"}, "It is the event Note Hook, and no push."),
        (
            {"object_kind": "pipeline", **PUSH},
            gitlab,
            {"X-Gitlab-Event": "System Hook"},
            "It is the event pipeline, and no push.",
        ),
        (
            azure_update() | {"eventType": "build.complete"},
            azure,
            {},
            "It is the event build.complete, and no push.",
        ),
        (
            PUSH,
            hub256,
            {"X-GitHub-Event": "<b>::error</b>"},
            "It is the event without a readable name, and no push.",
        ),
        ({"push": {"changes": []}}, bitbucket, {}, "It names no branch: it is no push."),
        ({"changes": [{"ref": MAIN}]}, bitbucket_server, {}, "It names no branch"),
        ({"resource": {"refUpdates": None}}, azure, {}, "It names no branch: it is no push."),
        (
            cloud_change(branch("other"), branch("other")),
            bitbucket,
            {},
            "It is about refs/heads/other, and the ledger's branch is main.",
        ),
    ],
)
def test_whatever_else_happened_is_named_and_triggers_nothing(
    hook: Hook,
    data: object,
    prove: Callable[[bytes], dict[str, str]],
    more: Mapping[str, str],
    reason: str,
) -> None:
    body = encoded(data)
    answer = hook.send(body, {**prove(body), **more})
    assert (answer.status, hook.ticks) == (200, 0)
    assert answer.body["Reason"].startswith(f"Ignored. {reason}")


def test_gitea_signs_the_json_of_a_form_and_github_the_form(hook: Hook) -> None:
    text = json.dumps(PUSH)
    form = urlencode({"payload": text}).encode()
    assert hook.send(form, gitea(text.encode())).status == 202
    body = b"payload=" + quote(text).encode() + b"&again=1"
    assert hook.send(body, github(body)).status == 202
    assert hook.send(form, github(text.encode())).code == "LH4401"


def test_the_former_secret_counts_while_both_are_set(hook: Hook) -> None:
    body = encoded(PUSH)
    assert hook.send(body, azure(body, OLD)).status == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature": "sha1=" + digits(encoded(PUSH), algorithm=hashlib.sha1)},
        {"X-Hub-Signature": digits(encoded(PUSH))},
        {"X-Gitea-Signature": "sha256=" + digits(encoded(PUSH))},
        {"X-Gitea-Signature": "0" * 64},
        azure(b"", "a-guessed-secret-of-mine"),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        {"Authorization": "Basic " + base64.b64encode(NEW.encode()).decode()},
        {"Authorization": f"Bearer {NEW}"},
        {"Authorization": NEW},
        {**azure(b""), "X-Hub-Signature": "sha256=" + "0" * 64},
        {**hub256(encoded(PUSH)), "X-Gitea-Signature": "0" * 64},
    ],
    ids=str,
)
def test_what_proves_nothing_is_refused(hook: Hook, headers: dict[str, str]) -> None:
    answer = hook.send(encoded(PUSH), headers)
    assert (answer.status, answer.code, hook.ticks) == (401, "LH4401", 0)


@pytest.mark.parametrize("body", [b"payload=\xff", b"payload=" + b"&a=1" * 50, b"payload"])
def test_a_form_that_is_none_is_not_understood(hook: Hook, body: bytes) -> None:
    assert hook.send(body, gitea(body)).code == "LH4403"
