"""How many instances an endpoint has, where the definition alone says it. Pure.

Capacity is changed in place: no new config, no second fleet. Where autoscaling of ours is there
still, it goes first; and as long as nobody could look whether it is, nothing is changed.
"""

from dataclasses import replace

from controller.planning.action import Action, Verb
from controller.planning.decision import Decision
from controller.planning.failures import cause, next_try
from controller.planning.observed import Observed
from controller.planning.scaling_policy import Scale
from ledger.lease import stamp


def resize(decision: Decision, there: Observed) -> Action | None:
    """Return what brings the number of instances back to the definition's; None if it is that."""
    wanted, scales = decision.target.count, decision.findings.scales
    if wanted is None or there.count in {None, wanted}:
        return None
    if there.endpoint_name not in scales:
        return None
    if scale := scales[there.endpoint_name]:
        return None if scale.is_ours else _scaled_by_others(decision, scale)
    tried = decision.entry is not None and decision.entry.attempted_count == wanted
    if tried and decision.now < (retry_at := next_try(decision, there)):
        return decision.act(
            Verb.WAIT,
            f"SageMaker did not bring it to {_instances(wanted)}: it has {there.count}"
            f" ({cause(there)}); next try at {stamp(retry_at)}",
        )
    target = replace(decision.target, config_name=there.config_name or "")
    reason = f"it has {_instances(there.count)}, and its definition says {wanted}"
    return decision.act(Verb.RESIZE, reason, target)


def _scaled_by_others(decision: Decision, scale: Scale) -> Action:
    """Report it: to correct what somebody else scales would go on for ever."""
    least, most, wanted = scale.min_instances, scale.max_instances, decision.target.count
    return decision.act(
        Verb.REPORT,
        f"its definition says {_instances(wanted)}, and a scalable target that is not Leasehold's"
        f" keeps it at {least} to {most}: its number is left alone. Deregister that target at"
        " Application Auto Scaling, or write autoscaling into the definition.",
    )


def _instances(count: int | None) -> str:
    return "1 instance" if count == 1 else f"{count} instances"
