"""Tables that fit a screen: one line a row, whatever is in it. Pure.

On a screen, columns that can be spared go first, then names are cut in their middle and the last
column at its end. Without a width nothing is left out and nothing is cut: that is for pipes.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

GAP = 2
_LAST_LEAST = 18  # cells that the last column needs to say something
_NAME_LEAST = 16
_NAME_PART = 4  # a name takes a quarter of a screen at the most
_CUT = "…"

Line = list[Text]


def fitted(
    headers: Sequence[str], rows: Sequence[Sequence[Text]], width: int | None, spare: Sequence[str]
) -> tuple[list[str], list[Line]]:
    """Return headers and rows that have room in a width; the first column has the names."""
    kept, lines = list(headers), [list(row) for row in rows]
    if width is None:
        return kept, lines
    most = max(width // _NAME_PART, _NAME_LEAST)
    for line in lines:
        line[0] = middle_cut(line[0], most)
    for header in spare:
        if header in kept and _taken(kept, lines) + _LAST_LEAST > width:
            place = kept.index(header)
            del kept[place]
            for line in lines:
                del line[place]
    room = max(width - _taken(kept, lines), 1)
    for line in lines:
        line[-1] = _end_cut(line[-1], room)
    return kept, lines


def _taken(headers: Sequence[str], rows: Sequence[Line]) -> int:
    """Return what all columns but the last one take, with the gaps behind them."""
    widths = (
        max([cell_len(header), *(row[place].cell_len for row in rows)]) + GAP
        for place, header in enumerate(headers[:-1])
    )
    return sum(widths)


def _end_cut(text: Text, room: int) -> Text:
    if text.cell_len <= room:
        return text
    short = text.copy()
    short.truncate(room, overflow="ellipsis")
    return short


def middle_cut(text: Text, room: int) -> Text:
    """Cut a name so that its beginning and its end stay."""
    if text.cell_len <= room:
        return text
    plain = text.plain
    tail = room // 2
    return Text(f"{plain[: room - tail - 1]}{_CUT}{plain[-tail:]}", style=text.style)
