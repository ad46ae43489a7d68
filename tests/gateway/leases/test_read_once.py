"""A request reads the fleet of each snapshot that it meets once, and one that is known not at all.

Putting a fleet of thousands together takes as long as the rest of an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger import holdings
from tests.gateway.api import FALCON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.gateway.api import Api


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep the environment of every fleet that is put together from now on."""
    seen: list[str] = []
    sort = holdings._documents

    def counted(files: Mapping[str, bytes], environment: str) -> Any:  # noqa: ANN401
        seen.append(environment)
        return sort(files, environment)

    monkeypatch.setattr(holdings, "_documents", counted)
    return seen


def test_a_ledger_that_does_not_move_is_read_once(api: Api, reads: list[str]) -> None:
    for _ in range(3):
        assert api.read(FALCON).status == api.read().status == 200
    assert len(reads) == 1


def test_extensions_leave_what_need_not_be_read_again(api: Api, reads: list[str]) -> None:
    for _ in range(3):
        tag = api.read(FALCON).body["Commit"]
        assert api.extend(headers={"If-Match": f'"{tag}"'}).status == 200
        assert len(reads) == 1


def test_a_repeated_request_and_the_history_read_nothing_more_than_they_show(
    api: Api, reads: list[str]
) -> None:
    key = {"Idempotency-Key": "k-1"}
    api.extend(headers=key)
    del reads[:]
    assert api.extend(headers=key).status == 200
    path = "/prod/endpoint-expiry/history"
    assert api.send("GET", query={"EndpointName": FALCON}, path=path).status == 200
    assert len(reads) == 1  # the files as of the first answer's commit


def test_a_dry_run_reads_what_it_looked_at_and_what_it_would_leave(
    api: Api, reads: list[str]
) -> None:
    api.read()
    answer = api.extend(minutes=10, query={"dry_run": "true"})
    assert answer.body["ExpiresAt"] == "2026-11-23T13:10:00Z"
    assert len(reads) == 2
