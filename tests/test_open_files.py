"""What ticks and calls open, they close: at once, and not when the collector of cycles comes by.

A soak takes twenty minutes for each, at 256 open files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ledger.stalling import Stalling
from tests.soak import SHARE, times

if TYPE_CHECKING:
    from tests.scene import Scene

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = times(100, least=24)
MINUTES = 20 * SHARE
SETTLED = 12  # rounds after which everything was met once
MOST_MORE = 6  # connections to AWS that the pools have open or not


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("collector", ["on", "off"])
def test_the_number_of_open_files_stays_as_it_is(scene: Scene, collector: str) -> None:
    scene.define("Falcon40B", 24 * 60)
    with Stalling() as hanging:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.rounds", scene.forge.url, scene.account.url),
                *(f"{hanging.url}/fleet.git", str(scene.home / "rounds")),
                *(str(ROUNDS), str(MINUTES), collector),
            ],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
            check=True,
        )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["unforeseen"] == []
    settled, later = told["open"][:SETTLED], told["open"][SETTLED:]
    assert max(later) <= max(settled) + MOST_MORE, told["open"]
