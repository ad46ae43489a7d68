"""Every command in the README runs, in order, in a new folder beside a `leasehold up`.

The folder has nothing of a checkout but its examples.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leasehold.state_dir import StateDir
from tests.debian import require

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
MAKE = [block for block in SHELL if block.startswith("make ")]
SCRIPT = [block for block in SHELL if not block.startswith("make ")]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run `leasehold up` in a folder with the examples, as `make run` does in the repository."""
    folder = tmp_path_factory.mktemp("stranger")
    shutil.copytree(ROOT / "examples", folder / "examples")
    command = [sys.executable, "-m", "leasehold", "up", "--port", "0", "--tick", "0.5"]
    log = (folder / "up.log").open("w")
    with log, subprocess.Popen([*command, "--startup", "0.5"], cwd=folder, stdout=log) as process:
        try:
            announced = folder / ".leasehold" / "up.json"
            while not announced.exists() and process.poll() is None:
                time.sleep(0.05)
            assert StateDir(folder / ".leasehold").running() is not None
            yield folder
        finally:
            process.terminate()
            process.wait()


def run(block: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run one block as a shell does that stops at the first failure."""
    (folder / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    activate = folder / ".venv" / "bin" / "activate"
    activate.write_text("")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        "CDK_OUTDIR": str(folder / "cdk.out"),
    }
    (folder / "gitconfig").write_text("[user]\n\tname = Stranger\n\temail = s@example.com\n")
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def await_service(folder: Path) -> None:
    """Give the controller the moment that a reader takes: the plan is about a running endpoint."""
    for _ in range(60):
        if re.search(r"demo-Falcon40B-Endpoint +InService", run("leasehold status", folder).stdout):
            return
    raise AssertionError("the example endpoint did not start")


def test_the_readme_has_commands() -> None:
    assert len(SCRIPT) >= 5
    assert len(MAKE) == 1


def test_every_command_of_the_readme_runs(beside: Path) -> None:
    require("curl", package="curl")
    require("node", package="nodejs")
    await_service(beside)
    said = []
    for block in SCRIPT:
        done = run(block, beside)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        said.append(done.stdout)
    answers = "\n".join(said)
    assert '"error"' not in answers
    assert re.search("update +demo-Falcon40B-Endpoint", answers)
    assert "1 x ml.g5.12xlarge -> ml.g5.24xlarge: 7.090 -> 10.180 USD/h" in answers
    assert "ana-experiment" in answers
    assert "status(dev): " in answers
    assert ": lease(dev): extend Falcon40B by 10 min" in answers
    assert "SUCCEEDED" in (beside / "examples" / "my_run.ipynb").read_text()


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", "\n".join(MAKE), re.MULTILINE))
def test_every_make_target_of_the_readme_is_there(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_no_installation_of_the_readme_replaces_the_editable_one() -> None:
    found = re.findall(r"pip install [^`]*", README)
    assert found
    assert [each for each in found if "'.[" in each and " -e " not in each] == []
