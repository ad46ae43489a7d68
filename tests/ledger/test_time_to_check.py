"""However a document fills its lists and maps, the steps to check it grow with its size alone."""

from __future__ import annotations

import json
import sys
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents import parse_definition
from ledger.documents.definition import MAX_DEFINITION_BYTES
from ledger.json_files import MAX_BYTES, SCHEMAS, check, fits, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

STEPS_PER_BYTE = 20
UNIQUE = {"uniqueItems": True}
Path = tuple[str, ...]


class TooManyStepsError(AssertionError):
    """The budget is spent: this would go on for minutes."""


def within_budget(size: int, do: Callable[[], object]) -> None:
    """Call something that may make so many calls of functions in Python for each byte."""
    left = STEPS_PER_BYTE * size

    def step(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        left -= event == "call"
        if left < 0:
            raise TooManyStepsError

    before = sys.getprofile()
    sys.setprofile(step)
    try:
        do()
    finally:
        sys.setprofile(before)


def places(schema: Any, root: Any, path: Path = ()) -> Iterator[tuple[Path, bool]]:  # noqa: ANN401
    """Yield where a schema has lists, or maps with keys of the writer's own."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "items" in schema:
        yield path, True
        yield from places(schema["items"], root, (*path, "[]"))
    if isinstance(schema.get("additionalProperties"), dict):
        yield path, False
        yield from places(schema["additionalProperties"], root, (*path, "{}"))
    for name, child in schema.get("properties", {}).items():
        yield from places(child, root, (*path, name))


ITEMS: dict[str, Callable[[int], object]] = {
    "equal objects": lambda _: {},
    "objects": lambda number: {"instance_type": f"ml.{number}"},
    "windows": lambda number: {"days": ["mon"], "start": "09:00", "end": "24:00", "x": number},
    "texts": str,
    "equal texts": lambda _: "mon",
    "numbers": lambda number: number,
    "fractions": lambda number: number + 0.5,
    "lists": lambda number: [[number]],
    "a mixture": lambda number: [number, str(number), {"a": number}, None][number % 4],
}
SIZE = MAX_BYTES // 8  # what compares all with all is far beyond its budget with this
PLACES = [
    pytest.param(path.name.removesuffix(".schema.json"), place, is_list, id=f"{path.name}: {place}")
    for path in sorted(SCHEMAS.glob("*.schema.json"))
    for document in [json.loads(path.read_text())]
    for place, is_list in places(document, document)
]


def filled(place: Path, value: object) -> Any:  # noqa: ANN401
    """Put a value at its place, into objects and lists that have nothing else."""
    for step in reversed(place):
        value = [value] if step == "[]" else {"k" if step == "{}" else step: value}
    return value


def of_size(item: Callable[[int], object], size: int, *, is_list: bool) -> object:
    """Return a list or a map of that many bytes."""
    found: list[object] = []
    left = size
    for number in count():
        each = item(number)
        left -= len(json.dumps(each)) + (1 if is_list else len(f'"{number}":,'))
        if left < 0:
            break
        found.append(each)
    return found if is_list else {str(number): each for number, each in enumerate(found)}


def test_the_places_are_known() -> None:
    assert len(PLACES) >= 12
    assert ("instance_pools",) in [place.values[1] for place in PLACES]


@pytest.mark.parametrize("kind", ITEMS)
@pytest.mark.parametrize(("schema", "place", "is_list"), PLACES)
def test_any_list_or_map_is_checked_in_so_many_steps_a_byte(
    schema: str, place: Path, kind: str, *, is_list: bool
) -> None:
    _check_in_time(schema, place, of_size(ITEMS[kind], SIZE - 200, is_list=is_list), SIZE)


@pytest.mark.parametrize("kind", ["equal objects", "texts"])
def test_so_is_one_of_the_greatest_size_that_is_read(kind: str) -> None:
    pools = of_size(ITEMS[kind], MAX_BYTES - 200, is_list=True)
    _check_in_time("endpoint", ("instance_pools",), pools, MAX_BYTES)


def _check_in_time(schema: str, place: Path, value: object, size: int) -> None:
    content = json.dumps(filled(place, value), separators=(",", ":")).encode()
    assert size * 0.8 < len(content) <= size
    within_budget(len(content), lambda: read_json("f.json", content, schema))


def test_the_budget_finds_what_compares_all_with_all() -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  (as it is without our own)

    data = [{"a": number} for number in range(500)]  # 5 KB
    slow = Draft202012Validator(UNIQUE)
    with pytest.raises(TooManyStepsError):
        within_budget(5_000, lambda: slow.is_valid(data))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 1.5, "", "a", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)


@given(st.lists(values, max_size=6))
def test_items_are_unique_as_the_standard_says(items: list[object]) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  (as it is without our own)

    assert fits(items, UNIQUE) is Draft202012Validator(UNIQUE).is_valid(items)


@pytest.mark.parametrize(
    ("items", "unique"),
    [
        ([1, 1.0], False),
        ([1, True], True),
        ([0, False, None, "", [], {}], True),
        ([{"a": 1, "b": 2}, {"b": 2.0, "a": 1}], False),
        ([[1, 2], [2, 1]], True),
        ([9007199254740993, 9007199254740992.0], True),
    ],
)
def test_items_are_equal_by_what_they_say(items: list[object], *, unique: bool) -> None:
    assert fits(items, UNIQUE) is unique
    assert fits(items, {"uniqueItems": False})


def test_an_item_that_stands_there_twice_is_said_in_a_sentence() -> None:
    pools = [{"instance_type": "ml.g5.xlarge"}] * 2
    told = [each for each in check("f", {"instance_pools": pools}, "endpoint") if each.pointer]
    assert [(each.pointer, each.sentence.endswith("leave one out.")) for each in told] == [
        ("/instance_pools", True)
    ]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("instance_pools", [{}] * 201, "is longer than 4."),
        ("tags", {str(number): 5 for number in range(201)}, "has more fields than 40."),
    ],
)
def test_too_many_are_said_once_and_not_of_each(field: str, value: object, sentence: str) -> None:
    told = [each for each in check("f", {field: value}, "endpoint") if each.pointer]
    assert [each.pointer for each in told] == [f"/{field}"]
    assert told[0].sentence.endswith(sentence)


def test_of_very_many_violations_some_are_told_and_that_there_are_more() -> None:
    told = check("f", {"open": [5] * 1000}, "applied")
    assert len(told) == 500  # commit and at are missing, and that is told once
    assert "there is more that is wrong than is told here." in {each.sentence for each in told}
    told = check("f", {"open": [5] * 100}, "applied")
    assert {each.pointer for each in told if "of type" in each.sentence} == {
        f"/open/{number}" for number in range(100)
    }


def test_a_definition_has_a_limit_of_its_own_and_says_it() -> None:
    told = parse_definition("f", b"{}" + b" " * MAX_DEFINITION_BYTES)
    assert isinstance(told, tuple)
    (wrong,) = told
    assert (wrong.code, MAX_DEFINITION_BYTES) == ("LH1001", 65_536)
    assert "it has 65538 bytes, and at most 65536 are read" in wrong.sentence
    fine = parse_definition("f", b"{}" + b" " * (MAX_DEFINITION_BYTES - 2))
    assert isinstance(fine, tuple)
    assert {each.code for each in fine} == {"LH1002"}
