"""Every command of the README, and of the pages that go on where it ends, runs.

In order, in a new folder beside a `leasehold up`, as a reader would type them. The folder has
nothing of a checkout but its examples.
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
from tests.test_documents import ROOT, SCRIPT


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
        if re.search(r"Falcon40B.* InService", run("leasehold status", folder).stdout):
            return
    raise AssertionError("the example endpoint did not start")


def test_every_command_of_the_story_runs(beside: Path) -> None:
    require("curl", package="curl")
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
