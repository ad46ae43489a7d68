"""What changed a file, in pages: each looks at so many commits, and says where the next begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ledger.repository.commits import changed, record
from ledger.repository.graph import Graph
from ledger.repository.walk import Walk
from ledger.snapshot import CommitRecord

MOST_ON_A_PAGE = 1024  # commits that are looked at


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: at some commits of the history that `tip` has.

    `deep` is about how many commits there are above them.
    """

    tip: str
    commits: tuple[str, ...]
    deep: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Changes, newest first, and where the next page begins; None where the history does.

    It may be short, and even empty, though there are more.
    """

    records: Sequence[CommitRecord]
    rest: Place | None


def read_page(graph: Graph, place: Place, path: str, limit: int) -> Page:
    """Read at most so many changes of a file from a place on."""
    walk = Walk(graph, place.commits, most=MOST_ON_A_PAGE, deep=place.deep)
    found = []
    for commit in islice(walk, MOST_ON_A_PAGE):
        if changed(graph, commit, path):
            found.append(record(commit))
            if len(found) >= limit:
                break
    rest = walk.rest()
    return Page(found, Place(place.tip, rest, place.deep + walk.looked) if rest else None)
