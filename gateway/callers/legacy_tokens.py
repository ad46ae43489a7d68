"""The predecessor's token table, where a token is the key in plain text.

The authorizer looks into it when an environment names one (`identities.legacy_token_table`), and
`leasehold token migrate` reads it to end that. Nothing is known of a holder there: a row's own
`name` and `email` count where it has them, and all rows have the same scopes. It knows no end of a
token either. No message, log or record of this module shows a token.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway.callers.token_record import public_id
from gateway.principal import Principal, Scope
from ledger.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_dynamodb import DynamoDBClient

SCOPES = frozenset({Scope.READ, Scope.EXTEND, Scope.RELEASE, Scope.ADD, Scope.INVOKE})
_LONGEST_KEY = 2048  # bytes; DynamoDB refuses to look for more


@dataclass(frozen=True, slots=True)
class PlainToken:
    """A row: the token, which `repr` leaves out, and who holds it, or why nobody can."""

    text: str = field(repr=False)
    public_id: str
    principal: Principal | None
    problem: str = ""


class LegacyTokens:
    """One such table. Every method raises `Unavailable` (LH4218) when AWS does not answer."""

    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        _keep_bodies_out_of_the_log()
        self._client = client
        self.table_name = table_name

    def find(self, token: str) -> PlainToken | None:
        """Find a token's row. DynamoDB compares keys, by their hash: nothing here does."""
        if len(token.encode()) > _LONGEST_KEY:
            return None
        with self._aws("look up a token"):
            answer = self._client.get_item(
                TableName=self.table_name, Key={"token": {"S": token}}, ConsistentRead=True
            )
        return _plain(answer["Item"]) if "Item" in answer else None

    def read(self) -> tuple[PlainToken, ...]:
        """Return every row, in the order of the public ids.

        Raises Refused LH4219 for another table, Unavailable LH4218.
        """
        with self._aws("read the table"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self.table_name, ConsistentRead=True
            )
            rows = [row for page in pages for row in page["Items"]]
        if any(set(row.get("token", {})) != {"S"} for row in rows):
            raise Refused(
                "LH4219", f"{self.table_name} has rows without a token: it is another table."
            )
        return tuple(sorted(map(_plain, rows), key=lambda each: each.public_id))

    def remove(self, token: str) -> None:
        with self._aws("remove a token"):
            self._client.delete_item(TableName=self.table_name, Key={"token": {"S": token}})

    @contextmanager
    def _aws(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            text = f"could not {doing} ({self.table_name}): {type(error).__name__}"
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
            # AWS's own words could quote a key, and here keys are tokens.
            raise Unavailable("LH4218", f"{text} {code}".rstrip()) from None


def _plain(row: Mapping[str, Any]) -> PlainToken:
    text = str(row["token"]["S"])
    known_as = public_id(text)
    name = row.get("name", {}).get("S", f"Token {known_as}")
    email = row.get("email", {}).get("S", f"token-{known_as}@legacy.invalid")
    try:
        return PlainToken(text, known_as, Principal(name, email, SCOPES))
    except Refused as refused:
        return PlainToken(text, known_as, None, refused.message)


def _keep_bodies_out_of_the_log() -> None:
    """Keep botocore from its debug log, which has every request and answer, and here the tokens."""
    logger = logging.getLogger("botocore")
    logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))
