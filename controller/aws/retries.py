"""How a call that AWS throttles is made again: often, after short pauses, and never past the end.

botocore gives up after three attempts, and after a hundred repetitions altogether it repeats
nothing more; with half of all calls throttled, no tick gets anywhere then. What is throttled was
not done, so it may be repeated, whatever it is. All else is left to botocore.
"""

import random
from collections.abc import Mapping
from typing import Any

from ledger.deadline import left

MOST_ATTEMPTS = 10
_FIRST_PAUSE = 0.25  # seconds, and twice as long each time
_LONGEST_PAUSE = 4.0
_THROTTLED = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)
_jitter = random.SystemRandom()


def repeat_throttled(events: Any) -> None:  # noqa: ANN401  (botocore's own emitter of events)
    """Let the clients that are made with these events repeat what is throttled.

    Not those that are to ask once. An event's name has three parts; whoever registers for all of
    them is asked before botocore's own, which registers for two.
    """
    events.register_first("needs-retry.*.*", _pause)


def _pause(
    response: tuple[object, Mapping[str, Any]] | None = None,
    attempts: int = 0,
    request_dict: Mapping[str, Any] | None = None,
    **_: object,
) -> float | None:
    """Return how many seconds are to pass before the next attempt; None leaves it to botocore."""
    if attempts >= MOST_ATTEMPTS or not _is_throttled(response) or _is_hasty(request_dict or {}):
        return None
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
    seconds = _jitter.uniform(0, longest)
    return seconds if left(longest) > seconds else None


def _is_throttled(response: tuple[object, Mapping[str, Any]] | None) -> bool:
    return response is not None and response[1].get("Error", {}).get("Code") in _THROTTLED


def _is_hasty(request: Mapping[str, Any]) -> bool:
    config = request.get("context", {}).get("client_config")
    return config is not None and (config.retries or {}).get("total_max_attempts") == 1
