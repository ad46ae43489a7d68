"""A lease past the environment's ceiling, as only an edited file has it."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.instants import LATEST
from ledger.overlong import with_overlong
from tests.controller.cases import NOW, broken_fleet, fleet_of

WEEK = 10_080
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "expires_at",
    [
        datetime(9999, 12, 31, 23, 59, 30, tzinfo=UTC),
        LATEST,
        NOW + timedelta(minutes=WEEK, seconds=1),
    ],
)
def test_it_is_a_warning_of_its_own_file_that_names_limit_and_settings(
    expires_at: datetime,
) -> None:
    fleet = with_overlong(fleet_of("A", expires_at=expires_at), NOW)
    (found,) = fleet.violations
    assert (found.code, found.level) == ("LH1022", "warning")
    assert (found.file, found.pointer) == ("environments/dev/A.lease.json", "/expires_at")
    for word in (f"{WEEK} min", "max_lease_minutes in environments/dev/environment.json"):
        assert word in found.sentence
    assert with_overlong(fleet_of("A", expires_at=expires_at), NOW - DAY).violations == (found,)


def test_it_freezes_and_ends_nothing() -> None:
    before = fleet_of("A", expires_at=LATEST)
    fleet = with_overlong(before, NOW)
    assert (fleet.errors, fleet.holdings) == ((), before.holdings)


@pytest.mark.parametrize("expires_at", [NOW + timedelta(minutes=WEEK), NOW, None])
def test_what_the_ceiling_allows_is_no_news(expires_at: datetime | None) -> None:
    fleet = fleet_of("A", expires_at=expires_at)
    assert with_overlong(fleet, NOW) is fleet


def test_of_what_cannot_be_read_nothing_is_said() -> None:
    assert with_overlong(broken_fleet(), NOW) == broken_fleet()
