"""What AWS refused is asked again later, or as soon as it is another request. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from controller.memory.news import news
from controller.memory.refusals import refused
from controller.memory.transitions import acted, refreshed
from controller.plan import plan
from controller.planning.action import Verb
from controller.planning.findings import Findings
from controller.planning.refusals import request_mark
from ledger.observed import Record
from tests.controller.cases import LIVE, NAME, NOW, fleet_of, there, with_lease

if TYPE_CHECKING:
    from controller.planning.action import Action, Plan
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet

SAID = "SageMaker refuses the request as it is. CreateModel: No such role."
LONG = LIVE + timedelta(days=9)
FLEET = fleet_of("A", expires_at=LONG)


class Refusing:
    """A row of ticks at which AWS refuses whatever is asked of it."""

    def __init__(self) -> None:
        self.record = Record()
        self.asked: list[datetime] = []

    def plan(self, fleet: Fleet, now: datetime, seen: list[Observed] | None = None) -> Plan:
        self.record = refreshed(self.record, fleet, seen or [], now)
        return plan(fleet, seen or [], now, findings=Findings(self.record))

    def tick(self, fleet: Fleet, now: datetime, seen: list[Observed] | None = None) -> Action:
        planned = self.plan(fleet, now, seen)
        if planned.changes:
            self.asked.append(now)
        said = [(action, SAID) for action in planned.changes]
        self.record = refused(self.record, planned, said, now)
        return planned.actions[0]

    @property
    def entry(self) -> Any:  # noqa: ANN401
        return self.record.entry(NAME)


def minutes(several: list[datetime]) -> list[float]:
    return [(later - sooner) / timedelta(minutes=1) for sooner, later in pairwise(several)]


def test_it_is_asked_less_and_less_often() -> None:
    ticks = Refusing()
    for minute in range(3 * 24 * 60):
        ticks.tick(FLEET, NOW + timedelta(minutes=minute))
    pauses = minutes(ticks.asked)
    for pause, least in zip(pauses, [5, 10, 20, 40, 80, 160, 320, 360, 360], strict=False):
        assert least <= pause <= 2 * least + 1
    assert len(ticks.asked) < 16
    assert ticks.entry.refusals == len(ticks.asked)


def test_meanwhile_it_is_reported_in_awss_own_words() -> None:
    ticks = Refusing()
    ticks.tick(FLEET, NOW)
    waits = ticks.tick(FLEET, NOW + timedelta(minutes=1))
    assert waits.verb is Verb.REPORT
    assert f"leased until 2026-12-02T10:30:00Z; but there is no create. {SAID} Next" in waits.reason
    again = ticks.plan(FLEET, NOW + timedelta(minutes=11)).actions[0]
    assert (again.verb, SAID in again.reason) == (Verb.CREATE, True)


@pytest.mark.parametrize(
    "changed",
    [
        fleet_of("A", expires_at=LONG, inference_instance_count=2),
        fleet_of("A", expires_at=LONG, tags={"team": "search"}),
        with_lease(FLEET, LONG + timedelta(minutes=10)),
    ],
    ids=["config", "tags", "lease"],
)
def test_another_request_is_asked_at_once_and_counts_anew(changed: Fleet) -> None:
    ticks = Refusing()
    for minute in (0, 11, 12):
        ticks.tick(FLEET, NOW + timedelta(minutes=minute))
    assert ticks.entry.refusals == 2
    assert ticks.tick(changed, NOW + timedelta(minutes=13)).verb is Verb.CREATE
    assert ticks.entry.refusals == 1


def test_what_is_not_wanted_any_more_is_forgotten() -> None:
    ticks = Refusing()
    ticks.tick(FLEET, NOW)
    ticks.tick(with_lease(FLEET, NOW), NOW + timedelta(minutes=1))
    assert (ticks.entry.refused, ticks.entry.refusals) == (None, 0)


def test_what_is_done_at_last_is_refused_no_more() -> None:
    ticks = Refusing()
    ticks.tick(FLEET, NOW)
    later = NOW + timedelta(minutes=11)
    planned = ticks.plan(FLEET, later)
    after = refused(acted(ticks.record, planned.changes, later), planned, [], later).entry(NAME)
    assert after is not None
    assert (after.status, after.refused, after.refused_config) == ("Creating", None, None)


def test_what_waits_in_its_turn_is_still_refused() -> None:
    ticks = Refusing()
    ticks.tick(FLEET, NOW)
    planned = ticks.plan(FLEET, NOW + timedelta(minutes=11))
    assert planned.changes
    assert refused(ticks.record, planned, [], NOW) == ticks.record


def test_a_refusal_from_the_future_holds_nothing() -> None:
    ticks = Refusing()
    ticks.tick(FLEET, NOW + timedelta(hours=1))
    assert ticks.tick(FLEET, NOW).verb is Verb.CREATE


def test_an_update_and_a_resize_are_put_off_too_and_an_end_never() -> None:
    more = fleet_of("A", expires_at=LONG, model={"image": "falcon:2"})
    serves = there("InService", FLEET, lease=LONG)
    ticks = Refusing()
    assert ticks.tick(more, NOW, [serves]).verb is Verb.UPDATE
    held = ticks.tick(more, NOW, [serves])
    assert (held.verb, "there is no update" in held.reason) == (Verb.REPORT, True)
    for _ in range(3):
        ended = ticks.tick(with_lease(more, NOW), NOW, [serves])
        assert ended.verb is Verb.DELETE
    assert request_mark(ended) is None
    assert ticks.entry.refused is None


def test_the_history_says_so_once_for_each_try() -> None:
    ticks = Refusing()
    lines: list[str] = []
    for minute in range(13):
        before = ticks.record
        ticks.tick(FLEET, NOW + timedelta(minutes=minute))
        lines += news(before, ticks.record)
    assert lines == [
        f"{NAME}: absent, and what it needs is refused ({SAID})",
        f"{NAME}: absent, and what it needs is refused ({SAID})",
    ]
    back = Record({NAME: replace(ticks.entry, refused=None, refusals=0)})
    assert list(news(ticks.record, back)) == [f"{NAME}: absent"]
