"""`leasehold token migrate`: the predecessor's plain tokens, against a running `leasehold up`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gateway.callers.token_record import public_id

if TYPE_CHECKING:
    from tests.leasehold.running import Up

HASHED = "demo-dev-tokens"


@dataclass(frozen=True)
class Predecessor:
    """Its table in the account of the `up`, with a pass code of Ana's and one of nobody's."""

    dynamodb: Any
    table: str
    of_ana: str
    of_nobody: str

    def write(self, token: str, **more: Any) -> None:  # noqa: ANN401
        self.dynamodb.put_item(TableName=self.table, Item={"token": {"S": token}, **more})

    def rows(self) -> int:
        return int(self.dynamodb.scan(TableName=self.table)["Count"])


@pytest.fixture
def predecessor(up: Up) -> Predecessor:
    dynamodb = up.account.client("dynamodb")
    name, number = f"auth-{uuid.uuid4().hex}", uuid.uuid4().hex
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "token", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "token", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    made = Predecessor(dynamodb, name, f"pass-code-of-ana-{number}", f"pass-code-{number}")
    made.write(made.of_ana, name={"S": "Ana"}, email={"S": "ana@example.com"})
    made.write(made.of_nobody)
    return made


def test_a_dry_run_shows_the_plan_and_changes_nothing(up: Up, predecessor: Predecessor) -> None:
    done = up.leasehold("token", "migrate", "--from", predecessor.table, "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(public_id(predecessor.of_ana))] == [
        line for line in lines if "ana@example.com" in line and "to move" in line
    ]
    assert lines[-1] == (
        f"2 to move, 0 moved, 0 cannot be moved. A plan for {HASHED}; nothing was changed."
    )
    assert up.ask("GET", token=predecessor.of_ana)[0] == 401


def test_migrated_tokens_open_the_gateway_and_no_output_shows_them(
    up: Up, predecessor: Predecessor
) -> None:
    first = up.leasehold("token", "migrate", "--from", predecessor.table)
    assert first.returncode == 0, first.stderr
    assert f"This run moved 2 from {predecessor.table} to {HASHED}; the plain" in first.stdout
    assert up.ask("GET", token=predecessor.of_ana)[0] == 200
    assert up.ask("GET", token=predecessor.of_nobody)[0] == 200
    second = up.leasehold("token", "migrate", "--from", predecessor.table)
    assert "0 to move, 2 moved, 0 cannot be moved. This run moved 0 from" in second.stdout
    assert predecessor.rows() == 2
    listed = up.leasehold("token", "list").stdout
    assert public_id(predecessor.of_nobody) in listed
    for shown in (first, second):
        everything = shown.stdout + shown.stderr + listed
        assert predecessor.of_ana not in everything
        assert predecessor.of_nobody not in everything


def test_plain_rows_are_removed_when_asked_and_machines_read_how_many(
    up: Up, predecessor: Predecessor
) -> None:
    command = ("token", "migrate", "--from", predecessor.table)
    planned = up.leasehold.json(*command, "--dry-run", "--remove-plain")
    assert (planned["removed"], predecessor.rows()) == (0, 2)
    done = up.leasehold.json(*command, "--remove-plain")
    assert done["removed"] == 2
    assert {each["id"]: each["state"] for each in done["tokens"]} == {
        public_id(predecessor.of_ana): "moved",
        public_id(predecessor.of_nobody): "moved",
    }
    assert predecessor.rows() == 0
    assert up.ask("GET", token=predecessor.of_ana)[0] == 200
    assert up.leasehold.json(*command) == {"tokens": [], "removed": 0}


def test_what_cannot_be_moved_is_told_after_the_rest_has_moved(
    up: Up, predecessor: Predecessor
) -> None:
    predecessor.write("short")
    done = up.leasehold("token", "migrate", "--from", predecessor.table, "--remove-plain")
    assert done.returncode == 1
    assert f"{public_id('short')} cannot be moved" in done.stderr
    assert "[LH5041]" in done.stderr
    assert "removed 2 plain" in done.stdout
    assert predecessor.rows() == 1


@pytest.mark.parametrize("options", [(), ("--from", HASHED)])
def test_without_a_table_of_the_predecessor_it_asks_for_one(
    up: Up, options: tuple[str, ...]
) -> None:
    done = up.leasehold("token", "migrate", *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert "[LH5040]" in done.stderr


def test_an_environment_names_the_table_itself(up: Up, predecessor: Predecessor) -> None:
    block = f'"identities": {{"legacy_token_table": "{predecessor.table}"}},'
    before = up.git("show", "HEAD:environments/dev/environment.json")
    after = before.replace('"project_prefix"', f'{block}\n  "project_prefix"', 1)
    up.publish("environments/dev/environment.json", after)
    try:
        done = up.leasehold("token", "migrate", "--dry-run")
    finally:
        up.publish("environments/dev/environment.json", before)
    assert done.returncode == 0, done.stderr
    assert "2 to move" in done.stdout


def test_a_table_that_is_not_there_is_told_in_a_sentence(up: Up) -> None:
    done = up.leasehold("token", "migrate", "--from", "no-such-table")
    assert (done.returncode, done.stdout) == (1, "")
    assert "ResourceNotFoundException" in done.stderr
    assert "[LH4218]" in done.stderr
