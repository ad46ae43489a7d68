"""The lease that each imported endpoint has on the day of the move. Pure.

the endpoint at AWS   its expiry     lease
--------------------  -------------  ---------------------------------------------------------
not asked, not there  any            ended: merging starts nothing
there                 to come        until its expiry
there                 past, unknown  ended, and said: it runs on until somebody has decided
any, without a meter  none           no file: it was always on
"""

from datetime import datetime, timedelta

from leasehold.predecessor.expiries import Expiry
from leasehold.predecessor.found import Found
from leasehold.predecessor.made import Made
from leasehold.predecessor.notes import Note, absent
from ledger.lease import Lease, stamp

_SURELY = timedelta(days=1)  # what has ended is over by every clock, however wrong this one is


def lease_of(made: Made, found: Found, now: datetime) -> tuple[Lease | None, Note | None]:
    """Return the lease of an endpoint, and what there is to say of it."""
    if not made.is_metered:
        return None, _always_on(made, found)
    expiry = found.expiries.get(made.endpoint_name)
    until = expiry.expires_at if expiry else None
    ended = Lease(until if until and until <= now else now - _SURELY)
    is_there = found.serving(made.endpoint_name) is not None
    field, when = f"{made.endpoint_name}: lease", stamp(until) if until else ""
    if is_there and until and until > now:
        return Lease(until), absent(field, f"until {when}, as its parameter says")
    if is_there:
        by_hours = made.has_hours
        said = "ended: it runs by its hours" if by_hours else _overdue(made, when, expiry)
        return ended, absent(field, said, look=not by_hours)
    if until and until > now:
        said = (
            f"ended, though its parameter says {when}: it does not run, and the merge starts"
            f" nothing. `leasehold extend {made.name} MINUTES` does"
        )
        return ended, absent(field, said, look=True)
    known = f"ended at {when}, as its parameter says" if when else "ended: nothing is known of one"
    return ended, absent(field, known)


def _always_on(made: Made, found: Found) -> Note:
    field, now = f"{made.endpoint_name}: lease", "none: it is always on, as it was"
    if found.serving(made.endpoint_name):
        return absent(field, now)
    return absent(field, f"{now}, so a merge of its lock starts it", look=True)


def _overdue(made: Made, when: str, expiry: Expiry | None) -> str:
    known = f"past since {when}" if when else (expiry and expiry.problem) or "not known"
    return (
        f"ended, and it runs: its expiry is {known}. It is left as it is, and adopted once you say"
        f" `leasehold extend {made.name} MINUTES`; or delete it at AWS"
    )
