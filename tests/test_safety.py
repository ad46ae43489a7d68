"""docs/safety.md names a test for each way in which something is deleted, and each is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "safety.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", PAGE)


@cache
def proofs_of(file: str) -> frozenset[str]:
    """Name the tests of a file as pytest does, `Class::test`, without collecting it."""
    module = ast.parse((ROOT / file).read_text()).body
    classes = [each for each in module if isinstance(each, ast.ClassDef)]
    inside = {f"{each.name}::{test}" for each in classes for test in functions(each.body)}
    return frozenset(inside | functions(module))


def functions(body: list[ast.stmt]) -> set[str]:
    found = {each.name for each in body if isinstance(each, ast.FunctionDef)}
    return {name for name in found if name.startswith("test_")}


@pytest.mark.parametrize(("file", "test"), NAMED, ids=lambda value: value.rpartition("::")[2])
def test_a_test_that_proves_something_is_there(file: str, test: str) -> None:
    assert test in proofs_of(file)


def test_every_row_of_a_table_is_proved() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    proving = [row for row in rows if not re.match(r"\|[- |]+\|$|\| (way|what) \|", row)]
    assert len(proving) > 20
    assert [row for row in proving if not re.search(r"`tests/[^`]+::test_|::Test", row)] == []


def test_the_readme_leads_here() -> None:
    assert "](docs/safety.md)" in (ROOT / "README.md").read_text()
