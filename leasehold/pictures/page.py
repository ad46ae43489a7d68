"""A page with a picture, light or dark as its reader likes, and the table beneath it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from ledger.printable import in_markdown, printable

_NAMED = re.compile(r'(\bid="|\burl\(#|\bhref="#)')


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

    def as_html(self, name: str, light: str, dark: str) -> str:
        """Write it as a part of a page that has both SVGs in it; `name` is its own in that page."""
        head = "".join(f'<th scope="col">{escape(each)}</th>' for each in self.headers)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(printable(cell))}</td>' for cell in row)}</tr>"
            for row in self.rows
        )
        shown = (
            f'<div class="{look}">{_apart(svg, f"{name}-{look}-")}</div>\n'
            for look, svg in (("light", light), ("dark", dark))
        )
        return (
            f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(printable(self.title))}'
            f"</h2>\n{''.join(shown)}<table><thead><tr>{head}</tr></thead>\n"
            f"<tbody>{body}</tbody></table></section>\n"
        )


def _apart(svg: str, prefix: str) -> str:
    """Give what an SVG names a prefix: in a page a name belongs to the first that has it."""
    return _NAMED.sub(rf"\1{prefix}", svg.strip())


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
