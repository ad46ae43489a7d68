"""`leasehold plan` and `leasehold reconcile`: what a tick would do, and doing it.

For people and for pipelines. What to do is decided in `controller.plan`.
"""

from functools import partial

import click

from controller.bill import Bill
from controller.markdown import as_markdown
from controller.pricing import bill
from controller.reconcile import State, Tick, reconcile
from controller.report import as_json, as_text
from leasehold.console import output_option, screen, show_json
from leasehold.context import Context, clock, connected
from leasehold.keepers import keepers
from leasehold.narration import Narrator
from leasehold.own_zone import own_zone
from leasehold.ticking import keep_ticking, until_stopped
from leasehold.times import localized
from ledger.committers import CONTROLLER

CHANGES_DUE = 2


@click.command
@connected
@click.option(
    "--output",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="markdown is a comment for a pull request.",
)
@click.option(
    "--ref",
    metavar="HEAD|SHA|BRANCH",
    help="Plan this commit, of the checkout that one is in or of the ledger's repository.",
)
@click.option(
    "--against",
    metavar="HEAD|SHA|BRANCH",
    help="Compare with what this commit would make run, instead of with what runs.",
)
@click.option(
    "--summary-only",
    is_flag=True,
    help="Markdown without what folds away, for a host that has no <details>.",
)
def plan(
    context: Context, *, output: str, ref: str | None, against: str | None, summary_only: bool
) -> None:
    """Show what the controller would do now, why, and what it costs.

    With --ref it is what the controller would do if that commit were the head of the ledger: a
    checkout of CI, detached and shallow as it is, says HEAD. Leases that the ledger's branch has
    moved on from since count as they are there now, as a merge would have it.

    Exits with 0 when there is nothing to do, with 2 when there are changes (also of documents that
    move nothing yet: a window, the type of what is off), and with 1 when the plan cannot be made,
    documents are broken, or it would run past max_hourly: so a pull request is refused. (Of what is
    merged all the same, first leases wait until there is room.)
    """
    tick, base = context.compared(ref, against)
    found = bill(tick, base)
    found = found.kept(
        keepers(context, tick.fleet.name, [each.name for each in found.ends if each.by_lease])
    )
    _show(tick, output, found, summary_only=summary_only)
    waits = any(action.past_limit for action in tick.plan.actions)
    if tick.fleet.errors or found.is_over or waits:
        raise SystemExit(1)
    due = [action for action in tick.plan.changes if action not in found.due_anyway]
    if due or found.later:
        raise SystemExit(CHANGES_DUE)


@click.command("reconcile")
@connected
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Go on, one tick every so many seconds, until interrupted.",
)
@output_option
def reconcile_(context: Context, every: float | None, output: str) -> None:
    """Converge SageMaker to the ledger.

    One tick exits with 1 when an action failed or was refused.
    """
    ledger = context.repository(CONTROLLER)
    fleet = context.fleet(ledger.read())
    dependencies = context.dependencies(fleet, ledger)

    def tick() -> Tick:
        return reconcile(dependencies, fleet.name, clock())

    if every is None:
        done = tick()
        _show(done, output)
        if any(each.state in (State.FAILED, State.REFUSED) for each in done.outcomes):
            raise SystemExit(1)
        return
    keep_ticking(tick, every, until_stopped(), Narrator(clock))


def _show(
    tick: Tick, output: str, found: Bill | None = None, *, summary_only: bool = False
) -> None:
    found = found or bill(tick)
    match output:
        case "json":
            show_json(as_json(tick, found))
        case "markdown":
            click.echo(as_markdown(tick, found, summary_only=summary_only), nl=False)
        case _:
            console = screen()
            width = console.width if console.is_terminal else None
            zone = own_zone()
            on_clock = partial(localized, now=tick.now, zone=zone) if width else str
            click.echo(as_text(tick, found, width, on_clock), nl=False)
