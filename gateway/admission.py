"""Which requests an operation gets to see: its caller is known, and still valid.

`handler` and `streaming` ask it for each request, so that no way in is a way around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway import identities

if TYPE_CHECKING:
    from gateway.parts import Parts
    from gateway.requests import Event


class Admission:
    """Lets the requests of one environment in. Safe to call from many threads."""

    def __init__(self, parts: Parts) -> None:
        """Raise Refused LH4215 for a variable that cannot be read."""
        self._clock = parts.clock
        self._identities = identities.read(parts.variables)

    def admit(self, event: Event) -> Event:
        """Give the event with its caller. Raises as `identities.identified`."""
        return identities.identified(event, self._identities, self._clock())
