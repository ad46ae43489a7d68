"""How a target's bytes become what strangers send: fields, texts, events, a ledger in memory."""

from __future__ import annotations

# ruff: noqa: ARG002 - the signatures of the repository
import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ledger.repository import (
    Change,
    CommitRecord,
    Committed,
    Page,
    Person,
    Place,
    Proposal,
    Snapshot,
)
from ledger.snapshot import check

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEGIN = "5" * 40
ROOM = "environments/dev"
ENVIRONMENT = b"""{"project_prefix": "demo", "region_name": "eu-west-1",
 "execution_role_arn": "arn:aws:iam::123456789012:role/leasehold"}"""
DEFINITION = b"""{"name": "Falcon40B", "endpoint_config_name": "falcon", "inference_type":
 "realtime", "schedule": {"initial_provision_minutes": 60}}"""
LEASE = b'{"expires_at": "2026-11-23T13:00:00Z"}'
FILES = {
    f"{ROOM}/environment.json": ENVIRONMENT,
    f"{ROOM}/Falcon40B.endpoint.json": DEFINITION,
    f"{ROOM}/Falcon40B.lease.json": LEASE,
}
_BETWEEN = b"\x1e"


def fields(data: bytes, count: int) -> list[bytes]:
    """Split at record separators; the last field has the rest, and what is missing is empty."""
    found = data.split(_BETWEEN, count - 1)
    return found + [b""] * (count - len(found))


def joined(*parts: str | bytes) -> bytes:
    """Make a seed of fields."""
    return _BETWEEN.join(each if isinstance(each, bytes) else each.encode() for each in parts)


def text(data: bytes) -> str:
    """Any text there is: what is no UTF-8 becomes half of a surrogate pair."""
    return data.decode(errors="surrogateescape")


def body(data: bytes) -> dict[str, Any]:
    """Put a body into an event: as text, as base64, or as base64 that may be none."""
    match data[:1]:
        case b"b":
            return {"body": base64.b64encode(data[1:]).decode(), "isBase64Encoded": True}
        case b"?":
            return {"body": text(data[1:]), "isBase64Encoded": True}
        case _:
            return {"body": text(data), "isBase64Encoded": False}


class MemoryLedger:
    """What the gateway asks of a repository, without git: one commit, and what is made of it."""

    def __init__(self) -> None:
        self._snapshots = {BEGIN: Snapshot(BEGIN, dict(FILES), NOON)}
        self._records = [CommitRecord(BEGIN, Person("Ben", "ben@example.com"), NOON, "begin")]

    def read(self) -> Snapshot:
        return self._snapshots[self._records[0].commit]

    def commit(self, proposal: Proposal, *, deadline_seconds: float = 20.0) -> Committed:
        change = proposal(self.read())
        check(change, "environments/")
        return self._accepted(change)

    def _accepted(self, change: Change) -> Committed:
        commit = f"{len(self._records):040x}"
        files = {**self.read().files, **change.files}
        kept = {path: content for path, content in files.items() if content is not None}
        self._snapshots[commit] = replace(self.read(), commit=commit, files=kept)
        written = frozenset(change.files)
        record = CommitRecord(commit, change.author, NOON, change.message, written)
        self._records.insert(0, record)
        return Committed(commit, self.read(), change)

    def at(self, commit: str) -> Snapshot:
        return self._snapshots[commit]

    def answers(self, request_id: str, snapshot: Snapshot | None = None) -> list[CommitRecord]:
        asked = f"\nRequest-Id: {request_id}\n"
        return [each for each in self._records if asked in each.message]

    def page(self, path: str, limit: int, begin: Place | None = None) -> Page:
        return Page(self._records[:limit], None)

    def last_change(self, path: str, snapshot: Snapshot) -> CommitRecord | None:
        return next((each for each in self._records if path in each.files), None)

    def find(self, prefix: str) -> CommitRecord | None:
        return next((each for each in self._records if each.commit.startswith(prefix)), None)

    def descends(self, commit: str, ancestor: str) -> bool:
        return commit == ancestor
