"""What a webhook needs: the clock, AWS, the settings. A function without a ledger has it, too."""

from collections.abc import Callable
from typing import Protocol

from gateway.secret_text import Settings


class WebhookDependencies(Settings, Protocol):
    """The part of `gateway.dependencies.Dependencies` that needs no ledger, as it is told there."""

    @property
    def wake(self) -> Callable[[], None] | None: ...
