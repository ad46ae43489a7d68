"""When an endpoint counts as idle, and how far its use carries its lease. Pure.

    use                              idle                     carried on
    -------------------------------  -----------------------  --------------------------------
    unknown (a metric error)         no                       no
    a backlog                        no                       to the minutes after now
    last used at T                   since T, or since it     to the minutes after T, once that
                                     came into service        is half of them or more in gain
    never, as far back as was asked  since it came into       no
                                     service, or that long

CloudWatch has a minute's sum up to three minutes late, so the newest minutes never count as quiet:
an endpoint is idle LAG later than its period says, and rather runs on for too long.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.instants import earlier, in_utc, later

LAG = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Use:
    """What is known of an endpoint's use. Where nothing is `known`, `problem` says why."""

    last_used_at: datetime | None = None
    backlog: bool = False
    known: bool = True
    problem: str = ""


def may_be_idle(in_service_since: datetime, minutes: int, now: datetime) -> bool:
    """Tell whether it has been in service long enough to be idle. Before that, no need to ask."""
    return now - in_service_since >= timedelta(minutes=minutes) + LAG


def idle_since(
    use: Use, in_service_since: datetime, minutes: int, now: datetime
) -> datetime | None:
    """Return since when it is idle, if it is for the whole of `minutes`; else None.

    A use from before it came into service is that of a former endpoint with this name.
    """
    if not use.known or use.backlog:
        return None
    # CloudWatch was asked about nothing older than this.
    unseen = earlier(now, timedelta(minutes=minutes) + LAG)
    since = max(use.last_used_at or unseen, in_service_since)
    return in_utc(since) if may_be_idle(since, minutes, now) else None


def bump(on_until: datetime, use: Use, minutes: int, now: datetime) -> datetime | None:
    """Return until when its use carries it on, if that is worth a commit; else None.

    It has to gain more than half of `minutes`, so there is at most one commit in each half. What
    has ended already is not revived. The ceiling is not looked at here.
    """
    if not use.known or now >= on_until:
        return None
    used_at = now if use.backlog else use.last_used_at
    if used_at is None:
        return None
    length = timedelta(minutes=minutes)
    wanted = later(in_utc(min(used_at, now)).replace(microsecond=0), length)
    return wanted if wanted - on_until > length / 2 else None
