"""The authorizer as a Lambda function, whose settings are in its environment.

An entry point: it reads the environment and the clock, and builds the authorizer once for a warm
process. It knows no ledger.
"""

import gc

gc.disable()  # until all is imported, as in `gateway.handler`

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from gateway import clients
from gateway.callers import identify
from gateway.callers.authorizer import Authorizer
from gateway.callers.tokens import TokenTable
from ledger.aws_calls import session
from ledger.deadline import within
from ledger.errors import Refused
from ledger.variables import TOKEN_TABLE

gc.freeze()
gc.enable()

_SECONDS = 8.0  # with all that is asked: the call itself comes after it


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Answer one event of API Gateway's TOKEN authorizer with a policy."""
    with within(_SECONDS):
        return _built()(event, context)


@cache
def _built() -> Authorizer:
    name = os.environ.get(TOKEN_TABLE)
    if not name:
        raise Refused("LH4208", f"{TOKEN_TABLE} is not set: name the table of the API's tokens.")
    client = session().client("dynamodb", config=clients.TOKENS)
    settings = identify.read(os.environ)
    table = TokenTable(client, name)
    return Authorizer.admitting(settings, client, table, lambda: datetime.now(UTC))
