"""The order of a JumpStart model's versions, and which of them a definition's wish covers. Pure.

A version is numbers with points between them, `2.16.0`, perhaps with a `v` before them; some of
Marketplace's are not. Numbers are compared as numbers, so 2.16.0 is newer than 2.9.0, and 2.16 is
2.16.0. What is no such number is equal to itself alone.
"""

import re
from collections.abc import Iterable

ANY = "*"
_NUMBERS = re.compile(r"v?(\d+(?:\.\d+)*)")
_WILDCARD = ".*"


def covers(wish: str, version: str) -> bool:
    """Tell whether a version is one that a definition's `model_version` stands for."""
    if wish in (ANY, version):
        return True
    if not wish.endswith(_WILDCARD):
        numbers = _numbers(wish)
        return numbers is not None and _without_zeros(numbers) == _release(version)
    stem = wish.removesuffix(_WILDCARD)
    wanted, found = _numbers(stem), _numbers(version)
    if wanted is None or found is None:
        return version.startswith(f"{stem}.")
    padded = found + (0,) * len(wanted)
    return padded[: len(wanted)] == wanted


def newest(versions: Iterable[str]) -> str | None:
    """Return the newest; by the text where one of them is no number, as JumpStart's SDK does."""
    found = list(versions)
    if any(_numbers(each) is None for each in found):
        return max(found)
    return max(found, key=lambda each: (_release(each) or (), each), default=None)


def in_order(versions: Iterable[str]) -> list[str]:
    """Return the versions, the newest first; those that are no numbers come last."""
    return sorted(versions, key=lambda each: (_release(each) or (-1,), each), reverse=True)


def is_at_least(version: str, least: str) -> bool:
    """Tell whether a program's version is not older than another, by the numbers it begins with."""
    found, wanted = (_NUMBERS.match(each) for each in (version, least))
    if found is None or wanted is None:
        return False
    return (_release(found[0]) or ()) >= (_release(wanted[0]) or ())


def _release(version: str) -> tuple[int, ...] | None:
    numbers = _numbers(version)
    return None if numbers is None else _without_zeros(numbers)


def _numbers(version: str) -> tuple[int, ...] | None:
    found = _NUMBERS.fullmatch(version)
    return tuple(map(int, found[1].split("."))) if found else None


def _without_zeros(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Leave out the zeros at the end, so that 2.16 is 2.16.0."""
    count = len(numbers)
    while count > 1 and numbers[count - 1] == 0:
        count -= 1
    return numbers[:count]
