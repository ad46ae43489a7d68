"""The Makefile, as far as it can be tried without installing anything."""

import subprocess
from pathlib import Path

import pytest

from tests.debian import require

PROJECT = Path(__file__).parents[2]


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = require("make", package="make")
    return subprocess.run(
        [program, "--no-print-directory", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_lists_its_targets_by_default() -> None:
    lines = make().stdout.splitlines()
    listed = {line.split()[0] for line in lines}
    for_people, for_us = {"run", "tour", "venv", "clean"}, {"mutants", "bench", "lock"}
    assert for_people | for_us | {"test", "quick", "jumpstart"} <= listed
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("fails_at", "sentence"),
    [
        ("version_info", "3.11 is the oldest that works"),
        ("ensurepip", "install its venv package"),
    ],
)
def test_a_python_that_will_not_do_is_told_in_a_sentence(
    tmp_path: Path, fails_at: str, sentence: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncase "$*" in *{fails_at}*) exit 1 ;; esac\n')
    python.chmod(0o755)
    done = make(f"PYTHON={python}", f"VENV={tmp_path / 'venv'}", "venv")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_not_there_is_named() -> None:
    done = make("PYTHON=no-such-python", "VENV=no-such-venv", "venv")
    assert "no-such-python is missing" in done.stderr


def test_the_gateways_port_can_be_chosen() -> None:
    told = make("--dry-run", "run", "PORT=9000", "ARGS=--tick 1").stdout
    assert told.splitlines()[-1].endswith("leasehold up --port 9000 --tick 1")
