"""A page with a picture, light or dark as its reader likes, and the table beneath it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from ledger.printable import in_markdown


@dataclass(frozen=True, slots=True)
class Page:
    """What stands around a picture: no fact is in the picture alone."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]

    def as_markdown(self, light: str, dark: str) -> str:
        """Write it for files of these names, which lie beside it."""
        lines = [f"### {in_markdown(self.title)}", "", *_picture(self.title, light, dark), ""]
        lines += [_line(self.headers), f"|{':--|' * len(self.headers)}"]
        lines += [_line([in_markdown(cell) for cell in row]) for row in self.rows]
        return "\n".join(lines) + "\n"


def _picture(title: str, light: str, dark: str) -> list[str]:
    return [
        "<picture>",
        f'  <source media="(prefers-color-scheme: dark)" srcset="{_address(dark)}">',
        f'  <img alt="{escape(title)}; the table beneath says the same" src="{_address(light)}">',
        "</picture>",
    ]


def _address(name: str) -> str:
    return escape(quote(f"./{name}"))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
