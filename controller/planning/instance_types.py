"""Whether an instance type that nobody knows is misspelt, or newer than the known ones. Pure.

A type is `ml.FAMILY.SIZE`, as `ml.g6e.12xlarge`; a family is a kind (`g`), a generation (6) and
what is special (`e`). A name is taken for newer only where it goes on from known ones, for AWS
counts up.
"""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

_NAME = re.compile(r"ml\.([a-z]+)(\d+)([a-z0-9-]*)\.(?:(\d*)xlarge|medium|large|metal)")
_GENERATIONS_AHEAD = 3  # what AWS may have brought out since; 55 for 5 is a slip of the finger
_LARGEST_SIZE = 112
_NEAREST = 3


def nearest(name: str, known: Collection[str]) -> list[str]:
    """Return the known types that look most like a name, the nearest first."""
    return get_close_matches(name, sorted(known), n=_NEAREST, cutoff=0.6)


def looks_newer(name: str, known: Collection[str]) -> bool:
    """Tell whether it is well-formed, and a later generation, variety or size of a known kind."""
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    kind, generation, variety, size = found[1], int(found[2]), found[3], int(found[4] or 1)
    of_kind = [each for each in _parts(known) if each[0] == kind]
    of_family = [each for each in of_kind if each[1:3] == (generation, variety)]
    if of_family:
        return max(each[3] for each in of_family) < size <= _LARGEST_SIZE
    latest = max((each[1] for each in of_kind), default=0)
    # One of an older generation would be known by now.
    return latest <= generation <= latest + _GENERATIONS_AHEAD and size <= _LARGEST_SIZE


def _parts(known: Collection[str]) -> Iterator[tuple[str, int, str, int]]:
    for name in known:
        if found := _NAME.fullmatch(name):
            yield found[1], int(found[2]), found[3], int(found[4] or 1)
