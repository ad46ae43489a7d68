"""How long the work under way may still take.

An entry point says it once, with `within`. Whatever may wait for somebody else asks what is `left`,
however deep it is called. Another thread has the deadline of whoever started it only if what it
does was `carried` there.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, Protocol, TypeVar

from ledger.errors import Unavailable

MOST_SECONDS_OF_A_CALL = 20.0  # of a call that waits for git: API Gateway gives up after 29
LEAST_SECONDS = 3.0  # for what a call can do without
_LONGEST_TURN = 120.0  # seconds, where nobody has said when to end
_P = ParamSpec("_P")
_T = TypeVar("_T")
_ends_at: ContextVar[float | None] = ContextVar("_ends_at", default=None)  # by time.monotonic


class Lockable(Protocol):
    """Any of threading's locks."""

    def acquire(self, *, timeout: float) -> bool: ...
    def release(self) -> None: ...


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what is done inside end in so many seconds, or earlier where it had to anyway."""
    token = _ends_at.set(time.monotonic() + left(seconds))
    try:
        yield
    finally:
        _ends_at.reset(token)


def left(most: float) -> float:
    """Return how many seconds are left, `most` of them; 0 where the time is up."""
    ends_at = _ends_at.get()
    return most if ends_at is None else max(0.0, min(most, ends_at - time.monotonic()))


def carried(do: Callable[_P, _T]) -> Callable[_P, _T]:
    """Return what does the same in another thread, and has to end when this one has to."""
    ends_at = _ends_at.get()

    def there(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        token = _ends_at.set(ends_at)
        try:
            return do(*args, **kwargs)
        finally:
            _ends_at.reset(token)

    return there


@contextmanager
def turn(lock: "Lockable") -> Iterator[None]:
    """Hold a lock that somebody may hold while the git server lets them wait.

    Raise Unavailable LH2014 where the turn does not come in time.
    """
    if not lock.acquire(timeout=left(_LONGEST_TURN)):
        raise Unavailable(
            "LH2014",
            "The git server was not asked: others wait for its answer, and it does not come. Try"
            " again; if it goes on, look at the server.",
        )
    try:
        yield
    finally:
        lock.release()
