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
from ledger.unread import Unread


class Kept(StrEnum):
    """What kept an endpoint from becoming what it should be."""

    REFUSED = "refused"
    HELD = "held"


_WORDS = {Kept.REFUSED: "what it needs is refused", Kept.HELD: "it is not ended"}
_LINE = re.compile(
    r"- (?P<name>[^ :]+): [a-zA-Z]+(?: -> [a-zA-Z]+)?, and "
    rf"(?P<words>{'|'.join(_WORDS.values())}) \((?P<said>.+)\)"
)
_ABOUT = re.compile(r"- (?P<name>[^ :]+): ")


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


def read_refusals(
    records: Iterable[CommitRecord], name: EndpointName, unread: Unread | None = None
) -> Iterator[Refusal]:
    """Yield the refusals of one endpoint, in the order of the commits.

    A commit with a line that tells of one in a form that is not known is `unread`, unless the line
    is about another endpoint.
    """
    for record in records:
        for line in record.message.split("\n"):
            if found := _LINE.fullmatch(line):
                if _is(found["name"], name):
                    yield _refusal(record, found, name)
            elif unread is not None and _may_be(line, name):
                unread.take(record.commit)


def _refusal(record: CommitRecord, found: re.Match[str], name: EndpointName) -> Refusal:
    kept = next(kept for kept, words in _WORDS.items() if words == found["words"])
    return Refusal(name, record.commit, record.committed_at, record.author, kept, found["said"])


def _may_be(line: str, name: EndpointName) -> bool:
    """Tell whether a line may be a refusal of an endpoint, though it cannot be read."""
    if not any(f", and {words}" in line for words in _WORDS.values()):
        return False
    about = _ABOUT.match(line)
    return about is None or _is(about["name"], name)


def _is(text: str, name: EndpointName) -> bool:
    return EndpointName(text) == name
