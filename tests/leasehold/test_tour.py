"""`leasehold tour`: the story plays by itself, and only what was seen counts."""

from tests.leasehold.running import Leasehold


def test_the_tour_sees_every_beat_within_a_minute(leasehold: Leasehold) -> None:
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
