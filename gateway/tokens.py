"""The token table in DynamoDB: which token belongs to whom, and until when.

The authorizer finds callers in it and `leasehold token` keeps it. A token is shown once, when it
is made; the table has its SHA-256 only, and no message, log or record of this module shows either.
AWS's errors end here. It must not know HTTP or git.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway.principal import Principal, scopes_from
from ledger.errors import Refused, Unavailable
from ledger.lease import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_dynamodb import DynamoDBClient

PREFIX = "lh_"
LONGEST_TOKEN = 4096
_ID_LENGTH = 12
_PUBLIC_ID = re.compile(r"[0-9a-f]{4,64}")
# What a client can put into an Authorization header and the authorizer reads back unchanged.
_CHOSEN = re.compile(r"(?![Bb][Ee][Aa][Rr][Ee][Rr]( |$))[!-~]([ -~]*[!-~])?")
_SHORTEST_CHOSEN = 8


@dataclass(frozen=True)
class TokenRecord:
    """What the table tells of a token; `token_id` is public and cannot be used to call the API."""

    token_id: str
    principal: Principal
    created_at: datetime
    expires_at: datetime | None = None

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at


class TokenTable:
    """One DynamoDB table. Every method raises `Unavailable` (LH4207) when AWS does not answer."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self._name = table_name

    def create(
        self, principal: Principal, now: datetime, expires_at: datetime | None = None
    ) -> tuple[str, TokenRecord]:
        """Make a new token; its text is in this answer and nowhere else."""
        token = PREFIX + secrets.token_urlsafe(32)
        return token, self.put(token, principal, now, expires_at)

    def put(
        self, token: str, principal: Principal, now: datetime, expires_at: datetime | None = None
    ) -> TokenRecord:
        """Store a token that was chosen elsewhere, such as a pass code that people already use."""
        _check_chosen(token)
        if expires_at is not None and expires_at <= now:
            raise Refused("LH4204", f"{stamp(expires_at)} is over: give an expiry in the future.")
        item = _item(_hash(token), principal, now, expires_at)
        with self._aws("store a token"):
            try:
                self._client.put_item(
                    TableName=self._name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(token_hash)",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                text = "this token is in use already: revoke it first, or choose another."
                raise Refused("LH4203", text) from error
        return _record(item)

    def find(self, token: str, now: datetime) -> TokenRecord | None:
        """Find who holds a token; expired is absent, even while DynamoDB still keeps the row."""
        with self._aws("look up a token"):
            answer = self._client.get_item(
                TableName=self._name,
                Key={"token_hash": {"S": _hash(token)}},
                ConsistentRead=True,  # what was revoked a moment ago is gone
            )
        record = _record(answer["Item"]) if "Item" in answer else None
        return None if record is None or record.is_expired(now) else record

    def list(self) -> tuple[TokenRecord, ...]:
        """Answer every record, expired ones too, the oldest first."""
        records = [_record(row) for row in self._rows()]
        return tuple(sorted(records, key=lambda record: (record.created_at, record.token_id)))

    def revoke(self, token_id: str) -> str:
        """Delete the one token whose id is this or begins so; answer its whole id."""
        if not _PUBLIC_ID.fullmatch(token_id):
            raise Refused("LH4205", f"{token_id!r:.80} is no token id: give 4 or more of 0-9, a-f.")
        hashes = [str(row["token_hash"]["S"]) for row in self._rows()]
        found = [each for each in hashes if each.startswith(token_id)]
        if len(found) != 1:
            raise Refused("LH4205", _which(token_id, found))
        with self._aws("revoke a token"):
            self._client.delete_item(TableName=self._name, Key={"token_hash": {"S": found[0]}})
        return found[0][:_ID_LENGTH]

    def ensure_table(self) -> None:
        """Make the table where it is missing; in an AWS account the CDK app makes it."""
        with self._aws("make the token table"):
            try:
                self._client.create_table(
                    TableName=self._name,
                    AttributeDefinitions=[{"AttributeName": "token_hash", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "token_hash", "KeyType": "HASH"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            except self._client.exceptions.ResourceInUseException:
                return
            self._client.get_waiter("table_exists").wait(TableName=self._name)
            self._client.update_time_to_live(
                TableName=self._name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at_epoch"},
            )

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        with self._aws("read the token table"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._name, ConsistentRead=True
            )
            for page in pages:
                yield from page["Items"]

    @contextmanager
    def _aws(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            text = f"could not {doing} ({self._name}): {error}"
            raise Unavailable("LH4207", text) from error


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_chosen(token: str) -> None:
    """Refuse what could never come back; no message repeats the token."""
    if not _SHORTEST_CHOSEN <= len(token) <= LONGEST_TOKEN or not _CHOSEN.fullmatch(token):
        text = (
            f"a chosen token has {_SHORTEST_CHOSEN} to {LONGEST_TOKEN} printable ASCII characters,"
            " no blank at its ends and no `Bearer` before it."
        )
        raise Refused("LH4203", text)


def _which(token_id: str, found: list[str]) -> str:
    if not found:
        return f"there is no token {token_id!r}: `leasehold token list` shows them."
    ids = ", ".join(sorted(each[:_ID_LENGTH] for each in found))
    return f"{token_id!r} may be any of {ids}: give more of its characters."


def _item(
    token_hash: str, principal: Principal, now: datetime, expires_at: datetime | None
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "token_hash": {"S": token_hash},
        "token_id": {"S": token_hash[:_ID_LENGTH]},
        "name": {"S": principal.name},
        "email": {"S": principal.email},
        "scopes": {"SS": sorted(principal.scopes)},
        "created_at": {"S": stamp(now)},
    }
    if expires_at is not None:
        item["expires_at"] = {"S": stamp(expires_at)}
        item["expires_at_epoch"] = {"N": str(int(expires_at.timestamp()))}
    return item


def _record(item: Mapping[str, Any]) -> TokenRecord:
    """Read a row strictly: one that was edited by hand into nonsense admits nobody."""
    token_id = str(item["token_hash"]["S"])[:_ID_LENGTH]
    try:
        return TokenRecord(
            token_id,
            Principal(item["name"]["S"], item["email"]["S"], scopes_from(item["scopes"]["SS"])),
            _instant(item["created_at"]["S"]),
            _instant(item["expires_at"]["S"]) if "expires_at" in item else None,
        )
    except (KeyError, TypeError, ValueError, Refused) as error:
        text = f"the row of token {token_id} cannot be read ({error}): revoke it."
        raise Refused("LH4206", text) from error


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
