"""What is done about one holding, and why: the rows of the planner's table that have a definition.

Pure. The table is drawn in `controller.plan`.
"""

from datetime import timedelta

from controller.planning.action import Action, Verb
from controller.planning.decision import Decision
from controller.planning.existing_config import objection
from controller.planning.failures import after_failure, cause, update
from controller.planning.in_service import in_service
from controller.planning.observed import Observed
from controller.planning.ownership import Whose
from controller.planning.refusals import paced
from ledger.budget import ceiling
from ledger.documents import ExistingConfig
from ledger.holdings import environment_path
from ledger.lease import duration, grant, stamp
from ledger.phases import Phase
from ledger.standing import State
from ledger.tags import ADOPTABLE_TAG


def decide(decision: Decision, there: Observed | None) -> Action:
    """Return what the first row of the table that fits says, unless AWS refused just that."""
    return paced(decision, _wanted(decision, there))


def _wanted(decision: Decision, there: Observed | None) -> Action:
    early = (
        _suspended(decision)
        or _unseen(decision, there)
        or _foreign(decision, there)
        or _grant(decision, there)
    )
    if early:
        return early
    if there is None:
        if not decision.is_on:
            return decision.act(Verb.KEEP, decision.why)
        return _barred(decision) or decision.act(Verb.CREATE, decision.why, decision.target)
    if held := _busy(decision, there) or _unknown(decision, there) or _credit(decision, there):
        return held
    if decision.is_on:
        return _on(decision, there)
    return decision.act(Verb.HOLD if decision.lease_is_lost else Verb.DELETE, decision.why)


def _grant(decision: Decision, there: Observed | None) -> Action | None:
    if not decision.holding.first_lease_due:
        return None
    is_new = there is None or there.config_name != decision.target.config_name
    if is_new and (barred := _barred(decision)):
        return barred
    minutes = decision.schedule.initial_provision_minutes
    until = stamp(
        grant(minutes, decision.now, ceiling(decision.fleet, decision.holding)).expires_at
    )
    return decision.act(Verb.GRANT, f"{decision.why}: it runs until {until}")


def _unknown(decision: Decision, there: Observed) -> Action | None:
    if there.phase.accepts_end:
        return None
    return decision.act(
        Verb.REPORT, f"its status {there.status} is unknown to this version: not touched"
    )


def _credit(decision: Decision, there: Observed) -> Action | None:
    if there.unread:  # so the record does not have yet when it came into service
        return None
    minutes = decision.credit_minutes
    if there.phase is not Phase.SERVING or not minutes or decision.lease == decision.holding.lease:
        return None
    reason = f"it took {minutes} min to start, and they are given back"
    return decision.act(Verb.CREDIT, reason, timedelta(minutes=minutes))


def _suspended(decision: Decision) -> Action | None:
    if decision.standing.state is not State.SUSPENDED:
        return None
    entry = decision.entry
    since = entry.suspended_since if entry and entry.suspended_since else decision.now
    age = duration(decision.now - since)
    return decision.act(Verb.HOLD, f"{decision.why} (for {age} so far)")


def _unseen(decision: Decision, there: Observed | None) -> Action | None:
    """Leave alone what cannot be read, if nobody knows either whose it is."""
    if there and there.unread and there.tags is None:
        return decision.act(Verb.WAIT, there.unread)
    return None


def _foreign(decision: Decision, there: Observed | None) -> Action | None:
    """Decide about an endpoint that has a definition's name, but not our tags."""
    whose = decision.owner.whose(there.tags) if there else Whose.OURS
    if there is None or whose is Whose.OURS:
        return None
    if whose is Whose.UNCLAIMED:
        return decision.act(Verb.REPORT, f"{decision.owner.complaint(there.tags)}.")
    if whose is Whose.ANOTHERS:
        return decision.act(
            Verb.REPORT,
            "the endpoint of this name belongs to another environment or ledger of Leasehold: it is"
            " not touched. Choose another endpoint_name.",
        )
    if not decision.holding.definition.adopt:
        return decision.act(
            Verb.REPORT,
            "an endpoint of this name is there, but without Leasehold's tags: it is not touched."
            ' Choose another endpoint_name, remove that endpoint, or say "adopt": true.',
        )
    if refusal := _not_adoptable(decision, there):
        return decision.act(Verb.REPORT, refusal)
    return decision.act(
        Verb.ADOPT, "it is there already, and gets Leasehold's tags", decision.target
    )


def _not_adoptable(decision: Decision, there: Observed) -> str:
    """Return why it is not adopted, or nothing: its owner agrees, and tags are all that changes."""
    wanted, consent = decision.target.config_name, decision.owner.consent
    if (there.tags or {}).get(ADOPTABLE_TAG) != consent:
        return (
            f"it is not adopted, for nobody has agreed to that at AWS: its owner gives it the tag"
            f" {ADOPTABLE_TAG} with the value {consent}."
            f" `leasehold adopt {there.endpoint_name}` shows the command."
        )
    if there.config_name != wanted:
        return (
            f"it is not adopted, for it would be changed at once: it runs on {there.config_name},"
            f" and its definition wants {wanted}. First adopt it with"
            f' "endpoint_config_name": "{there.config_name}", and change the definition afterwards.'
        )
    if not (decision.is_on or decision.holding.first_lease_due):
        return (
            f"it is not adopted, for it would be stopped at once ({decision.why}): lease it first."
        )
    return ""


def _busy(decision: Decision, there: Observed) -> Action | None:
    """Wait for what is in progress, and say so when a start takes too long."""
    if not there.phase.is_busy:
        return None
    started = there.created_at or (decision.entry.starting_since if decision.entry else None)
    most = timedelta(minutes=decision.schedule.max_creating_minutes)
    ends = not decision.is_on and not decision.lease_is_lost
    pending = ends and there.phase is not Phase.ENDING
    stop = (
        f"{decision.why}; SageMaker refuses to stop it while {there.status}, so the stop is pending"
        if pending
        else f"SageMaker says {there.status}; {decision.why}"
    )
    if there.phase is not Phase.STARTING or started is None or decision.now - started <= most:
        return decision.act(Verb.WAIT, stop)
    return decision.act(
        Verb.REPORT,
        f"it is {there.status} since {stamp(started)}, longer than max_creating_minutes"
        f" ({decision.schedule.max_creating_minutes}), and SageMaker lets nobody stop it. Look at"
        f" its logs in CloudWatch, /aws/sagemaker/Endpoints/{there.endpoint_name}.",
    )


def _barred(decision: Decision) -> Action | None:
    """Keep off a config of somebody else's that the environment's limits do not let it use."""
    source, seen = decision.holding.definition.source, decision.config_seen
    if not isinstance(source, ExistingConfig):
        return None
    if seen is None:
        name = source.endpoint_config_name
        return decision.act(Verb.WAIT, f"its endpoint config {name} was not looked at yet")
    if wrong := objection(seen, decision.environment, decision.fleet, decision.lease_left):
        return decision.act(
            Verb.REPORT,
            f"{wrong}: it is not used. Choose another endpoint_config_name, or change the limits in"
            f" {environment_path(decision.fleet.name)}.",
        )
    return None


def _on(decision: Decision, there: Observed) -> Action:
    """Decide for an endpoint that should run, and at which nothing is in progress."""
    if there.unread:
        return decision.act(Verb.WAIT, there.unread)
    changed = there.config_name != decision.target.config_name
    match there.phase:
        case Phase.FAILED:
            return after_failure(decision, there, changed=changed)
        case Phase.SERVING if decision.is_served(there):
            return in_service(decision, there)
        case _ if changed:
            return _barred(decision) or update(decision, there)
        case Phase.RESTING:
            return decision.act(
                Verb.REPORT,
                f"SageMaker says {there.status}: {cause(there)}. It takes no requests; change its"
                " definition to update it, or release and extend it to start it anew.",
            )
        case _:
            return decision.act(
                Verb.REPORT,
                f"SageMaker says {there.status}: {cause(there)}. It serves a mix of its old and its"
                " new config; change its definition to update it, or release and extend it to start"
                " it anew.",
            )
