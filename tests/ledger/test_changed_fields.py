"""What changed between two documents, field by field."""

from __future__ import annotations

import json

import pytest

from ledger.changed_fields import FieldChange, changed_fields


def changes(before: object, after: object) -> list[str]:
    old, new = (json.dumps(each).encode() for each in (before, after))
    return [str(each) for each in changed_fields(old, new)]


def test_a_field_is_named_with_both_values() -> None:
    before = {"name": "A", "type": "ml.g5.12xlarge", "model": {"image": "a:1", "x/y": 1}}
    after = {"name": "A", "type": "ml.g5.24xlarge", "model": {"image": "a:2", "x/y": True}}
    assert changes(before, after) == [
        "/type: ml.g5.12xlarge -> ml.g5.24xlarge",
        "/model/image: a:1 -> a:2",
        "/model/x~1y: 1 -> true",
    ]


def test_what_comes_and_goes_is_named_too() -> None:
    assert changes({"a": [1]}, {"b": "x"}) == ["/a: [1] -> (none)", "/b: (none) -> x"]


def test_a_long_value_is_cut() -> None:
    (change,) = changed_fields(b'{"a": 1}', json.dumps({"a": "x" * 99}).encode())
    assert change == FieldChange("/a", "1", "x" * 57 + "...")


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, b"{}"), (b"{}", None), (b"{", b"{}"), (b'{"$schema": "a"}', b'{"$schema": "b"}')],
)
def test_what_cannot_be_compared_has_no_changes(before: bytes | None, after: bytes | None) -> None:
    assert changed_fields(before, after) == ()
