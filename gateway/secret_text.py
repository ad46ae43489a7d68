"""A secret that calls are checked by: from Secrets Manager, or from a setting.

One variable names a secret in Secrets Manager. Another one holds the text itself, for
`leasehold up`, and is looked at first.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from ledger.errors import Refused, Unavailable

_REMEMBERED = timedelta(minutes=5)
_Read = TypeVar("_Read")


class Settings(Protocol):
    """The part of an entry point's dependencies that says where a secret is."""

    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def client(self) -> Callable[..., Any]: ...
    @property
    def variables(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class SecretNames:
    """Which variables say where a secret is; `code` and `missing` are told where none does."""

    what: str
    variable: str
    value_variable: str
    code: str
    missing: str


class RememberedSecret(Generic[_Read]):
    """Reads a secret when it is needed, and again after five minutes."""

    def __init__(
        self,
        dependencies: Settings,
        names: SecretNames,
        read: Callable[[str], _Read],
    ) -> None:
        self._dependencies = dependencies
        self._names = names
        self._read = read
        self._lock = threading.Lock()
        self._known: tuple[datetime, _Read] | None = None

    def __call__(self) -> _Read:
        """Return what is made of the secret's text.

        Raises Refused with the code of `names` where nothing says where it is, Unavailable LH4406,
        and what `read` raises; none says a word of what the secret is.
        """
        with self._lock:
            now = self._dependencies.clock()
            if self._known is None or now - self._known[0] > _REMEMBERED:
                self._known = None
                self._known = now, self._read(self._text())
            return self._known[1]

    def _text(self) -> str:
        variables, names = self._dependencies.variables, self._names
        if text := variables.get(names.value_variable):
            return text
        if not (name := variables.get(names.variable)):
            raise Refused(names.code, f"{names.missing} {names.variable} is not set.")
        try:
            client = self._dependencies.client("secretsmanager", config=clients.BRIEF)
            return str(client.get_secret_value(SecretId=name)["SecretString"])
        except (BotoCoreError, ClientError, KeyError) as error:
            raise Unavailable(
                "LH4406",
                f"The {names.what} cannot be read now. Try again, and then tell who runs this API.",
            ) from error
