"""The token table in DynamoDB: which token belongs to whom, and until when.

The authorizer finds callers in it and `leasehold token` keeps it. A token is shown once, when it
is made; the table has its SHA-256 only, and no message, log or record of this module shows either.
AWS's errors end here. It must not know HTTP or git.

No secret is compared in Python, so there is no comparison to measure: DynamoDB finds a row by the
digest of what was presented, and how long that takes tells something of a digest at the most, from
which nobody gets to a token.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway.callers.token_record import ID_LENGTH, TokenRecord, digest, item_of, record_of, unfit
from ledger.errors import Refused, Unavailable
from ledger.instants import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from types_boto3_dynamodb import DynamoDBClient

    from gateway.principal import Principal

PREFIX = "lh_"
_PUBLIC_ID = re.compile(r"[0-9a-f]{4,64}")


class TokenTable:
    """One DynamoDB table. Every method raises `Unavailable` (LH4207) when AWS does not answer."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        self._client = client
        self.table_name = table_name

    def create(
        self, principal: Principal, now: datetime, expires_at: datetime | None = None
    ) -> tuple[str, TokenRecord]:
        """Make a new token, without an end or until `expires_at`, aware and in UTC.

        Its text is in this answer and nowhere else. Raises as `put`.
        """
        token = PREFIX + secrets.token_urlsafe(32)
        return token, self.put(token, principal, now, expires_at)

    def put(
        self, token: str, principal: Principal, now: datetime, expires_at: datetime | None = None
    ) -> TokenRecord:
        """Store a token that was chosen elsewhere, such as a pass code that people already use.

        Raises Refused LH4203 for one that is unfit or in use, LH4204 for an end in the past, and
        Unavailable LH4207.
        """
        if problem := unfit(token):
            raise Refused("LH4203", problem)
        if expires_at is not None and expires_at <= now:
            raise Refused("LH4204", f"{stamp(expires_at)} is in the past: give a later expiry.")
        item = item_of(digest(token), principal, now, expires_at)
        if not self._add(item):
            text = "this token is in use already: revoke it first, or choose another."
            raise Refused("LH4203", text)
        return record_of(item)

    def adopt(self, token: str, principal: Principal, now: datetime) -> bool:
        """Store a token that was stored elsewhere; False when it is here, with whatever holder.

        Raises Refused LH4203 for one that is unfit, Unavailable LH4207.
        """
        if problem := unfit(token):
            raise Refused("LH4203", problem)
        return self._add(item_of(digest(token), principal, now, None))

    def holds(self, token: str) -> bool:
        """Tell whether a token is here, expired or not."""
        return bool(self._row(token))

    def find(self, token: str, now: datetime) -> TokenRecord | None:
        """Find who holds a token; expired is absent, even while DynamoDB still keeps the row."""
        row = self._row(token)
        record = record_of(row) if row else None
        return None if record is None or record.is_expired(now) else record

    def list(self) -> tuple[TokenRecord, ...]:
        """Return every record, expired ones too, the oldest first."""
        records = [record_of(row) for row in self._rows()]
        return tuple(sorted(records, key=lambda record: (record.created_at, record.token_id)))

    def revoke(self, token_id: str) -> str:
        """Delete the one token whose id is this or begins so; answer its whole id.

        Raises Refused LH4205 for none or several, Unavailable LH4207.
        """
        if not _PUBLIC_ID.fullmatch(token_id):
            raise Refused("LH4205", f"{token_id!r:.80} is no token id: give 4 or more of 0-9, a-f.")
        hashes = [str(row["token_hash"]["S"]) for row in self._rows()]
        found = [each for each in hashes if each.startswith(token_id)]
        if len(found) != 1:
            raise Refused("LH4205", _which(token_id, found))
        with self._aws("revoke a token"):
            self._client.delete_item(TableName=self.table_name, Key={"token_hash": {"S": found[0]}})
        return found[0][:ID_LENGTH]

    def ensure_table(self) -> None:
        """Make the table where it is missing; in an AWS account the CDK app makes it."""
        with self._aws("make the token table"):
            try:
                self._client.create_table(
                    TableName=self.table_name,
                    AttributeDefinitions=[{"AttributeName": "token_hash", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "token_hash", "KeyType": "HASH"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            except self._client.exceptions.ResourceInUseException:
                return
            self._client.get_waiter("table_exists").wait(TableName=self.table_name)
            self._client.update_time_to_live(
                TableName=self.table_name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at_epoch"},
            )

    def _add(self, item: dict[str, Any]) -> bool:
        with self._aws("store a token"):
            try:
                self._client.put_item(
                    TableName=self.table_name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(token_hash)",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _row(self, token: str) -> Mapping[str, Any]:
        with self._aws("look up a token"):
            answer = self._client.get_item(
                TableName=self.table_name,
                Key={"token_hash": {"S": digest(token)}},
                ConsistentRead=True,  # what was revoked a moment ago is gone
            )
        return answer.get("Item", {})

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        with self._aws("read the token table"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self.table_name, ConsistentRead=True
            )
            for page in pages:
                yield from page["Items"]

    @contextmanager
    def _aws(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            text = f"could not {doing} ({self.table_name}): {error}"
            raise Unavailable("LH4207", text) from error


def _which(token_id: str, found: list[str]) -> str:
    if not found:
        return f"there is no token {token_id!r}: `leasehold token list` shows them."
    ids = ", ".join(sorted(each[:ID_LENGTH] for each in found))
    return f"{token_id!r} may be any of {ids}: give more of its characters."
