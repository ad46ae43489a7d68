"""`leasehold token`: who may call the gateway. The token itself is shown once, when it is made."""

from datetime import timedelta
from typing import Any

import click

from gateway.callers.token_record import TokenRecord
from gateway.callers.tokens import TokenTable
from gateway.principal import Principal, Scope
from leasehold import git_author
from leasehold.console import note, output_option, say, show_json, show_table
from leasehold.context import Context, clock, connected
from leasehold.migration import migrate
from leasehold.times import utc
from ledger.lease import relative, stamp

_MOST_DAYS = 36_500  # a hundred years


@click.group
def token() -> None:
    """Make, list, revoke and take over the gateway's tokens."""


@token.command
@connected
@click.option("--for", "whom", metavar='"NAME <EMAIL>"', help="Who will hold it; by default you.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([str(scope) for scope in Scope]),
    default=["read", "extend"],
    show_default=True,
    help="What it allows; may be repeated.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Endpoints that it is for, such as 'demo-Falcon*', or by their owners, such as"
    " owner:ana@example.com; may be repeated. Else all.",
)
@click.option(
    "--days",
    type=click.IntRange(0, _MOST_DAYS),
    default=90,
    show_default=True,
    help="How long it is valid; 0 is until somebody revokes it.",
)
@output_option
def create(  # noqa: PLR0913 - one for each option
    context: Context,
    *,
    whom: str | None,
    scopes: tuple[str, ...],
    only: tuple[str, ...],
    days: int,
    output: str,
) -> None:
    """Make a token for a person. The table keeps its hash only, so copy it now."""
    person = git_author.author(whom)
    principal = Principal(person.name, person.email, frozenset(map(Scope, scopes)), frozenset(only))
    now = clock().replace(microsecond=0)
    expires_at = now + timedelta(days=days) if days else None
    text, record = _table(context).create(principal, now, expires_at)
    if output == "json":
        show_json({"token": text, **_as_data(record)})
        return
    say(text)
    note(f"token {record.token_id} for {principal.name}; it is not shown again.")


@token.command("list")
@connected
@output_option
def list_(context: Context, *, output: str) -> None:
    """Show the tokens: their ids, holders and scopes."""
    records, now = _table(context).list(), clock()
    if output == "json":
        show_json([_as_data(record) for record in records])
        return
    rows = [
        (
            record.token_id,
            record.principal.name,
            record.principal.email,
            ", ".join(sorted(record.principal.scopes)),
            ", ".join(sorted(record.principal.only)) or "all",
            utc(record.created_at),
            relative(record.expires_at, now) if record.expires_at else "never",
        )
        for record in records
    ]
    show_table(("ID", "NAME", "EMAIL", "SCOPES", "ONLY", "MADE", "EXPIRES"), rows)


@token.command
@connected
@click.argument("token_id", metavar="ID")
def revoke(context: Context, *, token_id: str) -> None:
    """Revoke the token with this ID, or the beginning of one.

    The gateway remembers a token that it has just seen for half a minute.
    """
    say(f"Token {_table(context).revoke(token_id)} is revoked.")


token.add_command(migrate)


def _table(context: Context) -> TokenTable:
    fleet = context.fleet(context.repository().read())
    return context.tokens(fleet)


def _as_data(record: TokenRecord) -> dict[str, Any]:
    return {
        "id": record.token_id,
        "name": record.principal.name,
        "email": record.principal.email,
        "scopes": sorted(record.principal.scopes),
        "only": sorted(record.principal.only) or None,
        "created_at": stamp(record.created_at),
        "expires_at": stamp(record.expires_at) if record.expires_at else None,
    }
