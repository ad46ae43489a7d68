"""`leasehold explain NAME`: why an endpoint is on or off, until when, by whom, for how much."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from controller.planning.action import Verb
from controller.tick import Tick
from leasehold import completing
from leasehold.console import dim, output_option, show_json, show_table, tell
from leasehold.context import Context, connecting
from leasehold.error_guide import is_code, paragraph, without_marks
from leasehold.histories import read_histories
from leasehold.own_zone import own_zone
from leasehold.times import as_of, localized
from ledger.accounting.account import Account, enter
from ledger.accounting.lines import second
from ledger.accounting.tariff import Sum
from ledger.explanation import Spent, Told, answers
from ledger.history import read_changes
from ledger.holdings import Broken, Holding, document_path

_HEADERS = ("QUESTION", "WHY")


@click.command
@connecting
@click.argument("name", metavar="NAME|CODE", shell_complete=completing.names_or_codes)
@output_option
def explain(open_context: Callable[[], Context], name: str, output: str) -> None:
    """Explain NAME: on or off because of what, until when, by whom, and for how much.

    Or explain the CODE of an error, such as LH4106: what happened, and what to do.
    """
    if is_code(name):
        _explain_code(name, output)
        return
    context = open_context()
    tick = context.look()
    tick.fleet.require_settings()
    item = tick.fleet.get(name)
    path = document_path(tick.fleet.name, item.name, "lease")
    newest = next(context.repository().changes(path, 1), None)
    changes = read_changes([newest] if newest else [])
    entry = tick.findings.record.entry(item.endpoint_name)
    told = Told(tick.fleet, item, tick.now, entry, next(changes, newest), next_tick(tick, item))
    told = replace(told, spent=spent(context, told))
    if output == "json":
        show_json(as_data(told))
        return
    zone = own_zone()
    tell(dim(as_of(tick.fleet.name, tick.plan.commit, tick.now, zone)))
    tell(f"{item.name} ({item.endpoint_name})")
    tell()
    rows = [(each, localized(said, tick.now, zone)) for each, said in answers(told)]
    show_table(_HEADERS, rows)


def _explain_code(said: str, output: str) -> None:
    code, title, text = paragraph(said)
    if output == "json":
        show_json({"code": code, "title": title, "text": text})
        return
    tell(Text(f"{code} {title}", style="bold"))
    for line in without_marks(text).split("\n"):
        tell(line)


def spent(context: Context, told: Told) -> Spent | None:
    """Read from the histories what the present run has cost; None where it does not run."""
    if told.begun is None:
        return None
    account = Account(second(told.begun), second(told.now), ZoneInfo("UTC"))
    histories = read_histories(context, context.repository(), told.fleet, account.since)
    for book in histories.books(account.until):
        if book.name == told.item.name:
            enter(account, book, histories.tariff)
    in_service = Sum()
    for line in account.lines.values():
        in_service.take(line.cost)
    return Spent(in_service, account.starting)


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
