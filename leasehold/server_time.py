"""The time of the ledger's server: a lease that a laptop extends ends by it, and not by the laptop.

A server of git over HTTP says its time with every answer. One that does not, or is not asked in
time, leaves the laptop's own.
"""

import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from leasehold.console import note
from ledger.lease import duration
from ledger.remote import Remote

Clock = Callable[[], datetime]

_PATIENCE_SECONDS = 3
_NO_DIFFERENCE = timedelta(seconds=5)  # a header has whole seconds, and takes its way


def clock_of(remote: Remote, own: Clock) -> Clock:
    """Return a clock that goes like the server's; the machine's own where they agree."""
    said = said_by(remote.url)
    ahead = own() - said if said else timedelta()
    if abs(ahead) <= _NO_DIFFERENCE:
        return own
    where = "ahead of" if ahead > timedelta() else "behind"
    note(f"The clock of this machine is {duration(abs(ahead))} {where} the server's, which counts.")
    return lambda: own() - ahead


def said_by(url: str) -> datetime | None:
    """Return the time by a server's own clock; None where it says none."""
    if urlsplit(url).scheme not in ("http", "https"):
        return None
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310  (the schemes above)
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
            return _date(answer.headers)
    except urllib.error.HTTPError as error:  # whoever refuses says the time all the same
        with error:
            return _date(error.headers)
    except (OSError, ValueError):
        return None


def _date(headers: Message) -> datetime | None:
    try:
        said = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
