"""The machine that a command runs on: what of its settings must not reach which part.

Entry points call it, before anything else has looked at the environment.
"""

import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper

_HERE = ("localhost", "127.0.0.1", "::1")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_KEPT_OF_GIT = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG")


def prepare() -> None:
    """Let no proxy stand before this machine's own addresses, and no output ever raise."""
    for name in ("no_proxy", "NO_PROXY"):
        known = [each for each in os.environ.get(name, "").split(",") if each]
        if known != ["*"]:
            os.environ[name] = ",".join([*known, *(each for each in _HERE if each not in known)])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def forget_account() -> None:
    """Drop what says which account and which repository: a sandbox has its own, and no way out.

    The functions that it runs, and what else starts in this process, find nothing of them.
    """
    kept = without_repository(os.environ)
    for name in list(os.environ):
        if name not in kept or name.startswith("AWS_") or name.lower() in _PROXIES:
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def without_repository(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave out what ties git to one repository, as hooks do; keep who commits, and settings."""
    return {
        name: value
        for name, value in variables.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT_OF_GIT)
    }
