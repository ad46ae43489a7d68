"""Where the ledger is, by variables."""

from __future__ import annotations

import pytest

from ledger.settings import LedgerSettings


@pytest.mark.parametrize("secret_id", ["leasehold/git", None])
def test_where_the_ledger_is_reads_the_same_from_the_variables(secret_id: str | None) -> None:
    settings = LedgerSettings("dev", "https://git.example.com/fleet.git", "fleet", secret_id)
    assert LedgerSettings.from_env(settings.variables()) == settings
