"""Who is at the keyboard, as git knows them: the author of what the command line commits."""

import re
import subprocess

from ledger.errors import Refused
from ledger.repository import Person

_PERSON = re.compile(r"\s*(?P<name>[^<>]*[^<>\s])\s*<(?P<email>[^<>\s]+)>\s*")
NOBODY = Person("You", "you@localhost")


def author(given: str | None) -> Person:
    """Read `Name <email>`, or ask git who commits here. Raises Refused LH5003."""
    if given is not None:
        if match := _PERSON.fullmatch(given):
            return Person(match["name"], match["email"])
        raise Refused("LH5003", f'{given!r} is no author: write "Name <email>".')
    person = configured()
    if person is None:
        raise Refused(
            "LH5003",
            "git does not know who you are, and a lease change has an author: run `git config"
            ' --global user.name` and `user.email`, or say --author "Name <email>".',
        )
    return person


def configured() -> Person | None:
    """Ask git's settings, the folder's own before the user's; None unless both are set."""
    name, email = _config("user.name"), _config("user.email")
    return Person(name, email) if name and email else None


def as_variables(person: Person) -> dict[str, str]:
    """Return the variables that make a person the author and the committer of what git commits."""
    parts = {"NAME": person.name, "EMAIL": person.email}
    roles = ("AUTHOR", "COMMITTER")
    return {f"GIT_{role}_{part}": text for role in roles for part, text in parts.items()}


def _config(key: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  (the keys above)
            ["git", "config", "--get", key],  # noqa: S607  (the caller's own git)
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
