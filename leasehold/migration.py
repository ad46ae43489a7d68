"""`leasehold token migrate`: the predecessor's tokens, which its table has in plain text.

It plans, shows, and writes unless it is asked for the plan alone. It shows the public ids of tokens
and nothing else of them.
"""

from collections import Counter
from collections.abc import Sequence

import click

from gateway.callers import token_migration
from gateway.callers.legacy_tokens import LegacyTokens
from gateway.callers.token_migration import Fate, Step
from gateway.callers.tokens import TokenTable
from leasehold.console import output_option, say, show_json, show_table
from leasehold.context import Context, clock, connected
from ledger.errors import Refused
from ledger.holdings import Fleet


@click.command
@connected
@click.option(
    "--from",
    "source",
    metavar="TABLE",
    help="The predecessor's table; else the environment's identities.legacy_token_table.",
)
@click.option("--dry-run", is_flag=True, help="Show what it would do, and change nothing.")
@click.option("--remove-plain", is_flag=True, help="Then remove the plain rows of moved tokens.")
@output_option
def migrate(
    context: Context, *, source: str | None, dry_run: bool, remove_plain: bool, output: str
) -> None:
    """Take over the predecessor's tokens, as hashes.

    Whoever holds one goes on with it. It may be run again: nothing is moved twice.
    """
    fleet = context.fleet(context.repository().read())
    table = context.tokens(fleet)
    legacy = _legacy(context, fleet, source, table)
    steps = token_migration.plan(legacy, table)
    if dry_run:
        _show(steps, 0, output, f"A plan for {table.table_name}; nothing was changed.")
        return
    new = Counter(step.fate for step in steps)[Fate.MOVE]
    steps = token_migration.migrate(steps, table, clock())
    removed = token_migration.remove_plain(steps, legacy) if remove_plain else 0
    _show(steps, removed, output, _told(new, removed, legacy, table))
    _refuse_what_is_left(steps, legacy)


def _legacy(context: Context, fleet: Fleet, source: str | None, table: TokenTable) -> LegacyTokens:
    settings = fleet.environment
    name = source or (settings.identities.legacy_token_table if settings else None)
    if settings is None or name is None or name == table.table_name:
        raise Refused(
            "LH5040",
            "no table of the predecessor is named: say --from TABLE, or set"
            f" identities.legacy_token_table of {fleet.name}. It cannot be {table.table_name}, for"
            " the tokens go there.",
        )
    return LegacyTokens(context.cloud.client("dynamodb", settings.region_name), name)


def _show(steps: Sequence[Step], removed: int, output: str, summary: str) -> None:
    rows = [_as_data(step) for step in steps]
    if output == "json":
        show_json({"tokens": rows, "removed": removed})
        return
    cells = [tuple(value or "-" for value in row.values()) for row in rows]
    show_table(("ID", "NAME", "EMAIL", "STATE", "WHY"), cells)
    found = Counter(step.fate for step in steps)
    say(", ".join(f"{found[fate]} {fate}" for fate in Fate) + f". {summary}")


def _as_data(step: Step) -> dict[str, str | None]:
    holder = step.token.principal
    return {
        "id": step.token.public_id,
        "name": holder.name if holder else None,
        "email": holder.email if holder else None,
        "state": str(step.fate),
        "why": step.why or None,
    }


def _told(new: int, removed: int, legacy: LegacyTokens, table: TokenTable) -> str:
    told = f"This run moved {new} from {legacy.table_name} to {table.table_name}"
    if removed:
        return f"{told} and removed {removed} plain."
    return f"{told}; the plain rows are still there until --remove-plain."


def _refuse_what_is_left(steps: Sequence[Step], legacy: LegacyTokens) -> None:
    left = [step.token.public_id for step in steps if step.fate is Fate.UNFIT]
    if left:
        raise Refused(
            "LH5041",
            f"of {legacy.table_name}, {', '.join(left)} cannot be moved: give who holds them new"
            " tokens with `leasehold token create`.",
        )
