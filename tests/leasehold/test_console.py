"""Tables and JSON that are printed while they are read look as if they were printed whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from leasehold import console
from leasehold.console import show_json, show_table, stream_json, stream_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

HEADERS = ("WHEN", "WHO", "COMMIT")
ROWS = [(f"day {number}", "Ana" * number, f"{number:08}") for number in range(5)]


def test_json_is_the_same_as_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    for items in ([], [{"a": 1}], [{"a": [1, {"b": "é"}]}, {"a": None}, {}]):
        stream_json(iter(items))
        streamed = capsys.readouterr().out
        show_json(items)
        assert streamed == capsys.readouterr().out
        assert json.loads(streamed) == items


def test_a_table_is_the_same_as_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert stream_table(HEADERS, iter(ROWS)) == len(ROWS)
    streamed = capsys.readouterr().out
    show_table(HEADERS, ROWS)
    assert streamed == capsys.readouterr().out


def test_no_rows_are_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert stream_table(HEADERS, iter(())) == 0
    assert capsys.readouterr().out == ""


def test_rows_are_printed_before_the_next_are_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_AT_A_TIME", 2)
    printed: list[str] = []

    def rows() -> Iterator[tuple[str, ...]]:
        for row in reversed(ROWS):
            yield row
            printed.append(capsys.readouterr().out)

    assert stream_table(HEADERS, rows()) == len(ROWS)
    assert [bool(text) for text in printed] == [False, True, False, True, False]
    lines = ("".join(printed) + capsys.readouterr().out).splitlines()
    assert [line.split()[0] for line in lines] == ["WHEN", *["day"] * 5]
