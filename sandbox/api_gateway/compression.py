"""PURE: the compression of answers that a REST API with a `minimumCompressionSize` does by itself.

An answer is compressed for a caller whose `Accept-Encoding` names gzip or deflate, if it is at
least that long and not compressed already. A stream never is.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.api_gateway.http import Answer

_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


def compressed(answer: Answer, accepted: str | None, at_least: int | None) -> Answer:
    """Return an answer as its caller gets it; `at_least` None is an API that never compresses."""
    body = answer.body
    if at_least is None or not isinstance(body, bytes) or len(body) < at_least:
        return answer
    coding = next((each for each in _names(accepted) if each in _CODINGS), None)
    if coding is None or any(name.lower() == "content-encoding" for name, _ in answer.headers):
        return answer
    headers = (*answer.headers, ("Content-Encoding", coding))
    return replace(answer, headers=headers, body=_CODINGS[coding](body))


def _names(accepted: str | None) -> list[str]:
    """Return the codings that a caller accepts, as it names them; one of quality 0 is none."""
    parts = [each.replace(" ", "").lower().split(";") for each in (accepted or "").split(",")]
    return [name for name, *rules in parts if "q=0" not in rules]
