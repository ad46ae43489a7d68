"""Records of a history that cannot be read: they are passed over, counted, and told. Pure.

What cannot be read is not absent, so whoever shows a history says how much of it is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_NAMED = 5
_LETTERS = 8


@dataclass
class Unread:
    """The commits that were passed over, each once, in the order in which they were met."""

    _commits: dict[str, None] = field(default_factory=dict)

    def take(self, commit: str) -> None:
        self._commits[commit] = None

    def joined(self, other: "Unread") -> "Unread":
        return Unread(dict.fromkeys([*self, *other]))

    def __len__(self) -> int:
        return len(self._commits)

    def __iter__(self) -> Iterator[str]:
        return iter(self._commits)

    def named(self) -> str:
        """Name the commits: "2 commits (5f1d0c7a, 9b3e4f60)"; of many, the first ones."""
        ids = [commit[:_LETTERS] for commit in self]
        more = [f"and {len(ids) - MOST_NAMED} more"] if len(ids) > MOST_NAMED else []
        plural = "" if len(ids) == 1 else "s"
        return f"{len(ids)} commit{plural} ({', '.join([*ids[:MOST_NAMED], *more])})"
