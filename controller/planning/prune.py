"""What becomes of endpoints of ours that no definition wants any more, and the brake on that. Pure.

Called by `plan`, with a complete list of what is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.planning.action import Action, Verb
from controller.planning.observed import BUSY, SETTLED, Observed
from ledger.documents import Environment
from ledger.holdings import Fleet, environment_path
from ledger.tags import NAME_TAG, ON_REMOVE_TAG


def prune(
    fleet: Fleet, environment: Environment, there: Mapping[str, Observed]
) -> Iterator[Action]:
    """Delete what is ours and in no definition; past the brake, report all of them instead."""
    defined = {item.endpoint_name.lower() for item in fleet.items}
    frozen = {item.name.lower() for item in fleet.broken}
    orphans = [
        _orphan(item, frozen)
        for key, item in there.items()
        if key not in defined and item.belongs_to(environment, fleet.name)
    ]
    count, limit = sum(item.verb is Verb.DELETE for item in orphans), environment.max_orphans
    for orphan in orphans:
        if orphan.verb is Verb.DELETE and count > limit:
            reason = (
                f"{count} endpoints have no definition any more, and a tick may delete at most"
                f" {limit}: none is deleted. Restore the definitions, or raise prune.max_orphans"
                f" in {environment_path(fleet.name)}."
            )
            yield replace(orphan, verb=Verb.REPORT, reason=reason)
        else:
            yield orphan


def _orphan(there: Observed, frozen: frozenset[str] | set[str]) -> Action:
    name = (there.tags or {}).get(NAME_TAG, "")

    def act(verb: Verb, reason: str) -> Action:
        return Action(verb, name or there.endpoint_name, there.endpoint_name, reason, None, True)  # noqa: FBT003

    if name.lower() in frozen:
        return act(Verb.REPORT, f"the definition of {name} is broken, so its endpoint is kept")
    if (there.tags or {}).get(ON_REMOVE_TAG) == "retain":
        return act(Verb.HOLD, "no definition any more; its on_remove said retain, so it runs on")
    if there.status in BUSY:
        return act(Verb.WAIT, f"no definition any more; SageMaker says {there.status}")
    if there.status not in SETTLED:
        return act(Verb.REPORT, f"no definition any more; its status {there.status} is unknown")
    return act(Verb.DELETE, "no definition any more")
