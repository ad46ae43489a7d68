"""The observed history as a file: written and read back; what is no record is a new one."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.memory.record import ABSENT, Entry, Record, dump_record, parse_record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENTRY_LIKE = b'{"endpoints": {"a": {"name": "A", "status": "x", "since": "2026-11-23T12:00:00Z"}}}'
ENTRY = Entry("A", "InService", NOON, "lease ended", created_at=NOON, config="a-1")

instants = st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  (hypothesis wants naive bounds)
    lambda moment: moment.replace(microsecond=0)
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe = st.none() | instants
some = st.none() | texts.filter(bool)
entries = st.builds(
    Entry,
    texts.filter(bool),
    texts.filter(bool),
    instants,
    texts,
    created_at=maybe,
    config=some,
    previous_config=some,
    attempted_config=some,
    update_failure=some,
    starting_since=maybe,
    starting_lease=maybe,
    lease_end=maybe,
    renewed_at=maybe,
    scaled=st.booleans(),
    failures=st.integers(0, 99),
    suspended_since=maybe,
    notices=st.frozensets(texts, max_size=4),
)


@given(st.dictionaries(texts, entries, max_size=4).map(Record))
def test_a_record_that_is_written_is_read_back(record: Record) -> None:
    content = dump_record(record)
    assert parse_record(content) == record
    assert dump_record(parse_record(content)) == content


def test_the_strategy_above_fills_every_field() -> None:
    full = replace(
        ENTRY,
        previous_config="a-0",
        attempted_config="a-2",
        update_failure="crash",
        starting_since=NOON,
        starting_lease=NOON,
        lease_end=NOON,
        renewed_at=NOON,
        scaled=True,
        failures=2,
        suspended_since=NOON,
        notices=frozenset({"started"}),
    )
    written = json.loads(dump_record(Record({"demo-A": full})))["endpoints"]["demo-A"]
    assert written.keys() == {each.name for each in fields(Entry)}


def test_what_is_empty_is_not_written() -> None:
    written = json.loads(dump_record(Record({"demo-A": Entry("A", ABSENT, NOON)})))
    expected = {"name": "A", "status": "absent", "since": "2026-11-23T12:00:00Z"}
    assert written == {"endpoints": {"demo-A": expected}}


def test_the_order_of_endpoints_and_notices_is_always_the_same() -> None:
    one, other = Entry("A", ABSENT, NOON), Entry("B", ABSENT, NOON)
    first = replace(one, notices=frozenset(["x", "y", "z"]))
    again = replace(one, notices=frozenset(["z", "y", "x"]))
    assert dump_record(Record({"a": first, "b": other})) == dump_record(
        Record({"b": other, "a": again})
    )


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"endpoints": []}',
        b'{"endpoints": {"a": null}}',
        b'{"endpoints": {"a": {"name": "A", "status": "InService"}}}',
        b'{"endpoints": {"a": {"name": "A", "status": "InService", "since": 5}}}',
        b'{"endpoints": {"a": {"name": "A", "status": "InService", "since": "noon"}}}',
        *(
            ENTRY_LIKE.replace(b"}}}", b", " + field + b"}}}")
            for field in (
                b'"notices": 5',
                b'"notices": [5]',
                b'"failures": "2"',
                b'"failures": null',
                b'"scaled": "no"',
                b'"cause": 5',
                b'"created_at": "2026-11-23T12:00:00"',
                b'"since": "0001-01-01T00:00:00+14:00"',
            )
        ),
        b"\xff\xfe",
        b"[" * 100_000,
        b"<<<<<<< HEAD\n",
    ],
    ids=lambda content: repr(content)[:60],
)
def test_what_is_no_record_is_a_new_one(content: bytes | None) -> None:
    assert parse_record(content) == Record(is_new=True)


@given(st.binary(max_size=200))
def test_whatever_is_there_reading_it_gives_a_record(content: bytes) -> None:
    assert isinstance(parse_record(content), Record)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    content = json.loads(dump_record(Record({"demo-A": ENTRY})))
    content["endpoints"]["demo-A"]["mood"] = "sunny"
    assert parse_record(json.dumps(content).encode()).entry("demo-A") == ENTRY


def test_a_time_of_another_zone_is_the_same_instant_in_utc() -> None:
    content = dump_record(Record({"demo-A": ENTRY})).replace(b"12:00:00Z", b"13:00:00+01:00")
    entry = parse_record(content).entry("demo-A")
    assert entry == ENTRY
    assert entry is not None
    assert entry.since.tzinfo is UTC


class TestWhatMoved:
    before = Record({"demo-A": ENTRY, "demo-B": replace(ENTRY, name="B")})

    @pytest.mark.parametrize(
        "entry",
        [
            replace(ENTRY, status="Deleting"),
            replace(ENTRY, config="a-2"),
            replace(ENTRY, update_failure="crash"),
            replace(ENTRY, starting_since=NOON),
            replace(ENTRY, scaled=True),
            replace(ENTRY, failures=1),
            replace(ENTRY, suspended_since=NOON),
            replace(ENTRY, notices=frozenset({"started"})),
            None,
        ],
    )
    def test_is_named(self, entry: Entry | None) -> None:
        assert self.before.with_entries({"demo-A": entry}).moved(self.before) == ("demo-A",)

    @pytest.mark.parametrize(
        "entry",
        [
            ENTRY,
            replace(ENTRY, created_at=NOON + timedelta(seconds=1)),
            replace(ENTRY, starting_lease=NOON),
        ],
    )
    def test_is_nothing_where_a_detail_alone_is_found_out(self, entry: Entry) -> None:
        assert self.before.with_entries({"demo-A": entry}).moved(self.before) == ()

    def test_is_what_is_new_or_gone(self) -> None:
        assert self.before.moved(Record()) == ("demo-A", "demo-B")
        assert Record().moved(self.before) == ("demo-A", "demo-B")
