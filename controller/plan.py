"""The planner: what one tick does to each endpoint, and why.

Pure: a fleet, what SageMaker has, and `now` make a `Plan`. Nothing is done here. Rows stand in the
order in which they are asked.

    repository       SageMaker                          action
    ---------------  ---------------------------------  ------------------------------------------
    document broken  any                                keep and report
    suspended        any                                hold, and show for how long
    none             tagged ours                        delete; the brake is on these, never on ends
    none, was        tagged ours                        hold: it runs on, and nobody deletes it
    on_remove retain
    none             untagged                           not ours, never touched
    adopt, on        there, but untagged                adopt: give it our tags
    on or off        there, but untagged                keep and report: not ours
    first lease due  any                                grant; the lease starts it at the next tick
    any              Creating, Updating,                wait (a stop that is met stays pending, a
                     SystemUpdating, RollingBack,       start past max_creating_minutes is reported)
                     Deleting
    any              unknown status                     keep and report
    any              InService after a start            credit: give the lease back what that took
    off              present                            delete; config and model stay
    off              absent                             keep
    on               absent or other config, and the    keep and report: a config of others is used
                     wanted one is past the limits      only where it could be read and is allowed
    on               absent                             create
    on               other config                       update (blue/green)
    on               other config, update to it failed  keep and report until the definition changes
    on               the same, for lack of capacity     update after a back-off
    on               Failed, capacity                   delete after a back-off, then create
    on               Failed, other reason, same config  keep and report until the definition changes
                     and same lease                     or the lease is renewed
    on               Failed, config or lease changed    delete, then create
    on               OutOfService, same config          keep and report: it may come back
    on               UpdateRollbackFailed, same config  keep and report
    on               same config, other tags            tag
    on               same config, other scaling         scale
    on               same config, idle too long         idle: end the lease, or stay off this window
    on               same config, in use near its end   extend, where the definition asks for it
    on               same config, other number of       resize in place, after a back-off where it
                     instances, nothing scales it       came back without them
    on               same config, other number of       keep and report
                     instances, others scale it
    on               same config, of others, and it     keep and report
                     is made anew, gone or past limits
    on               same config                        keep
    digest unwanted  config or model of ours, unused    collect

Where this machine's clock and AWS's disagree, whatever deletes or writes a lease is reported
instead, and the rest goes on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.decide import decide
from controller.planning.decision import Decision
from controller.planning.findings import Findings
from controller.planning.observed import Observed, by_name
from controller.planning.prune import prune
from ledger.holdings import Broken, Fleet, environment_path
from ledger.names import Name

_NOTHING_FOUND = Findings()


def plan(
    fleet: Fleet,
    observed: Iterable[Observed],
    now: datetime,
    commit: str = "",
    findings: Findings = _NOTHING_FOUND,
) -> Plan:
    """Decide for every endpoint of an environment. Without its settings nothing is touched."""
    if fleet.environment is None:
        return Plan(fleet.name, commit, (_unreadable(fleet),))
    there = by_name(observed)
    actions = [
        *(_frozen(item) for item in fleet.broken),
        *(
            decide(
                Decision(fleet, fleet.environment, item, findings, now),
                there.get(item.endpoint_name),
            )
            for item in fleet.holdings
        ),
        *prune(fleet, fleet.environment, there.values()),
        *(_collect(item) for item in findings.collectible),
    ]
    if findings.clock_fault:
        actions = list(_without_ends(actions, findings.clock_fault))
    order = {verb: number for number, verb in enumerate(Verb)}
    actions.sort(key=lambda action: (order[action.verb], str(action.resource_name)))
    return Plan(fleet.name, commit, tuple(actions))


def _unreadable(fleet: Fleet) -> Action:
    file, reason = environment_path(fleet.name), " ".join(map(str, fleet.violations))
    return Action(Verb.REPORT, file, Name(fleet.name), reason, kind=ResourceKind.ENVIRONMENT)


def _frozen(broken: Broken) -> Action:
    return Action(Verb.REPORT, broken.name, broken.endpoint_name, broken.complaint)


def _collect(artifact: Artifact) -> Action:
    reason = f"this {artifact.kind} is wanted by no definition and used by no endpoint"
    return Action(
        Verb.COLLECT,
        artifact.definition_name,
        artifact.name,
        reason,
        artifact,
        kind=artifact.kind,
    )


def _without_ends(actions: Iterable[Action], fault: str) -> Iterator[Action]:
    for action in actions:
        if action.verb.ends or action.verb.commits:
            reason = f"{fault}, so there is no {action.verb} now ({action.reason})"
            yield replace(action, verb=Verb.REPORT, reason=reason, target=None)
        else:
            yield action
