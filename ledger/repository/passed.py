"""Which commits a walk has met and may meet again. Exact, and small: a history may be long.

Where a single commit is left to go on from, the way from each one that was met leads to it: whoever
goes from commit to parent stays among those that were met, and that has an end. So nobody gets back
to any of them, for no commit is made of itself, and they are forgotten: a line of commits leaves
nothing behind, and neither do merges whose sides have met. It is otherwise where a line ended, at a
beginning of the history or of the clone: there a wrong date may have led past a commit from which
one goes on. What was met until then is kept, twenty bytes for each.
"""

from collections.abc import Sequence

_ID = 20  # bytes


class Ids:
    """Ids of commits, side by side in buckets by how they begin."""

    def __init__(self) -> None:
        self._buckets: dict[int, bytearray] = {}

    def __contains__(self, key: bytes) -> bool:
        bucket = self._buckets.get(_bucket(key))
        if bucket is None:
            return False
        at = bucket.find(key)
        while at % _ID:  # across two others, if not -1 or one of them
            if at < 0:
                return False
            at = bucket.find(key, at + 1)
        return True

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values())) // _ID

    def __bool__(self) -> bool:
        return bool(self._buckets)

    def add(self, key: bytes) -> None:
        bucket = self._buckets.get(_bucket(key))
        if bucket is None:
            self._buckets[_bucket(key)] = bytearray(key)
        else:
            bucket += key

    def take(self, other: "Ids") -> None:
        for number, bucket in other._buckets.items():  # noqa: SLF001 - another of its own kind
            self._buckets.setdefault(number, bytearray()).extend(bucket)

    def clear(self) -> None:
        self._buckets.clear()


def _bucket(key: bytes) -> int:
    return key[0] << 4 | key[1] >> 4


class Passed:
    """The commits that were met since one was alone, and those of before that may come again."""

    def __init__(self) -> None:
        self._here, self._before = Ids(), Ids()
        self._has_ended = False

    def __len__(self) -> int:
        return len(self._here) + len(self._before)

    def fresh(self, parents: Sequence[str]) -> list[str]:
        """Return those that were not met."""
        if len(parents) == 1 and not self._here and not self._before:
            return [*parents]
        return [parent for parent in dict.fromkeys(parents) if not self._has(parent)]

    def meet(self, parents: Sequence[str], fresh: Sequence[str]) -> None:
        """Meet the parents of a commit, some of which were not met before."""
        for parent in fresh:
            self._here.add(bytes.fromhex(parent))
        if not fresh and all(bytes.fromhex(parent) in self._before for parent in parents):
            self._has_ended = True

    def narrow(self) -> None:
        """Say that one commit is left to go on from, and it has not been gone on from yet."""
        if self._has_ended:
            self._before.take(self._here)
            self._has_ended = False
        self._here.clear()

    def _has(self, parent: str) -> bool:
        key = bytes.fromhex(parent)
        return key in self._here or key in self._before
