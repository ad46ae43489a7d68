"""How far the fleet is: the ledger's commit that a tick carried out, and what it left open. Pure.

The logbook writes it to `<env>.applied.json` on the branch of the observed history; the gateway
reads it there, to answer whether a push is live. `schema/applied.schema.json` has its form.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.planning.action import Plan, Verb
from ledger.json_files import dump_json, read_json
from ledger.lease import stamp

# What is as the ledger wants it: also what was suspended or left running on purpose, and leftovers.
_SETTLED = (Verb.KEEP, Verb.HOLD, Verb.COLLECT)


@dataclass(frozen=True, slots=True)
class Applied:
    """Two are equal if they say the same, whenever they were noted."""

    commit: str
    open: tuple[str, ...]
    at: datetime = field(compare=False)


def applied(plan: Plan, now: datetime) -> Applied:
    """Note the endpoints that were not as the plan's commit wants them when it was made."""
    left = {each.endpoint_name for each in plan.actions if each.verb not in _SETTLED}
    return Applied(plan.commit, tuple(sorted(left)), now)


def parse_applied(path: str, content: bytes | None) -> Applied | None:
    """Read a note. One that cannot be read is none: it is written anew."""
    data = read_json(path, content, "applied") if content is not None else ()
    if isinstance(data, tuple):
        return None
    try:
        at = datetime.fromisoformat(data["at"]).astimezone(UTC)
    except ValueError:
        return None
    return Applied(data["commit"], tuple(data["open"]), at)


def dump_applied(note: Applied) -> bytes:
    return dump_json({"commit": note.commit, "at": stamp(note.at), "open": list(note.open)})
