"""An event matched with a route: what it asks, and what the route does not take of it. Pure.

The table of routes says what each demands of the query's names, of the parameters and of the body,
and the API's description is made of the same values; here they are held against one request. Only
requests that have something to check load the JSON Schemas, so a function whose routes have none
starts without them.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.http.call import Call, Event, read_call
from gateway.http.parameters import Parameter
from gateway.http.routes import Route, candidates
from ledger.errors import Refused

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Match:
    """A route and a request for it; `refusal` is what the route does not take, or None.

    A refusal is raised in its turn: who calls, and how often, comes before it.
    """

    route: Route
    call: Call
    refusal: Refused | None = None


def match(event: Event) -> Match:
    """Find the route of an event, and read it once.

    Raises Refused LH4041 where there is no route, LH4001 for a body that cannot be decoded.
    """
    routes = candidates(str(event.get("httpMethod")), str(event.get("resource")))
    call = _at_own_path(routes[-1], read_call(event))
    document = _document(routes[0], call)
    if isinstance(document, Refused):
        return Match(routes[-1], call, _misfit(routes[-1], call) or document)
    route = next(each for each in routes if each.when is None or each.when in document)
    return Match(route, replace(call, document=document), _misfit(route, call))


def _at_own_path(route: Route, call: Call) -> Call:
    """Name the definition whose own resource this is, where it was deployed as one."""
    if not route.may_be_public or call.path:
        return call
    return replace(call, path={"api_resource_name": call.resource.strip("/")})


def _document(route: Route, call: Call) -> Mapping[str, Any] | Refused:
    """Read a body as the route's schema has it. A route without a schema has an empty document.

    A refusal is LH4001 for what is no JSON, LH4002 for JSON of another form, and the route's own
    code for a body that is too large.
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


def _misfit(route: Route, call: Call) -> Refused | None:
    """Return a refusal for the first parameter that the route does not take as it is.

    LH4115 for a name that the query does not have here, LH4116 for one that came twice, else the
    parameter's own code.
    """
    known = [each.name for each in route.parameters if each.place == "query"]
    for name, values in call.query.items():
        if name not in known:
            said = f"The query parameter {_shown(name)} {_unknown(name, known)}"
            return Refused("LH4115", said)
        if len(values) > 1:
            return Refused("LH4116", f"The query parameter {name} came twice: send it once.")
    refusals = (_refusal(each, call) for each in (*route.in_path, *route.parameters))
    return next((refusal for refusal in refusals if refusal), None)


def _refusal(parameter: Parameter, call: Call) -> Refused | None:
    if not parameter.code:
        return None
    value = _value(parameter, call)
    if value is None:
        said = parameter.missing or parameter.wrong
        return Refused(parameter.code, said) if parameter.required else None
    if _fits(parameter, value):
        return None
    return Refused(parameter.code, parameter.wrong)


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
