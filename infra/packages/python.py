"""The Python that the functions will run on: the one that builds, or another on this machine.

Bytecode is good for one minor version alone, so that version's own compiler has to make it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refused

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
_HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
_ASKED = "import sys; print('%d.%d' % sys.version_info[:2])"
# The hash seed decides the order of some constants. Each file is compiled in a process of its own,
# for what was compiled before it decides which of its strings are written as references.
_COMPILE = """
import json, os, py_compile, sys
for source, target, shown in json.load(sys.stdin):
    child = os.fork()
    if not child:
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        try:
            py_compile.compile(source, target, shown, doraise=True, invalidation_mode=mode)
        except py_compile.PyCompileError as error:
            sys.exit(f"{source} cannot be compiled: {error.exc_value}")
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
"""


@dataclass(frozen=True)
class Python:
    """`version` is its minor version, which names Lambda's runtime and its bytecode."""

    version: str
    program: Path

    @property
    def cache_tag(self) -> str:
        return f"cpython-{self.version.replace('.', '')}"

    def compile(self, files: list[tuple[Path, Path, str]]) -> None:
        """Compile each source to a target, whose code says that it is at a third path."""
        command = [str(self.program), "-S", "-c", _COMPILE]
        told = json.dumps([[str(source), str(target), shown] for source, target, shown in files])
        variables = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONHASHSEED": "0",
            "PYTHONNODEBUGRANGES": "1",  # a traceback has the line; columns cost a tenth of all
        }
        done = subprocess.run(  # noqa: S603 - the program that was chosen
            command, input=told, env=variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Refused(
                "LH5103",
                f"Python {self.version} cannot compile the packages: {done.stderr.strip()[-500:]}",
            )


def find_python(version: str | None = None) -> Python:
    """Return the Python of a minor version; by default the one that runs this.

    Raises Refused LH5100.
    """
    wanted = version or _HERE
    if wanted not in SUPPORTED:
        raise Refused(
            "LH5100",
            f"Lambda has no runtime for Python {wanted}: name one of {', '.join(SUPPORTED)} by"
            " --python, of those that are on this machine.",
        )
    if wanted == _HERE:
        return Python(wanted, Path(sys.executable))
    for program in _candidates(wanted):
        if _version_of(program) == wanted:
            return Python(wanted, program)
    raise Refused(
        "LH5100",
        f"Python {wanted} is not on this machine, and its bytecode needs it: install it, or leave"
        f" out --python to build for Python {_HERE}.",
    )


def _candidates(version: str) -> list[Path]:
    found = shutil.which(f"python{version}")
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    return [*([Path(found)] if found else []), *pyenv]


def _version_of(program: Path) -> str:
    """Ask a program for its version; a shim may lead nowhere."""
    try:
        done = subprocess.run(  # noqa: S603 - found by the name that was asked for
            [str(program), "-S", "-c", _ASKED], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return text if re.fullmatch(r"3\.\d+", text := done.stdout.strip()) else ""
