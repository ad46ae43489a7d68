"""What others wrote does nothing in a notice: it ends no line, and no terminal obeys it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.aws.notice_targets import subject
from controller.notices import due
from controller.notices.message import in_lines
from controller.notices.view import cut
from controller.plan import plan
from controller.planning.findings import Findings
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from tests.controller.cases import LIVE, NAME, NOW, fleet_of, there

HOSTILE = "boom\n::error::x\r\x1b[31m\u202egnp \ud800 end"


def texts(record: Record, *, status: str = "InService", failure: str | None = None) -> str:
    fleet = fleet_of("A", owner="ana@example.com")
    seen = [there(status, fleet, failure=failure, created_at=NOW)]
    planned = plan(fleet, seen, NOW, findings=Findings(record))
    notices = due(fleet, planned, record, NOW)
    assert notices
    return "".join(in_lines(each.text) for each in notices)


@pytest.mark.parametrize(
    ("status", "entry"),
    [
        ("Failed", Entry("A", "Failed", NOW, cause=HOSTILE)),
        ("InService", Entry("A", "InService", NOW, update_failure=HOSTILE)),
        ("InService", Entry("A", "InService", NOW, refused=HOSTILE, refused_config="x@1")),
        ("Hibernating", Entry("A", "Hibernating", NOW)),
    ],
)
def test_a_sentence_of_aws_ends_no_line(status: str, entry: Entry) -> None:
    record = Record({NAME: replace(entry, created_at=NOW)})
    said = texts(record, status=status, failure=HOSTILE)
    assert all(line.isprintable() and not line.startswith("::") for line in said.split("\n"))
    said.encode()


@pytest.mark.parametrize("text", [HOSTILE, "::error::x", "a" * 3000, "##[command]x"])
def test_a_part_is_one_line_and_not_long(text: str) -> None:
    part = cut(text)
    assert part.isprintable()
    assert not part.startswith("::")
    assert len(part) < 2100


def test_a_whole_message_is_looked_at_line_by_line() -> None:
    assert in_lines("one\n::two\nth\x07ree\n") == "one\n\\::two\nth\\x07ree\n"
    plain = "The lease ends.\n\n    curl x --data '{}'\n"
    assert in_lines(plain) == in_lines(in_lines(plain)) == plain


@pytest.mark.parametrize("text", [HOSTILE, "ö" * 300, "", "\n\n", "[dev] A\r\nBcc: x"])
def test_a_subject_is_a_line_of_ascii(text: str) -> None:
    line = subject(text)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 100


def test_an_owner_of_several_lines_ends_none() -> None:
    fleet = fleet_of("A", owner="ana\nben@example.com", expires_at=LIVE)
    entry = Entry("A", "InService", NOW, created_at=NOW)
    seen = [there("InService", fleet, created_at=NOW)]
    record = Record({EndpointName(NAME): entry})
    notices = due(fleet, plan(fleet, seen, NOW, findings=Findings(record)), record, NOW)
    (ends,) = (each.text for each in notices if each.kind == "expiring")
    assert "Its owner is ana\\nben@example.com.\n" in ends
