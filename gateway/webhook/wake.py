"""Ask for a tick now: by invoking the controller's function, or by starting its build.

`leasehold up` hands in one that wakes the thread which ticks. It returns at once; what the tick
does, it does not hear.
"""

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from gateway.webhook.dependencies import WebhookDependencies
from ledger.errors import Refused, Unavailable
from ledger.variables import CONTROLLER_FUNCTION, CONTROLLER_PROJECT

Wake = Callable[[], None]


def controller(dependencies: WebhookDependencies) -> Wake:
    """Return what wakes the controller that was deployed."""
    if dependencies.variables.get(CONTROLLER_PROJECT):
        return ControllerProject(dependencies)
    return ControllerFunction(dependencies)


class ControllerFunction:
    """Invokes the controller's function asynchronously, and says when it was asked for.

    A tick that began later than that has seen the push: by this the controller lets a burst of
    calls be two ticks at the most.
    """

    def __init__(self, dependencies: WebhookDependencies) -> None:
        self._dependencies = dependencies

    def __call__(self) -> None:
        """Raise Refused LH4404 where no function is named, Unavailable LH4407."""
        name = self._dependencies.variables.get(CONTROLLER_FUNCTION)
        if not name:
            raise Refused(
                "LH4404",
                f"Webhooks are not set up here: {CONTROLLER_FUNCTION} is not set. Deploy again.",
            )
        asked_at = self._dependencies.clock().isoformat()
        payload = json.dumps({"source": "leasehold.webhook", "asked_at": asked_at})
        try:
            self._client.invoke(FunctionName=name, InvocationType="Event", Payload=payload.encode())
        except (BotoCoreError, ClientError) as error:
            raise _untold() from error

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401  (boto3's)
        return self._dependencies.client("lambda", config=clients.BRIEF)


class ControllerProject:
    """Starts a build of the controller's project.

    CodeBuild refuses one while another runs. That one may have read the ledger before the push, so
    the refusal is told and not passed over.
    """

    def __init__(self, dependencies: WebhookDependencies) -> None:
        self._dependencies = dependencies

    def __call__(self) -> None:
        """Raise Unavailable LH4407."""
        name = self._dependencies.variables[CONTROLLER_PROJECT]
        try:
            self._client.start_build(projectName=name)
        except (BotoCoreError, ClientError) as error:
            raise _untold() from error

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401  (boto3's)
        return self._dependencies.client("codebuild", config=clients.BRIEF)


def _untold() -> Unavailable:
    return Unavailable("LH4407", "The controller could not be told; its next tick comes by itself.")
