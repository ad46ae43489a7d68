"""What moved between two records, a line for each endpoint, for the status branch. Pure."""

from collections.abc import Iterator

from ledger.hosts import describe
from ledger.observed import Entry, Record
from ledger.refusal_log import Kept, refusal_line


def news(before: Record, after: Record) -> Iterator[str]:
    """Yield what moved, a line for each endpoint."""
    for name in after.moved(before):
        was, entry = before.entry(name), after.entry(name)
        said = entry.refused if entry and (was is None or was.refusals != entry.refusals) else None
        if entry is None:
            yield f"{name}: forgotten, it is gone and defined nowhere"
        elif was is None or was.status != entry.status:
            path = f"{was.status} -> {entry.status}" if was else entry.status
            refused = said and refusal_line(name, path, Kept.REFUSED, said)
            yield refused or f"{name}: {path} ({entry.cause})"
        elif said:
            yield refusal_line(name, entry.status, Kept.REFUSED, said)
        elif entry.held and was.held != entry.held:
            yield refusal_line(name, entry.status, Kept.HELD, entry.held)
        else:
            yield f"{name}: {_news_of(was, entry)}"


def _news_of(was: Entry, entry: Entry) -> str:
    """Say what moved of an endpoint whose status stays."""
    if was.config != entry.config:
        return f"{entry.status} on {entry.config}"
    if was.hosts != entry.hosts:
        runs_on = describe(entry.hosts) if entry.hosts is not None else "instances unknown"
        return f"{entry.status} with {runs_on}"
    if was.tag_keys != entry.tag_keys:
        return f"its definition sets {', '.join(sorted(entry.tag_keys)) or 'no tag'}"
    if entry.update_failure and was.update_failure != entry.update_failure:
        return f"the update to {entry.attempted_config} failed ({entry.update_failure})"
    if told := sorted(entry.notices - was.notices):
        return f"told {', '.join(told)}"
    return entry.status
