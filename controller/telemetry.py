"""A tick as CloudWatch metrics and as log lines. Pure: each is an object for one line of JSON.

CloudWatch Logs makes metrics of the lines that are in its Embedded Metric Format, so a tick calls
no API for them. Every metric has the dimension Environment alone, and verbs are in the metrics'
names: each combination of dimensions is billed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from controller.cost import hourly
from controller.overdue import frozen_running, overdue
from controller.planning.action import Action, Verb
from controller.planning.refusals import is_refusal
from controller.tick import Outcome, State, Tick
from controller.tick_data import summary
from ledger.errors import Failure
from ledger.lease import stamp

NAMESPACE = "Leasehold"
_LEVELS = {State.FAILED: "error", State.REFUSED: "warning"}
Line = dict[str, Any]


def emf(tick: Tick, *, last_good: datetime | None = None) -> Line:
    """Return the metrics of a tick that came to its end. `last_good` is when one had no failure.

    Actions are counted when they are done; a verb has a metric in the ticks that did it.
    """
    done = Counter(item.action.verb for item in tick.outcomes if item.state is State.DONE)
    failures = _failures(tick)
    values: dict[str, tuple[float, str]] = {
        "Ticks": (1, "Count"),
        "Failures": (failures, "Count"),
        "Actions": (done.total(), "Count"),
        **{f"{verb.capitalize()}Actions": (done[verb], "Count") for verb in sorted(done)},
        "Refusals": (_refusals(tick), "Count"),
        "OverdueDeletions": (len(overdue(tick)), "Count"),
        "FrozenRunning": (len(frozen_running(tick)), "Count"),
        **_since(last_good if failures else tick.now, tick.now),
    }
    cost, prices = hourly(tick.findings.record, tick.fleet.prices), tick.fleet.prices
    if prices is not None:
        values["EndpointsWithoutPrice"] = (cost.without, "Count")
        if cost.amount or not cost.without:
            values["EstimatedHourlyCost"] = (float(round(cost.amount, 4)), "None")
    return _document(tick.fleet.name, tick.now, values)


def emf_of_failure(environment: str, now: datetime, last_good: datetime | None = None) -> Line:
    """Return the metrics of a tick that could not even begin: it is a failure, and no tick."""
    values = {"Failures": (1.0, "Count"), **_since(last_good, now)}
    return _document(environment, now, values)


def log_lines(tick: Tick) -> Iterator[Line]:
    """Yield a line for the tick, and one for whatever it did, met or told."""
    level, said = "error" if _failures(tick) else "info", summary(tick.plan)
    yield _line(tick, level, event="tick", message=said, at=stamp(tick.now))
    for outcome in tick.outcomes:
        yield _outcome(tick, outcome)
    for action in tick.plan.actions:
        if action.verb is Verb.REPORT:
            yield _line(tick, "warning", event="report", **_about(action))
    for delivery in tick.deliveries:
        notice = delivery.notice
        yield _line(
            tick,
            "info" if delivery.ok else "error",
            event="notice",
            endpoint=notice.endpoint_name,
            notice=notice.key,
            code=delivery.code,
            message=delivery.sentence or notice.subject,
        )
    told = {delivery.sentence for delivery in tick.deliveries}
    for trouble in tick.troubles:
        if trouble not in told:
            yield _line(tick, "error", event="trouble", message=trouble)


def log_line_of_failure(environment: str, failure: Failure) -> Line:
    """Return the line of a tick that could not even begin."""
    return {
        "level": "error",
        "event": "tick",
        "environment": environment,
        "code": failure.code,
        "message": failure.message,
    }


def _failures(tick: Tick) -> int:
    """Return how much failed. With unreadable settings, a wrong clock or a head that went back
    a whole tick fails.
    """
    faults = tick.findings.clock_fault, tick.findings.head_fault
    useless = tick.fleet.environment is None or any(fault is not None for fault in faults)
    return useless + sum(outcome.state is State.FAILED for outcome in tick.outcomes)


def _refusals(tick: Tick) -> int:
    """Return how many endpoints lack what AWS refuses, whether it was asked now or lately."""
    record = tick.findings.record
    asked = {item.action.endpoint_name for item in tick.outcomes if item.state is State.REFUSED}
    held = {
        name
        for action in tick.plan.actions
        if action.verb is Verb.REPORT
        and (name := action.endpoint_name)
        and is_refusal(action, record.entry(name))
    }
    return len(asked | held)


def _since(last_good: datetime | None, now: datetime) -> dict[str, tuple[float, str]]:
    if last_good is None:
        return {}
    return {"SecondsSinceLastGoodTick": ((now - last_good).total_seconds(), "Seconds")}


def _document(environment: str, now: datetime, values: Mapping[str, tuple[float, str]]) -> Line:
    """Return metrics in the Embedded Metric Format: declared first, then their values."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Environment"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in values.items()],
    }
    return {
        "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        "Environment": environment,
        **{name: value for name, (value, _) in values.items()},
    }


def _outcome(tick: Tick, outcome: Outcome) -> Line:
    return _line(
        tick,
        _LEVELS.get(outcome.state, "info"),
        event="action",
        **_about(outcome.action),
        state=str(outcome.state),
        message=outcome.detail,
        code=outcome.code,
    )


def _about(action: Action) -> Line:
    return {
        "endpoint": action.resource_name,
        "kind": str(action.kind),
        "action": str(action.verb),
        "reason": action.reason,
    }


def _line(tick: Tick, level: str, **facts: object) -> Line:
    """Return a line, without what is empty."""
    known = {key: fact for key, fact in facts.items() if fact not in (None, "")}
    return {
        "level": level,
        "environment": tick.fleet.name,
        "commit": tick.plan.commit,
        **known,
    }
