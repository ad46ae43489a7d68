"""How often processes may push: at most so many times in any minute. Pure.

`now` is a reading of a monotonic clock in seconds. It must not know what is pushed, nor how anybody
waits.

A third of a minute's pushes may come at once, so that a caller who is alone is not kept waiting;
the others are spread evenly. The first ones and the spread ones never exceed the limit together,
whichever sixty seconds are looked at.
"""

import math
from dataclasses import dataclass, replace

from ledger.errors import Unavailable

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class PushRate:
    """A bucket of pushes that fills up at an even rate; without a limit it is never empty."""

    most: int | None = None  # a minute
    full_at: float = 0.0  # when the bucket will be full again

    @property
    def room(self) -> int:
        """How many pushes may come at once."""
        return max(1, (self.most or 0) // 3)

    @property
    def interval(self) -> float:
        """Return the seconds in which the bucket gains one push; 0 without a limit."""
        return MINUTE / (self.most - self.room + 1) if self.most else 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until the next push may start."""
        if self.most is None:
            return 0.0
        return max(0.0, self.full_at - (self.room - 1) * self.interval - now)

    def pushed(self, now: float) -> "PushRate":
        return replace(self, full_at=max(self.full_at, now) + self.interval)

    def found(self, at: float) -> "PushRate":
        """Count a commit that somebody else pushed, though it may have shared its push.

        So it empties the bucket and no more: the next push is never further than an interval away.
        """
        empty = at + self.room * self.interval
        return replace(self, full_at=max(self.full_at, min(self.pushed(at).full_at, empty)))

    def limited_to(self, most: int | None) -> "PushRate":
        """Take another limit. What was pushed stays counted, at the former rate."""
        return self if most == self.most else replace(self, most=most)


class TooManyPushes(Unavailable):
    """The next push would come too late for a request."""

    def __init__(self, push_rate: PushRate, seconds: float) -> None:
        self.retry_after_seconds = math.ceil(seconds)
        super().__init__(
            "LH4113",
            f"the change is not committed: limits.max_pushes_per_minute allows {push_rate.most}"
            f" pushes a minute, and the next one is possible in {self.retry_after_seconds} s. Try"
            " again then.",
        )
