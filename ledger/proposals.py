"""Requests that become commits: what a person may ask of a lease.

`Repository.commit` takes a proposal. Pure: a proposal gets a snapshot, and answers with a `Change`
or raises `Refused`. After a conflict it is asked again with the newer snapshot, so two concurrent
"+10" make +20.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ledger import lease as meter
from ledger.budget import ceiling, check_extension
from ledger.claims import NOTHING, Known, Unsettled, leaves_open, settle
from ledger.documents import (
    ExistingConfig,
    dump_existing_config,
    dump_lease,
    parse_definition,
)
from ledger.errors import Refused
from ledger.history import LeaseAction, LeaseChange, write_message
from ledger.holdings import Fleet, Holding, document_path, fleet_of
from ledger.json_files import as_sentences
from ledger.lease import Lease
from ledger.names import EndpointName
from ledger.snapshot import Change, Person, Proposal, Snapshot


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, when, under which id, for which endpoint of which environment, and why.

    `digest` goes with an id that the caller chose: it tells whether the same is asked again.
    `known` is what is known of the endpoints besides their documents; None says that it can be
    found out, if it is needed. `via` is how somebody asked who did not sign in, such as by a link.
    """

    environment: str
    endpoint: str
    person: Person
    request_id: str
    now: datetime
    reason: str | None = None
    digest: str | None = None
    known: Known | None = NOTHING
    via: str | None = None

    def fleet(self, snapshot: Snapshot) -> Fleet:
        """Return the environment as it is asked about.

        Raises Unsettled where documents alone do not tell, and nobody found out yet.
        """
        fleet = fleet_of(snapshot, self.environment)
        if self.known is not None:
            return settle(fleet, self.known, self.now)
        if leaves_open(fleet, self.endpoint):
            raise Unsettled
        return fleet


def extension(request: Request, minutes: int) -> Proposal:
    """Keep an endpoint for some whole minutes longer."""

    def extend(fleet: Fleet, holding: Holding) -> Lease:
        _check_metered(fleet, holding)
        lease = meter.extend(holding.running_lease, minutes, request.now, ceiling(fleet, holding))
        check_extension(fleet, holding, lease, request.now)
        return lease

    return lease_change(request, LeaseAction.EXTEND, extend, minutes)


def setting(request: Request, until: datetime, *, shorten: bool = False) -> Proposal:
    """Keep an endpoint until an instant; only with `shorten` for less long than it is leased."""

    def set_expiry(fleet: Fleet, holding: Holding) -> Lease:
        _check_metered(fleet, holding)
        lease, most = holding.running_lease, ceiling(fleet, holding)
        changed = meter.set_expiry(lease, until, request.now, most, shorten=shorten)
        check_extension(fleet, holding, changed, request.now)
        return changed

    return lease_change(request, LeaseAction.SET, set_expiry)


def release(request: Request) -> Proposal:
    """End a lease now."""

    def end(fleet: Fleet, holding: Holding) -> Lease:
        _check_metered(fleet, holding)
        return meter.release(holding.running_lease, holding.definition.schedule, request.now)

    return lease_change(request, LeaseAction.RELEASE, end)


def addition(request: Request, endpoint_config_name: str, minutes: int) -> Proposal:
    """Define an endpoint on an existing endpoint config and lease it, in one commit.

    An endpoint that is defined on that very config already is extended, as the predecessor did.
    """

    def propose(snapshot: Snapshot) -> Change:
        fleet = request.fleet(snapshot)
        if fleet.find(request.endpoint) is None:
            return _new_endpoint(request, fleet, (endpoint_config_name, minutes))
        holding = fleet.holding(request.endpoint)
        if holding.definition.source == ExistingConfig(endpoint_config_name):
            return extension(request, minutes)(snapshot)
        raise Refused(
            "LH4108",
            f"{holding.endpoint_name} is defined already, otherwise than on"
            f" {endpoint_config_name}: leave EndpointConfigName out to extend it, or change"
            f" {document_path(fleet.name, holding.name, 'endpoint')}.",
        )

    return propose


def _new_endpoint(request: Request, fleet: Fleet, ask: tuple[str, int]) -> Change:
    endpoint_config_name, minutes = ask
    name = _file_name(request.endpoint, fleet)
    path = document_path(fleet.name, name, "endpoint")
    content = dump_existing_config(name, request.endpoint, endpoint_config_name)
    definition = parse_definition(path, content)
    if isinstance(definition, tuple):
        raise Refused("LH4107", as_sentences(definition))
    holding = Holding(definition, EndpointName(request.endpoint))
    lease = meter.extend(None, minutes, request.now, fleet.ceiling)
    change = _change(request, fleet, holding, lease, (LeaseAction.GRANT, minutes))
    return replace(change, files={path: content, **change.files})


def _file_name(endpoint_name: str, fleet: Fleet) -> str:
    """Name an added endpoint by the default pattern where it fits and is free, else in full."""
    environment = fleet.require_settings()
    prefix, suffix = f"{environment.project_prefix}-", "-Endpoint"
    short = endpoint_name.removeprefix(prefix).removesuffix(suffix)
    fits = endpoint_name == environment.endpoint_name(short)
    is_name = bool(short) and short == short.strip("-")
    return short if fits and is_name and fleet.find(short) is None else endpoint_name


def lease_change(
    request: Request,
    action: LeaseAction,
    compute: Callable[[Fleet, Holding], Lease],
    minutes: int = 0,
) -> Proposal:
    """Propose a new lease file. A lease that stays as it is keeps its bytes.

    A lease with the request's own id has the change already. An id that the caller chose is looked
    for in the history and not in the file, where somebody else might have put it.
    """

    def propose(snapshot: Snapshot) -> Change:
        fleet = request.fleet(snapshot)
        holding = fleet.holding(request.endpoint)
        same_id = holding.lease and holding.lease.request_id == request.request_id
        applied = same_id and request.digest is None
        lease = holding.lease if applied and holding.lease else compute(fleet, holding)
        change = _change(request, fleet, holding, lease, (action, minutes))
        if lease != holding.lease:
            return change
        return replace(change, files={path: snapshot.files[path] for path in change.files})

    return propose


def _change(
    request: Request, fleet: Fleet, holding: Holding, lease: Lease, what: tuple[LeaseAction, int]
) -> Change:
    """Write the lease file and the message."""
    action, minutes = what
    new = meter.with_request(lease, request.request_id)
    message = write_message(
        request.environment,
        holding.name,
        LeaseChange(
            action=action,
            endpoint_name=holding.endpoint_name,
            expires_at=new.expires_at,
            previous=before.expires_at if (before := holding.running_lease) else None,
            requested_by=request.person,
            request_id=request.request_id,
            reason=request.reason,
            request_digest=request.digest,
            via=request.via,
        ),
        by_minutes=minutes,
    )
    path = document_path(request.environment, holding.name, "lease")
    files = {path: dump_lease(new)}
    most_pushes = fleet.require_settings().max_pushes_per_minute
    return Change(files, message, request.person, request.request_id, most_pushes)


def _check_metered(fleet: Fleet, holding: Holding) -> None:
    if holding.definition.schedule.always_on:
        raise Refused(
            "LH4110",
            f"{holding.endpoint_name} is always on and has no meter. To stop it, change its"
            f" schedule in {document_path(fleet.name, holding.name, 'endpoint')}.",
        )
