"""Every error that Leasehold raises on purpose: three kinds, and what to do is the kind.

A code is stable and has its paragraph in docs/errors.md; a message says what happened, where, and
what to do about it. This module must not know who raises what.
"""

from collections.abc import Collection


class Failure(Exception):  # noqa: N818 - the three kinds below are named for what to do
    """The base of every error that Leasehold raises on purpose.

    `retry_after_seconds` is when the same may be asked again, where that is known.
    """

    retry_after_seconds: int | None = None

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Refused(Failure):
    """Needs a person: the request or the document must change. Never retried."""


class Unknown(Refused):
    """Something was named that is not there; `known` is what is, for whoever may be told that."""

    def __init__(self, code: str, message: str, word: str, known: Collection[str]) -> None:
        super().__init__(code, message)
        self.word = word
        self.known = known


class Wait(Failure):
    """Something is in progress: the next tick is the retry."""

    retry_after_seconds = 5


class Unavailable(Failure):
    """Failed on the network, at a server or at AWS: may be retried as it is."""
