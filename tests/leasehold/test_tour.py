"""`leasehold tour`: the story plays by itself, and only what was seen counts."""

from pathlib import Path

import pytest

from leasehold.curl import call
from leasehold.state_dir import Running
from leasehold.tour_shell import TourShell
from ledger.errors import Unavailable
from tests.leasehold.running import Leasehold, Up


def test_the_tour_sees_every_beat(leasehold: Leasehold) -> None:
    done = leasehold("tour")
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    beats = (
        "$ leasehold up",
        "$ git clone",
        "$ git push",
        '"InService"',
        "$ curl -X POST",
        "Lease-Action: extend",
        "$ curl -X DELETE",
        "Could not find endpoint",
    )
    places = [told.find(beat) for beat in beats]
    assert -1 not in places
    assert places == sorted(places)


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
