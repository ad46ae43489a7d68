"""Names that are the same whatever their case, as SageMaker's endpoint names are. Pure.

A `Name` is a `str`, so boto3, JSON and f-strings take it as it is and show it as it was written.
It equals any text that differs from it in case alone. What is cut out of a name, or put together
from one, is plain text again.

A mapping finds its keys by their hash, and the hash of a name is not that of the same plain text.
So what is looked up by name is typed by it, `Mapping[EndpointName, ...]`, and mypy refuses a plain
`str` there; a mapping of plain text is asked for `str(name)`. A name is made of text once, where
the text comes in: from a file, from AWS, from a caller.
"""

from typing import Self


class Name(str):
    """The name of a definition, a config or a model, or an ARN."""

    __slots__ = ("_folded",)
    _folded: str

    def __new__(cls, text: str) -> Self:
        if type(text) is cls:
            return text
        name = super().__new__(cls, text)
        name._folded = text.lower()
        return name

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Name):
            return self._folded == other._folded
        return isinstance(other, str) and self._folded == other.lower()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._folded)


class EndpointName(Name):
    """The name of an endpoint at SageMaker."""

    __slots__ = ()
