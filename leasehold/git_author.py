"""Who is at the keyboard, as git knows them: the author of what the command line commits."""

import os
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
            ' --global user.name "Name"` and `git config --global user.email EMAIL`, or say'
            f' --author "Name <email>".{_complaint()}',
        )
    return person


def configured() -> Person | None:
    """Ask git who would be the author of a commit made here: by its variables, then its settings.

    None where nobody has told git: what it would make of the host's name is no person.
    """
    mailbox = os.environ.get("EMAIL")  # git uses it, but does not count it as configured
    said = _PERSON.match(_ident().stdout)
    if said is None and mailbox:
        said = _PERSON.match(_ident(GIT_AUTHOR_EMAIL=mailbox).stdout)
    return Person(said["name"], said["email"]) if said else None


def as_variables(person: Person) -> dict[str, str]:
    """Return the variables that make a person the author and the committer of what git commits."""
    parts = {"NAME": person.name, "EMAIL": person.email}
    roles = ("AUTHOR", "COMMITTER")
    return {f"GIT_{role}_{part}": text for role in roles for part, text in parts.items()}


def _complaint() -> str:
    """Return what git says to a file of settings that it cannot read, as a sentence of its own."""
    words = [line for line in _ident().stderr.splitlines() if "bad config" in line]
    return f" git says: {words[-1]}." if words else ""


def _ident(**more: str) -> "subprocess.CompletedProcess[str]":
    """Run `git var`; a machine without git says nothing."""
    command = ["git", "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"]
    kept = {key: value for key, value in os.environ.items() if key != "GIT_AUTHOR_DATE"}
    try:
        return subprocess.run(  # noqa: S603  (the command above)
            command,
            env={**more, **kept, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        return subprocess.CompletedProcess(command, 127, "", "")
