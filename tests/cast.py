"""A recorded terminal as a moving picture: an SVG without a script, still on request.

`recorded` runs a command in a pseudo-terminal and notes when each line came; `drawn` makes the SVG.
Lines come in the order and with the colours of the recording; a wait is cut to `LONGEST_WAIT`.
"""

import os
import pty
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from rich.color import Color
from rich.text import Text

COLUMNS = 96
ROWS = 22
LONGEST_WAIT = 1.6
SHORTEST_WAIT = 0.07
READING = {"# ": 1.4, "$ ": 0.7}
"""How long a line is looked at that begins so, in seconds."""
REST = 6.0
"""Seconds for which the end is shown before it begins again."""
_LINE = 19
_CHARACTER = 8.43
_MARGIN = 14
_INK, _PAPER = "#d8dee9", "#1b1f27"
_COLOURS = {1: "#ff7b72", 2: "#a3be8c", 3: "#ebcb8b", 6: "#88c0d0"}  # ANSI's numbers
_SVG = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{width}} {{height}}" role="img" \
aria-label="{{title}}">
<style>
text{{{{font:14px ui-monospace,Menlo,Consolas,monospace;fill:{_INK};white-space:pre}}}}
.l{{{{animation:{{seconds:.1f}}s step-end infinite}}}}
.s{{{{animation:s {{seconds:.1f}}s step-end infinite}}}}
@keyframes s{{{{0%{{{{transform:none}}}}{{steps}}}}}}
{{appear}}
@media (prefers-reduced-motion:reduce){{{{
.l,.s{{{{animation:none!important}}}}
.s{{{{transform:translateY(-{{last}}px)}}}}
}}}}
</style>
<rect width="{{width}}" height="{{height}}" rx="8" fill="{_PAPER}"/>
<svg x="{_MARGIN}" y="{_MARGIN}" width="{{width}}" height="{{inner}}"><g class="s">
{{lines}}
</g></svg>
</svg>
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says, with its colours, and when it was complete, in seconds."""

    at: float
    said: Text


def recorded(
    command: Sequence[str], cwd: Path, env: Mapping[str, str]
) -> tuple[int, tuple[Line, ...]]:
    """Run a command in a terminal of `COLUMNS`. Its exit status, and its lines."""
    ours, its = pty.openpty()
    variables = {**env, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    begin = time.monotonic()
    lines: list[Line] = []
    rest = b""
    with subprocess.Popen(command, cwd=cwd, env=variables, stdout=its, stderr=its) as process:
        os.close(its)
        while data := _read(ours):
            *complete, rest = (rest + data).split(b"\n")
            now = time.monotonic() - begin
            lines += [Line(now, Text.from_ansi(each.decode().rstrip("\r"))) for each in complete]
    os.close(ours)
    return process.returncode, tuple(lines)


def drawn(lines: Sequence[Line], title: str) -> str:
    """Draw what was recorded. Whoever asks for less motion sees the end of it."""
    lines = [part for line in lines for part in _wrapped(line)]
    whole = (times := _paced(lines))[-1] + REST
    shares = [100 * at / whole for at in times]
    said = [number for number, line in enumerate(lines) if line.said.plain.strip()]
    return _SVG.format(
        width=round(COLUMNS * _CHARACTER) + 2 * _MARGIN,
        height=ROWS * _LINE + 2 * _MARGIN,
        title=escape(title),
        seconds=whole,
        steps="".join(_step(number, share) for number, share in enumerate(shares)),
        appear="\n".join(_appears(number, shares[number]) for number in said),
        last=max(0, len(lines) - ROWS) * _LINE,
        lines="\n".join(_text(number, lines[number]) for number in said),
        inner=ROWS * _LINE,
    )


def _step(number: int, share: float) -> str:
    """Scroll when a line comes for which there is no room."""
    if number < ROWS:
        return ""
    return f"{share:.2f}%{{transform:translateY(-{(number + 1 - ROWS) * _LINE}px)}}"


def _appears(number: int, share: float) -> str:
    return f"@keyframes a{number}{{0%{{opacity:0}}{share:.2f}%{{opacity:1}}}}"


def _text(number: int, line: Line) -> str:
    said = "".join(_span(line.said, begin, end) for begin, end in _pieces(line.said))
    y = (number + 1) * _LINE - 5
    return f'<text y="{y}" class="l" style="animation-name:a{number}">{said}</text>'


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other end of a terminal is closed
        return b""


def _paced(lines: Sequence[Line]) -> list[float]:
    """Say when each line is shown: after the recorded wait, neither in a flash nor for ever."""
    shown, before, at = [], 0.0, 0.0
    for line in lines:
        at += min(LONGEST_WAIT, max(SHORTEST_WAIT, line.at - before))
        before = line.at
        shown.append(at)
        at += READING.get(line.said.plain[:2], 0.0)
    return shown


def _wrapped(line: Line) -> list[Line]:
    """Go on in the next line where a terminal does."""
    cuts = range(COLUMNS, len(line.said), COLUMNS)
    return [Line(line.at, part) for part in line.said.divide(cuts)]


def _pieces(text: Text) -> list[tuple[int, int]]:
    marks = sorted({0, len(text), *(m for span in text.spans for m in (span.start, span.end))})
    return [(begin, end) for begin, end in pairwise(marks)]


def _span(text: Text, begin: int, end: int) -> str:
    said = escape(text.plain[begin:end])
    styles = [span.style for span in text.spans if span.start <= begin and span.end >= end]
    attributes: dict[str, str] = {}
    for style in styles:
        if isinstance(style, str):
            continue
        if style.bold:
            attributes["font-weight"] = "bold"
        if style.dim:
            attributes["opacity"] = ".72"
        if style.color is not None:
            attributes["fill"] = _colour(style.color)
    if not attributes:
        return f"<tspan>{said}</tspan>"
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<tspan{written}>{said}</tspan>"


def _colour(color: Color) -> str:
    return _COLOURS.get(color.number or 0, _INK)
