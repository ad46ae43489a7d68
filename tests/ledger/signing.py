"""Keys that sign, made by ssh-keygen."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.debian import require

if TYPE_CHECKING:
    from pathlib import Path


def keygen(folder: Path, name: str = "key", *options: str) -> Path:
    require("ssh-keygen", package="openssh-client")
    key = folder / name
    kind = options or ("-t", "ed25519")
    command = ["ssh-keygen", "-q", "-N", "", "-C", name, "-f", str(key), *kind]
    subprocess.run(command, check=True, capture_output=True)
    return key


def public(key: Path) -> str:
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])
