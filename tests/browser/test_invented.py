"""What the page's tests invent has the form of what the API answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.browser import invented

SCHEMA = Path(__file__).parents[2] / "schema"
ANSWERS = {
    "fleet": invented.fleet(),
    "fleet-endpoint": invented.about(),
    "me": invented.ME,
    "history": invented.HISTORY[0],
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_invented_answer_is_one_that_the_api_may_give(name: str) -> None:
    schema = json.loads((SCHEMA / f"{name}.schema.json").read_bytes())
    errors = Draft202012Validator(schema).iter_errors(ANSWERS[name])
    assert [f"{each.json_path}: {each.message:.200}" for each in errors] == []
