"""Names that have to fit today's patterns, each of them once. Pure."""

import re
import unicodedata
from collections.abc import Callable, Mapping

from ledger.json_files import check
from ledger.names import Name

_NAME_LIMIT = 63  # SageMaker's, for endpoints
_OTHERS = re.compile(r"[^a-zA-Z0-9]+")


class Taken:
    """Names that are in use, whatever their case."""

    def __init__(self) -> None:
        self._names: set[Name] = set()

    def __contains__(self, name: str) -> bool:
        return Name(name) in self._names

    def take(self, wanted: str, limit: int = _NAME_LIMIT) -> str:
        """Return the name, or the first of NAME-2, NAME-3, ... that is free."""
        name, number = wanted, 1
        while name in self:
            number += 1
            tail = f"-{number}"
            name = wanted[: limit - len(tail)].rstrip("-") + tail
        self._names.add(Name(name))
        return name


def allotted(
    wanted: Mapping[str, str], is_usable: Callable[[str], bool], fit: Callable[[str], str]
) -> tuple[dict[str, str], Taken]:
    """Give each key the name that it wants, or what `fit` makes of the key; no two are the same.

    What is usable as it is goes first: nobody loses a name to one that had to be changed.
    """
    taken = Taken()
    found: dict[str, str] = {}
    for key, text in wanted.items():
        if is_usable(text) and text not in taken:
            found[key] = taken.take(text)
    for key in wanted:
        if key not in found:
            found[key] = taken.take(fit(key))
    return found, taken


def fitted(text: str, limit: int = _NAME_LIMIT) -> str:
    """Return the letters and digits of a text, with a hyphen between them; perhaps nothing."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _OTHERS.sub("-", plain).strip("-")[:limit].rstrip("-")


def fits(schema: str, *path: str, value: object) -> bool:
    """Tell whether a document's schema takes a value at a place, whatever else it lacks."""
    document: object = value
    for key in reversed(path):
        document = {key: document}
    pointer = "/" + "/".join(path)
    return not any(each.pointer == pointer for each in check("", document, schema))


def is_endpoint_name(text: str) -> bool:
    """Tell whether SageMaker takes a name for an endpoint."""
    return fits("endpoint", "endpoint_name", value=str(text))
