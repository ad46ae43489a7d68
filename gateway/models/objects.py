"""The only module that speaks to S3: what asynchronous models are sent, and what they answer.

AWS's refusals end here, as a Failure or as TakenError. Whether something is there is asked by a
list: S3 hides behind AccessDenied that an object is missing from whoever may not list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from ledger.errors import Unavailable, Wait

_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_MISSING = frozenset({"NoSuchKey", "404"})
_THROTTLED = frozenset({"SlowDown", "ThrottlingException", "503"})


class TakenError(Exception):
    """Somebody else has written the object meanwhile."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its body, its type, and the tag by which it is replaced."""

    body: bytes
    content_type: str
    tag: str


class Objects:
    """Objects by their locations, `s3://bucket/key`; the client is made when it is needed."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self._make = client
        self._lock = Lock()
        self._made: Any = None

    def put(self, location: str, body: bytes, content_type: str) -> None:
        """Write an object. Raises Unavailable LH4287, Wait LH4305, as all methods do."""
        self._put(location, body, content_type)

    def claim(self, location: str, body: bytes, instead_of: str | None) -> None:
        """Write JSON where nothing is, or instead of what has this tag. Raises TakenError."""
        condition = {"IfMatch": instead_of} if instead_of else {"IfNoneMatch": "*"}
        self._put(location, body, "application/json", **condition)

    def read(self, location: str) -> Found | None:
        bucket, key = _parts(location)
        try:
            answer = self._client().get_object(Bucket=bucket, Key=key)
            content = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _MISSING or (_is_denied(error) and self.size(location) is None):
                return None
            _refuse(location, error)
        return Found(content, answer.get("ContentType", ""), answer["ETag"])

    def size(self, location: str) -> int | None:
        """Return how many bytes an object has; None where there is none."""
        bucket, key = _parts(location)
        try:
            answer = self._client().list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            _refuse(location, error)
        first = next(iter(answer.get("Contents", ())), None)
        return int(first["Size"]) if first and first["Key"] == key else None

    def url(self, location: str, operation: Literal["get_object", "put_object"], to: int) -> str:
        """Sign a URL by which anybody may do this one thing for so many seconds."""
        bucket, key = _parts(location)
        client, asked = self._client(), {"Bucket": bucket, "Key": key}
        try:
            return str(client.generate_presigned_url(operation, Params=asked, ExpiresIn=to))
        except BotoCoreError as error:
            _refuse(location, error)

    def _put(self, location: str, body: bytes, content_type: str, **condition: str) -> None:
        bucket, key = _parts(location)
        asked = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": content_type}
        try:
            self._client().put_object(**asked, **condition)
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _TAKEN:
                raise TakenError(location) from error
            _refuse(location, error)

    def _client(self) -> Any:  # noqa: ANN401 - boto3's
        with self._lock:
            if self._made is None:
                self._made = self._make("s3", config=clients.OBJECTS)
            return self._made


def _parts(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


def _code(error: ClientError | BotoCoreError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def _is_denied(error: ClientError | BotoCoreError) -> bool:
    return _code(error) in ("AccessDenied", "403")


def _refuse(location: str, error: ClientError | BotoCoreError) -> NoReturn:
    bucket, told = _parts(location)[0], _code(error) or type(error).__name__
    if told in _THROTTLED:
        raise Wait("LH4305", "More calls than S3 takes from this account: slow down.") from error
    said = (
        f"S3 did not do it in the bucket {bucket} ({told}). Ask again, and then tell who runs this"
        " API: it needs the bucket, and the rights that its last deployment gave it."
    )
    raise Unavailable("LH4287", said) from error
