"""`leasehold explain NAME`: why an endpoint is on or off, until when, by whom, for how much."""

from typing import Any

import click

from controller.planning.action import Verb
from controller.tick import Tick
from leasehold.console import dim, output_option, say, show_json, show_table
from leasehold.context import Context, connected
from leasehold.times import as_of
from ledger.explanation import Told, answers
from ledger.history import read_changes
from ledger.holdings import Broken, Holding, document_path

_HEADERS = ("QUESTION", "WHY")


@click.command
@connected
@click.argument("name")
@output_option
def explain(context: Context, name: str, output: str) -> None:
    """Explain NAME: on or off because of what, until when, by whom, and for how much."""
    tick = context.look()
    tick.fleet.require_settings()
    item = tick.fleet.get(name)
    path = document_path(tick.fleet.name, item.name, "lease")
    changes = read_changes(context.repository().changes(path, 1))
    entry = tick.findings.record.entry(item.endpoint_name)
    told = Told(tick.fleet, item, tick.now, entry, next(changes, None), next_tick(tick, item))
    if output == "json":
        show_json(as_data(told))
        return
    say(dim(as_of(tick.fleet.name, tick.plan.commit, tick.now)))
    say(f"{item.endpoint_name} ({item.name})")
    say()
    show_table(_HEADERS, list(answers(told)))


def next_tick(tick: Tick, item: Holding | Broken) -> str:
    """Say what the next tick does, where that is not to keep it as it is."""
    action = tick.plan.action_for(item.endpoint_name)
    if action is None or action.verb is Verb.KEEP:
        return ""
    return f"{action.verb}: {action.reason}"


def as_data(told: Told) -> dict[str, Any]:
    hourly, so_far = told.hourly, told.so_far
    return {
        "endpoint_name": told.item.endpoint_name,
        "name": told.item.name,
        "answers": [{"question": each, "answer": answer} for each, answer in answers(told)],
        "per_hour": None if hourly is None else f"{hourly:f}",
        "so_far": None if so_far is None else f"{so_far:.2f}",
        "currency": told.prices.currency if told.prices else None,
    }
