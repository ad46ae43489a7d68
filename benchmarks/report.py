"""A report from 100,000 lease commits, against `git log` on the same files.

git's own fast-import makes the history. The report runs in a process of its own and reads the
ledger by its path, as `git log` does: what both cost is the reading. They take turns. The memory
is what reading adds to the clone, compared with a report on a tenth of the history.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import long_history
from ledger.accounting.reading import LedgerReader
from ledger.committers import READER
from ledger.remote import Remote, Timeouts
from ledger.repository import Repository
from sandbox.git.server import create_repository

ROUNDS = 3
_FOLDER = "environments/dev"
_EVER = timedelta(days=400)
_CLONED_MS = 600_000  # for a clone of all of it, which is not measured, on a machine that is busy


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
            reports.append(_measured(whole))
        small = _measured(tenth)[1]
    log, seconds = statistics.median(logs), statistics.median(each[0] for each in reports)
    memory = max(each[1] for each in reports)
    return (
        f"report: {long_history.COMMITS} lease commits, {seconds:.2f} s against {log:.2f} s of git"
        f" log on the same files (medians of {ROUNDS}): ratio {seconds / log:.1f}, goal at most"
        f" 3.0; it adds {memory} MB to the clone's memory, on a tenth of them {small} MB"
    )


def _logged(bare: Path) -> float:
    """Read who changed what of the leases, as git log tells it."""
    command = ["git", "log", "--format=%H %an %ae %ct %B", "--raw", "main", "--", _FOLDER]
    start = time.perf_counter()
    subprocess.run(command, cwd=bare, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _measured(bare: Path) -> tuple[float, int]:
    command = [sys.executable, "-m", "benchmarks.report", str(bare)]
    done = subprocess.run(command, check=True, capture_output=True)
    seconds, megabytes = json.loads(done.stdout)
    return float(seconds), int(megabytes)


def _read(bare: str) -> str:
    """Read the whole history as a report does."""

    def now() -> datetime:
        return datetime.now(UTC)

    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as cache:
        patient = Timeouts(exchange_ms=_CLONED_MS)
        ledger = Repository(
            Remote(bare), Path(cache), committer=READER, clock=now, timeouts=patient
        )
        snapshot = ledger.read()
        files = {path.rpartition("/")[2]: content for path, content in snapshot.files.items()}
        since = int((now() - _EVER).timestamp())
        before, start = _megabytes(), time.perf_counter()
        reader = LedgerReader(since, files)
        ledger.journal(_FOLDER, lambda: lambda it: reader(it.at, it.files, lambda: it.record))
        bought = sum(len(lease.bought) for lease in reader.leases.values())
        seconds = time.perf_counter() - start
    if not bought:
        raise RuntimeError("nothing was bought in all that time")
    return json.dumps([seconds, _megabytes() - before])


def _megabytes() -> int:
    """Return the memory that this process has now, as Linux tells it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


if __name__ == "__main__":
    sys.stdout.write(_read(*sys.argv[1:]))
