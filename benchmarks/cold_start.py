"""A cold start: the CPU time that importing a function takes, against `import boto3` alone.

Every process starts from the package as it is deployed, beside stock boto3; both are compiled. The
rounds take turns, and the least of each counts: what else the machine does only adds.
"""

import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

from infra.packages.build import Order, build
from infra.packages.contents import PACKAGES, Package
from infra.packages.python import find_python
from sandbox.lambda_functions.stock import BOTO3, link_stock

ROUNDS = 9
GOALS = {
    "controller": 2.0,
    "controller-with-keys": 2.0,
    "gateway": 2.0,
    "stream": 2.0,
    "webhook": 1.2,
    "console": 1.2,
    "authorizer": 1.3,
    "authorizer-oidc": 1.5,
}
# What a function imports with its first request, and an import of its entry module does not: of the
# gateway's, that of an extension.
_LATER = {
    "authorizer-oidc": ("gateway.callers.jwt_issuer",),
    "gateway": (
        "gateway.leases.changes",
        "gateway.group_commit.shared_changes",
        "gateway.group_commit.table",
    ),
}
_TIMED = """
import importlib, sys, time
started = time.process_time()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(time.process_time() - started)
"""


def run() -> str:
    here = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    with tempfile.TemporaryDirectory(prefix="leasehold-cold-start-") as name:
        folder = Path(name)
        build(Order(python=find_python(), architecture=here, output=folder / "packages"))
        link_stock(folder / "stock", *BOTO3)
        for package in PACKAGES:
            with ZipFile(folder / "packages" / here / f"{package.name}.zip") as archive:
                archive.extractall(folder / package.name)
        return _told(*_measured(folder))


def _measured(folder: Path) -> tuple[float, dict[str, float]]:
    """Return the seconds of CPU that boto3 takes, and those of each function."""
    alone: list[float] = []
    taken: dict[str, list[float]] = {package.name: [] for package in PACKAGES}
    for _ in range(ROUNDS):
        alone.append(_seconds(folder, "boto3"))
        for package in PACKAGES:
            taken[package.name].append(_seconds(folder, *_imports(package), at=package.name))
    return min(alone), {name: min(each) for name, each in taken.items()}


def _imports(package: Package) -> tuple[str, ...]:
    return package.entry, *_LATER.get(package.name, ())


def _seconds(folder: Path, *modules: str, at: str = "stock") -> float:
    path = f"{folder / at}:{folder / 'stock'}"
    command = [sys.executable, "-S", "-c", _TIMED, *modules]
    done = subprocess.run(
        command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _told(alone: float, taken: dict[str, float]) -> str:
    lines = [f"cold start: CPU time of the import, `import boto3` takes {alone * 1000:.0f} ms"]
    for name, seconds in taken.items():
        lines.append(f"  {name:16} {seconds / alone:5.2f} of it (goal: at most {GOALS[name]})")
    return "\n".join(lines)
