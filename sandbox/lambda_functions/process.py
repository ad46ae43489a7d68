"""The process of a `LocalFunction`: a line of JSON in for each request, a line out for its answer.

It is started with the function's folder and its layers' as arguments. What the function prints goes
to standard error, for standard output is the answers'.
"""

import importlib
import json
import os
import sys
import traceback
from types import SimpleNamespace
from typing import Any, TextIO


def main(folder: str, *layers: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path[:0] = [folder, *layers]
    for line in sys.stdin:
        request = json.loads(line)
        _write(answers, _answered(request["event"], request["request_id"]))


def _answered(event: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Return the function's answer; it is loaded with its first request, as in a cold start."""
    try:
        function = importlib.import_module("app")
        answer = function.handler(event, SimpleNamespace(aws_request_id=request_id))
        return {"answer": json.loads(json.dumps(answer))}
    except Exception as error:  # noqa: BLE001 - whatever a function raises is its answer
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def _write(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
