"""A report from 100,000 lease commits, against `git log` on the same files.

git's own fast-import makes the history. The report runs in a process of its own and reads the
ledger by its path, as `git log` does: what both cost is the reading. They take turns. The memory
is the peak of the whole process over what it has once it has imported what it needs, next to that
of a report on a tenth of the history, of git log, and where the ledger is fetched from a server.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks import long_history
from ledger.accounting.account import Account, books, enter
from ledger.accounting.reading import LedgerReader
from ledger.committers import READER
from ledger.remote import Remote, Timeouts
from ledger.repository import Journaled, Repository
from sandbox.git.server import GitServer, create_repository

ROUNDS = 3
_FOLDER = "environments/dev"
_EVER = timedelta(days=400)
_CLONED_MS = 600_000  # for a clone of all of it, on a machine that is busy


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as name:
        root = Path(name)
        whole = create_repository(root, "whole.git")
        long_history.fill(whole)
        tenth = create_repository(root, "tenth.git")
        long_history.fill(tenth, long_history.COMMITS // 10)
        logs, reports = [], []
        for _ in range(ROUNDS):
            logs.append(_logged(whole))
            reports.append(_measured(str(whole)))
        small, small_log = _measured(str(tenth)), _logged(tenth)
        with GitServer(root) as server:
            fetched = [_measured(server.repository_url(each.name)).peak for each in (tenth, whole)]
    log, seconds = (statistics.median(each.seconds for each in of) for of in (logs, reports))
    return (
        f"report: {long_history.COMMITS} lease commits, {seconds:.2f} s against {log:.2f} s of git"
        f" log on the same files (medians of {ROUNDS}): ratio {seconds / log:.1f}, goal at most"
        f" 3.0; at its peak it has {max(each.peak for each in reports)} MB more than before, on a"
        f" tenth of them {small.peak} MB, and {fetched[1]} and {fetched[0]} MB where it fetches"
        f" them; git log has {max(each.peak for each in logs)} and {small_log.peak} MB"
    )


class Measured(NamedTuple):
    """Seconds, and megabytes at the peak."""

    seconds: float
    peak: int


def _logged(bare: Path) -> Measured:
    """Read who changed what of the leases, as git log tells it."""
    log = ["git", "log", "--format=%H %an %ae %ct %B", "--raw", "main", "--", _FOLDER]
    start = time.perf_counter()
    git = subprocess.Popen(log, cwd=bare, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(git.pid, 0)
    git.returncode = os.waitstatus_to_exitcode(status)
    if git.returncode:
        raise RuntimeError(f"git log ended with {git.returncode}")
    return Measured(time.perf_counter() - start, used.ru_maxrss // 1024)


def _measured(url: str) -> Measured:
    command = [sys.executable, "-m", "benchmarks.report", url]
    done = subprocess.run(command, check=True, capture_output=True)
    return Measured(*json.loads(done.stdout))


def _read(url: str) -> str:
    """Read the whole history as a report does."""

    def now() -> datetime:
        return datetime.now(UTC)

    before, start = _peak(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as cache:
        patient = Timeouts(exchange_ms=_CLONED_MS)
        ledger = Repository(Remote(url), Path(cache), committer=READER, clock=now, timeouts=patient)
        files = {path.rpartition("/")[2]: each for path, each in ledger.read().files.items()}
        account = Account(int((now() - _EVER).timestamp()), int(now().timestamp()), ZoneInfo("UTC"))
        readers = []

        def begin() -> Callable[[Journaled], bool]:
            readers.append(reader := LedgerReader(account.since, files))
            return lambda it: reader(it.at, it.files, lambda: it.record)

        ledger.journal(_FOLDER, begin)
        for book in books({}, readers[-1].leases, readers[-1].definitions):
            enter(account, book, readers[-1].tariff)
        seconds = time.perf_counter() - start
    if not account.lines:
        raise RuntimeError("nothing was bought in all that time")
    return json.dumps([seconds, _peak() - before])


def _peak() -> int:
    """Return the most memory that this process had until now, in megabytes, as Linux tells it."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sys.stdout.write(_read(*sys.argv[1:]))
