"""How a process is told where the ledger is: by variables, and by a secret for the git server.

Entry points alone read the environment, and hand it in as a mapping.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refused
from ledger.remote import Credentials, SshKey, Token
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


def read_secret(text: str, folder: Path) -> Credentials:
    """Read the secret's JSON: `username` and `token`, or `private_key` and `known_hosts`.

    Keys are written to `folder`, readable by this process alone, since SSH takes files.
    """
    try:
        match json.loads(text):
            case {"username": str(username), "token": str(token)}:
                return Token(username, token)
            case {"private_key": str(private_key), "known_hosts": str(known_hosts), **rest}:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                key, hosts = folder / "key", folder / "known_hosts"
                key.touch(mode=0o600)
                key.write_text(private_key)
                hosts.write_text(known_hosts)
                username = str(rest.get("username", "git"))
                return SshKey(username, key, None, hosts, str(rest.get("passphrase", "")))
    except (ValueError, RecursionError):  # said below, without the text
        pass
    raise Refused(
        "LH2021",
        "the git secret is not understood: it is JSON with username and token, or with private_key"
        " and known_hosts.",
    )
