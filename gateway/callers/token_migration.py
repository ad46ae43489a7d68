"""Moves the predecessor's tokens into the table of hashes: first a plan, which may just be printed.

`leasehold token migrate` calls it. A second run finds what the first one moved and moves nothing
twice. It must not know the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.callers.token_record import unfit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gateway.callers.legacy_tokens import LegacyTokens, PlainToken
    from gateway.callers.tokens import TokenTable


class Fate(StrEnum):
    """What becomes of a plain row; a step that was taken is `THERE`."""

    MOVE = "to move"
    THERE = "moved"
    UNFIT = "cannot be moved"


@dataclass(frozen=True, slots=True)
class Step:
    token: PlainToken
    fate: Fate
    why: str = ""


def plan(legacy: LegacyTokens, table: TokenTable) -> tuple[Step, ...]:
    """Say what a migration would do with each row; it changes nothing."""
    return tuple(_step(token, table) for token in legacy.read())


def migrate(steps: Iterable[Step], table: TokenTable, now: datetime) -> tuple[Step, ...]:
    """Write the hashed rows; answer the steps as they are then."""
    return tuple(_taken(step, table, now) for step in steps)


def remove_plain(steps: Iterable[Step], legacy: LegacyTokens) -> int:
    """Remove the plain row of everything that was moved; answer how many."""
    moved = [step.token for step in steps if step.fate is Fate.THERE]
    for token in moved:
        legacy.remove(token.text)
    return len(moved)


def _step(token: PlainToken, table: TokenTable) -> Step:
    if problem := unfit(token.text) or token.problem:
        return Step(token, Fate.UNFIT, problem)
    return Step(token, Fate.THERE if table.holds(token.text) else Fate.MOVE)


def _taken(step: Step, table: TokenTable, now: datetime) -> Step:
    if step.fate is not Fate.MOVE or step.token.principal is None:
        return step
    table.adopt(step.token.text, step.token.principal, now)  # or somebody else did just now
    return Step(step.token, Fate.THERE)
