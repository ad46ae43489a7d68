"""`--picture FILE`: a picture light and dark, and a page with the table that says the same."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import click

from leasehold.console import note
from leasehold.pictures.costs import Costs
from leasehold.pictures.page import Page
from leasehold.pictures.timeline import Timeline
from ledger.errors import Refused

INSTALL = "pip install 'leasehold[pictures]'"
FC = TypeVar("FC", bound=Callable[..., object] | click.Command)
_CHARTS = "leasehold.pictures.charts"
_KINDS = {".svg": "svg", ".png": "png"}


def picture_option(what: str) -> Callable[[FC], FC]:
    """Return the option that draws something besides what is printed."""
    return click.option(
        "--picture",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=f"Draw {what} besides: FILE.svg or FILE.png, FILE-dark, and FILE-table.md with both"
        f" and a table beneath. Needs the extra: {INSTALL}.",
    )


def charts(load: Callable[[str], ModuleType] = import_module) -> ModuleType:
    """Return what draws pictures. Raises Refused LH5137."""
    try:
        return load(_CHARTS)
    except ImportError as error:
        raise Refused(
            "LH5137",
            f"what draws pictures is not installed, or cannot be loaded ({error}): `{INSTALL}`"
            " adds it, 100 MB with all that it needs.",
        ) from error


@dataclass(frozen=True, slots=True)
class Files:
    """Where a picture goes, and what draws it."""

    light: Path
    kind: str
    charts: ModuleType

    @classmethod
    def of(cls, file: Path, load: Callable[[str], ModuleType] = import_module) -> "Files":
        """Return where a picture goes. Raises Refused LH5137, LH5138."""
        kind = _KINDS.get(file.suffix.lower())
        if kind is None:
            raise Refused(
                "LH5138",
                f"--picture {file}: a picture is an SVG or a PNG: write a name that ends in .svg or"
                " .png.",
            )
        return cls(file, kind, charts(load))

    @property
    def dark(self) -> Path:
        return self.light.with_stem(f"{self.light.stem}-dark")

    @property
    def table(self) -> Path:
        return self.light.with_name(f"{self.light.stem}-table.md")

    def write(self, picture: Timeline | Costs, page: Page) -> None:
        """Draw all, then write all, and say what was written. Raises Refused LH5139."""
        contents = {
            self.light: self.charts.drawn(picture, self.kind, dark=False),
            self.dark: self.charts.drawn(picture, self.kind, dark=True),
            self.table: page.as_markdown(self.light.name, self.dark.name).encode(),
        }
        for path, content in contents.items():
            try:
                path.write_bytes(content)
            except OSError as error:
                raise Refused(
                    "LH5139",
                    f"{path} cannot be written ({error.strerror}): name a file in a folder that is"
                    " there and may be written to.",
                ) from error
        note(f"written: {', '.join(map(str, contents))}")
