"""What becomes of our endpoints that no definition wants any more, and the brake on that. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial

from controller.planning.action import Action, Verb
from controller.planning.observed import Observed
from controller.planning.ownership import Owner
from ledger.documents import Environment
from ledger.faults import Faults
from ledger.holdings import Fleet, environment_path
from ledger.names import Name
from ledger.tags import ON_REMOVE_TAG, PROJECT_TAG

_MOST_NAMED = 3


def prune(
    fleet: Fleet,
    environment: Environment,
    owner: Owner,
    observed: Iterable[Observed],
    faults: Faults,
) -> Iterator[Action]:
    """Delete what is ours and in no definition; where it is too many, report all instead.

    What may be a definition and cannot be read may be that of any of them: then all are reported.
    """
    defined = {item.endpoint_name for item in fleet.items}
    frozen = {item.name for item in fleet.broken}
    orphans = [
        action
        for item in observed
        if item.endpoint_name not in defined
        if (action := _judged(item, owner, frozen, faults)) is not None
    ]
    if fleet.unreadable:
        yield from (_in_doubt(item, fleet) if item.verb.ends else item for item in orphans)
        return
    count, limit = sum(item.verb.ends for item in orphans), environment.max_orphans
    for orphan in orphans:
        if orphan.verb.ends and count > limit:
            reason = (
                f"{count} endpoints have no definition any more, and a tick may delete at most"
                f" {limit}: none is deleted. Restore the definitions, or raise prune.max_orphans"
                f" in {environment_path(fleet.name)}."
            )
            yield replace(orphan, verb=Verb.REPORT, reason=reason)
        else:
            yield orphan


def _judged(
    there: Observed, owner: Owner, frozen: Collection[Name], faults: Faults
) -> Action | None:
    """Judge one endpoint, if it is of concern; what goes wrong is its report, and no more."""
    name = there.endpoint_name
    nothing = Action(Verb.REPORT, there.definition_name or name, name, "", is_orphan=True)
    if not faults.around(name, partial(owner.concerns, there.tags or {}), otherwise=True):
        return None
    action = faults.around(name, partial(_orphan, there, owner, frozen), nothing)
    fault = faults.of(name)
    return replace(nothing, reason=fault) if fault else action


def _orphan(there: Observed, owner: Owner, frozen: Collection[Name]) -> Action:
    name = there.definition_name

    def act(verb: Verb, reason: str) -> Action:
        return Action(
            verb, name or there.endpoint_name, there.endpoint_name, reason, is_orphan=True
        )

    if not owner.owns(there.tags):
        return act(Verb.REPORT, f"no definition, and {owner.complaint(there.tags)}.")
    if name in frozen:
        return act(Verb.REPORT, f"the definition of {name} is broken, so its endpoint is kept")
    if (there.tags or {}).get(ON_REMOVE_TAG) == "retain":
        return act(Verb.HOLD, "no definition any more; its on_remove said retain, so it runs on")
    if there.phase.is_busy:
        return act(Verb.WAIT, f"no definition any more; SageMaker says {there.status}")
    if not there.phase.accepts_end:
        return act(Verb.REPORT, f"no definition any more; its status {there.status} is unknown")
    began_as = (there.tags or {}).get(PROJECT_TAG, owner.project)
    prefix = "" if began_as == owner.project else f": its project_prefix was {began_as}"
    return act(Verb.DELETE, f"no definition any more{prefix}")


def _in_doubt(orphan: Action, fleet: Fleet) -> Action:
    files = list(dict.fromkeys(each.file for each in fleet.unreadable))
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    reason = (
        f"no definition is found for it, but what cannot be read may be its own:"
        f" {', '.join(files[:_MOST_NAMED])}{more}. It is kept until that is mended or removed."
    )
    return replace(orphan, verb=Verb.REPORT, reason=reason)
