"""PURE: the model that every sandbox endpoint serves. It writes back what it was told.

It speaks the two request forms of JumpStart's text models, and answers in theirs:
`{"inputs": ..., "parameters": {"max_new_tokens": n}}` and `{"text_inputs": ..., "max_length": n}`.
Told to fail, it fails: `"parameters": {"fail_with": 503}` is answered with that status, and with
`{"break_after": 2}` a stream breaks off after two tokens. With `{"take_seconds": 30}` the answer to
an asynchronous request comes after so long, and with `{"repeat": 1000}` the answer is so many times
as long.
"""

import json
from collections.abc import Iterator
from typing import Any


class BrokenOffError(Exception):
    """The container stops in the middle of a stream."""


class UnreadableError(ValueError):
    """The container's own refusal of a request: an error of the model, not of SageMaker."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def generate(body: bytes) -> bytes:
    request = _request(body)
    if "text_inputs" in request:
        texts = _texts(request["text_inputs"], request.get("max_length"))
        return json.dumps({"generated_texts": texts}).encode()
    parameters = _parameters(request)
    texts = _texts(request.get("inputs"), parameters.get("max_new_tokens"))
    times = parameters.get("repeat", 1)
    if not isinstance(times, int):
        raise UnreadableError("repeat is no whole number")
    return json.dumps([{"generated_text": text * times} for text in texts]).encode()


def seconds(body: bytes) -> float | None:
    """Return how long a request wants to be worked on; None where it does not say."""
    try:
        told = _parameters(_request(body)).get("take_seconds")
    except UnreadableError:
        return None
    return float(told) if isinstance(told, int | float) else None


def stream(body: bytes) -> Iterator[bytes]:
    """Yield server-sent events, a token at a time; the last one carries the whole text."""
    request = _request(body)
    inputs = request.get("inputs", request.get("text_inputs"))
    parameters = _parameters(request)
    [text, *_] = _texts(inputs, parameters.get("max_new_tokens"))
    tokens = text.split(" ")
    for index, token in enumerate(tokens, start=1):
        if index - 1 == parameters.get("break_after"):
            raise BrokenOffError
        spaced = token if index == 1 else f" {token}"
        event = {
            "index": index,
            "token": {"id": index, "text": spaced, "special": False},
            "generated_text": text if index == len(tokens) else None,
        }
        yield b"data:" + json.dumps(event).encode() + b"\n\n"


def _request(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise UnreadableError("the body is not JSON") from error
    if not isinstance(request, dict):
        raise UnreadableError("the body is not a JSON object")
    return request


def _parameters(request: dict[str, Any]) -> dict[str, Any]:
    parameters = request.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise UnreadableError("parameters is not a JSON object")
    if isinstance(status := parameters.get("fail_with"), int):
        raise UnreadableError("the model fails as it was told", status)
    return parameters


def _texts(inputs: object, most_words: object) -> list[str]:
    given = inputs if isinstance(inputs, list) else [inputs]
    texts = [text for text in given if isinstance(text, str)]
    if not texts or len(texts) < len(given):
        raise UnreadableError("inputs (or text_inputs) must be a text or a list of texts")
    if not isinstance(most_words, int):
        return texts
    return [" ".join(text.split(" ")[:most_words]) for text in texts]
