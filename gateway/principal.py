"""Who calls the API, and what they may do.

Whatever shows who calls (a token, a JWT, AWS's signature) ends in a principal. The authorizer hands
it to the API as strings, and the API makes it the author of a commit. It cannot exist with a name
or an address that would change shape inside a commit. This module must not know tokens, DynamoDB or
HTTP.
"""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ledger.errors import Refused
from ledger.snapshot import Person  # not ledger.repository: the authorizer needs no git

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 120
_ONLY = "only"
_GLOB = re.compile(r"[a-zA-Z0-9*?-]{1,63}")
# Persian and Indic scripts need the two joiners; all other format characters hide or reorder text.
_JOINERS = frozenset("\u200c\u200d")
_PLAIN = frozenset(f"{string.ascii_letters}{string.digits}_+=/.-")
# Git trims punctuation around an address: with it, two different ones could become the same author.
_EMAIL = re.compile(r"[\w+/=~-][\w.+/=~'-]*@[\w-]+(?:\.[\w-]+)*")


class Scope(StrEnum):
    """What a token allows; `admin` allows everything."""

    READ = "read"
    EXTEND = "extend"
    RELEASE = "release"
    ADD = "add"
    INVOKE = "invoke"
    ADMIN = "admin"


@dataclass(frozen=True)
class Principal:
    """A person and their scopes. Raises `Refused` (LH4201) for what no commit could carry.

    `only` are globs of endpoint names, without case, that the scopes are for; none is all.
    """

    name: str
    email: str
    scopes: frozenset[Scope]
    only: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_name(self.name)
        _check_email(self.email)
        if not self.scopes:
            raise Refused("LH4201", f"{self.name} has no scope: give at least one of {_known()}.")
        for glob in self.only:
            _check_glob(glob)

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def may_ask(self, scope: Scope) -> bool:
        """Tell whether an operation may look at a request.

        With `extend`, a caller may end what is their own: whose it is, the operation finds out.
        """
        is_ending = scope is Scope.RELEASE
        return self.allows(scope) or (is_ending and self.allows(Scope.EXTEND))

    def reaches(self, endpoint_name: str) -> bool:
        """Tell whether the scopes are for an endpoint, by its name in SageMaker."""
        name = endpoint_name.casefold()
        return not self.only or any(fnmatchcase(name, each.casefold()) for each in self.only)

    def check_reach(self, endpoint_name: str) -> None:
        """Raise Refused LH4231 for an endpoint that the scopes are not for."""
        if not self.reaches(endpoint_name):
            raise Refused(
                "LH4231",
                f"This token is for {', '.join(sorted(self.only))} only, and"
                f" {endpoint_name:.100} is another endpoint. Ask for a token that reaches it.",
            )

    def as_person(self) -> Person:
        """Return the author that git writes into a commit."""
        return Person(self.name, self.email)

    def to_context(self) -> dict[str, str]:
        """Write it as an authorizer's context, where API Gateway carries strings only."""
        return {
            "name": self.name,
            "email": self.email,
            "scopes": ",".join(sorted(self.scopes)),
            **({_ONLY: ",".join(sorted(self.only))} if self.only else {}),
        }

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Principal:
        """Read it from a request's `requestContext.authorizer`; other keys there are AWS's.

        Raises `Refused`: LH4202 when a part is missing or no string, LH4201 for its content.
        """
        return cls(
            name=_text(context, "name"),
            email=_text(context, "email"),
            scopes=scopes_from(_text(context, "scopes").split(",")),
            only=frozenset(_text(context, _ONLY).split(",") if _ONLY in context else ()),
        )


def address_under(domain: str, subject: str) -> str:
    """Make the address of a caller who has none, one for each subject; no mail can go there.

    What an address cannot carry is written as `~` and its bytes in hex, so `ana@example.com` is
    `ana~40example.com@DOMAIN`. A subject that is too long is written by its SHA-256.
    """
    address = f"{''.join(map(_escaped, subject))}@{domain}"
    if address.startswith("."):
        address = f"~2e{address[1:]}"
    if len(address) <= LONGEST:
        return address
    digest = hashlib.sha256(subject.encode(errors="surrogatepass")).hexdigest()
    return f"~sha256-{digest[:32]}@{domain}"


def _escaped(letter: str) -> str:
    if letter in _PLAIN:
        return letter
    return "".join(f"~{byte:02x}" for byte in letter.encode(errors="surrogatepass"))


def scopes_from(names: list[str]) -> frozenset[Scope]:
    unknown = sorted(set(names) - set(Scope))
    if unknown:
        raise Refused(
            "LH4201", f"{', '.join(map(repr, unknown))} is no scope: there are {_known()}."
        )
    return frozenset(map(Scope, names))


def _text(context: Mapping[str, object], key: str) -> str:
    value = context.get(key)
    if not isinstance(value, str):
        raise Refused("LH4202", f"the authorizer's context of the request has no text for {key!r}.")
    return value


def _check_name(name: str) -> None:
    if not any(map(str.isalnum, name)) or name != name.strip():
        raise Refused("LH4201", f"the name {name!r:.150} is empty or has blanks at its ends.")
    _check_characters("name", name)


def _check_glob(glob: str) -> None:
    if not _GLOB.fullmatch(glob):
        raise Refused(
            "LH4232",
            f"{glob!r:.100} is no glob of endpoint names: letters, digits and hyphens, * for any of"
            " them and ? for one, and 63 at the most.",
        )


def _check_email(email: str) -> None:
    _check_characters("e-mail address", email)
    if not _EMAIL.fullmatch(email):
        raise Refused("LH4201", f"{email!r} is no e-mail address like ana@example.com.")


def _check_characters(what: str, text: str) -> None:
    if len(text) > LONGEST:
        raise Refused("LH4201", f"the {what} is longer than {LONGEST} characters.")
    unsafe = sorted({letter for letter in text if _is_unsafe(letter)})
    if unsafe:
        raise Refused("LH4201", f"the {what} {text!r} must not contain {unsafe[0]!r}.")


def _is_unsafe(letter: str) -> bool:
    """Tell whether a character could end a line, open an address or hide what follows."""
    if letter in "<>":
        return True
    category = unicodedata.category(letter)
    return (category.startswith("C") and letter not in _JOINERS) or category in {"Zl", "Zp"}


def _known() -> str:
    return ", ".join(Scope)
