"""The known word that was meant."""

import pytest

from ledger.meant import did_you_mean, meant

NAMES = ("Falcon40B", "Embed", "Embed-Large", "demo-Falcon40B-Endpoint", "prod", "dev")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("falcon40b", "Falcon40B"),
        ("falcon-40b", "Falcon40B"),
        ("Falcon", "Falcon40B"),
        ("Falcom40B", "Falcon40B"),
        ("embedlarge", "Embed-Large"),
        ("porod", "prod"),
        ("production", "prod"),
        ("Embd", "Embed"),
        ("", None),
        ("--", None),
        ("Whisper", None),
        ("x" * 81, None),
    ],
)
def test_a_word_is_held_against_those_that_are_known(word: str, found: str | None) -> None:
    assert meant(word, NAMES) == found


def test_it_is_asked_as_a_question() -> None:
    assert did_you_mean("Falcom", NAMES) == " Did you mean Falcon40B?"
    assert did_you_mean("Whisper", NAMES) == ""


def test_of_very_many_only_the_beginning_is_looked_at() -> None:
    many = [f"Model{number:05}" for number in range(6000)]
    assert meant("model00001", many) == "Model00001"
    assert meant("model0000x", many) is None
