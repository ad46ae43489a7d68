"""What lets a person into the ledger's repository: what their git and their SSH use already.

A deployed function has a secret instead (`ledger.settings`).
"""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from ledger.remote import Credentials, SshKey, Token

_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


def for_address(url: str, home: Path) -> Credentials | None:
    """Find credentials for a repository; None where it needs none, or none are there."""
    match urlsplit(url).scheme:
        case "https":
            return _from_git(url)
        case "ssh":
            return _from_ssh(home / ".ssh", urlsplit(url).username)
        case "" if "@" in url and not Path(url).exists():
            return _from_ssh(home / ".ssh", url.partition("@")[0])
        case _:
            return None


def _from_git(url: str) -> Token | None:
    """Ask git's credential helpers, as `git push` would; nobody is prompted."""
    silent = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"}
    done = subprocess.run(
        ["git", "credential", "fill"],  # noqa: S607  (the caller's own git)
        input=f"url={url}\n\n",
        env=silent,
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    if found.get("username") and found.get("password"):
        return Token(found["username"], found["password"])
    return None


def _from_ssh(folder: Path, username: str | None) -> SshKey | None:
    """Take the first of OpenSSH's default keys that is there."""
    keys = (folder / name for name in _KEYS)
    key = next((path for path in keys if path.exists()), None)
    return SshKey(username or "git", key, None, folder / "known_hosts") if key else None
