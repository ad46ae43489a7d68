"""`python -m tests.fuzz [NAME ...]`: let atheris look for inputs that break a target.

Each runs in a process of its own, for a time or for a number of inputs, over a corpus folder that
is kept under build/. What breaks is written there too, and the exit status says so.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

CORPUS = Path("build/fuzz")
LONGEST_INPUT = 4096
INSTRUMENTED = ["controller", "gateway", "leasehold", "ledger", "json", "jsonschema", "jwt"]


def main() -> int | str:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz")
    asked.add_argument("names", nargs="*", help="targets; all without one")
    asked.add_argument("--seconds", type=int, default=60, help="how long for each")
    asked.add_argument("--runs", type=int, default=-1, help="how many inputs for each")
    asked.add_argument("--corpus", type=Path, default=CORPUS)
    wish = asked.parse_args()
    names = wish.names or list(_targets().TARGETS)
    if len(names) == 1:
        limits = [f"-max_total_time={wish.seconds}", f"-runs={wish.runs}"]
        fuzz(names[0], wish.corpus, limits)
    broken = [name for name in names if not _holds(name, sys.argv[1:], wish.names)]
    return f"broken: {', '.join(broken)}" if broken else 0


def _holds(name: str, arguments: list[str], names: list[str]) -> bool:
    """Fuzz one target in a process of its own, with the same options."""
    sys.stderr.write(f"--- {name}\n")
    options = [each for each in arguments if each not in names]
    done = subprocess.run([sys.executable, "-m", "tests.fuzz", name, *options], check=False)
    return done.returncode == 0


def fuzz(name: str, corpus: Path, limits: list[str]) -> NoReturn:
    """Fuzz one target in this process, which ends with it."""
    try:
        import atheris  # noqa: PLC0415 - only Linux on x86_64 has it
    except ImportError:
        sys.exit("atheris is missing: it is for Python before 3.14 on Linux on x86_64.")
    with atheris.instrument_imports(include=INSTRUMENTED):
        targets = _targets()
    folder = corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(name)):
        (folder / f"seed-{number}").write_bytes(seed)
    found = f"-artifact_prefix={corpus / name}."
    own = [found, f"-max_len={LONGEST_INPUT}", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], str(folder), *own, *limits], getattr(targets, name))
    atheris.Fuzz()
    raise AssertionError("libFuzzer ends the process")


def _targets() -> Any:  # noqa: ANN401 - a module
    return importlib.import_module("tests.fuzz.targets")


if __name__ == "__main__":
    sys.exit(main())
