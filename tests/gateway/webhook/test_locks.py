"""Which pushes start the project that makes locks, by what forges tell of the files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from gateway.http.call import Call
from gateway.webhook.locks import ROOT, lock_project
from gateway.webhook.receive import Webhook
from ledger import fleet
from ledger.errors import Unavailable
from ledger.variables import ENVIRONMENT, LOCK_PROJECT, WEBHOOK_SECRET_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.http.answer import Answer

SECRET = "known-to-the-git-host"
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
DEV = "environments/dev"
DEFINITION, LEASE, LOCK = (f"{DEV}/A.{kind}.json" for kind in ("endpoint", "lease", "lock"))


def commit(
    added: object = (), modified: object = (), removed: object = (), **more: object
) -> dict[str, object]:
    told = {"added": added, "modified": modified, "removed": removed}
    lists = {key: [*it] if isinstance(it, tuple) else it for key, it in told.items()}
    return {**lists, **more}


def refused(code: str) -> ClientError:
    error: Any = {"Code": code, "Message": "no"}
    return ClientError({"Error": error}, "StartBuild")


class Deployed:
    """A webhook's function; `starts` are the projects of which it has started a build."""

    def __init__(
        self,
        variables: Mapping[str, str] | None = None,
        failure: Exception | None = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self.starts: list[str] = []
        self.failure = failure
        self.variables = {
            WEBHOOK_SECRET_VALUE: SECRET,
            ENVIRONMENT: "dev",
            LOCK_PROJECT: "demo-dev-locks",
            **(variables or {}),
        }
        self.wake = wake
        self.clock = lambda: NOW
        self._webhook = Webhook.of(self)

    def client(self, service: str, config: object = None) -> Any:  # noqa: ANN401, ARG002
        assert service == "codebuild"
        return SimpleNamespace(start_build=self._start)

    def _start(self, *, projectName: str) -> None:  # noqa: N803  (boto3's)
        if self.failure:
            raise self.failure
        self.starts.append(projectName)

    def push(self, **body: object) -> tuple[int, str]:
        pushed = json.dumps({"ref": "refs/heads/main", **body}).encode()
        answer = self.receive(pushed, {})
        assert isinstance(answer.body, dict)
        return int(answer.status), str(answer.body["Reason"])

    def receive(self, body: bytes, more: Mapping[str, str]) -> Answer:
        headers = {"x-gitlab-token": SECRET, **more}
        return self._webhook.receive(
            Call(method="POST", resource="/webhooks/git", headers=headers, body=body)
        )


@pytest.mark.parametrize(
    "commits",
    [
        [commit(added=(DEFINITION,))],
        [commit(modified=(DEFINITION,))],
        [commit(modified=(LEASE,)), commit(modified=(DEFINITION, "README.md"))],
        [commit(removed=(DEFINITION,), added=(f"{DEV}/B.endpoint.json",))],
        [commit(modified=(f"{DEV}/environment.json",))],
        [commit(removed=(LOCK,))],
    ],
)
def test_a_push_that_changes_what_is_locked_starts_the_project(commits: list[object]) -> None:
    deployed = Deployed()
    status, reason = deployed.push(commits=commits, total_commits_count=len(commits))
    assert status == 202
    assert reason == (
        "The branch main was pushed to. demo-dev-locks makes the locks that are missing."
    )
    assert deployed.starts == ["demo-dev-locks"]


@pytest.mark.parametrize(
    "commits",
    [
        [commit(added=(LOCK,))],
        [commit(modified=(LOCK,)), commit(added=(LEASE,)), commit(removed=(LEASE,))],
        [commit(added=("environments/prod/A.endpoint.json",))],
        [commit(added=(f"{DEV}/README.md", "A.endpoint.json", f"x/{DEFINITION}"))],
        [commit()],
    ],
    ids=["its own", "leases", "another environment", "elsewhere", "empty"],
)
def test_a_push_of_anything_else_starts_none(commits: list[object]) -> None:
    """The project's own commit above all, or it would start itself for ever."""
    deployed = Deployed()
    status, reason = deployed.push(commits=commits)
    assert (status, reason) == (202, "The branch main was pushed to.")
    assert deployed.starts == []


MANY = [commit(modified=(LEASE,))] * 2048


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"commits": []},
        {"commits": "?"},
        {"commits": [commit(modified=(LEASE,)), "?"]},
        {"commits": [{"id": "1", "message": "no files are told"}]},
        {"commits": [commit(modified=(LEASE, 7))]},
        {"commits": [commit(modified="?")]},
        {"commits": [commit(modified=(LEASE,))], "total_commits_count": 21},
        {"commits": [commit(modified=(LEASE,))], "total_commits": 2},
        {"commits": [commit(modified=(LEASE,))], "forced": True},
        {"commits": MANY},
        {"commits": [commit(modified=("x",) * 3000)]},
    ],
    ids=lambda body: str(body)[:40],
)
def test_where_not_all_files_are_told_any_push_starts_it(body: dict[str, object]) -> None:
    deployed = Deployed()
    assert deployed.push(**body)[0] == 202
    assert deployed.starts == ["demo-dev-locks"]


@pytest.mark.parametrize(
    "body",
    [
        {"push": {"changes": [{"new": {"type": "branch", "name": "main"}, "old": None}]}},
        {"changes": [{"ref": {"id": "refs/heads/main"}, "type": "UPDATE"}]},
        {"resource": {"refUpdates": [{"name": "refs/heads/main"}]}},
        {"detail": {"referenceName": "main"}},
    ],
    ids=["Bitbucket Cloud", "Bitbucket Server", "Azure DevOps", "CodeCommit"],
)
def test_hosts_that_tell_no_files_start_it_by_any_push(body: dict[str, object]) -> None:
    deployed = Deployed()
    assert deployed.push(ref=None, **body)[0] == 202
    assert deployed.starts == ["demo-dev-locks"]


def test_another_branch_starts_nothing() -> None:
    deployed = Deployed()
    assert deployed.push(ref="refs/heads/change", commits=[commit(added=(DEFINITION,))])[0] == 200
    assert deployed.starts == []


def test_a_push_that_comes_again_starts_it_once() -> None:
    deployed = Deployed()
    body = json.dumps({"ref": "refs/heads/main"}).encode()
    answers = [deployed.receive(body, {"x-gitlab-event-uuid": "e-1"}) for _ in "12"]
    assert [int(each.status) for each in answers] == [202, 200]
    assert deployed.starts == ["demo-dev-locks"]


@pytest.mark.parametrize(
    ("failure", "said", "logged"),
    [
        (refused("AccountLimitExceededException"), "demo-dev-locks is at work already.", ""),
        (refused("AccessDeniedException"), "demo-dev-locks could not be started; locks", "LH5192"),
        (ReadTimeoutError(endpoint_url="https://x"), "could not be started; locks", "LH5192"),
    ],
)
def test_a_project_that_does_not_start_keeps_no_tick_from_being_asked_for(
    failure: Exception, said: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    ticks: list[int] = []
    deployed = Deployed(failure=failure, wake=lambda: ticks.append(1))
    status, reason = deployed.push()
    assert (status, ticks) == (202, [1])
    assert said in reason
    assert logged in caplog.text


def test_locks_are_made_where_the_controller_is_not_heard() -> None:
    """A controller that is a build refuses another; what is to be locked waits for none of it."""

    def busy() -> None:
        raise Unavailable("LH4407", "The controller could not be told.")

    deployed = Deployed(wake=busy)
    with pytest.raises(Unavailable):
        deployed.push()
    assert deployed.starts == ["demo-dev-locks"]


def test_without_a_project_nothing_is_started() -> None:
    deployed = Deployed({LOCK_PROJECT: ""})
    assert deployed.push() == (202, "The branch main was pushed to.")
    assert deployed.starts == []
    assert not isinstance(lock_project(deployed), type)


def test_the_folder_is_the_ledgers() -> None:
    assert ROOT == fleet.ROOT
