"""The console's own JavaScript is checked, linted and formatted by what `dev.lock` has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONSOLE = Path(__file__).parents[2] / "console"
PURE = Path(__file__).parent / "js"
MOST_LINES = 3000


def deno(tmp_path: Path, *arguments: str) -> None:
    variables = {
        **os.environ,
        "DENO_DIR": str(tmp_path / "deno"),
        "DENO_NO_UPDATE_CHECK": "1",
        "NO_COLOR": "1",
    }
    program = Path(sys.executable).parent / "deno"
    done = subprocess.run(
        [program, *arguments],
        cwd=CONSOLE,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def own() -> list[Path]:
    return sorted(CONSOLE.glob("*.js"))


def test_the_types_fit(tmp_path: Path) -> None:
    deno(tmp_path, "check", "--no-remote", *(each.name for each in own()))


@pytest.mark.parametrize("verb", [("lint",), ("fmt", "--check")], ids=" ".join)
def test_it_is_written_in_one_way(tmp_path: Path, verb: tuple[str, ...]) -> None:
    deno(tmp_path, *verb)


def test_what_is_pure_decides_as_it_should(tmp_path: Path) -> None:
    """The list's order, its badges, its words, and the address that keeps what is shown."""
    deno(tmp_path, "test", "--no-remote", "--quiet", "--config", "deno.json", str(PURE))


def test_types_are_looked_at_in_each_module() -> None:
    assert [each.name for each in own() if not each.read_text().startswith("// @ts-check\n")] == []


def test_it_is_small_enough_to_be_read() -> None:
    """Lines of code, without those that are empty or only a comment."""
    comments = ("//", "/*", "*")
    files = [*own(), CONSOLE / "style.css"]
    lines = [line.strip() for each in files for line in each.read_text().splitlines()]
    assert len([line for line in lines if line and not line.startswith(comments)]) < MOST_LINES
