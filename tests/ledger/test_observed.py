"""The branch leasehold/status: written and read back; what cannot be read counts as not there."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.hosts import Host, together
from ledger.names import EndpointName
from ledger.observed import (
    Applied,
    Entry,
    Noted,
    Ran,
    Record,
    read_applied,
    read_noted,
    read_record,
    write,
)
from ledger.phases import ABSENT

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENTRY_LIKE = b'{"endpoints": {"a": {"name": "A", "status": "x", "since": "2026-11-23T12:00:00Z"}}}'
ENTRY = Entry("A", "InService", NOON, "lease ended", created_at=NOON, config="a-1")
A, B = EndpointName("demo-A"), EndpointName("demo-B")
NOTE = Applied("0" * 40, (A,), NOON)

instants = st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  (hypothesis wants naive bounds)
    lambda moment: moment.replace(microsecond=0)
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe = st.none() | instants
some = st.none() | texts.filter(bool)
hosts = st.none() | st.lists(
    st.builds(Host, st.text("mlg5.x", min_size=1, max_size=9), st.integers(0, 9)), max_size=3
).map(together)
entries = st.builds(
    Entry,
    texts.filter(bool),
    texts.filter(bool),
    instants,
    texts,
    created_at=maybe,
    config=some,
    previous_config=some,
    hosts=hosts,
    config_version=some,
    attempted_config=some,
    update_failure=some,
    attempted_count=st.integers(0, 99),
    refused=some,
    refused_at=maybe,
    refused_config=some,
    refusals=st.integers(0, 99),
    starting_since=maybe,
    starting_lease=maybe,
    lease_end=maybe,
    lease_set_at=maybe,
    renewed_at=maybe,
    scaled=st.booleans(),
    failures=st.integers(0, 99),
    foreign=st.booleans(),
    suspended_since=maybe,
    api_resource_name=some,
    notices=st.frozensets(texts, max_size=4),
    ran=st.lists(st.builds(Ran, instants, instants, hosts), max_size=3).map(tuple),
    starts=st.lists(st.integers(0, 9999), max_size=3).map(tuple),
    tag_keys=st.frozensets(texts, max_size=4),
    held=some,
)


endpoint_names = texts.map(EndpointName)


def dump_record(record: Record) -> bytes:
    return write("dev", record, NOTE)["dev.json"]


def parse_record(content: bytes | None) -> Record:
    return read_record({} if content is None else {"dev.json": content}, "dev")


@given(
    st.builds(
        Record, st.dictionaries(endpoint_names, entries, max_size=4), st.just(value=False), texts
    )
)
def test_a_record_that_is_written_is_read_back(record: Record) -> None:
    content = dump_record(record)
    assert parse_record(content) == record
    assert dump_record(parse_record(content)) == content


def test_the_strategy_above_fills_every_field() -> None:
    full = replace(
        ENTRY,
        previous_config="a-0",
        hosts=(Host("ml.g5.xlarge", 1),),
        config_version="a-1@2026-11-23T12:00:00Z",
        attempted_config="a-2",
        update_failure="crash",
        attempted_count=3,
        starting_since=NOON,
        starting_lease=NOON,
        lease_end=NOON,
        lease_set_at=NOON,
        renewed_at=NOON,
        scaled=True,
        failures=2,
        refused="no such role",
        refused_at=NOON,
        refused_config="a-1@0123456789",
        refusals=3,
        foreign=True,
        suspended_since=NOON,
        api_resource_name="chat",
        notices=frozenset({"started"}),
        held="it hosts components",
        tag_keys=frozenset({"team"}),
        ran=(Ran(NOON, NOON, (Host("ml.g5.xlarge", 1),)), Ran(NOON, NOON)),
        starts=(300,),
    )
    written = json.loads(dump_record(Record({A: full})))["endpoints"]["demo-A"]
    assert written.keys() == {each.name for each in fields(Entry)}


def test_what_is_empty_is_not_written() -> None:
    written = json.loads(dump_record(Record({A: Entry("A", ABSENT, NOON)})))
    expected = {"name": "A", "status": "absent", "since": "2026-11-23T12:00:00Z"}
    assert written == {"endpoints": {"demo-A": expected}}


def test_the_order_of_endpoints_and_notices_is_always_the_same() -> None:
    one, other = Entry("A", ABSENT, NOON), Entry("B", ABSENT, NOON)
    first = replace(one, notices=frozenset(["x", "y", "z"]))
    again = replace(one, notices=frozenset(["z", "y", "x"]))
    assert dump_record(Record({A: first, B: other})) == dump_record(Record({B: other, A: again}))


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
                b'"foreign": "no"',
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
    content = json.loads(dump_record(Record({A: ENTRY})))
    content["endpoints"]["demo-A"]["mood"] = "sunny"
    assert parse_record(json.dumps(content).encode()).entry(A) == ENTRY


def test_a_time_of_another_zone_is_the_same_instant_in_utc() -> None:
    content = dump_record(Record({A: ENTRY})).replace(b"12:00:00Z", b"13:00:00+01:00")
    entry = parse_record(content).entry(A)
    assert entry == ENTRY
    assert entry is not None
    assert entry.since.tzinfo is UTC


class TestWhatMoved:
    before = Record({A: ENTRY, B: replace(ENTRY, name="B")})

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
        assert self.before.with_entries({A: entry}).moved(self.before) == ("demo-A",)

    @pytest.mark.parametrize(
        "entry",
        [
            ENTRY,
            replace(ENTRY, created_at=NOON + timedelta(seconds=1)),
            replace(ENTRY, starting_lease=NOON),
        ],
    )
    def test_is_nothing_where_a_detail_alone_is_found_out(self, entry: Entry) -> None:
        assert self.before.with_entries({A: entry}).moved(self.before) == ()

    def test_is_what_is_new_or_gone(self) -> None:
        assert self.before.moved(Record()) == ("demo-A", "demo-B")
        assert Record().moved(self.before) == ("demo-A", "demo-B")


class TestANameInAnotherCase:
    shouted = EndpointName("DEMO-A")

    def test_finds_the_entry(self) -> None:
        assert Record({A: ENTRY}).entry(self.shouted) == ENTRY

    def test_takes_the_entrys_place_and_its_spelling(self) -> None:
        after = Record({A: ENTRY, B: ENTRY}).with_entries({self.shouted: ENTRY})
        assert [str(name) for name in after.entries] == ["DEMO-A", "demo-B"]

    def test_drops_the_entry(self) -> None:
        assert Record({A: ENTRY}).with_entries({self.shouted: None}) == Record()

    def test_is_no_news(self) -> None:
        assert Record({self.shouted: ENTRY}).moved(Record({A: ENTRY})) == ()

    def test_is_read_as_the_same_endpoint(self) -> None:
        content = dump_record(Record({A: ENTRY}))
        expected = Noted("InService", since=NOON)
        assert read_noted({"dev.json": content}, "dev")[self.shouted] == expected


class TestWhatIsNoted:
    @staticmethod
    def of(entry: object) -> Noted | None:
        content = json.dumps({"endpoints": {"demo-A": entry, "demo-B": {"status": "x"}}}).encode()
        found = read_noted({"dev.json": content}, "dev")
        assert found[B] == Noted("x")
        return found[A]

    def test_is_read_as_it_was_written(self) -> None:
        theirs = replace(ENTRY, status=ABSENT, foreign=True)
        files = write("dev", Record({A: ENTRY, B: theirs}), NOTE)
        expected = {A: Noted("InService", since=NOON), B: Noted("absent", foreign=True, since=NOON)}
        assert read_noted(files, "dev") == expected

    @pytest.mark.parametrize(
        "entry",
        [
            *({"status": status} for status in ("", 1, None, "a\r\nSet-Cookie: b", "\u202e")),
            {"status": "x" * 41},
            {"status": "InService", "foreign": "no"},
            {"status": "InService", "foreign": None},
            {},
            [],
            5,
            None,
        ],
        ids=ascii,
    )
    def test_is_none_where_the_entry_is_broken_and_hides_no_other(self, entry: object) -> None:
        assert self.of(entry) is None

    @pytest.mark.parametrize(
        "content", [b"", b"[]", b"5", b"[" * 100_000, b"\xff", b'{"endpoints": []}']
    )
    def test_cannot_be_told_where_the_record_cannot_be_read(self, content: bytes) -> None:
        with pytest.raises(ValueError, match=r"^dev\.json cannot be read$"):
            read_noted({"dev.json": content}, "dev")

    @pytest.mark.parametrize(
        ("entry", "since", "reason"),
        [
            ({"since": "2026-11-23T13:00:00+01:00"}, NOON, None),
            ({"since": "2026-11-23T12:00:00", "cause": "lease ended"}, None, None),
            ({"since": "0001-01-01T00:00:00+01:00", "refused": ["no"]}, None, None),
            ({"since": 5, "update_failure": "no"}, None, "no"),
            (
                {"status": "Failed", "cause": "it crashed", "update_failure": "no"},
                None,
                "it crashed",
            ),
            ({"status": "Failed", "cause": "it crashed", "refused": "never"}, None, "never"),
        ],
    )
    def test_has_what_aws_said(self, entry: dict[str, object], since: object, reason: str) -> None:
        found = self.of({"status": "absent", **entry})
        assert found is not None
        assert (found.since, found.reason) == (since, reason)

    def test_is_nothing_before_the_first_tick(self) -> None:
        files = write("dev", Record({A: ENTRY}), NOTE)
        assert read_noted(files, "prod") == {}
        assert read_noted({}, "dev") == {}
        assert read_noted({"dev.json": b'{"id": "begun"}'}, "dev") == {}


class TestANoteOfWhatIsApplied:
    @given(
        st.text("0123456789abcdef", min_size=40, max_size=40),
        st.lists(endpoint_names, unique=True, max_size=3).map(tuple),
        instants,
    )
    def test_that_is_written_is_read_back(
        self, commit: str, left: tuple[EndpointName, ...], at: datetime
    ) -> None:
        note = Applied(commit, left, at)
        found = read_applied(write("dev", Record(), note), "dev")
        assert found == note
        assert found is not None
        assert found.at == at

    def test_says_the_same_whenever_it_was_noted(self) -> None:
        assert replace(NOTE, at=NOON + timedelta(hours=1)) == NOTE
        assert replace(NOTE, open=(B,)) != NOTE

    def test_names_what_is_open_in_any_case(self) -> None:
        note = read_applied(write("dev", Record(), NOTE), "dev")
        assert note is not None
        assert EndpointName("DEMO-A") in note.open

    @pytest.mark.parametrize(
        "content",
        [
            b"{",
            b"[]",
            b"\xff",
            b'{"commit": null}',
            b'{"commit": "main", "at": "noon", "open": []}',
            b'{"commit": "%s", "at": "2026-11-31T12:00:00Z", "open": []}' % (b"0" * 40),
            b'{"commit": "%s", "at": "2026-11-23T12:00:00Z", "open": [5]}' % (b"0" * 40),
        ],
    )
    def test_that_cannot_be_read_is_none(self, content: bytes) -> None:
        assert read_applied({"dev.applied.json": content}, "dev") is None

    def test_that_nobody_made_is_none(self) -> None:
        assert read_applied(write("dev", Record(), NOTE), "prod") is None


@pytest.mark.parametrize(
    "value", [5, [5], [{"begin": "yesterday"}], [{"begin": 1, "end": 2}], [-1]]
)
def test_a_day_that_cannot_be_read_is_begun_again(value: object) -> None:
    noted = json.loads(dump_record(Record({A: ENTRY})))
    noted["endpoints"]["demo-A"] |= {"ran": value, "starts": value if value != [5] else "many"}
    assert parse_record(json.dumps(noted).encode()).entry(A) == ENTRY


def test_hosts_that_cannot_be_read_are_unknown_and_spoil_nothing() -> None:
    noted = json.loads(dump_record(Record({A: replace(ENTRY, hosts=(Host("ml.g5.xlarge", 2),))})))
    assert read_noted({"dev.json": json.dumps(noted).encode()}, "dev")[A] == Noted(
        "InService", since=NOON, reason=None, hosts=(Host("ml.g5.xlarge", 2),)
    )
    noted["endpoints"]["demo-A"]["hosts"] = "many"
    content = json.dumps(noted).encode()
    assert parse_record(content) == Record({A: ENTRY})
    assert read_noted({"dev.json": content}, "dev")[A] == Noted("InService", since=NOON)
