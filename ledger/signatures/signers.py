"""Allowed signers: whose key is whose, in OpenSSH's own form. Pure.

`git verify-commit` reads the same file (ALLOWED SIGNERS in ssh-keygen(1)).
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from ledger.signatures.wire import split_first

_KNOWN_OPTIONS = frozenset({"namespaces", "valid-after", "valid-before"})
_DATES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}  # by how many digits
_KEY_TYPE = re.compile(r"(?:ssh|ecdsa|sk)-[\w@.-]+")
_WORD = re.compile(r'((?:[^\s"]|"[^"]*")+)\s*')
_OPTION = re.compile(r'([\w-]+)="([^"]*)"')
_OPTIONS = re.compile(rf"{_OPTION.pattern}(?:,{_OPTION.pattern})*")


@dataclass(frozen=True, slots=True)
class Signer:
    """A line of allowed signers: whose key it is, by globs of addresses, and when it counts."""

    principals: tuple[str, ...]
    key: bytes
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def signs_for(self, address: str) -> bool:
        """Tell whether it is the key of an address, by OpenSSH's patterns: `!` takes out."""
        plain = address.casefold()
        for each in self.principals:
            if each.startswith("!") and _fits(plain, each[1:]):
                return False
        return any(_fits(plain, each) for each in self.principals)

    def counts_at(self, moment: datetime) -> bool:
        after, before = self.valid_after, self.valid_before
        return (after is None or after <= moment) and (before is None or moment < before)


def _fits(plain: str, pattern: str) -> bool:
    """Tell whether an address fits a pattern, in which `*` and `?` alone mean something."""
    return fnmatchcase(plain, pattern.casefold().replace("[", "[[]"))


def read_signers(text: str) -> tuple[Signer, ...]:
    """Read allowed signers. A line that is not understood lets nobody sign."""
    return tuple(filter(None, map(_signer, text.splitlines())))


def lines_in_vain(text: str) -> tuple[int, ...]:
    """Return the numbers of the lines that let nobody sign a commit, and are no comment."""
    lines = enumerate(text.splitlines(), start=1)
    return tuple(
        number
        for number, line in lines
        if line.strip() and not line.strip().startswith("#") and _signer(line) is None
    )


def _signer(line: str) -> Signer | None:
    words = [each[1] for each in _WORD.finditer(line.strip())]
    if len(words) < 3 or words[0].startswith("#"):  # noqa: PLR2004  (whose, what, the key)
        return None
    try:
        options = {} if _KEY_TYPE.fullmatch(words[1]) else _options(words[1])
        kind, key = words[1:3] if not options else (*words[2:4], "")[:2]
        if not _KEY_TYPE.fullmatch(kind) or not options.keys() <= _KNOWN_OPTIONS:
            return None
        if "git" not in options.get("namespaces", "git").split(","):
            return None
        return Signer(
            tuple(words[0].strip('"').split(",")),
            base64.b64decode(key, validate=True),
            _instant(options.get("valid-after")),
            _instant(options.get("valid-before")),
        )
    except ValueError:
        return None


def _options(word: str) -> dict[str, str]:
    """Read options, each with its value and once. Raises ValueError for a word that is none."""
    found = [(name.lower(), value) for name, value in _OPTION.findall(word)]
    if not _OPTIONS.fullmatch(word) or len(found) != len(dict(found)):
        raise ValueError(word)
    return dict(found)


def _instant(text: str | None) -> datetime | None:
    """Read YYYYMMDD[HHMM[SS]], in UTC also without the Z that newer versions write."""
    if text is None:
        return None
    digits = text.removesuffix("Z")
    return datetime.strptime(digits, _DATES.get(len(digits), "")).replace(tzinfo=UTC)


def public_line(key: bytes) -> str:
    """Write a public key as a line of allowed signers has it."""
    kind, _ = split_first(key)
    return f"{kind.decode('ascii')} {base64.b64encode(key).decode('ascii')}"
