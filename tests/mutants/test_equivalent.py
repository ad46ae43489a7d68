"""What is said of mutants fits the code: `make mutants` takes minutes, and is not run each time."""

from __future__ import annotations

from importlib import import_module
from inspect import getsource

import pytest

from tests.mutants.__main__ import ROOT, TESTS, Equivalent, equivalents


@pytest.mark.parametrize("known", equivalents(), ids=lambda known: known.becomes)
def test_a_mutant_that_is_named_changes_a_line_that_is_there(known: Equivalent) -> None:
    source = " ".join(line.strip() for line in getsource(import_module(known.module)).splitlines())
    assert known.line in source
    assert known.becomes not in source
    assert known.because


@pytest.mark.parametrize("module", TESTS)
def test_the_tests_of_a_module_are_there(module: str) -> None:
    assert import_module(module)
    assert [test for test in TESTS[module] if not (ROOT / test).exists()] == []
