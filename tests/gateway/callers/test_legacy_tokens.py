"""The predecessor's table: its tokens at the door, and their way into the table of hashes."""

from __future__ import annotations

import logging
import traceback
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from gateway.callers import token_migration
from gateway.callers.authorizer import Authorizer, UnauthorizedError
from gateway.callers.legacy_tokens import LegacyTokens
from gateway.callers.token_migration import Fate
from gateway.callers.token_record import public_id
from gateway.principal import Principal, Scope
from ledger.errors import Refused, Unavailable
from ledger.identity_settings import Identities
from tests.gateway.conftest import dynamodb_at
from tests.gateway.door import NOON, Clock, api_behind, ask, event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient

    from gateway.callers.tokens import TokenTable

PASS_CODE = "correct horse battery"
NAMED = "the-pass-code-of-ana"
LIMITED = frozenset({Scope.READ, Scope.EXTEND, Scope.RELEASE, Scope.ADD, Scope.INVOKE})
HOLDER = Principal(
    f"Token {public_id(PASS_CODE)}", f"token-{public_id(PASS_CODE)}@legacy.invalid", LIMITED
)


@pytest.fixture(autouse=True)
def botocore_as_before() -> Iterator[None]:
    """A legacy table quiets botocore for the whole process; other tests read what it says."""
    before = logging.getLogger("botocore").level
    yield
    logging.getLogger("botocore").setLevel(before)


@pytest.fixture
def legacy_name(dynamodb: DynamoDBClient) -> str:
    """A table as the predecessor made it: the key is the token, and nothing else is needed."""
    name = f"auth-{uuid.uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "token", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "token", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    write(dynamodb, name, PASS_CODE)
    write(dynamodb, name, NAMED, name={"S": "Ana"}, email={"S": "ana@example.com"})
    return name


@pytest.fixture
def legacy(dynamodb: DynamoDBClient, legacy_name: str) -> LegacyTokens:
    return LegacyTokens(dynamodb, legacy_name)


@pytest.fixture
def door(table: TokenTable, dynamodb: DynamoDBClient, legacy_name: str) -> Authorizer:
    settings = Identities(legacy_token_table=legacy_name)
    return Authorizer.admitting(settings, dynamodb, table, Clock())


def write(dynamodb: DynamoDBClient, table: str, token: str, **more: Any) -> None:  # noqa: ANN401
    dynamodb.put_item(TableName=table, Item={"token": {"S": token}, **more})


def plain_rows(dynamodb: DynamoDBClient, table: str) -> set[str]:
    return {row["token"]["S"] for row in dynamodb.scan(TableName=table)["Items"]}


def admitted(door: Authorizer, token: str) -> Principal:
    return Principal.from_context(door(event(token), None)["context"])


# -- at the door


def test_a_plain_token_admits_its_holder_with_limited_scopes(door: Authorizer) -> None:
    with api_behind(door, Clock()) as api:
        answer = ask(api, PASS_CODE)
    assert answer.json() == [
        HOLDER.name,
        HOLDER.email,
        ["add", "extend", "invoke", "read", "release"],
    ]


def test_a_row_that_names_its_holder_is_believed_but_gives_no_more_scopes(
    door: Authorizer, dynamodb: DynamoDBClient, legacy_name: str
) -> None:
    assert admitted(door, NAMED) == Principal("Ana", "ana@example.com", LIMITED)
    write(dynamodb, legacy_name, "another-pass-code", scopes={"SS": ["admin"]})
    assert admitted(door, "another-pass-code").scopes == LIMITED


def test_an_environment_that_names_no_such_table_admits_nobody_from_it(
    table: TokenTable, dynamodb: DynamoDBClient, legacy_name: str
) -> None:
    with pytest.raises(UnauthorizedError):
        Authorizer.admitting(Identities(), dynamodb, table, Clock())(event(PASS_CODE), None)


def test_the_table_of_hashes_is_asked_first(door: Authorizer, table: TokenTable) -> None:
    ben = Principal("Ben", "ben@example.com", frozenset({Scope.READ}))
    table.put(PASS_CODE, ben, NOON)
    assert admitted(door, PASS_CODE) == ben


@pytest.mark.parametrize("token", ["unknown-pass-code", "x" * 2049, "x" * 4096, "é" * 1500])
def test_who_is_in_neither_table_is_unauthorized(door: Authorizer, token: str) -> None:
    with pytest.raises(UnauthorizedError):
        door(event(token), None)


@pytest.mark.parametrize("name", ["Ana\nLease-Action: grant", "", "Ana <root@example.com>"])
def test_a_row_that_no_commit_could_carry_admits_nobody(
    door: Authorizer, dynamodb: DynamoDBClient, legacy_name: str, name: str
) -> None:
    write(dynamodb, legacy_name, "hostile-pass-code", name={"S": name})
    with pytest.raises(Refused, match=f"LH4219.*{public_id('hostile-pass-code')}"):
        door(event("hostile-pass-code"), None)


def test_what_is_longer_than_any_key_is_in_no_table_and_dynamodb_is_not_asked() -> None:
    nowhere = LegacyTokens(dynamodb_at("http://127.0.0.1:1"), "auth")
    assert nowhere.find("x" * 2049) is None
    assert nowhere.find("é" * 1025) is None


def test_a_legacy_table_out_of_reach_lets_nobody_in_and_harms_no_other_token(
    table: TokenTable,
) -> None:
    nowhere = LegacyTokens(dynamodb_at("http://127.0.0.1:1"), "auth")
    door = Authorizer(table, Clock(), legacy=nowhere)
    token, record = table.create(HOLDER, NOON)
    assert door(event(token), None)["principalId"] == record.token_id
    with pytest.raises(Unavailable, match="LH4218"):
        door(event(PASS_CODE), None)


def test_no_log_and_no_error_ever_shows_a_plain_token(
    door: Authorizer,
    table: TokenTable,
    dynamodb: DynamoDBClient,
    legacy: LegacyTokens,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    said = [repr(door(event(PASS_CODE), None)), repr(legacy.read()), repr(legacy.find(PASS_CODE))]
    steps = token_migration.migrate(token_migration.plan(legacy, table), table, NOON)
    said.append(repr(steps))
    nowhere = LegacyTokens(dynamodb_at("http://127.0.0.1:1"), "auth")
    missing = LegacyTokens(dynamodb, "no-such-table")
    for broken in (nowhere, missing):
        for call in (broken.find, broken.remove):
            with pytest.raises(Unavailable) as unavailable:
                call(PASS_CODE)
            said.append("".join(traceback.format_exception(unavailable.value)))
    assert "ResourceNotFoundException" in said[-1]
    logging.getLogger("botocore").debug("what it would have logged")
    everything = "".join(said) + caplog.text
    assert public_id(PASS_CODE) in everything
    assert not [token for token in (PASS_CODE, NAMED) if token in everything]


# -- to the table of hashes


def test_a_plan_says_what_would_move_and_changes_nothing(
    legacy: LegacyTokens, table: TokenTable
) -> None:
    steps = token_migration.plan(legacy, table)
    assert [step.fate for step in steps] == [Fate.MOVE, Fate.MOVE]
    assert {step.token.public_id for step in steps} == {public_id(PASS_CODE), public_id(NAMED)}
    assert table.list() == ()


def test_a_migrated_token_has_the_same_holder_and_needs_the_old_table_no_more(
    legacy: LegacyTokens, table: TokenTable, dynamodb: DynamoDBClient
) -> None:
    token_migration.migrate(token_migration.plan(legacy, table), table, NOON)
    alone = Authorizer.admitting(Identities(), dynamodb, table, Clock())
    assert admitted(alone, PASS_CODE) == HOLDER
    assert admitted(alone, NAMED) == Principal("Ana", "ana@example.com", LIMITED)
    rows = dynamodb.scan(TableName=table.table_name)["Items"]
    assert not [token for token in (PASS_CODE, NAMED) if token in repr(rows)]


def test_a_second_migration_moves_nothing_and_leaves_holders_as_they_are(
    legacy: LegacyTokens, table: TokenTable
) -> None:
    first = token_migration.migrate(token_migration.plan(legacy, table), table, NOON)
    there = table.list()
    steps = token_migration.plan(legacy, table)
    assert [step.fate for step in steps] == [Fate.THERE, Fate.THERE]
    assert token_migration.migrate(steps, table, NOON) == first
    assert table.list() == there


def test_two_migrations_at_once_are_one(legacy: LegacyTokens, table: TokenTable) -> None:
    steps = token_migration.plan(legacy, table)
    token_migration.migrate(steps, table, NOON)
    assert {step.fate for step in token_migration.migrate(steps, table, NOON)} == {Fate.THERE}
    assert len(table.list()) == 2


def test_plain_rows_go_only_when_asked_and_only_if_they_moved(
    legacy: LegacyTokens, table: TokenTable, dynamodb: DynamoDBClient, legacy_name: str
) -> None:
    write(dynamodb, legacy_name, "short")
    plan = token_migration.plan(legacy, table)
    assert token_migration.remove_plain(plan, legacy) == 0, "nothing has moved yet"
    steps = token_migration.migrate(plan, table, NOON)
    assert plain_rows(dynamodb, legacy_name) == {PASS_CODE, NAMED, "short"}
    assert token_migration.remove_plain(steps, legacy) == 2
    assert plain_rows(dynamodb, legacy_name) == {"short"}


@pytest.mark.parametrize(
    ("token", "row"),
    [("short", {}), ("Bearer abcdefgh", {}), ("good-enough", {"name": {"S": "Ana\n"}})],
)
def test_what_cannot_be_moved_is_left_with_a_reason(
    legacy: LegacyTokens,
    table: TokenTable,
    dynamodb: DynamoDBClient,
    legacy_name: str,
    *,
    token: str,
    row: dict[str, Any],
) -> None:
    write(dynamodb, legacy_name, token, **row)
    steps = token_migration.migrate(token_migration.plan(legacy, table), table, NOON)
    (left,) = [step for step in steps if step.fate is Fate.UNFIT]
    assert left.token.public_id == public_id(token)
    assert left.why
    assert token not in left.why
    assert len(table.list()) == 2


def test_many_pages_of_rows_are_all_moved(
    legacy: LegacyTokens, table: TokenTable, dynamodb: DynamoDBClient, legacy_name: str
) -> None:
    for number in range(5):  # a page of DynamoDB ends after one megabyte
        write(dynamodb, legacy_name, f"pass-code-{number}", note={"S": "x" * 300_000})
    assert "LastEvaluatedKey" in dynamodb.scan(TableName=legacy_name)
    token_migration.migrate(token_migration.plan(legacy, table), table, NOON)
    assert len(table.list()) == 7


def test_a_table_of_something_else_is_not_read_as_tokens(
    dynamodb: DynamoDBClient, table: TokenTable
) -> None:
    table.create(HOLDER, NOON)
    with pytest.raises(Refused, match="LH4219"):
        LegacyTokens(dynamodb, table.table_name).read()
