"""PURE: tokens of pages. They carry a place in base64, so that nobody takes them for more."""

import base64

from sandbox.aws.protocol.errors import AwsError


def write(place: str) -> str:
    return base64.b64encode(place.encode()).decode()


def read(token: str | None, invalid: AwsError) -> str:
    """Return the place that a token carries, "" without one; raise `invalid` if it carries none."""
    try:
        return base64.b64decode(token or "", validate=True).decode()
    except ValueError as error:
        raise invalid from error


def position(token: str | None, invalid: AwsError) -> int:
    """Return the place as a position in a list, 0 without a token."""
    place = read(token, invalid)
    if place and not place.isdecimal():
        raise invalid
    return int(place or 0)
