"""Somebody looks at the list and presses keys: each change is a commit in a real ledger."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner
from textual.widgets import DataTable, Input, Static

from leasehold import context as contexts
from leasehold.cli import main
from leasehold.context import Cloud, Context
from leasehold.top import source as sources
from leasehold.top.app import Top
from leasehold.top.board import Board
from leasehold.top.screens import ChangeScreen, TextScreen
from leasehold.top.source import Source
from ledger.errors import Refused
from ledger.remote import Remote
from tests.leasehold import golden
from tests.leasehold.fleets import BERLIN
from tests.ledger.forge import git
from tests.scene import lease, path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from textual.pilot import Pilot

    from tests.scene import Scene

LOOKS = 400


@pytest.fixture
def source(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """Read a scene's ledger and account, as Ana, on the scene's clock."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ana")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ana@example.com")
    for module in ("leasehold.context", "leasehold.top.source", "leasehold.top.app"):
        monkeypatch.setattr(f"{module}.clock", lambda: scene.now)
    monkeypatch.setattr("leasehold.top.source.clock_of", lambda _remote, own: own)
    scene.define("Embed", 12)
    scene.define("Falcon40B", 84, owner="ana@example.com")
    scene.define("Phi")
    scene.tick()
    with click.Context(click.Command("top")):
        yield Source(Context(Remote(scene.forge.url), "dev", Cloud(scene.account.url)), BERLIN)


def driven(source: Source, story: Callable[[Top, Pilot[None]], Awaitable[None]]) -> None:
    """Let a story happen in the app, on a screen of 120 columns."""

    async def run() -> None:
        app = Top(source, Board(BERLIN), every=3600, now=contexts.clock)
        async with app.run_test(size=(120, 30)) as pilot:
            await seen(pilot, lambda: app.query_one(DataTable).row_count == 3)
            await story(app, pilot)

    asyncio.run(run())


async def seen(pilot: Pilot[None], what: Callable[[], bool]) -> None:
    for _ in range(LOOKS):
        if what():
            return
        await pilot.pause(0.02)
    raise AssertionError("it was not seen")


def text(app: Top, selector: str) -> str:
    """Return what a part of the uppermost screen says."""
    return str(app.screen.query_one(selector, Static).render())


def test_a_key_a_reason_and_enter_are_a_commit(scene: Scene, source: Source) -> None:
    async def story(app: Top, pilot: Pilot[None]) -> None:
        assert app.under_cursor is not None
        assert str(app.under_cursor.name) == "Embed"
        await pilot.press("e")
        await seen(pilot, lambda: "lease(dev): extend Embed by 30 min" in text(app, "#quotes"))
        assert scene.repository.read().files[path("Embed", "lease")] == before
        await pilot.press(*"load", "enter")
        await seen(pilot, lambda: not isinstance(app.screen, ChangeScreen))
        told = "Embed ends 13:42 CET (12:42 UTC), commit "
        await seen(pilot, lambda: told in text(app, "#said"))

    before = scene.repository.read().files[path("Embed", "lease")]
    driven(source, story)
    scene.ben.pull()
    said = git(scene.ben.home, "log", "-1", "--format=%an|%s|%b")
    assert said.startswith("Ana|lease(dev): extend Embed by 30 min to ")
    assert "> load" in said


def test_what_is_marked_is_released_together_and_escape_changes_nothing(
    scene: Scene, source: Source
) -> None:
    head = scene.repository.read().commit

    async def story(app: Top, pilot: Pilot[None]) -> None:
        await pilot.press("space", "space")
        assert "2 marked" in text(app, "#head")
        await pilot.press("r")
        await seen(pilot, lambda: "release Falcon40B" in text(app, "#quotes"))
        await pilot.press("escape")
        assert scene.repository.read().commit == head
        await pilot.press("r")
        await seen(pilot, lambda: "release Falcon40B" in text(app, "#quotes"))
        await pilot.press("enter")
        await seen(pilot, lambda: not isinstance(app.screen, ChangeScreen))
        await seen(pilot, lambda: "and 1 more" in text(app, "#said"))

    driven(source, story)
    scene.ben.pull()
    subjects = git(scene.ben.home, "log", "-2", "--format=%s").splitlines()
    assert sorted(each.split(" at ")[0].split(" to ")[0] for each in subjects) == [
        "lease(dev): release Embed",
        "lease(dev): release Falcon40B",
    ]


def test_an_end_is_typed_and_a_refusal_stays_to_be_read(scene: Scene, source: Source) -> None:
    async def story(app: Top, pilot: Pilot[None]) -> None:
        await pilot.press("u")
        await pilot.press(*"never", "enter")
        await seen(pilot, lambda: "[LH5200]" in text(app, "#quotes"))
        await pilot.press("escape", "u")
        await pilot.press(*"15:00", "enter")
        await seen(pilot, lambda: "Embed: ends 15:00 CET (14:00 UTC)" in text(app, "#quotes"))
        await pilot.press("enter")
        await seen(pilot, lambda: not isinstance(app.screen, ChangeScreen))

    driven(source, story)
    assert "2026-11-23T14:00:00Z" in scene.repository.read().files[path("Embed", "lease")].decode()


def test_while_the_quote_is_read_somebody_else_may_extend_too(scene: Scene, source: Source) -> None:
    async def story(app: Top, pilot: Pilot[None]) -> None:
        await pilot.press("E")
        await seen(pilot, lambda: "extend Embed by" in text(app, "#quotes"))
        scene.lease("Embed", 60)
        await pilot.press("enter")
        await seen(pilot, lambda: not isinstance(app.screen, ChangeScreen))

    driven(source, story)
    expected = lease(scene.now.replace(hour=15))["expires_at"]
    assert str(expected) in scene.repository.read().files[path("Embed", "lease")].decode()


def test_what_is_asked_of_an_endpoint_lies_over_the_list(source: Source) -> None:
    async def story(app: Top, pilot: Pilot[None]) -> None:
        for key, said in (
            ("enter", "on because"),
            ("l", "never"),
            ("c", '"minutes": 30'),
            ("question_mark", "extend by 30 min"),
        ):
            await pilot.press("s" if key == "l" else "k", key)
            await seen(pilot, lambda: isinstance(app.screen, TextScreen))
            await seen(pilot, lambda: text(app, "#text") != "reading ...")
            assert said in text(app, "#text") or key == "l"
            await pilot.press("escape")
            assert not isinstance(app.screen, TextScreen)

    driven(source, story)


def test_a_filter_shows_fewer_and_escape_all(source: Source) -> None:
    async def story(app: Top, pilot: Pilot[None]) -> None:
        table = app.query_one(DataTable)
        await pilot.press("slash", *"falc")
        await seen(pilot, lambda: table.row_count == 1)
        await pilot.press("enter", "escape")
        await seen(pilot, lambda: table.row_count == 3)
        assert app.query_one("#filter", Input).value == ""
        await pilot.press("s")
        assert "sorted by ends" in text(app, "#from")

    driven(source, story)


def test_a_look_that_fails_leaves_the_last_one_and_says_so(scene: Scene, source: Source) -> None:
    async def story(app: Top, pilot: Pilot[None]) -> None:
        scene.account.order_fault("denied", operation="ListEndpoints")
        app.look()
        await seen(pilot, lambda: "[LH" in text(app, "#said"))
        assert app.query_one(DataTable).row_count == 3

    driven(source, story)


def test_where_git_knows_nobody_the_list_is_there_and_a_change_says_what_is_missing(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = sources._refusing(Refused("LH5003", "git does not know who you are."))
    monkeypatch.setattr(source, "_writer", refusing)

    async def story(app: Top, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await seen(pilot, lambda: "[LH5003]" in text(app, "#quotes"))

    driven(source, story)


def test_once_it_is_printed_and_in_a_pipe_it_is_the_table_of_status(
    source: Source, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    del source  # it has set the clock, and who Ana is
    reach = ["--repository", scene.forge.url, "-e", "dev", "--utc"]
    monkeypatch.setattr("leasehold.context.Cloud", lambda: Cloud(scene.account.url))
    monkeypatch.setattr("leasehold.top.verb.clock", lambda: scene.now)
    golden.be_terminal(monkeypatch, "pipe")
    piped = CliRunner().invoke(main, ["top", *reach])
    assert piped.exit_code == 0, piped.output
    assert "SAGEMAKER" in piped.output
    golden.be_terminal(monkeypatch, "80")
    once = CliRunner().invoke(main, ["top", "--once", *reach])
    assert once.exit_code == 0, once.output
    assert once.output.startswith("dev  2 on")
    assert max(map(len, once.output.splitlines())) <= 80
    monkeypatch.setattr("leasehold.top.verb.find_spec", lambda _name: None)
    missing = CliRunner().invoke(main, ["top", *reach])
    assert missing.exit_code == 1
    assert "pip install 'leasehold[top]'" in missing.output
