"""Who commits to the ledger: its own three programs. Pure.

A person who pushes, and a caller of the API, is the author of a commit; who commits it is one of
these.
"""

import unicodedata
from collections.abc import Mapping
from typing import Literal

from ledger.snapshot import Person

Bot = Literal["gateway", "controller"]

CONTROLLER = Person("Leasehold controller", "controller@leasehold.invalid")
GATEWAY = Person("Leasehold gateway", "gateway@leasehold.invalid")
READER = Person("Leasehold", "leasehold@leasehold.invalid")  # a command that only reads
_BOTS: Mapping[Bot, Person] = {"gateway": GATEWAY, "controller": CONTROLLER}


def bot_of(person: Person) -> Bot | None:
    """Return the bot that a committer claims to be, by name or by address."""
    return _PLAINLY.get(_plain(person.email)) or _PLAINLY.get(_plain(person.name))


def _plain(text: str) -> str:
    """Return a name without what the eye passes over: case, blanks, points, letters alike."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(each for each in folded if each.isalnum() or each == "@")
    return letters.translate(_ALIKE).replace("vv", "w")


# What may stand for a letter of a bot's name in Cyrillic, Greek, Armenian, Latin, or as a digit.
_ALIKE = str.maketrans(
    {
        alike: letter
        for letter, all_alike in {
            "a": "\u0430\u03b1\u0251",
            "c": "\u0441\u03f2",
            "d": "\u0501\u0111",
            "e": "\u0435\u03b5\u04bd",
            "g": "\u0261\u0581",
            "h": "\u04bb\u0570\u0127",
            "l": "i1\u0131\u0456\u03b9\u04cf\u0142",
            "n": "\u043f\u0578\u03b7",
            "o": "0\u043e\u03bf\u0585\u00f8",
            "r": "\u0433",
            "s": "\u0455",
            "t": "\u0442\u03c4",
            "v": "\u0475\u03bd",
            "w": "\u051d\u0461\u03c9",
            "y": "\u0443\u03b3",
        }.items()
        for alike in all_alike
    }
)
_PLAINLY: Mapping[str, Bot] = {
    _plain(words): bot for bot, known in _BOTS.items() for words in (known.name, known.email)
}
