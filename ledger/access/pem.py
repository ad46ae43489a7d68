"""Keys, certificates and known hosts as a secret has them: their lines, found again. Pure.

Files of Windows end lines otherwise, a program may have escaped the line breaks twice, and the
editor of a secret's fields makes blanks of them.
"""

import re

_IN_ONE_LINE = re.compile(
    r"(-----BEGIN [A-Z0-9 ]+-----)[ \t]*([A-Za-z0-9+/= \t]+?)[ \t]*(-----END [A-Z0-9 ]+-----)[ \t]*"
)


def with_line_breaks(text: str) -> str:
    """Return a text with line feeds where its lines ended; nothing else of it changes."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" not in plain.strip():
        plain = plain.replace("\\r", "").replace("\\n", "\n")
    if "\n" not in plain.strip():
        plain = _IN_ONE_LINE.sub(_block, plain).rstrip("\n")
    return plain.lstrip()


def _block(found: re.Match[str]) -> str:
    return "\n".join([found[1], *found[2].split(), found[3], ""])
