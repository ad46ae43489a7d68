"""`environment.json` for the predecessor's settings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leasehold.predecessor.configs import Configs
from leasehold.predecessor.fitting import fits, fitted
from leasehold.predecessor.found import TokensFound
from leasehold.predecessor.notes import Note, absent, note

_PREFIX_LIMIT = 30
_CEILING = 10_080  # minutes: what an environment allows that says nothing
_MOST_MINUTES = 525_600
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What the predecessor's file does not say, and whoever imports it has to."""

    environment: str
    ledger_id: str
    execution_role_arn: str
    region_name: str
    async_output_path: str | None = None


def prefix_of(configs: Configs) -> str:
    """Return the prefix that the environment gets: the former one, where it may have it."""
    former = configs.project_prefix
    if fits("environment", "project_prefix", value=former):
        return former
    return fitted(former, _PREFIX_LIMIT) or "project"


def settings(
    configs: Configs, wish: Wish, tokens: TokensFound
) -> tuple[dict[str, Any], list[Note]]:
    """Return the fields of `environment.json`, and where the file's own went."""
    prefix, table = prefix_of(configs), _table(configs, wish)
    fields: dict[str, Any] = {
        "ledger_id": wish.ledger_id,
        "project_prefix": prefix,
        "region_name": wish.region_name,
        "ddb_auth_table_name": table,
        "execution_role_arn": wish.execution_role_arn,
    }
    if wish.async_output_path:
        fields["async_output_path"] = wish.async_output_path
    if not tokens.is_absent:
        fields["identities"] = {"legacy_token_table": configs.token_table}
    return fields, [
        _prefix_note(configs.project_prefix, prefix),
        note("region_name", configs.region_name, f"region_name {wish.region_name}"),
        _table_note(configs, tokens, table),
        absent(
            "execution_role_arn", f"{wish.execution_role_arn}: the former one goes with its stack"
        ),
    ]


def ceiling(latest: datetime | None, now: datetime) -> Mapping[str, Any]:
    """Return the limits of an environment that has a lease longer than it would allow."""
    minutes = -int((now - latest).total_seconds() // _MINUTE) if latest else 0
    return {"max_lease_minutes": min(minutes, _MOST_MINUTES)} if minutes > _CEILING else {}


def _table(configs: Configs, wish: Wish) -> str:
    """Name the table of hashes, which cannot be the predecessor's: its key is another."""
    name = f"{prefix_of(configs)}-{wish.environment}-tokens"
    return f"{name}-2" if name == configs.token_table else name


def _prefix_note(former: str, prefix: str) -> Note:
    if former == prefix:
        return note("project_prefix", former, "project_prefix")
    now = f"{prefix}, for the former one is none that a prefix may be; endpoints keep their names"
    return note("project_prefix", former, now, look=True)


def _table_note(configs: Configs, tokens: TokensFound, table: str) -> Note:
    field, was = "ddb_auth_table_name", configs.token_table
    if tokens.is_absent:
        now = f"left out, for there is no such table; tokens are made anew in {table}"
        return note(field, was, now, look=True)
    kept = f"identities.legacy_token_table: its {'' if tokens.problem else _count(tokens)}tokens"
    now = f"{kept} stay valid; `leasehold token migrate` moves them to {table}"
    if not configs.names_table:
        return absent(field, f"by default {was}: {now}")
    return note(field, was, now)


def _count(tokens: TokensFound) -> str:
    return f"{tokens.count} " if tokens.count else ""
