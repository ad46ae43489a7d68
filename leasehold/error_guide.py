"""The paragraphs of docs/errors.md by their codes: what `leasehold explain LH4106` prints."""

import re
from functools import cache
from pathlib import Path

from leasehold.project import ROOT
from ledger.errors import Refused

_PLACES = (ROOT / "docs" / "errors.md",)
_CODE = re.compile(r"LH[0-9]+", re.IGNORECASE)
_MARKS = re.compile(r"`([^`]*)`|\*\*([^*]*)\*\*|\[([^\]]*)\]\([^)]*\)")


def is_code(word: str) -> bool:
    """Tell whether a word has the form of a code; no endpoint is called so by chance."""
    return bool(_CODE.fullmatch(word))


@cache
def paragraphs(places: tuple[Path, ...] = _PLACES) -> dict[str, tuple[str, str]]:
    """Return the title and the text of each code. Raises Refused LH5204 where there is no guide."""
    guide = next((place for place in places if place.is_file()), None)
    if guide is None:
        raise Refused(
            "LH5204",
            "this installation has no guide to its errors: read docs/errors.md in the repository,"
            " and install Leasehold again, from its wheel or from a checkout.",
        )
    parts = re.split(r"^## ", guide.read_text("utf-8"), flags=re.MULTILINE)[1:]
    titled = (part.partition("\n") for part in parts)
    return {head[:6]: (head[7:].strip(), text.strip()) for head, _, text in titled}


def paragraph(code: str) -> tuple[str, str, str]:
    """Return a code as it is written, its title and its text. Raises Refused LH5205 for another."""
    known, wanted = paragraphs(), code.upper()
    if wanted not in known:
        number = int(wanted[2:][:9])
        near = min(known, key=lambda each: (abs(int(each[2:]) - number), each))
        title = known[near][0]
        raise Refused(
            "LH5205",
            f"there is no code {wanted[:12]}: the nearest is {near} ({title}).",
        )
    return wanted, *known[wanted]


def without_marks(text: str) -> str:
    """Write Markdown as a terminal shows it: commands stay as they are typed."""
    return _MARKS.sub(lambda found: next(each for each in found.groups() if each is not None), text)
