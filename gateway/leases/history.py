"""`GET /endpoint-expiry/history`: who kept an endpoint alive, when and why, as git has it.

It reads the ledger and changes nothing.
"""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.http.parameters import DEFAULT_LIMIT
from gateway.known import seen, settled
from ledger.errors import Refused
from ledger.history import RecordedChange, read_changes
from ledger.holdings import document_path, fleet_of
from ledger.lease import stamp
from ledger.observed import read_applied
from ledger.proof import is_proven, signers_that_count
from ledger.repository import Page, Place, Repository
from ledger.unread import Unread

_COMMIT = re.compile("[0-9a-f]{40}")
_DEEPEST = 2**31
_MOST_NAMED = 20  # commits in a header; API Gateway passes 10 KB of all headers


@dataclass(frozen=True, slots=True)
class History:
    """The lease changes of one environment. Safe to call from many threads."""

    ledger: Repository
    environment: str
    status: Repository | None = None

    def tell(self, call: Call) -> Answer:
        """Answer with a page of one lease's changes, the newest first.

        The header Link (RFC 8288) leads on to the next page, if there is one: a page is bounded by
        the commits that it looks at, so it may be short, and even empty. Two more headers tell of
        commits that changed the lease and whose messages do not say how.

        Raises Refused LH4106 or LH4109 for the endpoint, and LH4119 for a token of a history that
        was rewritten, or of another lease.
        """
        name, limit = call.parameter("EndpointName") or "", call.parameter("limit")
        snapshot = self.ledger.read()
        fleet = fleet_of(snapshot, self.environment)
        item = settled(fleet, name, self.status, snapshot.committed_at).get(name)
        call.principal.check_reach(item.endpoint_name, item.owner)
        path = document_path(self.environment, item.name, "lease")
        token = call.parameter("NextToken")
        begin = read_token(token, path) if token is not None else None
        page = self._page(path, int(limit or DEFAULT_LIMIT), begin)
        note = read_applied(seen(self.status, self.environment).snapshot.files, self.environment)
        signers = signers_that_count(self.ledger, snapshot, self.environment, note)
        unread = Unread()
        changes = [
            _entry(each, proven=is_proven(self.ledger, each.commit, signers))
            for each in read_changes(page.records, unread)
        ]
        following = {"Link": _next_page(call, write_token(page.rest, path))} if page.rest else {}
        return Answer(changes, headers={**following, **_passed_over(unread)})

    def _page(self, path: str, limit: int, begin: Place | None) -> Page:
        try:
            return self.ledger.page(path, limit, begin)
        except Refused as refusal:
            if begin is None or refusal.code != "LH2013":
                raise
            raise _no_good("somebody has rewritten the history since") from refusal


def write_token(place: Place, path: str) -> str:
    """Write down where the next page of a file's history begins."""
    what = json.dumps([path, place.tip, place.deep, *place.commits], separators=(",", ":"))
    return base64.urlsafe_b64encode(what.encode()).decode().rstrip("=")


def read_token(token: str, path: str) -> Place:
    """Read what `write_token` wrote; raises Refused LH4119."""
    try:
        padded = token + "=" * (-len(token) % 4)
        of, tip, deep, *commits = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, TypeError, RecursionError):
        raise _no_good("no answer gave it") from None
    if of != path:
        raise _no_good("it belongs to the history of another lease")
    if not commits or not _are_commits([tip, *commits]) or not _is_number(deep):
        raise _no_good("no answer gave it")
    return Place(tip, tuple(commits), deep)


def _passed_over(unread: Unread) -> dict[str, str]:
    if not unread:
        return {}
    named = ", ".join(islice(unread, _MOST_NAMED))
    return {"X-Leasehold-Unread-Count": str(len(unread)), "X-Leasehold-Unread-Commits": named}


def _next_page(call: Call, token: str) -> str:
    asked = {name: call.parameter(name) for name in ("EndpointName", "limit")}
    query = {name: value for name, value in asked.items() if value} | {"NextToken": token}
    return f'<{call.base_url}/endpoint-expiry/history?{urlencode(query)}>; rel="next"'


def _are_commits(names: Iterable[object]) -> bool:
    return all(isinstance(name, str) and bool(_COMMIT.fullmatch(name)) for name in names)


def _is_number(deep: object) -> bool:
    return type(deep) is int and 0 <= deep < _DEEPEST


def _no_good(why: str) -> Refused:
    return Refused("LH4119", f"NextToken is no good: {why}. Start again without it.")


def _entry(recorded: RecordedChange, *, proven: bool | None) -> dict[str, Any]:
    change = recorded.change
    return {
        "At": stamp(recorded.committed_at),
        "By": {"Name": change.requested_by.name, "Email": change.requested_by.email},
        "Action": str(change.action),
        "From": stamp(change.previous) if change.previous else None,
        "To": stamp(change.expires_at),
        "Reason": change.reason,
        "Commit": recorded.commit,
        "RequestId": change.request_id,
        "Proven": proven,
    }
