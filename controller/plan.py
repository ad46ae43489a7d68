"""The planner: what one tick does to each endpoint, and why.

Pure: a fleet, what SageMaker has, and `now` make a `Plan`. Nothing is done here. Rows stand in the
order in which they are asked.

    repository       SageMaker                          action
    ---------------  ---------------------------------  ------------------------------------------
    document broken  any                                keep and report
    claimed twice    tagged with the first one's name   that one goes on, the other is reported
    suspended        any                                hold, and show for how long
    none, and what   tagged ours                        keep and report: it may be its definition
    may be one is
    unreadable
    none             tagged ours                        delete; the brake is on these, never on ends
    none, was        tagged ours                        hold: it runs on, and nobody deletes it
    on_remove retain
    any              ours but for its ledger's id       keep and report: somebody has to claim it
                     or its record
    none             untagged                           not ours, never touched
    adopt, on        same config, adoptable             adopt: give it our tags
    on or off        there, but untagged                keep and report: not ours
    first lease due  any                                grant; the lease starts it at the next tick
    any              Creating, Updating,                wait (a stop that is met stays pending, a
                     SystemUpdating, RollingBack,       start past max_creating_minutes is reported)
                     Deleting
    any              unknown status                     keep and report
    any              InService after a start            credit: give the lease back what that took
    lease file lost  present                            hold until the end that the record has
    off              present                            delete; config and model stay
    any              about to be deleted, and there     report: they are somebody else's, and what
                     are inference components on it     it costs goes on
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
    digest unwanted  config or model of ours, unused    collect, unless something is unreadable

What AWS refused to make or to change is reported with AWS's own words until its pause is over
(`planning.refusals`), and asked at once where the request is another one.

Where this machine's clock and AWS's disagree, whatever deletes or writes a lease is reported
instead, and the rest goes on. What cannot be read at SageMaker waits while it is on, and ends as
any other. What raises an exception is reported, and nothing of it is changed or collected; all
others go on. Where the ledger's head went back, all but a start is. Where the
record cannot be begun, what would make something ours is. What AWS or the environment would refuse
(`planning.objections`) is reported in place of a grant, a create or an update.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from controller.planning.action import Action, Plan, Verb, in_order
from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.components import with_components
from controller.planning.decide import decide
from controller.planning.decision import Decision
from controller.planning.findings import Findings
from controller.planning.observed import Observed, by_name
from controller.planning.ownership import Owner
from controller.planning.prune import prune
from ledger.faults import Faults
from ledger.holdings import ROOT, Broken, Fleet, environment_path
from ledger.json_files import as_sentences
from ledger.names import EndpointName, Name

_NOTHING_FOUND = Findings()
# What is done by a wrong clock too: it ends nothing, and writes no lease.
_HARMLESS = frozenset(verb for verb in Verb if not verb.ends and not verb.commits)
# What is done without a record that lasts: nothing is tagged as ours that would not stay so.
_AS_BEFORE = frozenset(Verb) - {Verb.CREATE, Verb.ADOPT}
# What is done by a ledger that went back: any other change could undo what a newer commit wanted.
_ANEW = frozenset({Verb.CREATE})


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
    owner = Owner.of(fleet, fleet.environment, findings.record)
    faults = Faults(findings.faults)
    decided = [
        _decided(
            Decision(fleet, fleet.environment, item, findings, now),
            there.get(item.endpoint_name),
            faults,
        )
        for item in fleet.holdings
    ]
    actions = [
        *(_frozen(item) for item in fleet.broken),
        *_in_doubt(fleet),
        *decided,
        *prune(fleet, fleet.environment, owner, there.values(), faults),
        *_collected(findings.collectible, fleet, faults.found),
    ]
    actions = with_components(actions, findings.hosted)
    if findings.clock_fault:
        actions = [_held_back(each, findings.clock_fault) for each in actions]
    if findings.record_fault:
        actions = [_held_back(each, findings.record_fault, but=_AS_BEFORE) for each in actions]
    if findings.head_fault:
        actions = [_held_back(each, findings.head_fault, but=_ANEW) for each in actions]
    return Plan(fleet.name, commit, in_order(actions))


def _decided(decision: Decision, there: Observed | None, faults: Faults) -> Action:
    """Decide about one holding; what goes wrong with it is its report, and no more."""
    name, nothing = decision.holding.endpoint_name, decision.act(Verb.REPORT, "")
    action = faults.around(name, partial(decide, decision, there), nothing)
    fault = faults.of(name)
    return replace(nothing, reason=fault) if fault else action


def _unreadable(fleet: Fleet) -> Action:
    file, reason = environment_path(fleet.name), " ".join(map(str, fleet.violations))
    return Action(Verb.REPORT, file, Name(fleet.name), reason, kind=ResourceKind.ENVIRONMENT)


def _frozen(broken: Broken) -> Action:
    return Action(Verb.REPORT, broken.name, broken.endpoint_name, broken.complaint)


def _in_doubt(fleet: Fleet) -> Iterator[Action]:
    """Report each file that may be a definition and is no endpoint's."""
    of_items = {each.file for item in fleet.broken for each in item.violations}
    loose = [each for each in fleet.violations if each in fleet.unreadable]
    for file in dict.fromkeys(each.file for each in loose if each.file not in of_items):
        reason = as_sentences(each for each in loose if each.file == file)
        name = file.removeprefix(f"{ROOT}/{fleet.name}/")
        yield Action(Verb.REPORT, file, Name(name), reason, kind=ResourceKind.DOCUMENT)


def _collected(
    artifacts: Iterable[Artifact], fleet: Fleet, faults: Mapping[EndpointName, str]
) -> Iterator[Action]:
    """Collect what is left over, but nothing of a definition with which something went wrong."""
    faulty = {item.name for item in fleet.items if item.endpoint_name in faults}
    yield from (_collect(each) for each in artifacts if each.definition_name not in faulty)


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


def _held_back(action: Action, fault: str, but: Collection[Verb] = _HARMLESS) -> Action:
    """Report a change instead of making it, but for these verbs."""
    if not action.verb.changes or action.verb in but:
        return action
    reason = f"{fault}, so there is no {action.verb} now ({action.reason})"
    return replace(action, verb=Verb.REPORT, reason=reason, target=None)
