"""What somebody meant who wrote a word that is not known: the nearest of those that are. Pure.

In other capitals, with other hyphens, shortened, or with a typo.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 80  # a word that is longer is no typo of any
_LEAST_BEGINNING = 3
_MOST_KNOWN = 5000  # beyond it only what is spelt alike is looked for


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was meant; None where none is near, or several are."""
    wanted = _plain(word)
    if not wanted or len(word) > _LONGEST:
        return None
    spelt: dict[str, str] = {}
    for each in known:
        spelt.setdefault(_plain(each), each)
    if wanted in spelt:
        return spelt[wanted]
    beginning = [each for each in spelt if each.startswith(wanted) or wanted.startswith(each)]
    if len(beginning) == 1 and min(len(wanted), len(beginning[0])) >= _LEAST_BEGINNING:
        return spelt[beginning[0]]
    if len(spelt) > _MOST_KNOWN:
        return None
    near = get_close_matches(wanted, spelt, n=1)
    return spelt[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the question as a sentence with a blank before it; "" where nothing is near."""
    found = meant(word, known)
    return f" Did you mean {found}?" if found else ""


def _plain(word: str) -> str:
    return re.sub(r"[\W_]", "", word).casefold()
