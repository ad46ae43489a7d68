"""What is done about one holding, and why: the rows of the planner's table that have a definition.

Called by `plan`, whose docstring draws the table. Pure.
"""

from datetime import timedelta

from controller.planning.action import Action, Verb
from controller.planning.case import Case
from controller.planning.observed import BUSY, SETTLED, Observed
from controller.planning.setbacks import after_failure, cause, update
from controller.planning.upkeep import upkeep
from ledger.lease import duration, grant, stamp


def decide(case: Case, there: Observed | None) -> Action:
    """Apply the table of `plan` to one holding: the first row that fits."""
    early = _suspended(case) or _foreign(case, there) or _grant(case)
    if early:
        return early
    if there is None:
        on = case.is_on
        return case.act(Verb.CREATE if on else Verb.KEEP, case.why, case.target if on else None)
    if held := _busy(case, there) or _unknown(case, there) or _credit(case, there):
        return held
    return _on(case, there) if case.is_on else case.act(Verb.DELETE, case.why)


def _grant(case: Case) -> Action | None:
    if not case.grant_due:
        return None
    minutes = case.schedule.initial_provision_minutes
    until = stamp(grant(minutes, case.now, case.fleet.ceiling).expires_at)
    return case.act(Verb.GRANT, f"first lease of {minutes} min, until {until}")


def _unknown(case: Case, there: Observed) -> Action | None:
    if there.status in SETTLED:
        return None
    return case.act(
        Verb.REPORT, f"its status {there.status} is unknown to this version: not touched"
    )


def _credit(case: Case, there: Observed) -> Action | None:
    minutes = case.credit_minutes
    if there.status != "InService" or not minutes or case.lease == case.holding.lease:
        return None
    reason = f"it took {minutes} min to start, and they are given back"
    return case.act(Verb.CREDIT, reason, timedelta(minutes=minutes))


def _suspended(case: Case) -> Action | None:
    suspended, entry = case.holding.definition.suspended, case.entry
    if suspended is None or not suspended.holds(case.now):
        return None
    since = entry.suspended_since if entry and entry.suspended_since else case.now
    until = f", until {stamp(suspended.until)}" if suspended.until else ""
    age = duration(case.now - since)
    return case.act(Verb.HOLD, f"suspended for {age}{until}: {suspended.reason}")


def _foreign(case: Case, there: Observed | None) -> Action | None:
    """Decide about an endpoint that has the name and not our tags."""
    if there is None or there.belongs_to(case.environment, case.fleet.name):
        return None
    if not case.holding.definition.adopt:
        return case.act(
            Verb.REPORT,
            "an endpoint of this name is there, but without Leasehold's tags: it is not touched."
            ' Choose another endpoint_name, remove that endpoint, or say "adopt": true.',
        )
    if any(key.startswith("leasehold:") for key in there.tags or {}):
        return case.act(
            Verb.REPORT,
            "the endpoint of this name belongs to another environment of Leasehold: it is not"
            " adopted. Choose another endpoint_name.",
        )
    if case.is_on or case.grant_due:
        return case.act(Verb.ADOPT, "it is there already, and gets Leasehold's tags", case.target)
    return case.act(
        Verb.REPORT,
        f"it is not adopted, for it would be stopped at once ({case.why}): lease it first.",
    )


def _busy(case: Case, there: Observed) -> Action | None:
    """Wait for what is in progress, and say so when a start takes too long."""
    if there.status not in BUSY:
        return None
    started = there.created_at or (case.entry.starting_since if case.entry else None)
    most = timedelta(minutes=case.schedule.max_creating_minutes)
    pending = not case.is_on and there.status != "Deleting"
    stop = (
        f"{case.why}; SageMaker refuses to stop it while {there.status}, so the stop is pending"
        if pending
        else f"SageMaker says {there.status}; {case.why}"
    )
    if there.status != "Creating" or started is None or case.now - started <= most:
        return case.act(Verb.WAIT, stop)
    return case.act(
        Verb.REPORT,
        f"it is Creating since {stamp(started)}, longer than max_creating_minutes"
        f" ({case.schedule.max_creating_minutes}), and SageMaker lets nobody stop it. Look at its"
        f" logs in CloudWatch, /aws/sagemaker/Endpoints/{there.endpoint_name}.",
    )


def _on(case: Case, there: Observed) -> Action:
    """Decide for an endpoint that should run and is settled in some status."""
    changed = there.config_name != case.target.config_name
    match there.status:
        case "Failed":
            return after_failure(case, there, changed=changed)
        case _ if changed:
            return update(case, there)
        case "InService":
            return upkeep(case, there)
        case "OutOfService":
            return case.act(
                Verb.REPORT,
                f"SageMaker says OutOfService: {cause(there)}. It takes no requests; change its"
                " definition to update it, or release and extend it to start it anew.",
            )
        case status:
            return case.act(
                Verb.REPORT,
                f"SageMaker says {status}: {cause(there)}. It serves a mix of its old and its new"
                " config; change its definition to update it, or release and extend it to start it"
                " anew.",
            )
