"""`GET /me`: who calls, by a token, a JWT or AWS's signature, and what they may do. Pure."""

from gateway.http.answer import Answer
from gateway.http.call import Call


def tell(environment: str, call: Call) -> Answer:
    """Answer with the caller. Raises Refused LH4202 where nobody has shown who they are."""
    caller = call.principal
    answer = {
        "Name": caller.name,
        "Email": caller.email,
        "Scopes": sorted(caller.scopes),
        "Only": sorted(caller.only),
        "Environment": environment,
    }
    return Answer(answer, headers={"Cache-Control": "no-store"})
