"""The tick that changes nothing: Leasehold's controller, the predecessor's loop, Cloud Custodian.

All against one sandbox, in one run and by turns, so that a slow moment hits all of them; each is a
process of its own that has its clients and has ticked once before it counts.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.tick import custodian_venv
from benchmarks.tick.contender import Contender, contending
from benchmarks.tick.custodian_venv import NotInstalledError
from benchmarks.tick.fleet import Stage, stage
from ledger.tags import LEASE_TAG

OURS = "Leasehold"
PREDECESSOR = "the predecessor's loop"
CUSTODIAN = "Cloud Custodian"
GOAL_ENDPOINTS = 1000
GOAL_CALLS = 25
GOAL_RATIO = 15.0


@dataclass(frozen=True)
class Round:
    """A fleet, how many turns everybody gets, and how many more ticks show whether memory grows.

    At the larger sizes only Leasehold takes those: the others would need minutes.
    """

    endpoints: int
    turns: int
    more: int = 20
    more_for_all: bool = False


ROUNDS = (Round(100, turns=5, more_for_all=True), Round(GOAL_ENDPOINTS, turns=5))
LARGE = Round(5000, turns=1)


def run() -> str:
    """Compare at a hundred and at a thousand endpoints."""
    return "\n".join(line for each in ROUNDS for line in _compare(each))


def run_large() -> str:
    """Compare at five thousand, which takes minutes: to be asked for by name."""
    return "\n".join(_compare(LARGE))


def _compare(each: Round) -> Iterator[str]:
    with stage(each.endpoints) as up, ExitStack() as running:
        _start_fleet(up, each.endpoints)
        ours = running.enter_context(contending(OURS, _leasehold(up), up))
        predecessor = contending(PREDECESSOR, _module("predecessor"), up)
        contenders = [ours, running.enter_context(predecessor)]
        try:
            custodian = contending(CUSTODIAN, _custodian(up), up)
            contenders.append(running.enter_context(custodian))
        except NotInstalledError as error:
            yield f"tick: {CUSTODIAN} is left out, for it could not be installed: {error}"
        for _ in range(1 + each.turns):
            for contender in contenders:
                contender.take_turn(each.endpoints)
        yield from (_line(each, contender) for contender in contenders)
        yield from _limit(each, ours)
        yield from (_ratios(each, ours, other) for other in contenders[1:])


def _start_fleet(up: Stage, endpoints: int) -> None:
    """Let a controller create all endpoints from the ledger, as it would on AWS."""
    with contending(OURS, _leasehold(up), up) as creator:
        created = creator.tick().judged
    if created != endpoints:
        raise RuntimeError(f"{created} of {endpoints} endpoints were created")


def _growth(each: Round, contender: Contender) -> str:
    """Say what more ticks add to the memory, except where they would take too long."""
    if not each.more_for_all and contender.name != OURS:
        return ""
    added = contender.growth(each.endpoints, each.more)
    return f", {added:+.1f} MiB in {each.more} more ticks"


def _line(each: Round, contender: Contender) -> str:
    listing = f" ({contender.listing:.2f} s of it for its list)" if contender.listing else ""
    first = contender.first
    return (
        f"tick: {each.endpoints} endpoints, {_full_name(contender)}: {contender.calls} AWS calls,"
        f" {contender.seconds:.3f} s{listing}, peak {contender.peak:.0f} MiB"
        f"{_growth(each, contender)} (first tick {first.count} calls, {first.seconds:.1f} s)"
    )


def _ratios(each: Round, ours: Contender, other: Contender) -> str:
    """Put a contender's calls and seconds in ours; the predecessor's without and with its list."""
    calls, with_list = other.calls / ours.calls, other.seconds / ours.seconds
    ratio = (other.seconds - other.listing) / ours.seconds
    is_goal = each.endpoints == GOAL_ENDPOINTS and other.name == PREDECESSOR
    return (
        f"tick: {each.endpoints} endpoints, {OURS} against {_full_name(other)}:"
        f" {calls:.0f} times fewer calls, {ratio:.1f} times faster"
        + (f", goal at least {GOAL_RATIO}" if is_goal else "")
        + (f" ({with_list:.1f} with its list)" if other.listing else "")
    )


def _limit(each: Round, ours: Contender) -> Iterator[str]:
    if each.endpoints == GOAL_ENDPOINTS:
        share = ours.calls / GOAL_CALLS
        yield (
            f"tick: {each.endpoints} endpoints, {OURS}: {ours.calls} AWS calls, {share:.2f} of the"
            f" limit of {GOAL_CALLS}"
        )


def _full_name(contender: Contender) -> str:
    is_pinned = contender.name == CUSTODIAN
    return f"{CUSTODIAN} {custodian_venv.version()}" if is_pinned else contender.name


def _module(name: str, *arguments: str, python: str = sys.executable) -> list[str]:
    return [python, "-m", f"benchmarks.tick.{name}", *arguments]


def _leasehold(up: Stage) -> list[str]:
    return _module("leasehold", up.ledger_url)


def _custodian(up: Stage) -> list[str]:
    python = str(custodian_venv.python())
    return _module("custodian", str(up.folder / "custodian"), LEASE_TAG, python=python)
