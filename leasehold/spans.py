"""For how long, or until when: what stands behind the names in a command. Pure.

A shell cuts what a person writes at each blank, so `extend Falcon40B 2 h 30 min` and
`--until friday 18:00` come in pieces, and are put together again here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from ledger.durations import minutes_from
from ledger.errors import Refused
from ledger.moments import moment_from

_MOST_PIECES = 6
_CLOCK = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2})?z?|\d{1,2}(?::\d{2})?[ap]m|noon|midnight", re.IGNORECASE
)
_USAGE = "leasehold {verb} {name} 2h30m, or leasehold {verb} {name} --until 18:00"


@dataclass(frozen=True, slots=True)
class Span:
    """The names that were said, and how long: so many minutes, or until an instant."""

    names: tuple[str, ...]
    minutes: int = 0
    until: datetime | None = None


def span_from(
    verb: str, words: Sequence[str], until: str | None, now: datetime, zone: tzinfo
) -> Span:
    """Tell names from a length of time, or from a time of day behind --until.

    Raises Refused LH5202 where something is missing, LH4101 and LH5200 for what cannot be read.
    """
    if until is not None:
        return _until(verb, list(words), until, now, zone)
    for pieces in range(min(len(words) - 1, _MOST_PIECES), 0, -1):
        minutes = _minutes(" ".join(words[-pieces:]))
        if minutes:
            return Span(once(words[:-pieces]), minutes)
    if len(words) > 1 and words[-1][:1].isdigit():
        minutes_from(words[-1])
    name = words[0] if words and not _minutes(words[0]) else "NAME"
    what = "for how long" if name != "NAME" else "which endpoint, and for how long"
    raise Refused("LH5202", f"say {what}: {_USAGE.format(verb=verb, name=name)}.")


def _until(verb: str, words: list[str], until: str, now: datetime, zone: tzinfo) -> Span:
    clock: list[str] = []
    while words and (_CLOCK.fullmatch(words[-1]) or (clock and words[-1].lower() == "at")):
        clock.insert(0, words.pop())
    if words and (length := next((each for each in words if _is_length(each)), None)):
        raise Refused(
            "LH5202",
            f"{length} is a length of time, and --until is an end: say one of them, as in"
            f" {_USAGE.format(verb=verb, name=words[0])}.",
        )
    if not words:
        usage = _USAGE.format(verb=verb, name="NAME")
        raise Refused("LH5202", f"say which endpoint: {usage}.")
    return Span(once(words), until=moment_from(" ".join([until, *clock]), now, zone))


def _is_length(word: str) -> bool:
    return not word.isdigit() and bool(_minutes(word))


def _minutes(text: str) -> int:
    try:
        return minutes_from(text)
    except Refused:
        return 0


def once(words: Sequence[str]) -> tuple[str, ...]:
    """Return names without those that came before, in whatever case."""
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(word.lower(), word)
    return tuple(found.values())
