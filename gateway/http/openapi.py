"""The API's description in OpenAPI 3.1, generated from the table of routes and from `schema/`.

The gateway serves it at `GET /openapi.json`. `openapi.json` beside this file is a copy for readers
and for whoever deploys the API, made by

    python -m gateway.http.openapi > gateway/http/openapi.json

Pure but for the schemas, which ship with the code.

Beyond what OpenAPI knows, an operation has `x-leasehold-scope`: what a token has to allow; and
`x-leasehold-resource` where its last parameter is the rest of the path, as API Gateway writes it.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.http.parameters import Parameter
from gateway.http.routes import ANYTHING, METHODS, Route
from ledger.json_files import SCHEMAS

EXAMPLE_URL = "https://leasehold.example.com"
_EVERYWHERE = (429, 500, 502, 503, 504)
_WITHOUT_BODY = frozenset({HTTPStatus.NOT_MODIFIED, HTTPStatus.PERMANENT_REDIRECT})
_TAGGED = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED})
_WAITING = (429, 503)  # they say when to come again, most of the time
_ABOUT = (
    "SageMaker endpoints with a parking meter on each of them. Every change is a commit in the"
    " ledger, and an answer is sent once the repository has it."
)
# Python's own phrases change from one version to the next. These are RFC 9110's.
_DONE = {
    200: "Done.",
    202: "Taken on, and not done yet.",
    304: "Nothing but the time has changed since the answer with that ETag.",
    308: "It is at the address in the header Location.",
}
_REFUSED = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_TAGS = {
    "API": "This description, and who asks for it.",
    "Console": "The page on which people see the endpoints and keep them alive.",
    "Fleet": "What is on, why, until when, and for how much.",
    "Leases": "Until when endpoints are kept, and who said so.",
    "Ledger": "The repository: what of it is live, and who pushed to it.",
    "Models": "Asking what the endpoints serve.",
}
_Json = dict[str, Any]
_PASSED_ON: _Json = {
    "description": (
        "What the model's own container answers instead of a result, with its own status. Of this"
        " API's own refusals (#/components/schemas/error), 401, 403, 404 and 503 are likely."
    ),
    "content": {ANYTHING: {}},
}


def describe(call: Call) -> Answer:
    """Answer with the description, at the address by which it was asked for."""
    return Answer(document(call.base_url))


def document(base_url: str, routes: Sequence[Route] = METHODS) -> _Json:
    """Describe the routes as they are served below an address."""
    names = {"error", *(name for route in routes for name in _names(route))}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Leasehold", "version": "1", "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": base_url}],
        "tags": [_tag(name) for name in sorted({route.tag for route in routes})],
        "paths": _paths(routes),
        "components": {
            "schemas": {name: _schema(name) for name in sorted(names)},
            "responses": {str(status): _refusal(status) for status in _refusals(routes)},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "One of Leasehold's tokens; the word Bearer is optional.",
                }
            },
        },
    }


def _tag(name: str) -> _Json:
    return {"name": name, "description": _TAGS[name]}


def _paths(routes: Iterable[Route]) -> _Json:
    paths: _Json = {}
    for route in routes:
        path = route.resource.replace("+}", "}")  # OpenAPI has no word for the rest of a path
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return paths


def _operation(route: Route) -> _Json:
    parameters = [
        _parameter(each) for each in (*route.in_path, *route.parameters) if each.described
    ]
    operation: _Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag],
        "security": [{"token": []}] if route.needs_caller else [],
        **({"x-leasehold-scope": str(route.scope)} if route.scope else {}),
        **({"x-leasehold-resource": route.resource} if "+}" in route.resource else {}),
        **({"parameters": parameters} if parameters else {}),
    }
    if route.body is not None:
        content = {route.media: {"schema": _content(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    statuses = (*route.statuses, *((304,) if route.is_conditional else ()))
    done = {str(status): _done(route, status) for status in statuses}
    if route.media == ANYTHING and route.body is not None:
        return operation | {"responses": done | {"4XX": _PASSED_ON, "5XX": _PASSED_ON}}
    refused = {str(s): {"$ref": f"#/components/responses/{s}"} for s in _refusals([route])}
    return operation | {"responses": done | refused}


def _parameter(parameter: Parameter) -> _Json:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.required,
        "schema": dict(parameter.schema),
    }


def _done(route: Route, status: int) -> _Json:
    done: _Json = {"description": _DONE[status]}
    if status not in _WITHOUT_BODY and route.method != "HEAD":
        done["content"] = {route.media: {"schema": _content(route.answer)}}
    if route.is_paged:
        done["headers"] = {"Link": _NEXT_PAGE}
    if route.is_conditional and status in _TAGGED:
        done["headers"] = {"ETag": _ETAG}
    if status == HTTPStatus.PERMANENT_REDIRECT:
        done["headers"] = {"Location": _LOCATION}
    return done


_ETAG = {
    "description": "Send it as If-None-Match with the next request.",
    "schema": {"type": "string"},
}
_LOCATION = {"description": "Where it is.", "schema": {"type": "string"}}


_NEXT_PAGE = {
    "description": 'Where the next page is, as <URL>; rel="next" (RFC 8288). Without it this is'
    " the last one. A page may be short, and even empty, though there are more.",
    "schema": {"type": "string"},
}


def _refusal(status: int) -> _Json:
    refusal: _Json = {
        "description": _REFUSED[status],
        "content": {"application/json": {"schema": _content(("error",))}},
    }
    if status in _WAITING:
        wait = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}
        refusal["headers"] = {"Retry-After": wait}
    return refusal


def _refusals(routes: Iterable[Route]) -> list[int]:
    """List the statuses of refusals: the routes' own, those for tokens and bodies, everybody's."""
    found = set(_EVERYWHERE)
    for route in routes:
        found |= {*route.refusals, *((401, 403) if route.needs_caller else ())}
        found |= set() if route.body is None else {413}
    return sorted(found)


def _content(names: Sequence[str]) -> _Json:
    """Refer to the schemas of a body."""
    schemas = [_reference(name) for name in names]
    return {"oneOf": schemas} if len(schemas) > 1 else next(iter(schemas), {})


def _reference(name: str) -> _Json:
    reference = {"$ref": f"#/components/schemas/{name.removesuffix('[]')}"}
    return {"type": "array", "items": reference} if name.endswith("[]") else reference


def _names(route: Route) -> Iterator[str]:
    return (name.removesuffix("[]") for name in (*(route.body or ()), *route.answer))


@cache
def _schema(name: str) -> _Json:
    """Read a schema, with its references made right for where it stands in the description."""
    text = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    found: _Json = json.loads(text.replace('"#/$defs/', f'"#/components/schemas/{name}/$defs/'))
    return {key: value for key, value in found.items() if key not in {"$schema", "$id"}}


def as_text(description: Mapping[str, Any]) -> str:
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text(document(EXAMPLE_URL)))
