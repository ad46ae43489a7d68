"""The keys that the links of notices are proven by."""

from gateway.secret_text import RememberedSecret, SecretNames, Settings
from ledger.links import Keys
from ledger.variables import LINK_SECRET, LINK_SECRET_VALUE

_NAMES = SecretNames(
    what="secret of the links",
    variable=LINK_SECRET,
    value_variable=LINK_SECRET_VALUE,
    code="LH4279",
    missing="Links are not set up here:",
)


def link_keys(dependencies: Settings) -> RememberedSecret[Keys]:
    return RememberedSecret(dependencies, _NAMES, Keys.of)
