"""What the controller changes by itself: cut to the ceiling, and giving way to people."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.automatic import first_lease, idle_stop, renewal, start_credit
from ledger.committers import CONTROLLER
from ledger.errors import Refused, Wait
from ledger.history import trailers
from ledger.holdings import Holding, read_fleet
from ledger.lease import Lease, stamp
from ledger.proposals import Request, extension
from ledger.snapshot import Person, Snapshot, is_unchanged

if TYPE_CHECKING:
    from ledger.snapshot import Change, Proposal

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
ENDS = NOW + timedelta(minutes=50)
OFFICE: dict[str, Any] = {
    "timezone": "UTC",
    "windows": [{"days": ["mon"], "start": "08:00", "end": "17:00"}],
}
FIVE = timedelta(minutes=5)
TEMPLATE = "environments/dev/{}"


def ledger(
    lease: Lease | None = None, *, most_minutes: int = 10080, **schedule: object
) -> Snapshot:
    """The head of a ledger with one definition, and perhaps a lease."""
    settings = {
        "project_prefix": "demo",
        "region_name": "us-east-1",
        "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
        "limits": {"max_lease_minutes": most_minutes},
    }
    definition = {
        "name": "A",
        "model": {"image": "image:1"},
        "inference_instance_type": "ml.m5.large",
        "inference_type": "realtime",
        "schedule": schedule,
    }
    files: dict[str, object] = {"environment.json": settings, "A.endpoint.json": definition}
    if lease:
        text = {"expires_at": stamp(lease.expires_at), "request_id": lease.request_id or "r0"}
        held = {"off_until": stamp(lease.off_until)} if lease.off_until else {}
        files["A.lease.json"] = {**text, **held}
    contents = {TEMPLATE.format(name): json.dumps(data).encode() for name, data in files.items()}
    return Snapshot("0" * 40, contents, NOW)


def until(end: datetime, request_id: str = "r0") -> Lease:
    return Lease(end, request_id=request_id)


def ask(reason: str | None = None, now: datetime = NOW) -> Request:
    return Request("dev", "demo-A-Endpoint", CONTROLLER, "tick-1", now, reason)


def written(change: Change) -> Lease:
    content = json.loads(change.files[TEMPLATE.format("A.lease.json")] or b"")
    off_until = content.get("off_until")
    return Lease(
        datetime.fromisoformat(content["expires_at"]),
        datetime.fromisoformat(off_until) if off_until else None,
        content["request_id"],
    )


def waits(proposal: Proposal, snapshot: Snapshot) -> str:
    with pytest.raises(Wait) as caught:
        proposal(snapshot)
    assert caught.value.code == "LH3012"
    return caught.value.message


class TestAFirstLease:
    def test_is_as_long_as_the_definition_says(self) -> None:
        change = first_lease(ask())(ledger(initial_provision_minutes=90))
        assert written(change) == until(NOW + timedelta(minutes=90), "tick-1")
        assert trailers(change.message)["Lease-Action"] == "grant"

    def test_is_cut_to_the_ceiling(self) -> None:
        change = first_lease(ask())(ledger(most_minutes=60, initial_provision_minutes=90))
        assert written(change).expires_at == NOW + timedelta(minutes=60)

    def test_leaves_a_lease_alone_that_somebody_made_meanwhile(self) -> None:
        snapshot = ledger(until(ENDS), initial_provision_minutes=90)
        assert is_unchanged(first_lease(ask())(snapshot), snapshot)


class TestAStartCredit:
    def test_lengthens_the_lease_and_says_why(self) -> None:
        request = ask("it took 5 min to start, and they are given back")
        change = start_credit(request, until(ENDS), FIVE)(ledger(until(ENDS)))
        assert written(change).expires_at == ENDS + FIVE
        assert change.message == (
            "lease(dev): credit A to 2026-11-23T09:55:00Z\n\n"
            "> it took 5 min to start, and they are given back\n\n"
            "Lease-Action: credit\n"
            "Lease-Endpoint: demo-A-Endpoint\n"
            "Lease-Expires: 2026-11-23T09:55:00Z\n"
            "Lease-Previous: 2026-11-23T09:50:00Z\n"
            "Requested-By: Leasehold controller <controller@leasehold.invalid>\n"
            "Request-Id: tick-1\n"
        )

    def test_comes_on_top_of_an_extension_that_was_pushed_meanwhile(self) -> None:
        longer = until(ENDS + timedelta(minutes=30), "r9")
        change = start_credit(ask(), until(ENDS), FIVE)(ledger(longer))
        assert written(change).expires_at == longer.expires_at + FIVE

    def test_gives_way_to_a_release_that_was_pushed_meanwhile(self) -> None:
        sentence = waits(start_credit(ask(), until(ENDS), FIVE), ledger(until(NOW, "r9")))
        assert sentence.startswith("somebody changed the lease of demo-A-Endpoint meanwhile")

    def test_gives_way_to_a_lease_file_that_was_removed(self) -> None:
        waits(start_credit(ask(), until(ENDS), FIVE), ledger())

    def test_is_cut_to_the_ceiling(self) -> None:
        change = start_credit(ask(), until(ENDS), FIVE)(ledger(until(ENDS), most_minutes=52))
        assert written(change).expires_at == NOW + timedelta(minutes=52)

    def test_changes_nothing_once_it_is_there(self) -> None:
        credited = ledger(until(ENDS + FIVE, "tick-1"))
        assert is_unchanged(start_credit(ask(), until(ENDS), FIVE)(credited), credited)


class TestAnIdleStop:
    def test_ends_the_lease_and_says_why(self) -> None:
        request = ask("no invocation since 2026-11-23T08:20:00Z, longer than 30 min")
        change = idle_stop(request, until(ENDS))(ledger(until(ENDS)))
        assert written(change) == until(NOW, "tick-1")
        assert trailers(change.message)["Lease-Action"] == "idle"
        assert "> no invocation since 2026-11-23T08:20:00Z" in change.message

    def test_inside_a_window_stays_off_until_its_end(self) -> None:
        change = idle_stop(ask(), until(ENDS))(ledger(until(ENDS), **OFFICE))
        assert written(change).off_until == NOW.replace(hour=17)

    def test_inside_a_window_needs_no_lease(self) -> None:
        change = idle_stop(ask(), None)(ledger(None, **OFFICE))
        assert written(change) == Lease(NOW, NOW.replace(hour=17), "tick-1")

    @pytest.mark.parametrize(
        "meanwhile",
        [until(ENDS + FIVE, "r9"), until(ENDS, "r9"), until(NOW - FIVE, "r9"), None],
        ids=["extended", "renewed to the same end", "released", "removed"],
    )
    def test_gives_way_to_whatever_was_pushed_meanwhile(self, meanwhile: Lease | None) -> None:
        waits(idle_stop(ask(), until(ENDS)), ledger(meanwhile))

    def test_gives_way_to_a_first_extension(self) -> None:
        waits(idle_stop(ask(), None), ledger(until(ENDS), **OFFICE))


class TestARenewal:
    def test_keeps_it_until_the_instant_that_its_use_asks_for(self) -> None:
        later = ENDS + timedelta(minutes=30)
        change = renewal(ask("it is in use"), until(ENDS), later)(ledger(until(ENDS)))
        assert written(change).expires_at == later
        assert trailers(change.message)["Lease-Action"] == "extend"

    def test_is_cut_to_the_ceiling(self) -> None:
        later = ENDS + timedelta(minutes=30)
        change = renewal(ask(), until(ENDS), later)(ledger(until(ENDS), most_minutes=60))
        assert written(change).expires_at == NOW + timedelta(minutes=60)

    def test_never_shortens(self) -> None:
        snapshot = ledger(until(ENDS))
        sooner = renewal(ask(), until(ENDS), NOW + FIVE)
        assert is_unchanged(sooner(snapshot), snapshot)

    def test_never_shortens_what_a_former_ceiling_allowed(self) -> None:
        snapshot = ledger(until(ENDS), most_minutes=10)
        assert is_unchanged(renewal(ask(), until(ENDS), ENDS + FIVE)(snapshot), snapshot)

    def test_gives_way_to_a_release(self) -> None:
        waits(renewal(ask(), until(ENDS), ENDS + FIVE), ledger(until(NOW, "r9")))

    def test_makes_the_lease_of_an_endpoint_that_only_a_window_keeps(self) -> None:
        end = NOW.replace(hour=18)
        assert written(renewal(ask(), None, end)(ledger(None, **OFFICE))).expires_at == end


class TestAFileThatIsBroken:
    @pytest.mark.parametrize(
        "proposal",
        [
            first_lease(ask()),
            start_credit(ask(), until(ENDS), FIVE),
            idle_stop(ask(), until(ENDS)),
            renewal(ask(), until(ENDS), ENDS + FIVE),
        ],
        ids=["grant", "credit", "idle", "renewal"],
    )
    def test_is_changed_by_nobody(self, proposal: Proposal) -> None:
        snapshot = ledger()
        broken = {**snapshot.files, TEMPLATE.format("A.lease.json"): b"{"}
        with pytest.raises(Refused, match="frozen until its documents are mended"):
            proposal(Snapshot("0" * 40, broken, NOW))


lengths = st.integers(-100, 20_000).map(lambda minutes: timedelta(minutes=minutes))
ceilings = st.integers(1, 20_000)


@given(lengths, lengths, ceilings)
def test_nothing_automatic_shortens_a_lease_or_passes_the_ceiling(
    left: timedelta, more: timedelta, most: int
) -> None:
    lease = until(NOW + left)
    snapshot = ledger(lease, most_minutes=most)
    highest = max(lease.expires_at, NOW + timedelta(minutes=most))
    for proposal in (
        renewal(ask(), lease, lease.expires_at + more),
        start_credit(ask(), lease, max(more, FIVE)),
    ):
        after = written(proposal(snapshot)).expires_at
        assert lease.expires_at <= after <= highest


@given(st.integers(1, 60), st.integers(1, 60))
def test_a_credit_and_an_extension_add_up_in_either_order(credit: int, asked: int) -> None:
    """Whoever pushes first, the other proposes anew on top of it."""
    snapshot = ledger(until(ENDS))
    give = start_credit(ask(), until(ENDS), timedelta(minutes=credit))
    take = extension(Request("dev", "A", Person("Ana", "ana@example.com"), "r7", NOW), asked)
    ends = set()
    for first, second in ((give, take), (take, give)):
        files = {**snapshot.files, **first(snapshot).files}
        between = Snapshot("1" * 40, {name: each or b"" for name, each in files.items()}, NOW)
        fleet = read_fleet({**between.files, **second(between).files}, "dev")  # type: ignore[dict-item]
        holding = fleet.find("A")
        assert isinstance(holding, Holding)
        assert holding.lease is not None
        ends.add(holding.lease.expires_at)
    assert ends == {ENDS + timedelta(minutes=credit + asked)}
