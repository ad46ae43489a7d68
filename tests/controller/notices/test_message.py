"""What a notice of an end says besides the end: by whose clock, and who extended last. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from controller.notices.lease import expiring, in_zone
from controller.notices.message import (
    Signer,
    addresses,
    signer,
    with_last_extension,
    written,
)
from ledger.errors import Unavailable
from ledger.history import LeaseAction, LeaseChange, write_message
from ledger.links import Keys, Link, read
from ledger.snapshot import CommitRecord, Person
from tests.controller.cases import NOW, ago
from tests.controller.notices.test_cost import PRICES, view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.notices.notice import Notice

ANA = Person("Ana", "ana@example.com")
BOT = Person("Leasehold controller", "controller@leasehold.invalid")
KEYS = Keys(("k" * 32,))
API = "https://api.example.com/prod/"


class History:
    """Records of one lease, the newest first; None is a server that does not answer."""

    def __init__(self, *records: CommitRecord | None) -> None:
        self.records = records
        self.asked: list[tuple[str, int]] = []

    def changes(self, path: str, limit: int) -> Iterable[CommitRecord]:
        self.asked.append((path, limit))
        for record in self.records:
            if record is None:
                raise Unavailable("LH2010", "the server does not answer")
            yield record


def record(
    person: Person, action: LeaseAction = LeaseAction.EXTEND, reason: str | None = None
) -> CommitRecord:
    change = LeaseChange(action, "demo-A-Endpoint", NOW, None, person, "r", reason)
    return CommitRecord("c0ffee", person, ago(30), write_message("dev", "A", change))


def ends(zone: str | None = None) -> Notice:
    seen = view(PRICES)
    assert seen.fleet.environment is not None
    settings = replace(seen.fleet.environment, zone=ZoneInfo(zone) if zone else None)
    (notice,) = expiring(seen, settings, seen.fleet.holdings[0])
    return notice


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([record(ANA, reason="demo\nfor all")], "Ana extended it last, at {}: demo\\nfor all\n"),
        ([record(ANA)], "Ana extended it last, at {}.\n"),
        ([record(BOT, LeaseAction.CREDIT), record(ANA)], "Ana extended it last, at {}.\n"),
        ([record(BOT), record(ANA, LeaseAction.RELEASE)], ""),
        ([], ""),
        ([None], ""),
    ],
)
def test_who_extended_last_is_said_where_it_is_known(
    records: list[CommitRecord | None], said: str
) -> None:
    history = History(*records)
    (notice,) = with_last_extension([ends()], history)
    assert notice.ending is not None
    assert notice.ending.last == said.format("2026-11-23T09:30:00Z")
    assert history.asked == [("environments/dev/A.lease.json", 50)]
    assert said.format("2026-11-23T09:30:00Z") in written(notice, None).plain


def test_of_other_notices_no_history_is_read() -> None:
    history = History(None)
    other = replace(ends(), ending=None)
    assert with_last_extension([other], history) == (other,)
    assert history.asked == []


def test_the_end_is_said_by_a_clock_of_the_readers() -> None:
    assert "ends at 2026-11-23T10:30:00Z (Mon 23 Nov 11:30 CET), in 30 min." in (
        ends("Europe/Berlin").text
    )
    assert "ends at 2026-11-23T10:30:00Z, in 30 min." in ends().text
    assert in_zone(NOW, ZoneInfo("Asia/Tokyo")) == " (Mon 23 Nov 19:00 JST)"


def link(notice: Notice) -> Link:
    extend, _ = Signer(KEYS, "dev", API).links(notice, "ana@example.com")
    assert extend.url.startswith("https://api.example.com/prod/console#/extend/")
    return read(extend.url.rpartition("/")[2], KEYS, "dev", NOW)


def test_a_link_is_the_same_use_until_the_lease_changes() -> None:
    notice = ends()
    assert notice.ending is not None
    later = replace(notice.ending, now=NOW + timedelta(minutes=1), commit="later")
    assert link(replace(notice, ending=later)).nonce == link(notice).nonce
    changed = replace(notice.ending, lease_id="another")
    assert link(replace(notice, ending=changed)).nonce != link(notice).nonce
    moved = replace(notice.ending, expires_at=NOW + timedelta(hours=9))
    assert link(replace(notice, ending=moved)).nonce != link(notice).nonce


def test_links_need_a_key_an_address_and_an_end() -> None:
    settings = view(None).fleet.require_settings()
    assert signer(settings, "dev", KEYS) is None  # without an address
    assert signer(replace(settings, api_url=API), "dev", None) is None
    made = signer(replace(settings, api_url=API), "dev", KEYS)
    assert made is not None
    assert made.links(replace(ends(), ending=None), "ana@example.com") == ()


@pytest.mark.parametrize(
    ("owner", "found"),
    [
        (None, ()),
        ("the ML team", ()),
        ("ana@example.com", ("ana@example.com",)),
        ("ML: ana@example.com bo@example.com", ("ana@example.com", "bo@example.com")),
        ("ana@example.com ana@example.com", ("ana@example.com",)),
        ("ana@localhost", ()),
        ("änä@example.com", ()),
    ],
)
def test_addresses_are_found_in_the_owner(owner: str | None, found: tuple[str, ...]) -> None:
    assert addresses(owner) == found
