"""moto's DynamoDB, with its tables kept in the journal.

The journal has the requests that changed something: sending them again in their order rebuilds the
tables. When the sandbox starts, the requests about items are condensed to one PutItem for each item
that is left. Requests run one at a time: moto itself would let two conditional writes pass each
other.
"""

import json
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

from werkzeug.wrappers import Response

from sandbox.aws.moto.app import Moto, Request
from sandbox.aws.protocol.call import Call
from sandbox.journal import Journal

SERVICE = "dynamodb"
PREFIX = "dynamodb "
API = "DynamoDB_20120810"
SCHEMA = frozenset({"CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive"})
ITEMS = frozenset(
    {
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
        "ExecuteStatement",
        "ExecuteTransaction",
        "BatchExecuteStatement",
    }
)
Kept = tuple[str, str, str]
"""Region, operation, body."""


class DynamoDb:
    def __init__(self, moto: Moto, journal: Journal) -> None:
        self._moto = moto
        self._journal = journal
        self._lock = Lock()
        self._kept = 0
        self._schema: list[Kept] = []

    def answer(self, call: Call) -> Response:
        with self._lock:
            response = Response.from_app(self._moto, call.request.environ)
            if response.status_code == 200 and call.operation in SCHEMA | ITEMS:  # noqa: PLR2004
                self._keep((call.region, call.operation, call.request.get_data(as_text=True)))
        return response

    def restore(self, entries: Mapping[str, Any]) -> None:
        for key, kept in entries.items():
            if key.startswith(PREFIX):
                region, operation, body = kept
                self._ask(region, operation, body)
                self._note_schema((region, operation, body))

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Return the tables and their items as journal entries."""
        for kept in [*self._schema, *self._items()]:
            self._kept += 1
            yield f"{PREFIX}{self._kept}", kept

    def _keep(self, kept: Kept) -> None:
        self._kept += 1
        self._note_schema(kept)
        self._journal.write(f"{PREFIX}{self._kept}", list(kept))

    def _note_schema(self, kept: Kept) -> None:
        region, operation, body = kept
        if operation == "DeleteTable":
            gone = (region, _table(body))
            self._schema = [each for each in self._schema if (each[0], _table(each[2])) != gone]
        elif operation in SCHEMA:
            self._schema.append(kept)

    def _items(self) -> Iterator[Kept]:
        for region, operation, body in self._schema:
            if operation == "CreateTable":
                table = _table(body)
                for item in self._scan(region, table):
                    yield region, "PutItem", json.dumps({"TableName": table, "Item": item})

    def _scan(self, region: str, table: str) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
        while True:
            page = self._ask(region, "Scan", json.dumps(request))
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _ask(self, region: str, operation: str, body: str) -> dict[str, Any]:
        headers = {
            "X-Amz-Target": f"{API}.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
        }
        response = self._moto.send(Request(SERVICE, region, headers=headers, body=body.encode()))
        answer: dict[str, Any] = json.loads(response.get_data())
        return answer


def _table(body: str) -> str:
    name: str = json.loads(body)["TableName"]
    return name
