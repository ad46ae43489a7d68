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
_OWNER = "owner:"
# A comma ends a part of the authorizer's context, and brackets mean something in a glob.
_OWNERS = re.compile(r"owner:[^\s,;<>()\[\]]{1,120}", re.IGNORECASE)
_BETWEEN_OWNERS = re.compile(r"[\s,;<>()]+")
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

    `only` are what the scopes are for, without case: globs of endpoint names, and `owner:` with a
    glob of those who own endpoints by their definitions. An endpoint is meant if any fits; none is
    all.
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
            check_only(glob)

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def may_ask(self, scope: Scope) -> bool:
        """Tell whether an operation may look at a request.

        With `extend`, a caller may end what is their own: whose it is, the operation finds out.
        """
        is_ending = scope is Scope.RELEASE
        return self.allows(scope) or (is_ending and self.allows(Scope.EXTEND))

    def reaches(self, endpoint_name: str, owner: str | None) -> bool:
        """Tell whether the scopes are for an endpoint, by its name in SageMaker and its owner.

        Without a definition that can be read, an endpoint has no owner.
        """
        globs = [each.casefold() for each in self.only]
        return not globs or any(_is_meant(each, endpoint_name, owner) for each in globs)

    def check_reach(self, endpoint_name: str, owner: str | None) -> None:
        """Raise Refused LH4231 for an endpoint that the scopes are not for."""
        if not self.reaches(endpoint_name, owner):
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
    """Read the names of scopes. Raises Refused LH4201 for one that is none."""
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


def _is_meant(glob: str, endpoint_name: str, owner: str | None) -> bool:
    if not glob.startswith(_OWNER):
        return fnmatchcase(endpoint_name.casefold(), glob)
    return any(fnmatchcase(each, glob.removeprefix(_OWNER)) for each in owners(owner))


def owners(owner: str | None) -> frozenset[str]:
    """Return who owns an endpoint, by its definition: an address, or a text with some in it."""
    return frozenset(filter(None, _BETWEEN_OWNERS.split((owner or "").casefold())))


def check_only(glob: str) -> None:
    """Raise Refused LH4232 for what names neither endpoints nor owners."""
    if not (_GLOB.fullmatch(glob) or (_OWNERS.fullmatch(glob) and glob.isprintable())):
        raise Refused(
            "LH4232",
            f"{glob!r:.100} is no glob of endpoint names: letters, digits and hyphens, * for any of"
            " them and ? for one, and 63 at the most. Nor is it one of owners, which is owner: and"
            " an address, such as owner:ana@example.com or owner:*@example.com.",
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
