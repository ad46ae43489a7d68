"""docs/hostile-inputs.md names a sentence, a code and a test for each input, and all are there."""

import re
from pathlib import Path

import pytest

from tests.test_errors_documented import paragraphs
from tests.test_safety import proofs_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "hostile-inputs.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", PAGE)
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
INPUTS = [row for row in ROWS if row[0] != "input"]


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda value: value.rpartition("::")[2])
def test_a_test_that_proves_something_is_there(file: str, test: str) -> None:
    assert test in proofs_of(file)


@pytest.mark.parametrize("row", INPUTS, ids=lambda row: row[0])
def test_every_input_has_a_sentence_a_code_and_a_proof(row: list[str]) -> None:
    _, said, code, proof = row
    assert len(said) > 10
    assert code == "-" or code in paragraphs()
    assert "::" in proof


def test_no_input_is_named_twice() -> None:
    names = [row[0] for row in INPUTS]
    assert len(names) > 50
    assert sorted(set(names)) == sorted(names)


def test_the_readme_leads_here() -> None:
    assert "](docs/hostile-inputs.md)" in (ROOT / "README.md").read_text()
