"""Ids that nobody can guess and no two share. Not pure: each call gives another one."""

import secrets

_BYTES = 8


def new_ledger_id() -> str:
    """Return an id for a ledger, 16 hexadecimal digits, as `environment.json` has it."""
    return secrets.token_hex(_BYTES)
