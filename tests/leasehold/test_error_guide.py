"""`leasehold explain LH4106`: the paragraph of a code, or the nearest one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold.cli import main
from leasehold.error_guide import paragraphs, without_marks
from ledger.errors import Refused
from tests.leasehold import golden

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("code", ["LH4106", "lh4106"])
def test_a_code_is_explained_without_a_ledger(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    golden.be_terminal(monkeypatch, "80")
    result = CliRunner().invoke(main, ["explain", code])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("LH4106 ")
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80
    assert "`" not in result.stdout


def test_a_machine_gets_it_as_it_is_written() -> None:
    result = CliRunner().invoke(main, ["explain", "LH4101", "--output", "json"])
    told = json.loads(result.stdout)
    assert (told["code"], "`2h30m`" in told["text"]) == ("LH4101", True)


@pytest.mark.parametrize(
    ("code", "near"), [("LH4107777", "LH"), ("LH41060", "LH"), ("LH1", "LH1001"), ("LH5199", "LH")]
)
def test_an_unknown_code_names_the_nearest(code: str, near: str) -> None:
    result = CliRunner().invoke(main, ["explain", code])
    assert result.exit_code == 1
    assert f"there is no code {code}: the nearest is {near}" in result.stderr
    assert result.stderr.endswith("[LH5205]\n")


def test_every_paragraph_can_be_shown() -> None:
    for title, text in paragraphs().values():
        assert title
        assert "`" not in without_marks(text)


def test_without_a_guide_it_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="LH5204"):
        paragraphs((tmp_path / "errors.md",))
