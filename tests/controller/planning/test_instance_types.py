"""A name of an instance type that nobody knows is misspelt, or newer than what is known."""

import pytest

from controller.planning.instance_types import looks_newer, nearest

KNOWN = ["ml.g5.xlarge", "ml.g5.12xlarge", "ml.g6.xlarge", "ml.g6e.48xlarge", "ml.m5.large", "odd"]


@pytest.mark.parametrize(
    "name", ["ml.g7.xlarge", "ml.g7e.2xlarge", "ml.g6f.xlarge", "ml.g5.48xlarge", "ml.m8g.large"]
)
def test_what_goes_on_from_known_types_may_be_newer(name: str) -> None:
    assert looks_newer(name, KNOWN)


@pytest.mark.parametrize(
    "name",
    [
        "ml.g5.12xlrage",
        "ml.g5.3xlarge",
        "ml.g5n.xlarge",
        "ml.g55.xlarge",
        "ml.g7.999xlarge",
        "ml.g5.999xlarge",
        "ml.zz9.xlarge",
        "ml.g.xlarge",
    ],
)
def test_what_does_not_is_misspelt(name: str) -> None:
    assert not looks_newer(name, KNOWN)


def test_the_nearest_names_come_first() -> None:
    assert nearest("ml.g5.12xlrage", KNOWN)[0] == "ml.g5.12xlarge"
    assert nearest("???", KNOWN) == []
