"""Leases that a file has and no request would get: past the environment's ceiling. Pure.

It takes `now` to tell, so whoever reads documents alone cannot. It is a warning, for a file that is
edited by hand goes through a review: there it can be seen. It ends or cuts no lease, since a
ceiling that was lowered later makes the same.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ledger.fleet import Fleet, document_path
from ledger.json_files import Violation
from ledger.lease import stamp


def with_overlong(fleet: Fleet, now: datetime) -> Fleet:
    """Return the fleet with a warning of each lease that reaches past the ceiling."""
    found = tuple(_overlong(fleet, now)) if fleet.environment else ()
    return replace(fleet, violations=(*fleet.violations, *found)) if found else fleet


def _overlong(fleet: Fleet, now: datetime) -> Iterator[Violation]:
    ceiling, latest = fleet.ceiling, fleet.ceiling.at(now)
    for holding in fleet.holdings:
        if holding.lease is None or holding.lease.expires_at <= latest:
            continue
        file = document_path(fleet.name, holding.name, "lease")
        sentence = (
            f"{stamp(holding.lease.expires_at)} is more than {ceiling.minutes} min ahead, which"
            f" max_lease_minutes in {ceiling.ruled_by} allows. It counts all the same, and no"
            f" extension is possible before it is less: set an end within them, or raise"
            " max_lease_minutes. What shall run without an end says always_on in its"
            " definition's schedule."
        )
        yield Violation("LH1022", file, "/expires_at", sentence, "warning")
