"""Cloud Custodian in an environment of its own, `build/bench-venv`: the project's stays light."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "requirements" / "bench.lock"
FOLDER = ROOT / "build" / "bench-venv"
PYTHON = FOLDER / "bin" / "python"
STAMP = FOLDER / "installed.lock"
INSTALL = (
    "install",
    "--quiet",
    "--no-deps",
    "--retries",
    "1",
    "--timeout",
    "20",
    "--require-hashes",
    "-r",
)


class NotInstalledError(Exception):
    """Cloud Custodian could not be installed; the text says why."""


def python() -> Path:
    """Give the interpreter that has c7n, and make its environment at the first time."""
    if STAMP.exists() and STAMP.read_bytes() == LOCK.read_bytes():
        return PYTHON
    _run(sys.executable, "-m", "venv", "--clear", str(FOLDER))
    _run(str(PYTHON), "-m", "pip", *INSTALL, str(LOCK))
    # Written last, so an installation that was interrupted is done again.
    STAMP.write_bytes(LOCK.read_bytes())
    return PYTHON


def version() -> str:
    """Give the version of c7n that the lock pins."""
    pins = (line.split("==") for line in LOCK.read_text().splitlines() if "==" in line)
    return next(pin.removesuffix("\\").strip() for name, pin in pins if name == "c7n")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
        raise NotInstalledError(said.splitlines()[-1])
