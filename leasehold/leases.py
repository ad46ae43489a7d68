"""`leasehold extend`, `add` and `release`: the changes of leases that people ask for.

Each change is one commit, by the caller's own git identity, and is answered when the remote has it.
"""

from collections.abc import Callable, Sequence
from functools import partial

import click

from leasehold import change_words as words
from leasehold import completing
from leasehold.changing import Asked, Changes, Done, Propose
from leasehold.console import complain, dim, output_option, say, show_json, tell
from leasehold.context import Command, Context, clock, connected, connecting
from leasehold.own_zone import own_zone
from leasehold.spans import once, span_from
from ledger.errors import Failure, Refused
from ledger.proposals import addition, extension, setting
from ledger.proposals import release as ending


def _asking(command: Command) -> Command:
    """Give a command what every change of a lease may be asked with."""
    options: tuple[Callable[[Command], Command], ...] = (
        click.option("--reason", metavar="TEXT", help="Why, for those who read the history."),
        click.option(
            "--author",
            metavar='"NAME <EMAIL>"',
            help="Who asks; by default git's user.name and email.",
        ),
        click.option(
            "--dry-run", is_flag=True, help="Say what would be done and cost, and commit nothing."
        ),
        output_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command
@connecting
@click.argument("what", nargs=-1, metavar="NAME... LENGTH", shell_complete=completing.names)
@click.option(
    "--until",
    metavar="WHEN",
    help="In place of LENGTH: 18:00, tomorrow, friday 18:00, or 2026-11-27T18:00:00+01:00.",
)
@click.option("--shorten", is_flag=True, help="Let --until end it sooner than it ends now.")
@_asking
def extend(  # noqa: PLR0913  (click hands over each option by itself)
    open_context: Callable[[], Context],
    *,
    what: tuple[str, ...],
    until: str | None,
    shorten: bool,
    reason: str | None,
    author: str | None,
    dry_run: bool,
    output: str,
) -> None:
    """Keep endpoints on for longer: LENGTH is 2h30m, 90m, 1.5h, or minutes alone.

    An ended lease counts from now, and its endpoint starts. A day alone, such as tomorrow, is meant
    to its end, and times are those of your own zone. Each change is a commit, and you are its
    author.
    """
    span = span_from("extend", what, until, clock(), own_zone())
    propose: Propose = partial(extension, minutes=span.minutes)
    if span.until is not None:
        propose = partial(setting, until=span.until, shorten=shorten)
    changes = Changes(open_context(), author, reason)
    _make(changes, span.names, propose, is_dry_run=dry_run, output=output)


@click.command
@connecting
@click.argument("what", nargs=-1, metavar="NAME LENGTH")
@click.option(
    "--config",
    required=True,
    metavar="CONFIG",
    help="The endpoint config that it is served on; it exists at SageMaker already.",
)
@_asking
def add(  # noqa: PLR0913  (click hands over each option by itself)
    open_context: Callable[[], Context],
    *,
    what: tuple[str, ...],
    config: str,
    reason: str | None,
    author: str | None,
    dry_run: bool,
    output: str,
) -> None:
    """Add the endpoint NAME on an endpoint config that exists, and keep it for LENGTH.

    Its definition and its lease are one commit. One that is there on that very config is extended.
    """
    span = span_from("add", what, None, clock(), own_zone())
    if len(span.names) > 1:
        raise Refused(
            "LH5202",
            f"add takes one name, and these are {len(span.names)}: say leasehold add"
            f" {span.names[0]} 2h --config {config}.",
        )
    changes = Changes(open_context(), author, reason)
    propose: Propose = partial(addition, endpoint_config_name=config, minutes=span.minutes)
    _make(changes, span.names, propose, is_dry_run=dry_run, output=output)


@click.command
@connected
@click.argument(
    "names", nargs=-1, required=True, metavar="NAME...", shell_complete=completing.names
)
@_asking
def release(  # noqa: PLR0913  (click hands over each option by itself)
    context: Context,
    *,
    names: tuple[str, ...],
    reason: str | None,
    author: str | None,
    dry_run: bool,
    output: str,
) -> None:
    """End the leases of endpoints now, and say what that hands back."""
    changes = Changes(context, author, reason)
    _make(changes, once(names), ending, is_dry_run=dry_run, output=output)


def _make(
    changes: Changes, names: Sequence[str], propose: Propose, *, is_dry_run: bool, output: str
) -> None:
    """Make the changes and say what became of each. Exits with 1 if one was not made."""
    found = changes.make(names, propose, is_dry_run=is_dry_run)
    failures = [each.outcome for each in found if isinstance(each.outcome, Failure)]
    if len(found) == 1 and failures:
        raise failures[0]
    if output == "json":
        data = [words.as_data(each, is_dry_run=is_dry_run) for each in found]
        show_json(data if len(data) > 1 else data[0])
    elif len(found) > 1:
        _tell_each(found, changes, is_dry_run=is_dry_run)
    elif isinstance(found[0].outcome, Done):
        _tell_one(found[0].outcome, changes, is_dry_run=is_dry_run)
    if failures:
        raise SystemExit(1)


def _tell_one(done: Done, changes: Changes, *, is_dry_run: bool) -> None:
    if is_dry_run:
        for line in words.quoted(done, changes.now, own_zone()):
            say(line)
        return
    tell(words.answer(done, changes.later, own_zone()))
    for line in words.details(done):
        tell(dim(line))


def _tell_each(found: Sequence[Asked], changes: Changes, *, is_dry_run: bool) -> None:
    now = changes.now if is_dry_run else changes.later
    for each in found:
        match each.outcome:
            case Failure() as failure:
                complain(failure, f"{each.name}: ")
            case done:
                tell(words.line(done, now, own_zone(), is_dry_run=is_dry_run))
    tell(dim(words.together(found, is_dry_run=is_dry_run)))
