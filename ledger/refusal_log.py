"""What the history of the branch `leasehold/status` says of refusals: written and read here. Pure.

A commit of that branch has a line for each endpoint with news. Those of what AWS refused, and of an
end that something on the endpoint holds, are read back for whoever asks what became of it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ledger.names import EndpointName
from ledger.snapshot import CommitRecord, Person


class Kept(StrEnum):
    """What kept an endpoint from becoming what it should be."""

    REFUSED = "refused"
    HELD = "held"


_WORDS = {Kept.REFUSED: "what it needs is refused", Kept.HELD: "it is not ended"}
_LINE = re.compile(
    r"- (?P<name>[^ :]+): [a-zA-Z]+(?: -> [a-zA-Z]+)?, and "
    rf"(?P<words>{'|'.join(_WORDS.values())}) \((?P<said>.+)\)"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal of the history: of which endpoint, when, and in which words."""

    endpoint_name: EndpointName
    commit: str
    committed_at: datetime
    author: Person
    kept: Kept
    said: str


def refusal_line(name: str, path: str, kept: Kept, said: str) -> str:
    """Write what is news of an endpoint; `path` is its status, or the old one and the new one."""
    return f"{name}: {path}, and {_WORDS[kept]} ({said})"


def read_refusals(records: Iterable[CommitRecord], name: EndpointName) -> Iterator[Refusal]:
    """Yield the refusals of one endpoint, in the order of the commits."""
    kinds = {words: kept for kept, words in _WORDS.items()}
    for record in records:
        for line in record.message.split("\n"):
            found = _LINE.fullmatch(line)
            if found and EndpointName(found["name"]) == name:
                kept = kinds[found["words"]]
                at = record.committed_at
                yield Refusal(name, record.commit, at, record.author, kept, found["said"])
