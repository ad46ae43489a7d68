"""Text of others where people read it: a terminal, a log, a pull request. Pure.

Reasons, file names and AWS's own sentences may hold characters that move a cursor or turn text
around, lines that a CI takes for commands, and Markdown that calls people or leads elsewhere.
"""

import json
import re
from typing import Any

# What a CI takes for a command: GitHub's at the beginning of a line, the others' anywhere.
_COMMANDS = re.compile(r"^(\s*)(?=::)|(?<=#)(?=#(?:\[|vso\[|teamcity\[))")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "\\|", "\\": "\\\\"})
_LINK = re.compile(r"\](?=[(\[:])")
# What becomes a mention, a reference or a link without any mark-up.
_SELF_MADE = re.compile(
    r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=\bwww)(?=\.)"
    r"|(?<=\bhttp)(?=:)|(?<=\bhttps)(?=:)|(?<=\bftp)(?=:)|(?<=\bmailto)(?=:)",
    re.IGNORECASE,
)
_NOTHING_SEEN = "\N{ZERO WIDTH SPACE}"


def printable(text: str) -> str:
    """Write what is not printable as Python's escapes."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def in_line(text: str) -> str:
    """Write a text as one line of a terminal or a log, in which a CI finds no command."""
    return without_commands(printable(text))


def without_commands(line: str) -> str:
    """Write a line, which may have styles and folded cells in it, so that a CI finds no command."""
    return _COMMANDS.sub(r"\1\\", line)


def in_markdown(text: str) -> str:
    """Write a text as a part of a line of Markdown, or of a table's cell."""
    shown = printable(text.replace("\n", " ")).translate(_HTML)
    return _LINK.sub("&rsqb;", _SELF_MADE.sub(_NOTHING_SEEN, shown))


def in_code(text: str) -> str:
    """Write a text as code in a line of Markdown, or in a table's cell."""
    shown = printable(text.replace("\n", " ")).replace("|", "\\|")
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{fence}{space}{shown}{space}{fence}"


def as_json(data: Any, indent: int | None = None) -> str:  # noqa: ANN401  (JSON)
    """Write JSON that any terminal and any encoding takes: what is printable is as it is."""
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    # Outside of strings, JSON has but printable characters and line feeds.
    return "".join(
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )
