"""The id of a ledger gets into a file that people wrote, and nothing else of it changes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents import parse_environment, with_ledger_id
from ledger.documents.environment import Environment
from ledger.json_text import MAX_BYTES, decode
from ledger.minting import new_ledger_id

ID = "5f2c9a7be01d4386"
SCHEMA = "../../schema/environment.schema.json"
SETTINGS = {
    "$schema": SCHEMA,
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{"ledger_id": "ID"}'),
        ("{ }\n", '{"ledger_id": "ID" }\n'),
        ('{"$schema":"s"}', '{"$schema":"s","ledger_id":"ID"}'),
        ('{"$schema": "s", "b": 1}', '{"$schema": "s", "ledger_id": "ID", "b": 1}'),
        ('{\n  "$schema": "s",\n  "b": 1\n}\n',) * 2,
        ('{\r\n\t"$schema" : "s",\r\n\t"b" : 1\r\n}',) * 2,
        ('{\n  "b": 1\n}', '{\n  "ledger_id": "ID",\n  "b": 1\n}'),
        ('{ "b": 1\n, "c": 2 }', '{ "ledger_id": "ID"\n, "b": 1\n, "c": 2 }'),
        ('{"b": 1, "$schema": "s"}', '{"b": 1, "$schema": "s", "ledger_id": "ID"}'),
        ('{"a": {"$schema": "s"}}', '{"ledger_id": "ID","a": {"$schema": "s"}}'),
        ('{"\\u0024schema": "s", "b": 1}', '{"\\u0024schema": "s", "ledger_id": "ID", "b": 1}'),
        ('\ufeff{"$schema": "s{"}', '\ufeff{"$schema": "s{","ledger_id": "ID"}'),
        ('{"b": 1, "ledger_id" :null , "c": "ü"}', '{"b": 1, "ledger_id" :"ID" , "c": "ü"}'),
        ('{"b":1,"ledger_\\u0069d":"old"}', '{"b":1,"ledger_\\u0069d":"ID"}'),
    ],
)
def test_the_id_stands_after_schema_in_the_writers_own_layout(before: str, after: str) -> None:
    if before == after:
        neighbour = re.search(r'"\$schema".*?,(\s*)(?=")', before, re.DOTALL)
        assert neighbour
        colon = " : " if " : " in before else ": "
        end = neighbour.end()
        after = f'{before[:end]}"ledger_id"{colon}"ID",{neighbour[1]}{before[end:]}'
    assert with_ledger_id(before.encode(), ID) == after.replace("ID", ID).encode()


@pytest.mark.parametrize("content", [b"", b"[]", b'"text"', b"{", b'{"a": 1, "a": 2}', b"\xff"])
def test_what_is_no_object_gets_no_id(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|line|the|byte) "):
        with_ledger_id(content, ID)


def test_what_is_nested_too_deeply_gets_none_either() -> None:
    with pytest.raises(RecursionError):
        with_ledger_id(b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", ID)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(["$schema", "ledger_id", "limits", '"', "\\"]) | st.text(
    st.characters(codec="utf-8")
)
BLANKS = st.text(st.sampled_from(" \t\r\n"), max_size=3)


@st.composite
def objects(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """Return an object, and a text of it as somebody may have laid it out."""
    data = draw(st.dictionaries(KEYS, JSON, max_size=5))
    indent = draw(st.sampled_from([None, 0, 2, 4, "\t"]))
    separators = (
        draw(BLANKS) + "," + draw(BLANKS),
        draw(BLANKS) + ":" + draw(BLANKS),
    )
    text = json.dumps(data, indent=indent, separators=separators, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return data, draw(st.sampled_from(["", "\ufeff"])) + draw(BLANKS) + text + draw(BLANKS)


@given(objects())
def test_everything_else_stays_to_the_byte(given: tuple[dict[str, Any], str]) -> None:
    data, text = given
    changed = with_ledger_id(text.encode(), ID)
    found = decode(changed)
    assert found == data | {"ledger_id": ID}
    order = [key for key in found if key != "ledger_id"]
    assert order == [key for key in data if key != "ledger_id"]
    if "ledger_id" not in data:
        keys, at = list(found), list(found).index("ledger_id")
        assert keys[:at] == (keys[: keys.index("$schema") + 1] if "$schema" in data else [])
        assert _is_insertion(text.encode(), changed)
    assert with_ledger_id(changed, ID) == changed


@given(st.permutations(list(SETTINGS)), st.sampled_from([None, 2, "\t"]))
def test_settings_stay_valid(order: list[str], indent: int | str | None) -> None:
    content = json.dumps({key: SETTINGS[key] for key in order}, indent=indent).encode()
    before = parse_environment("f", content)
    after = parse_environment("f", with_ledger_id(content, ID))
    assert isinstance(before, Environment)
    assert isinstance(after, Environment)
    assert (before.ledger_id, after.ledger_id) == (None, ID)


def test_a_new_id_fits_the_schema_and_is_another_one_each_time() -> None:
    ids = {new_ledger_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
    content = json.dumps(SETTINGS | {"ledger_id": ids.pop()}).encode()
    assert isinstance(parse_environment("f", content), Environment)


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        with_ledger_id(b"{}" + b" " * MAX_BYTES, ID)


def _is_insertion(before: bytes, after: bytes) -> bool:
    more = len(after) - len(before)
    return any(after[:at] + after[at + more :] == before for at in range(len(before) + 1))
