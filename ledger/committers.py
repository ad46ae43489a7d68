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
    for bot, known in _BOTS.items():
        if _plain(person.email) == known.email or _plain(person.name) == _plain(known.name):
            return bot
    return None


def _plain(text: str) -> str:
    """Return a name without what the eye passes over: case, blanks, forms of a letter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(each for each in folded if each.isprintable() and not each.isspace())
