"""The order of a JumpStart model's versions, and which of them a definition's wish covers. Pure.

A version is numbers with points between them, `2.16.0`, perhaps with a `v` before them and a stage
after them (`1.0-beta`, `1.0rc1`, `1.0.post1`), in the order of PEP 440. Numbers are compared as
numbers, so 2.16.0 is newer than 2.9.0, and 2.16 is 2.16.0. Some of Marketplace's are no such thing:
one is equal to itself alone.
"""

import re
from collections.abc import Iterable

ANY = "*"
_WILDCARD = ".*"
_NUMBERS = re.compile(r"v?(\d+(?:\.\d+)*)")
_VERSION = re.compile(
    rf"{_NUMBERS.pattern}(?:[-_.]?(dev|alpha|a|beta|b|preview|pre|rc|c|post)[-_.]?(\d*))?"
)
_STAGES: dict[str | None, int] = {
    "dev": -4,
    **dict.fromkeys(("a", "alpha"), -3),
    **dict.fromkeys(("b", "beta"), -2),
    **dict.fromkeys(("c", "rc", "pre", "preview"), -1),
    None: 0,
    "post": 1,
}

_Key = tuple[tuple[int, ...], int, int]  # the numbers, and the stage with its number
_OLDER_THAN_ALL: _Key = ((-1,), 0, 0)


def covers(wish: str, version: str) -> bool:
    """Tell whether a version is one that a definition's `model_version` stands for.

    A wildcard after numbers stands for no version that is still to come, as 2.17.0rc1.
    """
    if wish in (ANY, version):
        return True
    found = _key(version)
    if not wish.endswith(_WILDCARD):
        return found is not None and found == _key(wish)
    stem = wish.removesuffix(_WILDCARD)
    wanted = _NUMBERS.fullmatch(stem)
    if wanted is None or found is None:
        return version.startswith(f"{stem}.")
    numbers, stage, _ = found
    parts = _parts(wanted[1])
    padded = numbers + (0,) * len(parts)
    return stage >= 0 and padded[: len(parts)] == parts


def newest(versions: Iterable[str]) -> str | None:
    """Return the newest; by the text where one of them is no number, as JumpStart's SDK does."""
    found = list(versions)
    if any(_key(each) is None for each in found):
        return max(found)
    return max(found, key=lambda each: (_key(each) or _OLDER_THAN_ALL, each), default=None)


def in_order(versions: Iterable[str]) -> list[str]:
    """Return the versions, the newest first; those that are no numbers come last."""
    return sorted(versions, key=lambda each: (_key(each) or _OLDER_THAN_ALL, each), reverse=True)


def is_at_least(version: str, least: str) -> bool:
    """Tell whether a program's version is not older than another, by the numbers it begins with."""
    found, wanted = (_NUMBERS.match(each) for each in (version, least))
    if found is None or wanted is None:
        return False
    return _without_zeros(_parts(found[1])) >= _without_zeros(_parts(wanted[1]))


def _key(version: str) -> _Key | None:
    found = _VERSION.fullmatch(version.lower())
    if found is None:
        return None
    return _without_zeros(_parts(found[1])), _STAGES[found[2]], int(found[3] or 0)


def _parts(numbers: str) -> tuple[int, ...]:
    return tuple(map(int, numbers.split(".")))


def _without_zeros(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Leave out the zeros at the end, so that 2.16 is 2.16.0."""
    count = len(numbers)
    while count > 1 and numbers[count - 1] == 0:
        count -= 1
    return numbers[:count]
