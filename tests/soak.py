"""How much is done of what has no end: little in a test, and much in `make soak`.

LEASEHOLD_SOAK is the share of a whole soak: 1 is one, 0.1 a tenth of it.
"""

from __future__ import annotations

import os

SHARE = float(os.environ.get("LEASEHOLD_SOAK", "0"))


def times(whole: int, least: int) -> int:
    """Return how often something is done, of `whole` in a soak, and at least so often."""
    return max(least, round(SHARE * whole))
