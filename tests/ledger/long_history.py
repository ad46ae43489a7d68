"""Histories that are too long to be made one commit at a time: git's own fast-import makes them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from ledger.committers import GATEWAY
from tests.ledger.forge import LEASE, NOON, QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from ledger.snapshot import Person
    from tests.ledger.forge import Forge


def grow(
    forge: Forge,
    commits: int,
    *,
    begin: datetime = NOON,
    step: timedelta | None = None,
    committer: Person = GATEWAY,
    path: str = LEASE,
) -> None:
    """Put commits on top of the main branch, each a change of one file."""
    seconds = int(step.total_seconds()) if step else 0

    def stream() -> Iterator[str]:
        for number in range(commits):
            at = int(begin.timestamp()) + number * seconds
            message, content = f"grow {number}\n\nRequest-Id: grow-{number}\n", f"{number + 1}"
            yield "commit refs/heads/main\n"
            yield f"committer {committer.name} <{committer.email}> {at} +0000\n"
            yield f"data {len(message)}\n{message}\n"
            yield "from refs/heads/main^0\n" if number == 0 else ""
            yield f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"

    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=raw"],
        cwd=forge.bare,
        env=QUIET,
        input="".join(stream()).encode(),
        check=True,
    )
