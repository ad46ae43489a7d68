"""A CodeCommit repository, opened by the role of whoever runs this: each connection is signed.

There is no secret. A signature is good for fifteen minutes, so none is kept.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError

from ledger.errors import Unavailable
from ledger.remote import Access, Token


class CodeCommitRole:
    """A source of credentials: `credentials` gives those of AWS, as botocore has them, or None."""

    def __init__(
        self,
        url: str,
        region: str,
        credentials: Callable[[], Any],
        clock: Callable[[], datetime],
    ) -> None:
        address = urlsplit(url)
        self._host, self._path, self._region = address.netloc, address.path, region
        self._credentials = credentials
        self._clock = clock

    def access(self) -> Access:
        """Sign for a connection that is made now. Raises Failure."""
        try:
            found = self._credentials()
            frozen = found.get_frozen_credentials() if found else None
        except (BotoCoreError, ClientError) as error:
            said = f"the AWS credentials to sign for CodeCommit cannot be got: {error}"
            raise Unavailable("LH2025", said) from error
        if frozen is None:
            raise Unavailable(
                "LH2025", "there are no AWS credentials to sign for CodeCommit: give this a role."
            )
        user = frozen.access_key
        if frozen.token:
            user = f"{user}%{frozen.token}"
        return Access(Token(user, self._sign(frozen)))

    def doubt(self) -> None:
        """Nothing is kept that could be out of date."""

    def _sign(self, frozen: ReadOnlyCredentials) -> str:
        """Return what AWS's own git-remote-codecommit gives git as a password.

        It is Signature Version 4 of a request that is never sent: the method GIT, and the host.
        """
        request = AWSRequest("GIT", f"https://{self._host}{self._path}")
        at = request.context["timestamp"] = f"{self._clock().astimezone(UTC):%Y%m%dT%H%M%S}"
        signer = SigV4Auth(frozen, "codecommit", self._region)
        canonical = f"GIT\n{self._path}\n\nhost:{self._host}\n\nhost\n"
        signed = signer.signature(signer.string_to_sign(request, canonical), request)
        return f"{at}Z{signed}"
