"""A function of this machine runs as Lambda runs it: a process of its own, loaded once."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.lambda_functions.invocation import InvocationContext
from sandbox.lambda_functions.local_function import FunctionError, LocalFunction

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def written(folder: Path, source: str) -> LocalFunction:
    (folder / "app.py").write_text(source)
    return LocalFunction(folder, {"STAGE": "test"})


def call(each: LocalFunction, **event: object) -> dict[str, Any]:
    deadline = NOON + timedelta(seconds=29)
    context = InvocationContext("f", "1", "eu-west-1", "123456789012", deadline, lambda: NOON)
    answer: Any = each(event, context)
    return dict(answer)


def test_a_function_is_loaded_once_and_keeps_what_it_prints_to_itself(tmp_path: Path) -> None:
    source = "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    print(n)\n"
    each = written(tmp_path, f"{source}    return {{'n': n}}\n")
    assert [call(each), call(each)] == [{"n": 1}, {"n": 2}]
    each.stop()


def test_a_function_that_raises_is_an_error_and_goes_on(tmp_path: Path) -> None:
    source = "def handler(event, context):\n    return {'half': 1 / int(event['body'])}\n"
    each = written(tmp_path, source)
    with pytest.raises(FunctionError, match="ZeroDivisionError"):
        call(each, body="0")
    assert call(each, body="2") == {"half": 0.5}
    each.stop()


def test_a_function_that_dies_is_an_error_and_is_started_again(tmp_path: Path) -> None:
    source = "import os\ndef handler(event, context):\n    return os._exit(1) or {}\n"
    each = written(tmp_path, source)
    for _ in range(2):
        with pytest.raises(FunctionError, match="ended without an answer"):
            call(each)
    each.stop()


def test_a_function_does_not_hear_the_ctrl_c_that_is_for_its_caller(tmp_path: Path) -> None:
    """A terminal sends it to the whole group; the function ends when its caller does."""
    source = "import os\ndef handler(event, context):\n    return {'group': os.getpgrp()}\n"
    each = written(tmp_path, source)
    assert call(each)["group"] != os.getpgrp()
    each.stop()


def test_a_function_finds_nothing_of_its_callers_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_GATEWAY", "1")
    source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    each = written(tmp_path, source)
    assert "A_SECRET_OF_THE_GATEWAY" not in call(each)
    each.stop()
