"""What a route demands of a request: its query's names, its parameters' forms, its body. Pure.

The table of routes says what each demands, and its description in OpenAPI is made of the same
values; here they are held against one request. Only requests that have something to check load the
JSON Schemas, so a function whose routes have none starts without them.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.http.call import Call
from gateway.http.parameters import Parameter
from gateway.http.routes import Route
from ledger.errors import Refused

_LONGEST_SHOWN = 60


def check_parameters(route: Route, call: Call) -> None:
    """Raise Refused for the first parameter that the route does not take as it is.

    LH4115 for a name that the query does not have here, LH4116 for one that came twice, else the
    parameter's own code.
    """
    _check_names([each.name for each in route.parameters if each.place == "query"], call.query)
    for parameter in (*route.in_path, *route.parameters):
        value = _value(parameter, call)
        if value is None:
            if parameter.required:
                raise Refused(parameter.code, parameter.missing or parameter.wrong)
        elif parameter.code and not _fits(parameter, value):
            raise Refused(parameter.code, parameter.wrong)


def read_document(route: Route, call: Call) -> Mapping[str, Any] | Refused:
    """Read a body as the route's schema has it; a refusal is returned, to be raised in its turn.

    LH4001 for what is no JSON, LH4002 for JSON of another form, and the route's own code for a
    body that is too large. A route without a schema has an empty document.
    """
    if route.body_limit and len(call.body) > route.body_limit.most_bytes:
        return Refused(route.body_limit.code, route.body_limit.sentence(len(call.body)))
    if not route.schema:
        return {}
    if not call.body:
        return Refused("LH4001", "The body is empty: send JSON, as the API's description has it.")
    from ledger.json_files import read_json  # noqa: PLC0415 - webhooks start without schemas

    data = read_json("body", call.body, route.schema)
    if not isinstance(data, tuple):
        return data
    places = (f"{v.pointer}: {v.sentence}" if v.pointer else v.sentence for v in data)
    code = "LH4001" if data[0].code == "LH1001" else "LH4002"
    return Refused(code, f"The body is not as expected: {' '.join(places)}")


def _check_names(known: Sequence[str], query: Mapping[str, Sequence[str]]) -> None:
    for name, values in query.items():
        if name not in known:
            raise Refused("LH4115", f"The query parameter {_shown(name)} {_unknown(name, known)}")
        if len(values) > 1:
            raise Refused("LH4116", f"The query parameter {name} stands there twice: send it once.")


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return "is not known here: this path takes none."
    if meant := _meant(name, known):
        return f"is not known here: did you mean {meant}?"
    return f"is not known here: this path takes {', '.join(known)}."


def _meant(name: str, known: Iterable[str]) -> str | None:
    """Find the name that was meant: in other capitals, with other hyphens, or with a typo."""
    plain = {_plain(each): each for each in known}
    near = difflib.get_close_matches(_plain(name[:_LONGEST_SHOWN]), plain, n=1)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _shown(name: str) -> str:
    """Show a name of the caller's in one line, and with nothing in it that a terminal obeys."""
    text = name if re.fullmatch(r"[\w.-]+", name) else ascii(name)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _value(parameter: Parameter, call: Call) -> str | None:
    match parameter.place:
        case "query":
            return call.parameter(parameter.name)
        case "header":
            return call.headers.get(parameter.name.lower())
        case "path":
            return call.path.get(parameter.name)


def _fits(parameter: Parameter, value: str) -> bool:
    """Tell whether a value is as the parameter's schema says; a number is written in digits."""
    from ledger.json_files import fits  # noqa: PLC0415 - webhooks start without schemas

    if parameter.schema.get("type") != "integer":
        return fits(value, parameter.schema)
    return bool(re.fullmatch("[0-9]{1,9}", value)) and fits(int(value), parameter.schema)
