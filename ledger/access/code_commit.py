"""A CodeCommit repository, opened by the role of whoever runs this: each connection is signed.

There is no secret. A signature is good for fifteen minutes, so none is kept.
"""

import re
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ledger.errors import Refused, Unavailable
from ledger.remote import Access, Token

_HOST = re.compile(r"git-codecommit(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def region_of(url: str) -> str | None:
    """Return the region of a CodeCommit address; None is another server."""
    address = urlsplit(url)
    found = _HOST.fullmatch(address.hostname or "") if address.scheme == "https" else None
    return found[1] if found else None


class CodeCommitRole:
    """A source of credentials: `credentials` gives those of AWS, as botocore has them, or None."""

    def __init__(self, url: str, region: str, credentials: Callable[[], Any]) -> None:
        address = urlsplit(url)
        self._host, self._path, self._region = address.netloc, address.path, region
        self._credentials = credentials

    def access(self) -> Access:
        """Sign for a connection that is made now. Raises Failure."""
        found = self._credentials()
        if found is None:
            raise Unavailable(
                "LH2025", "there are no AWS credentials to sign for CodeCommit: give this a role."
            )
        frozen = found.get_frozen_credentials()
        user = frozen.access_key
        if frozen.token:
            user = f"{user}%{frozen.token}"
        return Access(Token(user, self._sign(frozen)))

    def doubt(self) -> None:
        """Nothing is kept that could be out of date."""

    def _sign(self, frozen: object) -> str:
        try:
            from git_remote_codecommit import sign  # noqa: PLC0415 - only CodeCommit needs it
        except ImportError:
            raise Refused(
                "LH2023",
                "CodeCommit needs the Python package git-remote-codecommit: install"
                " leasehold[codecommit] where this runs.",
            ) from None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it asks for utcnow()
            return str(sign(self._host, self._path, self._region, frozen))
