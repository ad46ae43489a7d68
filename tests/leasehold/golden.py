"""What terminals and pipes get, held against files that people have looked at.

With LEASEHOLD_KEEP_SCREENS=1 the tests keep what comes out now, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

HERE = Path(__file__).parent / "looked_at"
_KEEP = "LEASEHOLD_KEEP_SCREENS"
WIDTHS = ("80", "200", "pipe")


def be_terminal(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    """Let the command line take its output for a terminal of so many columns, or for a pipe."""
    for name in ("FORCE_COLOR", "COLUMNS", "LINES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    if width != "pipe":
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", width)


def check(name: str, text: str, width: str) -> None:
    """Compare with what was looked at; a terminal's lines have room, and none has an escape."""
    assert "\x1b" not in text
    if width != "pipe":
        assert [line for line in text.splitlines() if len(line) > int(width)] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    looked_at = HERE / f"{name}-{width}.txt"
    if os.environ.get(_KEEP):
        looked_at.write_text(text)
    assert text == looked_at.read_text()
