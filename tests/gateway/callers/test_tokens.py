"""The token table, in a DynamoDB that is reached over HTTP."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway import callers
from gateway.callers.tokens import TokenTable
from gateway.principal import Principal, Scope
from ledger.errors import Refused, Unavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA = Principal("Ana", "ana@example.com", frozenset({Scope.EXTEND, Scope.READ}))
BEN = Principal("Ben", "ben@example.com", frozenset({Scope.ADMIN}))


def test_a_new_token_is_found_by_its_text_and_by_nothing_else(table: TokenTable) -> None:
    token, record = table.create(ANA, NOON)
    assert table.find(token, NOON) == record
    assert record.principal == ANA
    assert record.created_at == NOON
    assert table.find(f"{token}x", NOON) is None
    assert table.find(record.token_id, NOON) is None


def test_tokens_are_long_and_never_the_same(table: TokenTable) -> None:
    tokens = [table.create(ANA, NOON)[0] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert all(token.startswith("lh_") and len(token) == 46 for token in tokens)


def test_the_table_has_the_hash_of_a_token_and_never_the_token(
    table: TokenTable, table_name: str, dynamodb: DynamoDBClient
) -> None:
    token, record = table.create(ANA, NOON, NOON + HOUR)
    (row,) = dynamodb.scan(TableName=table_name)["Items"]
    assert token not in repr(row)
    assert token.removeprefix("lh_") not in repr(row)
    assert row["token_hash"]["S"].startswith(record.token_id)
    assert len(row["token_hash"]["S"]) == 64
    assert row["created_at"] == {"S": "2026-11-23T12:00:00Z"}
    assert row["expires_at"] == {"S": "2026-11-23T13:00:00Z"}
    assert row["expires_at_epoch"] == {"N": str(int((NOON + HOUR).timestamp()))}
    assert row["scopes"] == {"SS": ["extend", "read"]}


def test_an_expired_token_is_absent_while_its_row_is_still_there(table: TokenTable) -> None:
    token, record = table.create(ANA, NOON, NOON + HOUR)
    assert table.find(token, NOON + HOUR - timedelta(seconds=1)) == record
    assert table.find(token, NOON + HOUR) is None
    assert table.list() == (record,)


def test_a_token_without_an_expiry_does_not_end(table: TokenTable) -> None:
    token, record = table.create(ANA, NOON)
    assert table.find(token, NOON + timedelta(days=3650)) == record


@pytest.mark.parametrize("expires_at", [NOON, NOON - HOUR])
def test_a_token_that_is_over_at_once_is_refused(table: TokenTable, expires_at: datetime) -> None:
    with pytest.raises(Refused, match="LH4204"):
        table.create(ANA, NOON, expires_at)
    assert table.list() == ()


def test_a_pass_code_that_people_already_use_can_be_stored(table: TokenTable) -> None:
    record = table.put("correct horse battery", BEN, NOON)
    assert table.find("correct horse battery", NOON) == record


def test_a_pass_code_is_never_given_to_a_second_person(table: TokenTable) -> None:
    record = table.put("correct horse battery", BEN, NOON)
    with pytest.raises(Refused, match="LH4203"):
        table.put("correct horse battery", ANA, NOON)
    assert table.find("correct horse battery", NOON) == record


@pytest.mark.parametrize(
    "token",
    [
        "",
        "short",
        " leading-blank",
        "trailing-blank ",
        "line\nbreak-inside",
        "tab\tinside-it",
        "pässwörter-sind-so",
        "Bearer some-token",
        "bearer  some-token",
        "x" * 4097,
    ],
)
def test_a_pass_code_that_no_header_would_bring_back_is_refused(
    table: TokenTable, token: str
) -> None:
    with pytest.raises(Refused, match="LH4203") as refused:
        table.put(token, ANA, NOON)
    assert not token or token not in refused.value.message


def test_a_token_that_was_stored_elsewhere_is_adopted_once(table: TokenTable) -> None:
    assert not table.holds("correct horse battery")
    assert table.adopt("correct horse battery", BEN, NOON)
    assert table.holds("correct horse battery")
    assert not table.adopt("correct horse battery", ANA, NOON + HOUR)
    record = table.find("correct horse battery", NOON)
    assert record is not None
    assert (record.principal, record.created_at, record.expires_at) == (BEN, NOON, None)
    with pytest.raises(Refused, match="LH4203"):
        table.adopt("short", ANA, NOON)


def test_a_token_that_is_over_is_still_held_and_cannot_be_adopted(table: TokenTable) -> None:
    token, record = table.create(ANA, NOON, NOON + HOUR)
    assert table.holds(token)
    assert not table.adopt(token, BEN, NOON + HOUR)
    assert table.list() == (record,)


def test_the_list_has_every_record_oldest_first_over_many_pages(
    table: TokenTable, table_name: str, dynamodb: DynamoDBClient
) -> None:
    made = [table.create(ANA, NOON + timedelta(minutes=minute))[1] for minute in range(5)]
    for row in dynamodb.scan(TableName=table_name)["Items"]:
        note = {"note": {"S": "x" * 300_000}}  # a page of DynamoDB ends after one megabyte
        dynamodb.put_item(TableName=table_name, Item={**row, **note})
    assert "LastEvaluatedKey" in dynamodb.scan(TableName=table_name)
    assert table.list() == tuple(made)


def test_a_revoked_token_is_gone_at_once_and_no_other(table: TokenTable) -> None:
    token, record = table.create(ANA, NOON)
    other, kept = table.create(BEN, NOON)
    assert table.revoke(record.token_id) == record.token_id
    assert table.find(token, NOON) is None
    assert table.find(other, NOON) == kept


def test_an_unambiguous_beginning_of_an_id_is_enough_to_revoke(table: TokenTable) -> None:
    token, record = table.create(ANA, NOON)
    assert table.revoke(record.token_id[:4]) == record.token_id
    assert table.find(token, NOON) is None


def test_an_ambiguous_id_revokes_nothing_and_names_the_candidates(
    table: TokenTable, table_name: str, dynamodb: DynamoDBClient
) -> None:
    hashes = ["abcd01" + "0" * 58, "abcd02" + "0" * 58]
    for each in hashes:
        dynamodb.put_item(TableName=table_name, Item={"token_hash": {"S": each}})
    with pytest.raises(Refused, match=r"LH4205.*abcd01000000, abcd02000000"):
        table.revoke("abcd")
    assert dynamodb.scan(TableName=table_name)["Count"] == 2
    assert table.revoke("abcd02") == "abcd02000000"


@pytest.mark.parametrize("token_id", ["0123456789ab", "", "abc", "%", "ABCDEF", "lh_token"])
def test_an_unknown_or_malformed_id_is_refused(table: TokenTable, token_id: str) -> None:
    _, record = table.create(ANA, NOON)
    with pytest.raises(Refused, match="LH4205"):
        table.revoke(token_id)
    assert table.list() == (record,)


@pytest.mark.parametrize(
    "damage",
    [
        {"name": {"S": "Ana\nRequest-Id: 1"}},
        {"email": {"S": "ana"}},
        {"scopes": {"SS": ["everything"]}},
        {"scopes": {"S": "admin"}},
        {"expires_at": {"S": "next year"}},
        {"expires_at": {"S": "2026-11-23 13:00"}},
        {"created_at": {"N": "7"}},
    ],
)
def test_a_row_damaged_by_hand_admits_nobody_and_can_be_revoked(
    table: TokenTable, table_name: str, dynamodb: DynamoDBClient, damage: dict[str, dict[str, str]]
) -> None:
    token, record = table.create(ANA, NOON, NOON + HOUR)
    (row,) = dynamodb.scan(TableName=table_name)["Items"]
    dynamodb.put_item(TableName=table_name, Item={**row, **damage})
    with pytest.raises(Refused, match=f"LH4206.*{record.token_id}"):
        table.find(token, NOON)
    assert table.revoke(record.token_id) == record.token_id
    assert table.find(token, NOON) is None


def test_to_ensure_the_table_twice_keeps_what_is_in_it(
    table: TokenTable, table_name: str, dynamodb: DynamoDBClient
) -> None:
    _, record = table.create(ANA, NOON)
    table.ensure_table()
    assert table.list() == (record,)
    living = dynamodb.describe_time_to_live(TableName=table_name)["TimeToLiveDescription"]
    assert living == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at_epoch"}


def test_a_table_out_of_reach_is_unavailable_and_never_an_empty_one(
    table_out_of_reach: TokenTable,
) -> None:
    calls = (
        lambda: table_out_of_reach.find("lh_some-token", NOON),
        lambda: table_out_of_reach.create(ANA, NOON),
        table_out_of_reach.list,
        lambda: table_out_of_reach.revoke("0123456789ab"),
        table_out_of_reach.ensure_table,
    )
    for call in calls:
        with pytest.raises(Unavailable, match="LH4207") as unavailable:
            call()
        assert "lh_some-token" not in str(unavailable.value)


class Incomparable(str):
    """A text that nobody may compare: how long that takes would tell how much of it was right."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise AssertionError("a secret was compared")

    __ne__ = __eq__
    __hash__ = str.__hash__


def test_a_token_is_found_and_missed_without_comparing_it(table: TokenTable) -> None:
    token, record = table.create(ANA, NOON)
    assert table.find(Incomparable(token), NOON) == record
    assert table.find(Incomparable(f"{token[:-1]}~"), NOON) is None


@pytest.mark.parametrize(
    "module",
    [
        "tokens",
        "token_record",
        "legacy_tokens",
        "token_migration",
        "authorizer",
        "jwt_issuer",
        "identify",
    ],
)
def test_no_module_at_the_door_compares_a_secret(module: str) -> None:
    """Lookups are by digest, in DynamoDB; an `==` would be one that can be timed."""
    source = Path(str(callers.__path__[0]), f"{module}.py").read_text()
    compared = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(each, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for each in node.ops)
        and any(_is_secret(side) for side in (node.left, *node.comparators))
    ]
    assert compared == []


def _is_secret(side: ast.expr) -> bool:
    match side:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name in {"token", "secret", "password", "header", "signature", "text"}
        case _:
            return False


def test_a_table_that_does_not_exist_is_unavailable(dynamodb: DynamoDBClient) -> None:
    with pytest.raises(Unavailable, match="LH4207"):
        TokenTable(dynamodb, "no-such-table").find("lh_some-token", NOON)
