"""Start the project that makes locks, where a push may have left a definition without one.

Its own commits add and change locks alone, and start nothing. CodeBuild runs one build at a time
and refuses another, so a burst of pushes is one build. No tick needs any of this: whatever fails is
told, and the project's schedule makes up for it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from gateway.log_lines import logger
from gateway.webhook.dependencies import WebhookDependencies
from gateway.webhook.events import Change, Files
from ledger.variables import ENVIRONMENT, LOCK_PROJECT

Locking = Callable[[Change], str]
ROOT = "environments"  # as `ledger.fleet` has it, which knows documents and is slow to load
NOT_STARTED = "LH5192"
RUNS_ALREADY = "AccountLimitExceededException"  # said of the project's own limit, too

log = logger("leasehold.gateway")


def lock_project(dependencies: WebhookDependencies) -> Locking:
    """Return what tells the project of a push, and says what came of it."""
    if dependencies.variables.get(LOCK_PROJECT):
        return LockProject(dependencies)
    return lambda _: ""


def wants_locks(files: Files | None, environment: str) -> bool:
    """Tell whether a push may have changed what is locked; where no files are told, it may."""
    if files is None:
        return True
    folder = f"{ROOT}/{environment}/"
    locked = (".endpoint.json", "/environment.json")
    every = files.written | files.removed
    return any(
        each.startswith(folder)
        and (each.endswith(locked) or (each in files.removed and each.endswith(".lock.json")))
        for each in every
    )


class LockProject:
    """Starts a build of the project. Safe to call from many threads."""

    def __init__(self, dependencies: WebhookDependencies) -> None:
        self._dependencies = dependencies
        self._name = dependencies.variables[LOCK_PROJECT]
        self._environment = dependencies.variables.get(ENVIRONMENT) or ""

    def __call__(self, change: Change) -> str:
        """Return a sentence; empty where no definition was changed."""
        if not wants_locks(change.files, self._environment):
            return ""
        try:
            self._client.start_build(projectName=self._name)
        except (BotoCoreError, ClientError) as error:
            return self._not_started(error)
        return f"{self._name} makes the locks that are missing."

    def _not_started(self, error: BotoCoreError | ClientError) -> str:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == RUNS_ALREADY:
            return f"{self._name} is at work already."
        log.warning("%s %s could not be started: %s", NOT_STARTED, self._name, error)
        return f"{self._name} could not be started; locks wait until its schedule starts it."

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401  (boto3's)
        return self._dependencies.client("codebuild", config=clients.BRIEF)
