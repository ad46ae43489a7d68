"""`leasehold tour`: the story plays by itself, and only what was seen counts."""

import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from leasehold.curl import call
from leasehold.state_dir import Running
from leasehold.tour_shell import TourShell
from ledger.errors import Unavailable
from tests import cast
from tests.leasehold.running import Leasehold, Up

TEXT = "{http://www.w3.org/2000/svg}text"


BEATS = (
    "$ leasehold up",
    "$ git clone",
    "$ git push",
    '"InService"',
    "$ curl -X POST",
    "Lease-Action: extend",
    "$ curl -X DELETE",
    "Could not find endpoint",
)
PICTURE = Path(__file__).parents[2] / "docs/pictures/tour.svg"
# What differs each time: ports, commits and other ids, times, seconds.
CHANGES = re.compile(r":\d{5}\b|\b[0-9a-f]{40}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|[-:.\d]{2,}|\d+ s\b")
ANA = {
    f"GIT_{role}_{what}": said
    for role in ("AUTHOR", "COMMITTER")
    for what, said in (("NAME", "Ana"), ("EMAIL", "ana@example.com"))
}


def test_the_tour_sees_every_beat(leasehold: Leasehold) -> None:
    done = leasehold("tour")
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    places = [told.find(beat) for beat in BEATS]
    assert -1 not in places
    assert places == sorted(places)


def test_the_readmes_moving_picture_is_the_tour_as_it_is_told(tmp_path: Path) -> None:
    """`LEASEHOLD_KEEP_PICTURES=1` keeps this recording in the place of the last one."""
    command = [sys.executable, "-m", "leasehold", "tour"]
    status, lines = cast.recorded(command, tmp_path, {**os.environ, **ANA})
    assert status == 0, "\n".join(line.said.plain for line in lines)
    picture = cast.drawn(lines, "A terminal in which leasehold tour runs")
    if os.environ.get("LEASEHOLD_KEEP_PICTURES"):
        PICTURE.write_text(picture)
    assert _commands(PICTURE.read_text()) == _commands(picture)
    assert "<script" not in picture
    assert "prefers-reduced-motion" in picture


def _commands(picture: str) -> list[str]:
    said = ["".join(line.itertext()) for line in ET.fromstring(picture).iter(TEXT)]  # noqa: S314
    return [CHANGES.sub("_", line) for line in said if line.startswith(("$ ", "# "))]


def test_a_tour_that_cannot_start_ends_with_a_sentence(leasehold: Leasehold) -> None:
    (leasehold.folder / "bin").mkdir()
    done = leasehold("tour", PATH=str(leasehold.folder / "bin"))
    assert done.returncode == 1
    assert "git is missing" in done.stderr
    assert done.stderr.endswith("[LH5030]\n")


def test_where_curl_is_missing_the_same_call_is_made_without_it(
    up: Up, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shell = TourShell(tmp_path, Running(**up.says))
    lease = call(shell, "GET", "?EndpointName=demo-Falcon40B-Endpoint", None)
    assert lease["Status"] == "live"
    assert '"Status": "live"' in capsys.readouterr().out
    with pytest.raises(Unavailable, match="LH5030"):
        call(shell, "POST", "", {"EndpointName": "Nobody", "minutes": 1})
