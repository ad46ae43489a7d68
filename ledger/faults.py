"""What goes wrong with one endpoint and was not foreseen: its report, and nobody else's standstill.

A loop over endpoints does its work for each `around` a name. What it raises is kept as that
endpoint's fault, and the loop goes on. Who loops has to see that an endpoint with a fault is left
as it is. Pure, but for what it keeps.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from traceback import extract_tb
from typing import TypeVar

from ledger.errors import Failure
from ledger.names import EndpointName

T = TypeVar("T")
_LONGEST_TEXT = 300
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of an object: another one in each process


def unforeseen(error: Exception) -> str:
    """Say what was raised and where, in one line that is the same in each process."""
    if isinstance(error, Failure):
        return f"{error.message} [{error.code}]"
    frames = extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}" if frames else ""
    text = _ADDRESS.sub("", " ".join(str(error).split()))
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    said = f": {text[:_LONGEST_TEXT]}" if text else ""
    return (
        f"something unforeseen was met ({type(error).__name__}{where}{said}). It is left as it is,"
        " and all others go on. That is a fault of Leasehold's: report it with this sentence, or"
        " undo what was changed last about it [LH1023]"
    )


class Faults:
    """The endpoints with which something went wrong, and what."""

    def __init__(self, known: Mapping[EndpointName, str] | None = None) -> None:
        self._found = dict(known or {})

    def around(self, name: EndpointName, do: Callable[[], T], otherwise: T) -> T:
        """Return what comes of it, or something else where it raises: then that is a fault."""
        try:
            return do()
        except Exception as error:  # noqa: BLE001  (whatever it is, it concerns this endpoint alone)
            self._found.setdefault(name, unforeseen(error))
            return otherwise

    def of(self, name: EndpointName) -> str | None:
        return self._found.get(name)

    @property
    def found(self) -> Mapping[EndpointName, str]:
        return dict(self._found)

    @property
    def sentences(self) -> Iterable[str]:
        return tuple(f"{name}: {said}." for name, said in sorted(self._found.items()))
