"""Every fuzz target holds for its seeds, for bytes of hypothesis, and for a short look by atheris.

`make fuzz` looks longer. What it finds becomes a test beside the code that is mended, and a seed.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import SEEDS, TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fuzz.targets import Target

CASES = [pytest.param(name, seed, id=name) for name in TARGETS for seed in SEEDS[name]]
UNHURRIED = settings(
    deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), database=None
)


def test_every_target_has_seeds_that_get_far() -> None:
    assert list(SEEDS) == list(TARGETS)


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_a_seed_breaks_nothing(name: str, seed: bytes) -> None:
    TARGETS[name](seed)


@st.composite
def spoilt(draw: st.DrawFn, name: str) -> bytes:
    """A seed in which a piece is exchanged for any bytes, or any bytes at all."""
    seed = draw(st.sampled_from((*SEEDS[name], b"")))
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, min(len(seed), start + 20)))
    return seed[:start] + draw(st.binary(max_size=40)) + seed[end:]


@pytest.mark.parametrize("name", TARGETS)
@UNHURRIED
@given(data=st.data())
def test_spoilt_seeds_break_nothing(name: str, data: st.DataObject) -> None:
    target: Target = TARGETS[name]
    target(data.draw(spoilt(name)))


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is for Python before 3.14 on Linux on x86_64",
)
def test_what_atheris_thinks_of_breaks_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "anything", "--runs=20000", "--seconds=20"]
    done = subprocess.run(
        [*command, f"--corpus={tmp_path}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
