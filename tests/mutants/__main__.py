"""Mutation testing of modules that decide: `python -m tests.mutants [MODULE ...]`.

mutmut changes one thing in a function at a time, and a pure test must notice. It works in
build/mutants, where `mutmut show NAME` and `mutmut browse` say more. A mutant that lives because it
does what the original does is named in equivalent.toml, with the reason, and counts for nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[2]
WORKSHOP = ROOT / "build" / "mutants"
LEAST_KILLED = 90  # percent, of each module
# Where the pure tests are that must notice.
_PLANS = ("plan", "plan_starts", "plan_use")
_HOLDINGS = ["tests/ledger/test_holdings.py"]
_PLAN = ["tests/controller/planning", *(f"tests/controller/test_{name}.py" for name in _PLANS)]
TESTS = {
    "ledger.lease": ["tests/ledger/test_lease.py"],
    "ledger.schedule": ["tests/ledger/test_schedule.py", "tests/ledger/test_schedule_zones.py"],
    "ledger.standing": ["tests/ledger/test_standing.py"],
    "ledger.fleet": _HOLDINGS,
    "ledger.holdings": _HOLDINGS,
    "ledger.cross_checks": _HOLDINGS,
    "ledger.model_versions": ["tests/ledger/test_model_versions.py"],
    **{
        f"leasehold.jumpstart.{name}": ["tests/leasehold/jumpstart"]
        for name in ("changes", "document", "resolving", "versions", "wanted")
    },
    **{
        f"controller.planning.{path.stem}": _PLAN
        for path in (ROOT / "controller/planning").glob("[a-z]*.py")
    },
}
PACKAGES = [
    *("controller", "environments", "functions", "gateway", "infra", "leasehold", "ledger"),
    *("sandbox", "schema"),
]
PATIENCE = 5  # times the time that a mutant's tests take: some mutants never come to an end
UNUSED_PLUGINS = ["cacheprovider", "pytest_cov", "xdist", "xdist.looponfail"]
KILLED = {"killed", "timeout"}


@dataclass(frozen=True)
class Mutant:
    name: str
    status: str

    @property
    def module(self) -> str:
        return self.name.rpartition(".")[0]

    def change(self) -> tuple[str, str]:
        """Return what stood there and what stands there now, each as one line."""
        diff = _mutmut("show", self.name).splitlines()
        return _lines_with("-", diff), _lines_with("+", diff)


@dataclass(frozen=True)
class Equivalent:
    """A change that no test can notice, and why."""

    module: str
    line: str
    becomes: str
    because: str

    def is_(self, mutant: Mutant) -> bool:
        return mutant.module == self.module and mutant.change() == (self.line, self.becomes)


def main(modules: Sequence[str]) -> int:
    unknown = [each for each in modules if each not in TESTS]
    if unknown:
        print(f"{unknown[0]} is not in TESTS of {__file__}: say there which tests must notice.")
        return 2
    _prepare(modules)
    if not _run():
        return 2
    mutants = _results()
    return 1 if any([_is_short(each, mutants) for each in modules]) else 0  # noqa: C419 - tell all


def _prepare(modules: Iterable[str]) -> None:
    """Lay out the checkout for mutmut, with a configuration for these modules."""
    shutil.rmtree(WORKSHOP, ignore_errors=True)
    WORKSHOP.mkdir(parents=True)
    for name in [*PACKAGES, "tests"]:
        (WORKSHOP / name).symlink_to(ROOT / name)
    settings = {
        "source_paths": sorted({each.partition(".")[0] for each in modules}),
        "only_mutate": [f"{each.replace('.', '/')}.py" for each in modules],
        "also_copy": PACKAGES,
        "timeout_multiplier": PATIENCE,
        "pytest_add_cli_args": [
            "--hypothesis-profile=mutants",
            *(f"-pno:{each}" for each in UNUSED_PLUGINS),
        ],
        "pytest_add_cli_args_test_selection": [
            *("-m", "pure"),
            *(test for each in modules for test in TESTS[each]),
        ],
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    project = (ROOT / "pyproject.toml").read_text()
    (WORKSHOP / "pyproject.toml").write_text(f"{project}\n[tool.mutmut]\n{''.join(lines)}")


def _run() -> bool:
    """Test every mutant; what mutmut says of it goes to the terminal or else to a file."""
    log = WORKSHOP / "log"
    with log.open("w") as file:
        output = None if sys.stdout.isatty() else file
        done = subprocess.run(_command("run"), cwd=WORKSHOP, stdout=output, check=False)
    if done.returncode:
        print(f"mutmut could not finish: see {log}")
    return done.returncode == 0


def _results() -> list[Mutant]:
    lines = _mutmut("results", "--all", "true").splitlines()
    return [Mutant(*line.strip().split(": ", 1)) for line in lines if ": " in line]


def _is_short(module: str, mutants: Iterable[Mutant]) -> bool:
    """Tell of a module what was killed and what lives, and whether that is too little."""
    made = [each for each in mutants if each.module == module]
    alive = [each for each in made if each.status not in KILLED]
    known = [each for each in equivalents() if each.module == module]
    same = [each for each in alive if any(it.is_(each) for it in known)]
    stale = [it for it in known if not any(it.is_(each) for each in same)]
    counted, killed = len(made) - len(same), len(made) - len(alive)
    score = 100 * killed / counted if counted else 100
    print(
        f"{module}: {score:.1f} % of {counted} mutants killed"
        f" ({len(same)} more do what the original does)"
    )
    for each in alive:
        if each not in same:
            was, becomes = each.change()
            print(f"  {each.name}: {each.status}\n    - {was}\n    + {becomes}")
    for it in stale:
        print(f"  equivalent.toml names what is not there: {it.becomes}")
    return score < LEAST_KILLED or bool(stale)


def equivalents() -> list[Equivalent]:
    read = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text())
    return [Equivalent(**each) for each in read.get("mutant", [])]


def _lines_with(mark: str, diff: Iterable[str]) -> str:
    return " ".join(
        line[1:].strip() for line in diff if line.startswith(mark) and line[:3] != 3 * mark
    )


def _mutmut(*arguments: str) -> str:
    done = subprocess.run(
        _command(*arguments), cwd=WORKSHOP, capture_output=True, text=True, check=True
    )
    return done.stdout


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mutmut", *arguments]


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)  # it would lead to the original
    raise SystemExit(main(sys.argv[1:] or list(TESTS)))
