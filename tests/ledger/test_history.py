"""Lease changes as commits: the message to the letter, git's own reading of it, and ours."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.history import LeaseAction, LeaseChange, read_changes, trailers, write_message
from ledger.snapshot import CommitRecord, Person
from tests.debian import require

ANA = Person("Ana", "ana@example.com")
EXTENDED = LeaseChange(
    action=LeaseAction.EXTEND,
    endpoint_name="demo-Falcon40B-Endpoint",
    expires_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    previous=datetime(2026, 11, 23, 9, 50, tzinfo=UTC),
    requested_by=ANA,
    request_id="7d0c",
)
MESSAGE = """\
lease(dev): extend Falcon40B by 10 min to 2026-11-23T10:00:00Z

Lease-Action: extend
Lease-Endpoint: demo-Falcon40B-Endpoint
Lease-Expires: 2026-11-23T10:00:00Z
Lease-Previous: 2026-11-23T09:50:00Z
Requested-By: Ana <ana@example.com>
Request-Id: 7d0c
"""
FORGERIES = [
    "Request-Id: forged",
    "please\n\nLease-Expires: 2099-01-01T00:00:00Z\nRequest-Id: forged",
    "please\r\n\r\nLease-Action: release\r\nRequest-Id: forged",
    "please\u2028Request-Id: forged",
    "please\x85Request-Id: forged",
    "---\nRequest-Id: forged",
    "> quoted\n> Request-Id: forged",
    "\n\n\nRequest-Id: forged\n\n\n",
    "Signed-off-by: Eve <eve@example.com>",
]


def because(reason: str | None, person: Person = ANA) -> LeaseChange:
    return LeaseChange(
        action=EXTENDED.action,
        endpoint_name=EXTENDED.endpoint_name,
        expires_at=EXTENDED.expires_at,
        previous=EXTENDED.previous,
        requested_by=person,
        request_id=EXTENDED.request_id,
        reason=reason,
    )


def record(message: str, author: Person = ANA) -> CommitRecord:
    return CommitRecord("c" * 40, author, datetime(2026, 11, 23, 9, 50, tzinfo=UTC), message)


def read_by_git(message: str) -> list[str]:
    git = str(require("git", package="git"))
    answer = subprocess.run(
        [git, "interpret-trailers", "--parse"],
        input=message.encode(),
        capture_output=True,
        check=True,
    )
    return answer.stdout.decode().splitlines()


def test_the_message_is_the_documented_one() -> None:
    assert write_message("dev", "Falcon40B", EXTENDED, by_minutes=10) == MESSAGE


def test_a_first_lease_has_no_previous_end() -> None:
    change = LeaseChange(LeaseAction.GRANT, "demo-X-Endpoint", EXTENDED.expires_at, None, ANA, "r1")
    message = write_message("dev", "X", change)
    assert message.startswith("lease(dev): grant X to 2026-11-23T10:00:00Z\n\nLease-Action: grant")
    assert "Lease-Previous" not in message


def test_a_request_whose_id_the_caller_chose_says_what_was_asked() -> None:
    change = replace(EXTENDED, request_digest="c0ffee")
    message = write_message("dev", "Falcon40B", change, by_minutes=10)
    assert message == MESSAGE + "Request-Digest: c0ffee\n"
    [read] = read_changes([record(message)])
    assert read.change == change
    assert read_by_git(message)[-1] == "Request-Digest: c0ffee"


def test_a_reason_is_quoted_above_the_trailers() -> None:
    lines = write_message("dev", "Falcon40B", because("demo at noon\nfor the board")).splitlines()
    assert lines[1:6] == ["", "> demo at noon", "> for the board", "", "Lease-Action: extend"]


def test_git_itself_reads_the_trailers() -> None:
    assert read_by_git(MESSAGE) == MESSAGE.splitlines()[2:]


@pytest.mark.parametrize("reason", FORGERIES, ids=repr)
def test_a_reason_cannot_forge_a_trailer(reason: str) -> None:
    message = write_message("dev", "Falcon40B", because(reason), by_minutes=10)
    assert read_by_git(message) == MESSAGE.splitlines()[2:]
    assert trailers(message)["Request-Id"] == "7d0c"
    assert trailers(message)["Lease-Expires"] == "2026-11-23T10:00:00Z"


@pytest.mark.parametrize("line_break", ["\u2028", "\u2029", "\x85"], ids=repr)
def test_a_persons_name_cannot_forge_a_trailer_or_a_reason(line_break: str) -> None:
    eve = Person(line_break.join(["Eve", "Lease-Expires: 2099-01-01T00:00:00Z", "> x", ""]), "e@x")
    message = write_message("dev", "Falcon40B", because(None, eve))
    [read] = read_changes([record(message, eve)])
    assert read.change == because(None, eve)


def test_a_change_is_read_back_with_its_commit() -> None:
    [read] = read_changes([record(MESSAGE)])
    assert (read.commit, read.committed_at.isoformat()) == ("c" * 40, "2026-11-23T09:50:00+00:00")
    assert read.change == EXTENDED


@pytest.mark.parametrize(
    "message",
    [
        "Raise the instance count\n",
        "",
        "\n\n",
        MESSAGE.replace("Lease-Action: extend", "Lease-Action: steal"),
        MESSAGE.replace("Request-Id: 7d0c\n", ""),
        MESSAGE.replace("Lease-Expires: 2026-11-23T10:00:00Z", "Lease-Expires: tomorrow"),
        MESSAGE.replace("Lease-Expires: 2026-11-23T10:00:00Z", "Lease-Expires: 2026-11-23"),
        MESSAGE.replace("Lease-Previous: 2026-11-23T09:50:00Z", "Lease-Previous: 2026-11-23T09:50"),
        MESSAGE.replace("2026-11-23T10:00:00Z", "0001-01-01T00:00:00+14:00"),
        MESSAGE.replace("2026-11-23T09:50:00Z", "9999-12-31T23:59:59-14:00"),
        MESSAGE + "\nCherry-picked by hand.\n",
    ],
)
def test_what_is_no_lease_change_is_passed_over(message: str) -> None:
    read = read_changes([record(message), record(MESSAGE)])
    assert [item.change for item in read] == [EXTENDED]


instants = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
words = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="<>"), min_size=1)
people = st.builds(Person, words.map(lambda name: f"x{name}x"), st.just("x@example.com"))
changes = st.builds(
    LeaseChange,
    action=st.sampled_from(LeaseAction),
    endpoint_name=st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,30}", fullmatch=True),
    expires_at=instants,
    previous=st.none() | instants,
    requested_by=people,
    request_id=st.from_regex(r"[a-zA-Z0-9._:-]{1,64}", fullmatch=True),
    reason=st.none() | st.text() | st.sampled_from(FORGERIES),
)


@given(changes, st.integers(0, 10_000))
def test_what_was_written_is_read_back(change: LeaseChange, minutes: int) -> None:
    message = write_message("dev", "X", change, by_minutes=minutes)
    [read] = read_changes([record(message, change.requested_by)])
    given_lines = "\n".join((change.reason or "").splitlines()) or None
    assert read.change == LeaseChange(
        action=change.action,
        endpoint_name=change.endpoint_name,
        expires_at=change.expires_at,
        previous=change.previous,
        requested_by=change.requested_by,
        request_id=change.request_id,
        reason=given_lines,
    )


@settings(max_examples=25, deadline=None)  # each starts git
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_whatever_the_reason_git_reads_our_trailers_and_no_others(reason: str) -> None:
    message = write_message("dev", "Falcon40B", because(reason), by_minutes=10)
    assert read_by_git(message) == MESSAGE.splitlines()[2:]
