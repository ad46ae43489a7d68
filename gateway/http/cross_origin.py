"""Which web pages may call the API from a browser: CORS, by the origins of the environment. Pure.

A browser asks by `OPTIONS` before it sends a token, so that is answered without one. An origin is
compared to the letter, and never answered by `*`; an answer names the origin that asked, and `Vary`
keeps caches from handing it to another. No answer allows credentials of the browser's own: a page
sends its token by itself. Without origins, nothing here is ever said.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Self

from gateway.http.answer import Answer
from gateway.http.call import Event, headers_of
from gateway.http.routes import METHODS, candidates
from ledger.errors import Refused
from ledger.variables import ALLOWED_ORIGINS

PREFLIGHT = "OPTIONS"
_SENT = (
    "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match,"
    " X-Amzn-SageMaker-Custom-Attributes, X-Amzn-SageMaker-Inference-Component"
)
_READ = (
    "ETag, Link, Location, Retry-After, X-Leasehold-Status, X-Amzn-RequestId,"
    " X-Amzn-SageMaker-Custom-Attributes"
)
_REMEMBERED_SECONDS = 600
_BY_FORGES = "webhook"


@dataclass(frozen=True, slots=True)
class CrossOrigin:
    """The origins whose pages may read the API's answers."""

    origins: frozenset[str] = frozenset()
    environment: str = ""

    @classmethod
    def read(cls, variables: Mapping[str, str], environment: str) -> Self:
        """Raise Refused LH4230 for a variable that is no list of origins."""
        text = variables.get(ALLOWED_ORIGINS)
        if not text:
            return cls()
        try:
            origins = json.loads(text)
        except (ValueError, RecursionError):
            origins = None
        if not isinstance(origins, list) or not all(isinstance(each, str) for each in origins):
            said = f"{ALLOWED_ORIGINS} is {text!r:.80}, which is no JSON list of origins."
            raise Refused("LH4230", said)
        return cls(frozenset(origins), environment)

    def is_preflight(self, event: Event) -> bool:
        """Tell whether this is a browser's question, where there are pages that may ask it."""
        return bool(self.origins) and event.get("httpMethod") == PREFLIGHT

    def preflight(self, event: Event) -> Answer:
        """Say what a page may send. Raises Refused LH4041 for no path, LH4229 for its origin."""
        resource = str(event.get("resource"))
        methods = [each.method for each in METHODS if each.resource == resource]
        if not methods:
            methods = [each.method for each in candidates("POST", resource)]
        allowed = ", ".join(dict.fromkeys((*methods, PREFLIGHT)))
        if (origin := headers_of(event).get("origin")) is None:
            return Answer(b"", HTTPStatus.NO_CONTENT, {"Allow": allowed})
        if origin not in self.origins:
            raise Refused(
                "LH4229",
                f"Pages of {origin!r:.200} may not call this API: cors.allowed_origins in"
                f" environments/{self.environment}/environment.json does not"
                " name that origin.",
            )
        headers = {
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": _SENT,
            "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
        }
        return Answer(b"", HTTPStatus.NO_CONTENT, headers)

    def headers(self, event: Event) -> Mapping[str, str]:
        """Return what every answer carries beside its own headers."""
        if not self.origins:
            return {}
        origin = headers_of(event).get("origin")
        if origin not in self.origins:
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _READ,
        }

    def marked(self, event: Event, answer: Answer) -> Answer:
        """Return an answer as a page of the caller's origin may read it."""
        more = self.headers(event)
        if not more:
            return answer
        varies = filter(None, (answer.headers.get("Vary"), more["Vary"]))
        return replace(answer, headers={**answer.headers, **more, "Vary": ", ".join(varies)})

    def resources(self) -> Iterator[str]:
        """Return the API's own resources that pages may ask about; forges are no browsers."""
        if self.origins:
            yield from dict.fromkeys(
                each.resource for each in METHODS if each.operation != _BY_FORGES
            )
