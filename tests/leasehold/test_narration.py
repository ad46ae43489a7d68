"""The log of a running controller: what SageMaker did, unless an action has said so already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.planning.action import Action, Plan, Verb
from controller.planning.observed import Observed
from controller.tick import Outcome, State, Tick
from leasehold.narration import Line, Narrator, _movements
from ledger.documents import Environment
from ledger.holdings import Fleet
from ledger.names import EndpointName
from tests.scene import NOON

A = EndpointName("demo-A-Endpoint")


def tick(status: str | None, *verbs: Verb, name: str = A) -> Tick:
    """See A in a status, and do something to it."""
    seen = (Observed(EndpointName(name), status, NOON),) if status else ()
    outcomes = tuple(Outcome(Action(verb, "A", A, "so it is"), State.DONE) for verb in verbs)
    return Tick(NOON, Fleet("dev", None), seen, Plan("dev", "", ()), outcomes)


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        (None, Verb.CREATE, "Creating"),
        ("InService", Verb.UPDATE, "Updating"),
        ("InService", Verb.DELETE, "Deleting"),
    ],
)
def test_what_an_action_began_is_not_told_again(before: str | None, verb: Verb, after: str) -> None:
    assert list(_movements(tick(before, verb), tick(after))) == []


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        (None, Verb.CREATE, "Failed"),
        ("InService", Verb.UPDATE, "RollingBack"),
        ("InService", Verb.TAG, "Updating"),
        ("InService", Verb.SCALE, "SystemUpdating"),
    ],
)
def test_what_sagemaker_did_by_itself_is_told(before: str | None, verb: Verb, after: str) -> None:
    assert list(_movements(tick(before, verb), tick(after))) == [Line(after, A)]


def test_what_is_gone_is_told() -> None:
    assert list(_movements(tick("Deleting"), tick(None))) == [Line("gone", A)]


def test_another_spelling_of_a_name_is_no_news() -> None:
    assert list(_movements(tick("InService"), tick("InService", name=A.upper()))) == []


def test_a_tick_that_could_not_look_tells_of_nothing_gone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = Environment("demo", "us-east-1", "arn:aws:iam::123456789012:role/demo")
    looked = replace(tick("InService"), fleet=Fleet("dev", settings))
    narrator = Narrator(lambda: NOON)
    for each in (looked, tick(None), looked):
        narrator.tell(each)
    assert "gone" not in capsys.readouterr().out
    narrator.tell(replace(tick(None), fleet=Fleet("dev", settings)))
    assert "gone" in capsys.readouterr().out
