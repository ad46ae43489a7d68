"""What a webhook needs: the clock, AWS, the settings. A function without a ledger has it, too."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol


class WebhookDependencies(Protocol):
    """The part of `gateway.dependencies.Dependencies` that needs no ledger, as it is told there."""

    @property
    def clock(self) -> Callable[[], datetime]: ...

    @property
    def client(self) -> Callable[..., Any]: ...

    @property
    def variables(self) -> Mapping[str, str]: ...

    @property
    def wake(self) -> Callable[[], None] | None: ...
