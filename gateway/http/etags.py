"""If-None-Match: whether a caller has an answer already, as RFC 9110 compares tags. Pure."""

import re

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def is_known(tag: str, header: str | None) -> bool:
    """Tell whether If-None-Match names a tag, weak or not; `*` names any."""
    if header is None:
        return False
    return header.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(header)
