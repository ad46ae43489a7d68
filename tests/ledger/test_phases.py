"""SageMaker's statuses and what they mean: all that AWS knows, and the table as it is drawn."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest

from ledger import phases
from ledger.phases import ABSENT, Phase, Status, follows, phase_of

_SHAPE: Any = (
    botocore.session.get_session().get_service_model("sagemaker").shape_for("EndpointStatus")
)
AWS_STATUSES = frozenset(_SHAPE.enum)
_ROW = re.compile(r"    (.{20})  (.{9})  (.{22})  (.+)")


def drawn() -> dict[str, tuple[str, list[str], str]]:
    """Read the table in the module's docstring."""
    _, _, body = (phases.__doc__ or "").partition("  ---------\n")
    rows = (_ROW.fullmatch(line) for line in body.partition("\n\n")[0].splitlines())
    cells = [[cell.strip() for cell in row.groups()] for row in rows if row]
    return {
        status: (phase, [each for each in leads.split(", ") if each], end)
        for status, phase, leads, end in cells
    }


def test_every_status_that_aws_knows_has_a_phase_and_there_is_no_other() -> None:
    assert set(Status) == AWS_STATUSES
    assert not {phase_of(status) for status in AWS_STATUSES} & {Phase.STRANGE, Phase.ABSENT}


@pytest.mark.parametrize("status", ["", "Hibernating", "inservice", "Absent"])
def test_a_status_that_nobody_knows_is_strange_and_nothing_is_done_to_it(status: str) -> None:
    phase = phase_of(status)
    assert phase is Phase.STRANGE
    assert not phase.is_busy
    assert not phase.accepts_end


def test_the_table_that_is_drawn_is_the_table_that_rules() -> None:
    ends = {(False, True): "accepted", (True, False): "refused", (False, False): "no end"}
    every = [*Status, ABSENT]
    ruled = {
        str(status): (
            str(phase := phase_of(status)),
            [str(after) for after in every if follows(status, after)],
            ends[phase.is_busy, phase.accepts_end],
        )
        for status in every
    }
    assert drawn() == ruled | {"any other": ("strange", [], "not tried")}


def test_nothing_follows_a_status_that_nobody_knows() -> None:
    assert not any(follows("Hibernating", status) for status in [*Status, ABSENT])
