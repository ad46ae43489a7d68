"""The queue in a DynamoDB table that all processes share. AWS's errors end here.

    row_kind   row_id        what
    lock       lock          who leads: lock_holder, lock_beat, lock_began, lock_until,
                             somebody_waits; the turn before: turn_seconds, turn_changes, turn_ended
    change     ticket's id   a change that waits: intent, taken_by
    answer     ticket's id   what became of it: answer

Every row of a change has the table's TTL attribute EXPIRY. The lock's row is in no transaction:
thirty processes that touch it at once would make each other fail.
"""

from __future__ import annotations

import random
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from gateway.group_commit.queue import QUEUE_CODE, Lock, PastTurn, Ticket
from ledger.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    Row = Mapping[str, Mapping[str, Any]]

KIND, ID, EXPIRY = "row_kind", "row_id", "expires_at_epoch"
MOST = 100  # changes that are looked at together
_IN_A_TRANSACTION = 50  # an answer is two actions, and a transaction has a hundred
LOCK_SECONDS = 5.0  # for who has not seen its beats; who has knows sooner
_KEPT_SECONDS = 3600
_TRIES = 5  # of a transaction that meets another, and of a call that the server stumbles over
_PAUSE = 0.05  # seconds at the most before the second try, and twice as long before each next one
_jitter = random.SystemRandom()
_FREE = "attribute_not_exists(lock_holder) OR lock_until < :now"


class TableQueue:
    """A table whose partition key is KIND and whose sort key is ID, both strings."""

    def __init__(
        self, client: Callable[..., Any], table_name: str, clock: Callable[[], datetime]
    ) -> None:
        """`client` makes a boto3 client by its service's name and a configuration."""
        self._client = client("dynamodb", config=clients.QUEUEING)
        self._table = table_name
        self._clock = clock

    def acquire(self, me: str, now: float, dead: Lock | None) -> Lock:
        condition, values = _FREE, {":now": _number(now)}
        if dead is not None:
            condition += " OR (lock_holder = :dead AND lock_beat = :beat)"
            values |= {":dead": _text(dead.holder), ":beat": _number(dead.beat)}
        try:
            answer = self._ask(
                "update_item",
                Key=_key("lock", "lock"),
                UpdateExpression="SET lock_holder = :me, lock_beat = :zero, lock_began = :now,"
                " lock_until = :until REMOVE somebody_waits",
                ConditionExpression=condition,
                ExpressionAttributeValues={
                    **values,
                    ":me": _text(me),
                    ":zero": _number(0),
                    ":until": _number(now + LOCK_SECONDS),
                },
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except _RefusedError as refused:
            return _lock(refused.row)
        before = _lock(answer.get("Attributes", {}))
        waits = before.somebody_waits or bool(before.holder)
        return Lock(me, 0, waits, began=now, last=before.last)

    def beat(self, me: str, beat: int, now: float) -> None:
        self._update_own(
            me,
            "SET lock_beat = :beat, lock_until = :until",
            {":beat": _number(beat), ":until": _number(now + LOCK_SECONDS)},
        )

    def release(self, me: str, turn: PastTurn) -> None:
        self._update_own(
            me,
            "SET turn_seconds = :seconds, turn_changes = :changes, turn_ended = :ended"
            " REMOVE lock_holder, lock_beat, lock_began, lock_until",
            {
                ":seconds": _number(turn.seconds),
                ":changes": _number(turn.changes),
                ":ended": _number(turn.ended),
            },
        )

    def put(self, ticket: Ticket, lock: Lock) -> None:
        row = {
            **_key("change", ticket.id),
            "intent": _text(ticket.intent),
            EXPIRY: self._gone(),
        }
        self._ask("put_item", Item=row)
        if not lock.somebody_waits:
            self._ask(
                "update_item",
                Key=_key("lock", "lock"),
                UpdateExpression="SET somebody_waits = :yes",
                ExpressionAttributeValues={":yes": {"BOOL": True}},
            )

    def look(self, ticket_id: str) -> tuple[Lock, str | None]:
        keys = [_key("lock", "lock"), _key("answer", ticket_id)]
        request = {self._table: {"Keys": keys, "ConsistentRead": True}}
        answer = self._call("batch_get_item", RequestItems=request)
        if answer.get("UnprocessedKeys"):
            raise self._broken("it is asked too often")
        rows = {row[KIND]["S"]: row for row in answer["Responses"].get(self._table, ())}
        found = rows.get("answer", {}).get("answer")
        return _lock(rows.get("lock", {})), found["S"] if found else None

    def waiting(self) -> Sequence[Ticket]:
        answer = self._ask(
            "query",
            KeyConditionExpression=f"{KIND} = :change",
            ExpressionAttributeValues={":change": _text("change")},
            ConsistentRead=True,
            Limit=MOST,
        )
        return [Ticket(row[ID]["S"], row["intent"]["S"]) for row in answer["Items"]]

    def claim(self, me: str, ids: Collection[str]) -> Collection[str]:
        def take(ticket_id: str) -> list[Mapping[str, Any]]:
            return [
                self._action(
                    "Update",
                    _key("change", ticket_id),
                    f"attribute_exists({ID})",
                    UpdateExpression="SET taken_by = :me",
                    ExpressionAttributeValues={":me": _text(me)},
                )
            ]

        return self._together(ids, take)

    def settle(self, me: str, answers: Mapping[str, str | None]) -> None:
        """Answers of changes that another leader has taken over since are dropped."""

        def tell(ticket_id: str) -> list[Mapping[str, Any]]:
            key, mine = _key("change", ticket_id), "taken_by = :me"
            values = {":me": _text(me)}
            answer = answers[ticket_id]
            if answer is None:
                back = {"UpdateExpression": "REMOVE taken_by", "ExpressionAttributeValues": values}
                return [self._action("Update", key, mine, **back)]
            row = {**_key("answer", ticket_id), "answer": _text(answer), EXPIRY: self._gone()}
            put = {"Put": {"TableName": self._table, "Item": row}}
            return [self._action("Delete", key, mine, ExpressionAttributeValues=values), put]

        self._together(answers, tell)

    def withdraw(self, ticket_id: str) -> bool:
        try:
            self._ask(
                "delete_item",
                Key=_key("change", ticket_id),
                ConditionExpression=f"attribute_exists({ID}) AND attribute_not_exists(taken_by)",
            )
        except _RefusedError:
            return False
        return True

    def _update_own(self, me: str, update: str, values: Mapping[str, Any]) -> None:
        """Change the lock if it is still this holder's; another's is left as it is."""
        try:
            self._ask(
                "update_item",
                Key=_key("lock", "lock"),
                UpdateExpression=update,
                ConditionExpression="lock_holder = :me",
                ExpressionAttributeValues={**values, ":me": _text(me)},
            )
        except _RefusedError:
            return

    def _action(
        self, kind: str, key: Mapping[str, Any], condition: str, **more: object
    ) -> Mapping[str, Any]:
        told = {"TableName": self._table, "Key": key, "ConditionExpression": condition, **more}
        return {kind: told}

    def _together(
        self, ids: Collection[str], actions: Callable[[str], list[Mapping[str, Any]]]
    ) -> Collection[str]:
        """Do it for all, without those whose condition does not hold."""
        every, done = list(ids), list[str]()
        for start in range(0, len(every), _IN_A_TRANSACTION):
            some = every[start : start + _IN_A_TRANSACTION]
            done += self._transact({ticket_id: actions(ticket_id) for ticket_id in some})
        return done

    def _transact(self, actions: Mapping[str, list[Mapping[str, Any]]]) -> Collection[str]:
        left = dict(actions)
        for tried in range(_TRIES):
            if not left:
                return ()
            _wait(tried)
            owners = [ticket_id for ticket_id, some in left.items() for _ in some]
            items = [action for some in left.values() for action in some]
            try:
                self._call("transact_write_items", TransactItems=items)
            except _CancelledError as cancelled:
                for owner, why in zip(owners, cancelled.reasons, strict=False):
                    if why == "ConditionalCheckFailed":
                        left.pop(owner, None)
            else:
                return left
        raise self._broken("transactions keep meeting each other")

    def _ask(self, operation: str, **arguments: object) -> Any:  # noqa: ANN401  (boto3's)
        return self._call(operation, TableName=self._table, **arguments)

    def _call(self, operation: str, **arguments: object) -> Any:  # noqa: ANN401  (boto3's)
        """Ask; after an error of the server's own it is asked again, a slow server is not."""
        for tried in range(_TRIES):
            _wait(tried)
            try:
                return getattr(self._client, operation)(**arguments)
            except ClientError as error:
                if tried + 1 == _TRIES or not _is_servers_own(error):
                    raise self._told(error) from error
            except BotoCoreError as error:
                raise self._broken(error) from error
        raise RuntimeError("The table was not asked.")

    def _told(self, error: ClientError) -> Exception:
        told: Mapping[str, Any] = error.response
        match told["Error"]["Code"]:
            case "ConditionalCheckFailedException":
                return _RefusedError(told.get("Item", {}))
            case "TransactionCanceledException":
                reasons = told.get("CancellationReasons", ())
                return _CancelledError([str(each.get("Code")) for each in reasons])
            case _:
                return self._broken(error)

    def _gone(self) -> dict[str, Any]:
        return _number(int(self._clock().timestamp()) + _KEPT_SECONDS)

    def _broken(self, why: object) -> Unavailable:
        return Unavailable(QUEUE_CODE, f"changes cannot wait in the table {self._table}: {why}")


class _RefusedError(Exception):
    """A condition does not hold; the row, where it was asked for."""

    def __init__(self, row: Row) -> None:
        super().__init__()
        self.row = row


class _CancelledError(Exception):
    """A transaction was not done; a reason for each of its actions."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__()
        self.reasons = reasons


def _wait(tried: int) -> None:
    """Wait before another try, so that those who met do not meet again."""
    if tried:
        time.sleep(_jitter.uniform(0, _PAUSE * 2 ** (tried - 1)))


def _is_servers_own(error: ClientError) -> bool:
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _lock(row: Row) -> Lock:
    def number(name: str) -> float:
        return float(row.get(name, {}).get("N", 0))

    return Lock(
        holder=str(row.get("lock_holder", {}).get("S", "")),
        beat=int(number("lock_beat")),
        somebody_waits=bool(row.get("somebody_waits", {}).get("BOOL", False)),
        began=number("lock_began"),
        last=PastTurn(number("turn_seconds"), int(number("turn_changes")), number("turn_ended")),
    )


def _key(kind: str, row_id: str) -> dict[str, Any]:
    return {KIND: _text(kind), ID: _text(row_id)}


def _text(text: str) -> dict[str, Any]:
    return {"S": text}


def _number(number: float) -> dict[str, Any]:
    return {"N": f"{number:.3f}" if isinstance(number, float) else str(number)}
