"""Which clock a change of a lease goes by: the server's, where it says its time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold import leases, server_time
from leasehold.git_author import NOBODY
from leasehold.server_time import clock_of
from ledger.remote import Remote
from tests.scene import path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scene import Scene


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(("hours", "where"), [(5, "5 h ahead of"), (-48, "behind")])
def test_a_laptops_clock_that_differs_does_not_count(
    scene: Scene, capsys: pytest.CaptureFixture[str], hours: int, where: str
) -> None:
    clock = clock_of(Remote(scene.forge.url), lambda: now() + timedelta(hours=hours))
    assert abs(clock() - now()) < timedelta(minutes=5)
    assert f"{where} the server's, which counts." in capsys.readouterr().err


def test_one_that_agrees_is_taken(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert clock_of(Remote(scene.forge.url), now) is now
    assert capsys.readouterr().err == ""


def test_who_is_not_there_or_says_no_time_leaves_the_laptops(tmp_path: Path) -> None:
    for url in (str(tmp_path), "git@127.0.0.1:x.git", "http://127.0.0.1:9/ledger.git"):
        assert clock_of(Remote(url), now) is now


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Thu, 26 Nov 2026 10:00:00 GMT", datetime(2026, 11, 26, 10, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 10:00:00 +0200", datetime(2026, 11, 26, 8, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 10:00:00 -0000", datetime(2026, 11, 26, 10, tzinfo=UTC)),
        ("soon", None),
        (None, None),
    ],
)
def test_a_date_is_read_as_it_is_sent(text: str | None, said: datetime | None) -> None:
    headers = Message()
    if text is not None:
        headers["Date"] = text
    assert server_time._date(headers) == said


def test_an_extension_by_a_wrong_clock_is_right(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.define("Falcon40B")
    monkeypatch.setattr(leases, "clock", lambda: now() + timedelta(days=2))
    options = ("--repository", scene.forge.url, "-e", "dev", "--author", "Ana <a@example.com>")
    done = CliRunner().invoke(leases.extend, ["Falcon40B", "30", *options])
    assert done.exit_code == 0, done.output
    content = scene.open(NOBODY).read().files[path("Falcon40B", "lease")]
    until = datetime.fromisoformat(json.loads(content)["expires_at"])
    assert timedelta(minutes=20) < until - now() <= timedelta(minutes=31)
