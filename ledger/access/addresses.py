"""What the address of a repository says of how it is opened. Pure."""

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"git-codecommit(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def region_of(url: str) -> str | None:
    """Return the region of a CodeCommit address; None is another server."""
    address = urlsplit(url)
    found = _HOST.fullmatch(address.hostname or "") if address.scheme == "https" else None
    return found[1] if found else None
