"""What inference components of others do to a plan, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from controller.memory.news import news
from controller.memory.refusals import held
from controller.plan import plan
from controller.planning.action import Action, Verb
from controller.planning.components import (
    ComponentQuestion,
    Hosted,
    components_asked,
    has_any,
    held_by,
    idle_unknown,
    may_host,
    remembered,
    with_components,
    with_held,
    with_prices,
    without_cost,
)
from controller.planning.findings import Findings
from ledger.documents import Prices
from ledger.hosts import Host, Usage
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from tests.controller.cases import ENDED, NAME, NOW, ago, fleet_of, remembering, there

if TYPE_CHECKING:
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet

SOME = Hosted(("llama",))
UNREAD = Hosted(problem="LH3006: AWS does not allow it.")
ENDS = fleet_of("A", expires_at=ENDED)


def on(config: str | None = None, fleet: Fleet = ENDS) -> Observed:
    return there("InService", fleet, config=config, lease=ENDED)


@pytest.mark.parametrize(
    ("config", "may"),
    [
        (None, True),
        ("studio", True),
        ("demo-A-Endpoint", True),
        ("demo-A-Endpoint-0123456789", False),
        ("DEMO-a-endpoint-0123456789", False),
        ("demo-B-Endpoint-0123456789", True),
        ("demo-A-Endpoint-012345678", True),
    ],
)
def test_a_config_that_leasehold_made_takes_none(config: str | None, *, may: bool) -> None:
    assert may_host(NAME, config) is may


def test_only_what_is_to_end_is_asked_about() -> None:
    def asked(fleet: Fleet, seen: Observed, findings: Findings | None = None) -> list[str]:
        findings = findings or Findings()
        planned = plan(fleet, [seen], NOW, findings=findings)
        questions = components_asked(planned, [seen], findings.record)
        return [str(each.endpoint_name) for each in questions]

    assert asked(ENDS, on()) == []
    assert asked(ENDS, on("studio")) == [NAME]
    assert asked(fleet_of("A"), on("studio")) == []
    assert asked(ENDS, on(), remembering(held="AWS refused.")) == [NAME]


@pytest.mark.parametrize(
    ("hosted", "said"),
    [
        (SOME, "it hosts inference components that Leasehold did not make (llama)"),
        (UNREAD, "nobody could look whether inference components are on it (LH3006: AWS does not"),
    ],
    ids=["some", "unread"],
)
def test_an_end_is_reported_instead(hosted: Hosted, said: str) -> None:
    planned = plan(ENDS, [on("studio")], NOW, findings=Findings(hosted={NAME: hosted}))
    (action,) = planned.actions
    assert action.verb is Verb.REPORT
    assert action.target is None
    assert said in action.reason


def test_a_look_that_may_do_better_is_waited_for() -> None:
    hosted = Hosted(problem="LH3001: AWS is throttling.", passes=True)
    planned = plan(ENDS, [on("studio")], NOW, findings=Findings(hosted={NAME: hosted}))
    assert [action.verb for action in planned.actions] == [Verb.WAIT]


def test_what_holds_it_is_the_same_whatever_it_costs() -> None:
    one, other = held_by(SOME), held_by(replace(SOME, price="$2.00"))
    assert one != other
    assert without_cost(str(one)) == without_cost(str(other))
    assert "(llama)" in without_cost(str(one))


def test_without_any_the_end_is_done() -> None:
    planned = plan(ENDS, [on("studio")], NOW, findings=Findings(hosted={NAME: Hosted()}))
    assert [action.verb for action in planned.actions] == [Verb.DELETE]


def test_an_adoption_goes_on_where_nobody_could_look() -> None:
    adoption = Action(Verb.ADOPT, "A", NAME, "it is there already")
    collected = Action(Verb.COLLECT, "A", Name("other"), "unused")
    given = [adoption, collected]
    assert with_components(given, {NAME: UNREAD}) == given
    (said, _) = with_components(given, {NAME: SOME})
    assert said.verb is Verb.ADOPT
    assert "(llama), which Leasehold does not end" in said.reason


def test_the_cost_is_told_as_far_as_it_is_known() -> None:
    hosts = (Host("ml.g5.xlarge", 2), Host("ml.m5.large", 1))
    prices = Prices(
        "us-east-1", "USD", "a test", NOW, {(Usage.HOSTING, "ml.g5.xlarge"): Decimal("1.408")}
    )
    both, one = replace(SOME, hosts=hosts), replace(SOME, hosts=hosts[:1])
    assert both.cost == "2 x ml.g5.xlarge and 1 x ml.m5.large"
    assert with_prices({NAME: both, EndpointName("B"): SOME}, prices) == {
        NAME: both,
        EndpointName("B"): SOME,
    }
    (priced,) = with_prices({NAME: one}, prices).values()
    assert priced.cost == "2 x ml.g5.xlarge, about $2.82 an hour"
    assert SOME.cost == "its instances"


def test_of_many_the_first_are_named() -> None:
    many = Hosted(tuple(f"c{number}" for number in range(8)))
    assert "(c0, c1, c2, c3, c4 and 3 more)" in str(held_by(many))


def test_what_is_said_of_an_idle_one() -> None:
    assert idle_unknown(None) == ""
    assert idle_unknown(Hosted()) == ""
    assert "hosts inference components (llama)" in idle_unknown(SOME)
    assert "whether it is idle is unknown (LH3006" in idle_unknown(UNREAD)
    assert [has_any(each) for each in (None, Hosted(), SOME, UNREAD)] == [False, False, True, True]


def test_what_holds_it_is_noted_as_long_as_it_does() -> None:
    record = Record({NAME: Entry("A", "InService", NOW)})
    noted = with_held(record, {NAME: SOME})
    entry = noted.entry(NAME)
    assert entry is not None
    assert entry.held == held_by(SOME)
    assert list(news(record, noted)) == [f"{NAME}: InService, and it is not ended ({entry.held})"]
    assert with_held(noted, {NAME: UNREAD}) == noted
    assert with_held(noted, {NAME: Hosted()}) == record
    assert with_held(noted, {}) == record
    assert list(news(noted, record)) == [f"{NAME}: InService"]


def test_what_aws_refused_to_end_is_noted() -> None:
    action = Action(Verb.DELETE, "A", NAME, "lease ended")
    record = Record({NAME: Entry("A", "InService", NOW)})
    entry = held(record, [(action, "Inference components\nare on it.")]).entry(NAME)
    assert entry is not None
    assert entry.held == "Inference components are on it."
    assert held(Record(), [(action, "x")]) == Record()
    assert held(record, []) == record


@pytest.mark.parametrize(
    ("hosted", "age", "before_an_end", "is_known"),
    [
        (SOME, 0, False, True),
        (SOME, 14, False, True),
        (SOME, 15, False, False),
        (SOME, -1, False, False),
        (SOME, 0, True, False),
        (Hosted(), 0, False, False),
        (UNREAD, 0, False, False),
    ],
)
def test_only_components_that_are_there_are_remembered(
    hosted: Hosted, age: int, *, before_an_end: bool, is_known: bool
) -> None:
    question = ComponentQuestion(NAME, "studio", before_an_end=before_an_end)
    known = {NAME: (ago(age), hosted)}
    assert remembered(known, [question], NOW, 0) == ({NAME: hosted} if is_known else {})
    assert remembered({}, [question], NOW, 0) == {}


@pytest.mark.parametrize("before_an_end", [True, False])
@pytest.mark.parametrize(("pages", "count", "asked"), [(5, 99, 99), (6, 5, 5), (6, 99, 5)])
def test_very_many_are_asked_about_in_turn(
    *, before_an_end: bool, pages: int, count: int, asked: int
) -> None:
    names = [EndpointName(f"e{number:02}") for number in range(count)]
    questions = [ComponentQuestion(name, "studio", before_an_end=before_an_end) for name in names]
    known = {name: (ago(60 + number), SOME) for number, name in enumerate(names)}
    answers = remembered(known, questions, NOW, pages)
    assert [name for name in names if name not in answers] == names[-asked:]
