"""What `pip install` puts on a machine: one name, and every verb of the command line with it.

The wheel is built as the build system builds it, and installed without a network into a clean
environment, which has what Leasehold depends on and no more. Around it lies what a user may have:
folders of the same names as the project's own.
"""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import tarfile
import time
import venv
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from leasehold.state_dir import StateDir
from sandbox.lambda_functions.stock import link_stock
from tests.leasehold.running import variables

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
THEIRS = (
    *("console", "controller", "docs", "functions", "gateway", "infra", "ledger", "sandbox"),
    "schema",
)
SOMEBODY_ELSES = 'raise SystemExit("somebody else\'s module was imported")\n'
ROLE = "arn:aws:iam::123456789012:role/demo"
# Every verb with arguments by which it does something, where there is neither a ledger nor AWS.
ASK_EACH = """
import json, sys, traceback
import click
from click.testing import CliRunner
from leasehold.cli import main

def verbs(group, before=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        path, each = (*before, name), group.get_command(context, name)
        yield from verbs(each, path) if isinstance(each, click.Group) else [path]

told = {}
for verb in verbs(main):
    for words in (["--help"], *json.loads(sys.argv[1]).get(" ".join(verb), [])):
        result = CliRunner().invoke(main, [*verb, *words])
        strange = result.exception and not isinstance(result.exception, SystemExit)
        error = "".join(traceback.format_exception(result.exception)) if strange else ""
        told[" ".join([*verb, *words])] = [result.exit_code, result.output, error]
print(json.dumps(told))
"""
BEGIN = ("dev", "--project-prefix", "demo", "--region", "us-east-1", "--role-arn", ROLE)
# What `leasehold doctor` asks of the deployment's choices.
DECIDES = ("__init__", "concurrency", "context", "definitions", "options", "reached")
ARGUMENTS: dict[str, list[list[str]]] = {
    "status": [[]],
    "extend": [["Nobody", "1"]],
    "log": [["Falcon40B"]],
    "explain": [["Falcon40B"]],
    "plan": [[]],
    "doctor": [[]],
    "reconcile": [[]],
    "where": [[]],
    "init": [[*BEGIN]],
    "validate": [["."]],
    "models": [["falcon"]],
    "package": [[]],
    "token list": [[]],
    "up": [[]],
    "tour": [[]],
}


def build(kind: str, folder: Path, of: Path = ROOT) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=of, check=True, capture_output=True)
    (made,) = (each for each in folder.iterdir() if each.name.startswith("leasehold-"))
    return made


def closure(name: str) -> set[str]:
    """Name a distribution's dependencies, and theirs, without extras."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for text in requires(waiting.pop()) or ():
            needed = Requirement(text)
            wanted = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if wanted and needed.name not in found:
                found.add(needed.name)
                waiting.append(needed.name)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


class Installed:
    """An environment with the wheel; `libraries` are what it has beside it."""

    def __init__(self, folder: Path, wheel: Path, libraries: Path) -> None:
        self.folder = folder
        venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
        self.python = folder / "bin" / "python"
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install"]
        quiet = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
        subprocess.run([*pip, *quiet, str(wheel)], check=True)
        (self.packages,) = folder.glob("lib/python*/site-packages")
        self.names = {each.name for each in self.packages.iterdir()}
        (self.packages / "libraries.pth").write_text(f"{libraries}\n")

    def run(self, *words: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        told = variables(cwd, HOME=str(cwd), **more)
        told = {key: value for key, value in told.items() if not key.startswith("AWS_")}
        told.pop("PYTHONPATH", None)
        told |= {"PYTHONDONTWRITEBYTECODE": "1", **more}
        return subprocess.run(
            [*words], cwd=cwd, env=told, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    libraries = tmp_path_factory.mktemp("libraries") / "these"
    link_stock(libraries, *closure("leasehold"))
    return Installed(tmp_path_factory.mktemp("clean") / "venv", wheel, libraries)


@pytest.fixture(scope="module")
def whole(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The same with all extras."""
    libraries = Path(str(distribution("click").locate_file("")))
    return Installed(tmp_path_factory.mktemp("whole") / "venv", wheel, libraries)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A folder of a user's, with packages of their own, each of which must not be touched."""
    folder = tmp_path / "work"
    for name in THEIRS:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(SOMEBODY_ELSES)
    return folder


def test_the_wheel_has_one_name_and_what_a_command_line_needs(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"leasehold", "leasehold-0.1.0.dist-info"}
    below = [name for name in names if name.startswith("leasehold/_packages/")]
    assert {name.split("/")[2] for name in below} >= {
        *("controller", "docs", "environments", "functions", "gateway", "infra", "ledger"),
        *("sandbox", "schema"),
    }
    assert {name for name in below if "/infra/" in name or "/docs/" in name} == {
        f"leasehold/_packages/{each}"
        for each in ("docs/errors.md", *(f"infra/{name}.py" for name in DECIDES))
    }
    assert not [name for name in names if "test" in name or name.endswith(".pyc")]


def test_every_file_of_the_shipped_folders_is_in_it(wheel: Path) -> None:
    shipped = ("controller", "environments", "functions", "gateway", "ledger", "sandbox", "schema")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *shipped]
    kept = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
    here = {f"leasehold/_packages/{each}" for each in kept.stdout.splitlines()}
    assert here <= set(ZipFile(wheel).namelist())


def test_a_wheel_of_the_source_distribution_is_the_same(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path / "sdist")) as packed:
        packed.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    again = build("wheel", tmp_path / "again", source)
    assert set(ZipFile(again).namelist()) == set(ZipFile(wheel).namelist())


def test_an_editable_installation_is_the_checkout_and_nothing_else(tmp_path: Path) -> None:
    made = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", made, tmp_path], cwd=ROOT, check=True)
    (editable,) = tmp_path.glob("*.whl")
    outside = [name for name in ZipFile(editable).namelist() if ".dist-info/" not in name]
    (pth,) = outside
    assert ZipFile(editable).read(pth).decode().split() == [str(ROOT)]


def test_site_packages_gets_one_name(installed: Installed) -> None:
    assert installed.names == {"leasehold", "leasehold-0.1.0.dist-info"}


def answers(installed: Installed, there: Path, **more: str) -> dict[str, Any]:
    asked = (str(installed.python), "-c", ASK_EACH, json.dumps(ARGUMENTS))
    done = installed.run(*asked, cwd=there, **more)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_every_verb_works_or_says_what_it_needs(installed: Installed, there: Path) -> None:
    """`-c` looks for modules in the folder first, as `python -m leasehold` does."""
    told = answers(installed, there, PYTHONPATH=str(there))
    for words, (code, output, error) in told.items():
        assert error == "", f"leasehold {words}: {error}"
        assert code == 0 or words.split()[-1] != "--help", output
        assert code in (0, 1, 2), (words, output)
        assert "No module named" not in output
    for words, needed in {
        "up": "pip install 'leasehold[sandbox]'",
        "tour": "pip install 'leasehold[sandbox]'",
        "models falcon": "pip install 'leasehold[jumpstart]'",
        "package": "in a clone of its repository",
    }.items():
        code, output, _ = told[words]
        assert code == 1, words
        assert needed in " ".join(output.split()), words
    assert told[" ".join(("init", *BEGIN))][0] == 0
    assert "everything is in order" in " ".join(told["validate ."][1].split())


@pytest.mark.parametrize("command", ["leasehold", "python -m leasehold"])
def test_a_folder_of_the_same_name_breaks_nothing(
    installed: Installed, there: Path, command: str
) -> None:
    program, *words = command.split()
    whole = [str(installed.folder / "bin" / program), *words]
    for path in ({}, {"PYTHONPATH": str(there)}):
        assert "0.1.0" in installed.run(*whole, "--version", cwd=there, **path).stdout
        done = installed.run(*whole, "init", "--into", str(there), *BEGIN, cwd=there, **path)
        assert done.returncode == 0, done.stderr
        checked = installed.run(*whole, "validate", cwd=there, **path)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture
def up(whole: Installed, there: Path) -> Iterator[StateDir]:
    """A `leasehold up` of the wheel, among folders of the same names."""
    home = there / ".leasehold"
    told = {**variables(there), "PYTHONPATH": str(there)}
    words = ["-m", "leasehold", "up", "--port", "0", "--tick", "0.3", "--startup", "0.5"]
    log = there / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [whole.python, *words], cwd=there, env=told, stdout=output, stderr=output
        )
    while StateDir(home).running() is None:
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    yield StateDir(home)
    process.terminate()
    assert process.wait() == 0, log.read_text()


def test_everything_runs_on_this_machine(whole: Installed, there: Path, up: StateDir) -> None:
    assert up.running()
    program = str(whole.folder / "bin" / "leasehold")
    extended = whole.run(program, "extend", "Transcriber", "30", cwd=there)
    assert extended.returncode == 0, extended.stderr
    told = whole.run(program, "status", "--output", "json", cwd=there)
    assert "demo-Transcriber-Endpoint" in told.stdout, told.stderr
    assert not list(whole.packages.glob("[!l]*"))
    assert os.fspath(whole.packages) not in site.getsitepackages()
