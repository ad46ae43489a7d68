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


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference:2.0.1-tgi"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (f"{IMAGE}1.0.3", f"{IMAGE}1.1.0", ("tgi1.0.3", "tgi1.1.0")),
        (f"{IMAGE}1{'x' * 99}", f"{IMAGE}2{'x' * 99}", ("tgi1xx", "tgi2xx")),
        (IMAGE, f"{IMAGE}-gpu", (":2.0.1-tgi", ":2.0.1-tgi-gpu")),
        (f"{'y' * 99}{IMAGE}", IMAGE, ("yyy", "123456789012.dkr")),
    ],
)
def test_what_differs_in_long_values_is_seen(
    before: str, after: str, shown: tuple[str, str]
) -> None:
    for old, new, seen in ((before, after, shown), (after, before, shown[::-1])):
        first, second = (json.dumps({"a": each}).encode() for each in (old, new))
        (change,) = changed_fields(first, second)
        assert change.before != change.after
        assert max(len(change.before), len(change.after)) <= 60
        assert seen[0] in change.before
        assert seen[1] in change.after


def test_elements_of_lists_are_compared_one_by_one() -> None:
    week = {"days": ["mon", "tue"], "start": "09:00", "end": "17:00"}
    before = {"windows": [week], "types": ["a", "b"]}
    after = {"windows": [{**week, "start": "07:00"}, {"days": ["sat"]}], "types": ["a"]}
    assert changes(before, after) == [
        "/windows/0/start: 09:00 -> 07:00",
        '/windows/1/days: (none) -> ["sat"]',
        '/types: ["a", "b"] -> ["a"]',
    ]
    assert changes(after, before)[:2] == [
        "/windows/0/start: 07:00 -> 09:00",
        '/windows/1/days: ["sat"] -> (none)',
    ]


def test_each_field_of_what_comes_or_goes_is_named() -> None:
    schedule = {"schedule": {"timezone": "UTC", "windows": [{"days": ["sat"]}], "tags": {}}}
    assert changes({}, schedule) == [
        "/schedule/timezone: (none) -> UTC",
        '/schedule/windows/0/days: (none) -> ["sat"]',
        "/schedule/tags: (none) -> {}",
    ]
    assert changes(schedule, {})[0] == "/schedule/timezone: UTC -> (none)"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("1", 1, '/a: "1" -> 1'),
        (True, "true", '/a: true -> "true"'),
        ("", "x", '/a: "" -> x'),
        (None, "null", '/a: null -> "null"'),
        ([], [{"b": 1}], "/a/0/b: (none) -> 1"),
        ([], [{}], "/a/0: (none) -> {}"),
        ({"b": 1}, [{"b": 1}], '/a: {"b": 1} -> [{"b": 1}]'),
    ],
)
def test_values_that_look_alike_are_told_apart(before: object, after: object, said: str) -> None:
    assert changes({"a": before}, {"a": after}) == [said]


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, b"{}"), (b"{}", None), (b"{", b"{}"), (b'{"$schema": "a"}', b'{"$schema": "b"}')],
)
def test_what_cannot_be_compared_has_no_changes(before: bytes | None, after: bytes | None) -> None:
    assert changed_fields(before, after) == ()
