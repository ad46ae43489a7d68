"""Whether this machine's clock can be trusted: it decides when a lease has ended. Pure."""

from datetime import datetime, timedelta

from ledger.lease import duration

CLOCK_TOLERANCE = timedelta(minutes=5)


def clock_fault(aws_time: datetime | None, now: datetime) -> str | None:
    """Return how far this machine's clock is from AWS's, if that is more than CLOCK_TOLERANCE."""
    if aws_time is None or abs(now - aws_time) <= CLOCK_TOLERANCE:
        return None
    side = "ahead of" if now > aws_time else "behind"
    return f"this machine's clock is {duration(abs(now - aws_time))} {side} AWS's"
