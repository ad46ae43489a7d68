"""Work that waits for somebody else, in threads of its own that may be left behind.

Nothing ends a read that waits for a server which sends a byte now and then. So whoever cannot wait
goes on without the thread, which ends when the server does. How many of one kind may be left behind
is limited by whoever starts them.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from traceback import clear_frames
from typing import Any, Generic, TypeVar

from ledger.deadline import left, within

T = TypeVar("T")
MOST_LEFT_BEHIND = 16  # of one kind
_left_behind: "set[Errand[Any]]" = set()
_counting = threading.Lock()


class GivenUp(Exception):  # noqa: N818 - it is what became of it, and no bug
    """It did not end in time, and may go on somewhere. `begun` is false for what never began."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__("it did not end in time" if begun else "there was no time to begin")
        self.begun = begun


class Errand(threading.Thread, Generic[T]):
    """One thing that is done in a thread; `release` is called at its end where it is left behind.

    Whoever waits goes by `over`, and asks for the `outcome` then, or does `leave`.
    """

    def __init__(
        self, do: Callable[[], T], kind: str, release: Callable[[], None] | None = None
    ) -> None:
        super().__init__(name=f"errand to {kind}", daemon=True)
        self.kind = kind
        self.over = threading.Event()
        self._do: Callable[[], T] | None = do
        self._release = release
        self._returned: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        do, self._do = self._do, None
        try:
            if do is not None:
                self._returned.append(do())
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            # Its frames and it would keep each other, and with them handles and connections.
            clear_frames(error.__traceback__)
            self._error = error
        finally:
            del do
            self._end()

    def outcome(self) -> T:
        """Return or raise what came of it; once."""
        self.join()
        error, self._error = self._error, None
        if error is None:
            return self._returned.pop()
        try:
            raise error
        finally:
            del error

    def leave(self) -> bool:
        """Leave it to itself; False where it is over."""
        with _counting:
            if self.over.is_set():
                return False
            _left_behind.add(self)
            return True

    def _end(self) -> None:
        with _counting:
            self.over.set()
            is_left = self in _left_behind
            _left_behind.discard(self)
        release, self._release = self._release, None
        if is_left:
            self._returned.clear()
            self._error = None
            if release is not None:
                with suppress(Exception):
                    release()


def left_behind(kind: str) -> int:
    """Count what goes on without anybody who waits for it."""
    with _counting:
        return sum(each.kind == kind for each in _left_behind)


def in_time(do: Callable[[], T], kind: str, seconds: float) -> T:
    """Return what `do` returns, or raise what it raises, in so many seconds or less.

    It has the deadline of whoever calls this, and what it asks for is `left` there. Raises GivenUp,
    also where too many of its kind are left behind.
    """
    seconds = left(seconds)
    if not seconds or left_behind(kind) >= MOST_LEFT_BEHIND:
        raise GivenUp(begun=False)

    def there() -> T:
        with within(seconds):
            return do()

    context = copy_context()
    errand = Errand(lambda: context.run(there), kind)
    errand.start()
    if not errand.over.wait(seconds) and errand.leave():
        raise GivenUp(begun=True)
    return errand.outcome()
