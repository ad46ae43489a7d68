"""`GET /fleet/{EndpointName}`: all about one endpoint, for a page that somebody opens.

Why it is on or off, what it did and will do, who paid for what, and its definition. It reads some
days of both histories, and is not for polls.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.fleet.listing import FleetList, View
from gateway.fleet.past import Past, Subject, read_past
from gateway.http.answer import Answer
from gateway.http.call import Call
from ledger.accounting.account import Account, enter
from ledger.accounting.lines import Line, line_of, second
from ledger.accounting.spans import Span
from ledger.accounting.tariff import Sum
from ledger.explanation import Told, answers
from ledger.history import RecordedChange, read_changes
from ledger.holdings import Broken, Holding, document_path
from ledger.json_text import decode
from ledger.lease import stamp
from ledger.money import NOTHING, cents
from ledger.names import EndpointName
from ledger.repository import Snapshot

_BACK, _AHEAD = timedelta(days=7), timedelta(days=2)
_UTC = ZoneInfo("UTC")
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FleetEndpoint:
    """The endpoints of one environment, each by itself. Safe to call from many threads."""

    fleet_list: FleetList

    def tell(self, call: Call) -> Answer:
        """Answer with one endpoint. Raises Refused LH4106, LH4109, LH4231."""
        snapshot, view = self.fleet_list.view(call.principal)
        item = view.fleet.get(call.path["EndpointName"])
        call.principal.check_reach(item.endpoint_name, item.owner)
        now = view.now.replace(microsecond=0)
        moments = second(now - _BACK), second(now)
        past = self._past(snapshot, view, item, moments)
        line = line_of(past.book, view.fleet, now - _BACK, now, now + _AHEAD)
        prices = view.prices
        path = document_path(view.fleet.name, item.name, "endpoint")
        told = {
            "Now": stamp(now),
            "Name": str(item.name),
            "EndpointName": str(item.endpoint_name),
            "Commit": view.commit,
            "Explain": self._explained(snapshot, view, item),
            "Timeline": _timeline(line, past, now),
            "CostByPerson": _by_person(past, moments, prices.currency if prices else None),
            "Currency": prices.currency if prices else None,
            "Definition": _object(snapshot.files.get(path)),
            "DefinitionPath": path,
        }
        return Answer(told, headers={"Cache-Control": "private, no-store"})

    def _past(
        self, snapshot: Snapshot, view: View, item: Holding | Broken, moments: tuple[int, int]
    ) -> Past:
        ledger, status = self.fleet_list.ledger, self.fleet_list.status
        noted = (status, view.noticed.snapshot) if status and view.noticed.commit else None
        subject = Subject(view.fleet.name, item.name, EndpointName(item.endpoint_name))
        return read_past(ledger, snapshot, noted, subject, moments)

    def _explained(
        self, snapshot: Snapshot, view: View, item: Holding | Broken
    ) -> list[dict[str, str]]:
        entry = view.noticed.record.entry(item.endpoint_name)
        told = Told(view.fleet, item, view.now, entry, self._last(snapshot, view, item))
        return [{"Question": question, "Answer": answer} for question, answer in answers(told)]

    def _last(
        self, snapshot: Snapshot, view: View, item: Holding | Broken
    ) -> RecordedChange | None:
        path = document_path(view.fleet.name, item.name, "lease")
        record = self.fleet_list.ledger.last_change(path, snapshot)
        return next(read_changes([record]), None) if record else None


def _timeline(line: Line, past: Past, now: datetime) -> _Json:
    return {
        "Since": stamp(now - _BACK),
        "Until": stamp(now + _AHEAD),
        "Starting": [_span(each) for each in line.starting],
        "InService": [_span(each) for each in line.in_service],
        "LeasedAhead": [_span(each) for each in line.leased],
        "ScheduledAhead": [_span(each) for each in line.scheduled],
        "IdleStops": [_at(each) for each in line.idle],
        "KeptBy": [{**_span((begin, end)), "Who": who} for begin, end, who in line.bought],
        "Gaps": [{**_span((each.begin, each.end)), "Reason": each.reason} for each in past.gaps],
    }


def _by_person(past: Past, moments: tuple[int, int], currency: str | None) -> list[_Json]:
    """Divide the time in service among those who bought it, the dearest first."""
    account = Account(*moments, _UTC)
    enter(account, past.book, past.tariff)
    seconds, costs = defaultdict[str, int](int), defaultdict[str, Sum](Sum)
    for key, line in account.lines.items():
        seconds[key.buyer] += line.in_service
        costs[key.buyer].take(line.cost)
    found = [(who, seconds[who], costs[who]) for who in sorted(seconds) if seconds[who]]
    found.sort(key=lambda each: -each[1])
    return [
        {"Who": who, "Seconds": length, "Cost": cost_of(cost, currency)}
        for who, length, cost in found
    ]


def cost_of(cost: Sum, currency: str | None) -> str | None:
    """Return a cost in the one currency there is; None where some of it has no price in it."""
    if currency is None or cost.unpriced or cost.parts.keys() - {currency}:
        return None
    return f"{cents(sum(cost.amounts.values(), start=NOTHING)):f}"


def _object(content: bytes | None) -> _Json | None:
    try:
        found = decode(content or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _span(span: Span) -> dict[str, str]:
    return {"From": _at(span[0]), "To": _at(span[1])}


def _at(instant: int) -> str:
    return stamp(datetime.fromtimestamp(instant, UTC))
