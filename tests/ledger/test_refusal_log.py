"""Refusals are read back from the history of the status branch as they were written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.names import EndpointName
from ledger.refusal_log import Kept, read_refusals, refusal_line
from ledger.snapshot import CommitRecord, Person
from ledger.unread import Unread

NAME = EndpointName("demo-A-Endpoint")
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
CONTROLLER = Person("Leasehold controller", "controller@example.com")


def record(*lines: str) -> CommitRecord:
    body = "\n".join(f"- {line}" for line in lines)
    message = f"status(dev): moved\n\n{body}\n\nRequest-Id: r-1\n"
    return CommitRecord("5f1d0c7a", CONTROLLER, AT, message)


@pytest.mark.parametrize("kept", Kept)
@pytest.mark.parametrize("path", ["absent", "InService -> Failed"])
def test_what_was_written_is_read(kept: Kept, path: str) -> None:
    said = "AWS refuses (it is so). LH3028: no, and what it needs is refused (x)"
    (found,) = read_refusals([record(refusal_line(NAME, path, kept, said))], NAME)
    assert (found.kept, found.said, found.committed_at) == (kept, said, AT)
    assert (found.commit, found.author) == ("5f1d0c7a", CONTROLLER)


def test_only_those_of_the_endpoint_whatever_its_case() -> None:
    lines = [refusal_line(name, "absent", Kept.REFUSED, name) for name in (NAME, "demo-B-Endpoint")]
    assert [each.said for each in read_refusals([record(*lines)], NAME)] == [NAME]
    again = EndpointName("DEMO-a-endpoint")
    assert len(list(read_refusals([record(*lines), record(*lines)], again))) == 2


@pytest.mark.parametrize(
    "line",
    [
        f"{NAME}: Creating -> InService (leased)",
        f"{NAME}: absent, and what it needs is refused ()",
        f"{NAME}: its cause, and what it needs is refused (x)",
        "",
    ],
)
def test_other_news_is_none(line: str) -> None:
    assert list(read_refusals([record(line)], NAME)) == []


@pytest.mark.parametrize(
    ("line", "count"),
    [
        (f"{NAME}: absent, and what it needs is refused ()", 1),
        (f"{NAME}: its cause, and what it needs is refused (x)", 1),
        ("what a merge left of it, and it is not ended (x", 1),
        ("demo-B-Endpoint: its cause, and what it needs is refused (x)", 0),
        (f"{NAME}: Creating -> InService (leased)", 0),
        (refusal_line(NAME, "absent", Kept.HELD, "x"), 0),
    ],
)
def test_a_line_that_may_be_one_and_cannot_be_read_is_counted(line: str, count: int) -> None:
    unread = Unread()
    list(read_refusals([record(line)], NAME, unread))
    assert len(unread) == count
