"""The console as a Lambda function of its own: it has files and no right to anything.

An entry point. A page asks for its files all at once, and each may meet a process that has just
begun, so this one starts without git, the JSON Schemas or a client of AWS.
"""

import os
from functools import cache
from typing import Any

from gateway.console.serving import Console
from gateway.http import errors
from gateway.http.answer import Answer
from gateway.http.call import Event, request_id
from gateway.http.matching import Match, match
from ledger.variables import ENVIRONMENT


def handler(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
    """Answer one API Gateway proxy event (payload version 1)."""
    try:
        return _answer(match(event)).as_proxy()
    except Exception as error:  # noqa: BLE001 - an entry point
        return errors.told(error, request_id(event)).as_proxy()


def _answer(found: Match) -> Answer:
    """Answer what the route takes; it demands no scope, and nobody is counted."""
    if found.refusal:
        raise found.refusal
    serve = _built().file if found.route.in_path else _built().page
    return serve(found.call)


@cache
def _built() -> Console:
    return Console(os.environ[ENVIRONMENT], os.environ)
