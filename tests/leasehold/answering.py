"""A person at a terminal, for verbs that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    import pytest


class _Terminal:
    @staticmethod
    def isatty() -> bool:
        return True


def in_a_terminal(monkeypatch: pytest.MonkeyPatch, verb: ModuleType) -> None:
    """Let a verb's module take its standard input for a terminal."""
    monkeypatch.setattr(verb, "sys", type("sys", (), {"stdin": _Terminal}))
