"""What the other verbs show at 80 and at 200 columns and in a pipe, as people have looked at it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold.cli import main
from ledger.lease import stamp
from tests.conftest import staged
from tests.leasehold import golden
from tests.leasehold.fleets import PRICES, WEEKDAYS
from tests.ledger.forge import QUIET, git
from tests.scene import NOON, definition, environment, path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Json, Scene

REASON = "the board looks at it at noon, and the people from marketing want to see it after that"
VERBS = {
    "next": ("next",),
    "log": ("log", "Falcon40B"),
    "explain": ("explain", "Falcon40B"),
    "plan": ("plan",),
    "forecast": ("forecast", "--until", "wednesday"),
    "dry-run": ("extend", "Falcon40B", "Embed", "2h", "--dry-run", "--author", "Ana <ana@x.org>"),
    "code": ("explain", "LH4102"),
}
_COMMIT = re.compile(r"\b[0-9a-f]{8}\b")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One that serves, one that has just been defined, one with windows, and a broken one."""
    with pytest.MonkeyPatch.context() as patch, staged(tmp_path_factory.mktemp("screens")) as scene:
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            patch.setitem(QUIET, name, stamp(NOON))
        scene.push({"environments/dev/prices.json": PRICES})
        files: dict[str, Json | str | None] = {
            "environments/dev/environment.json": environment(),
            path("Embed"): definition("Embed", schedule={"initial_provision_minutes": 60}),
            path("SDXL"): definition("SDXL", schedule=WEEKDAYS),
            path("Whisper"): definition("Whisper", inference_type="sometimes"),
        }
        scene.start("Falcon40B", inference_instance_type="ml.g5.12xlarge")
        scene.tick()
        scene.push(files)
        scene.at(NOON + timedelta(minutes=5))
        yield scene


@pytest.fixture(autouse=True)
def at_noon(fleet: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.account.use(monkeypatch, LEASEHOLD_REPOSITORY=fleet.forge.url)
    for module in ("context", "changing", "leases", "next", "forecast", "log"):
        monkeypatch.setattr(f"leasehold.{module}.clock", lambda: fleet.now)
    monkeypatch.setattr("leasehold.changing.clock_of", lambda _remote, own: own)


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (0, 1, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return _COMMIT.sub("c0ffee00", result.stdout)


def extended(fleet: Scene) -> None:
    if "lease(dev): extend" not in git(fleet.forge.bare, "log", "--format=%s", "main"):
        shown("extend", "Falcon40B", "2h", "--reason", REASON, "--author", "Ana <ana@x.org>")


@pytest.mark.parametrize("width", golden.WIDTHS)
@pytest.mark.parametrize("name", VERBS)
def test_a_screen_is_as_it_was_looked_at(
    name: str, width: str, fleet: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    extended(fleet)
    golden.be_terminal(monkeypatch, width)
    golden.check(name, shown(*VERBS[name]), width)
