"""How a process is told where the ledger is: by variables.

Entry points alone read the environment, and hand it in as a mapping.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import Refused
from ledger.variables import BRANCH, ENVIRONMENT, GIT_SECRET, REPOSITORY

STATUS_BRANCH = "leasehold/status"  # where the controller writes what it observed


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is, and which of its environments this process serves."""

    environment: str
    url: str
    branch: str = "main"
    secret_id: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "LedgerSettings":
        """Read the variables. Raises Refused LH2020 with the one that is missing."""
        for name in (ENVIRONMENT, REPOSITORY):
            if not env.get(name):
                raise Refused("LH2020", f"the variable {name} is not set.")
        return cls(
            environment=env[ENVIRONMENT],
            url=env[REPOSITORY],
            branch=env.get(BRANCH) or "main",
            secret_id=env.get(GIT_SECRET) or None,
        )

    def variables(self) -> dict[str, str]:
        """Return the variables that `from_env` reads the same from."""
        told = {
            ENVIRONMENT: self.environment,
            REPOSITORY: self.url,
            BRANCH: self.branch,
            GIT_SECRET: self.secret_id,
        }
        return {name: value for name, value in told.items() if value is not None}
