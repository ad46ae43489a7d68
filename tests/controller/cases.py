"""Fleets, endpoints and worlds for the tests of what is pure: a definition called A, one clock."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from controller.memory.transitions import acted, refreshed, settled
from controller.plan import plan
from controller.planning.desired import desired
from controller.planning.findings import Findings
from controller.planning.observed import Observed
from controller.planning.ownership import Owner
from ledger.claims import Known, judged, settle
from ledger.holdings import Fleet, Holding, read_fleet
from ledger.lease import stamp
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from ledger.phases import Status, phase_of
from ledger.tags import ENVIRONMENT_TAG, LEASE_TAG, LEDGER_TAG, NAME_TAG, PROJECT_TAG

if TYPE_CHECKING:
    from controller.planning.action import Action
    from controller.planning.desired import Desired
    from controller.tick import Tick

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LIVE = NOW + timedelta(minutes=30)
ENDED = NOW - timedelta(minutes=30)
NAME = EndpointName("demo-A-Endpoint")
LEDGER_ID = "0123456789abcdef"
OWNER = Owner("dev", "demo", LEDGER_ID)
BUSY = sorted(status for status in Status if phase_of(status).is_busy)
SETTLED = sorted(status for status in Status if phase_of(status).accepts_end)
CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity."
DEFECT = "The primary container did not pass the ping health check."


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def fleet_of(
    *names: str,
    expires_at: datetime | None = LIVE,
    limits: dict[str, object] | None = None,
    **definition: object,
) -> Fleet:
    settings = {
        "ledger_id": LEDGER_ID,
        "project_prefix": "demo",
        "region_name": "us-east-1",
        "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
        "async_output_path": "s3://demo-answers/",
        "prune": {"max_orphans": 2},
        "limits": limits or {},
    }
    files = {"environments/dev/environment.json": json.dumps(settings).encode()}
    for name in names:
        document = {
            "name": name,
            "inference_type": "realtime",
            "inference_instance_type": "ml.g5.xlarge",
            "model": {"image": "falcon:1"},
            **definition,
        }
        document = {key: value for key, value in document.items() if value is not None}
        files[f"environments/dev/{name}.endpoint.json"] = json.dumps(document).encode()
        if expires_at:
            lease = json.dumps({"expires_at": stamp(expires_at)}).encode()
            files[f"environments/dev/{name}.lease.json"] = lease
    fleet = read_fleet(files, "dev")
    assert fleet.errors == (), fleet.errors
    return fleet


def broken_fleet() -> Fleet:
    files = {
        "environments/dev/environment.json": b'{"ledger_id": "0123456789abcdef",'
        b' "project_prefix": "demo", "region_name":'
        b' "us-east-1", "execution_role_arn": "arn:aws:iam::123456789012:role/demo"}',
        "environments/dev/A.endpoint.json": b"{",
    }
    return read_fleet(files, "dev")


def claimed_twice(expires_at: datetime) -> Fleet:
    """A and B claim one endpoint and have a lease each, and its tag says that it is A's."""
    first, second = fleet_of("A", expires_at=expires_at), fleet_of("B", endpoint_name=NAME)
    both = judged(replace(first, holdings=()), (*first.holdings, *second.holdings))
    return settle(both, Known(tagged={NAME: Name("A")}), NOW)


def with_lease(fleet: Fleet, expires_at: datetime) -> Fleet:
    """The same fleet, after somebody changed the lease of its one definition."""
    (holding,) = fleet.holdings
    assert holding.lease is not None
    changed = replace(holding, lease=replace(holding.lease, expires_at=expires_at))
    return replace(fleet, holdings=(changed,))


def there(
    status: str,
    fleet: Fleet,
    *,
    endpoint_name: str = NAME,
    name: str = "A",
    config: str | None = None,
    failure: str | None = None,
    lease: datetime = LIVE,
    modified_at: datetime = NOW,
    created_at: datetime | None = None,
) -> Observed:
    """Have SageMaker hold an endpoint of ours, by default on the config that `fleet` wants."""
    tags = {
        LEDGER_TAG: LEDGER_ID,
        PROJECT_TAG: "demo",
        ENVIRONMENT_TAG: "dev",
        NAME_TAG: name,
        LEASE_TAG: stamp(lease),
    }
    wanted = next((config_of(fleet, h) for h in fleet.holdings if h.name == name), "gone-0")
    return Observed(
        EndpointName(endpoint_name),
        status,
        modified_at,
        config or wanted,
        failure,
        tags,
        created_at,
    )


def target_of(fleet: Fleet, holding: Holding) -> Desired:
    assert fleet.environment is not None
    return desired(holding, fleet.environment, OWNER)


def config_of(fleet: Fleet, holding: Holding) -> str:
    return target_of(fleet, holding).config_name


def remembering(status: str = "InService", **fields: object) -> Findings:
    """A world in which the last ticks saw A, and what they noted of it."""
    entry = Entry("A", status, fields.pop("since", NOW), **fields)  # type: ignore[arg-type]
    return Findings(Record({NAME: entry}))


class Ticks:
    """The pure half of a row of ticks: what is seen, planned, done and remembered."""

    def __init__(self, record: Record | None = None) -> None:
        self.record = record or Record()
        self.clock_fault: str | None = None

    def see(self, fleet: Fleet, observed: Observed | None, now: datetime) -> Action:
        """Tick once; whatever is planned is done."""
        seen = [observed] if observed else []
        record = refreshed(self.record, fleet, seen, now)
        planned = plan(fleet, seen, now, findings=Findings(record, clock_fault=self.clock_fault))
        self.record = settled(acted(record, planned.changes, now), planned)
        (action,) = planned.actions
        return action

    @property
    def entry(self) -> Entry:
        entry = self.record.entry(NAME)
        assert entry is not None
        return entry


def untagged(fleet: Fleet, **tags: str) -> Observed:
    """The fleet's one endpoint in service, with these tags alone."""
    return replace(there("InService", fleet), tags=tags)


def retagged(observed: Observed, **tags: str) -> Observed:
    return replace(observed, tags={**(observed.tags or {}), **tags})


def done(tick: Tick) -> list[tuple[str, str]]:
    """What a tick did, and how it ended."""
    return [(str(item.action.verb), str(item.state)) for item in tick.outcomes]


def subjects(tick: Tick) -> list[str]:
    """The subjects of the notices that a tick sent."""
    return [each.notice.subject for each in tick.deliveries]
