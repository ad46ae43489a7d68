"""A JumpStart model's versions: which a definition's wish covers, and which is newer."""

from __future__ import annotations

import pytest

from ledger.model_versions import covers, in_order, is_at_least, newest


@pytest.mark.parametrize(
    ("wish", "version", "does"),
    [
        ("*", "2.16.0", True),
        ("*", "v1.0", True),
        ("2.16.0", "2.16.0", True),
        ("2.16", "2.16.0", True),
        ("2", "2.0.0", True),
        ("2.16.0", "2.16", True),
        ("2.16", "2.16.1", False),
        ("2.1", "2.16.0", False),
        ("2.*", "2.16.0", True),
        ("2.*", "2", True),
        ("2.0.*", "2", True),
        ("2.*", "20.1.0", False),
        ("2.16.*", "2.16.3", True),
        ("2.16.*", "2.1.6", False),
        ("2.0.004", "2.0.004", True),
        ("2.0.4", "2.0.004", True),
        ("v1.0", "v1.0", True),
        ("1", "v1.0", True),
        ("v1.*", "v1.2", True),
        ("1.0", "1.0-beta", False),
        ("1.0-beta", "1.0-beta", True),
        ("1.0b", "1.0-beta", True),
        ("2.*", "2.17.0rc1", False),
        ("*", "2.17.0rc1", True),
        ("2.*", "2.17.0.post1", True),
        ("x-1.*", "x-1.2", True),
        ("x-1.*", "x-12", False),
        ("x", "y", False),
        ("1.*", "beta", False),
        ("beta.*", "1.0", False),
    ],
)
def test_a_wish_covers_versions_by_their_numbers(wish: str, version: str, *, does: bool) -> None:
    assert covers(wish, version) is does


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        (["2.9.0", "2.16.0"], "2.16.0"),
        (["2.0.004", "2.0.003"], "2.0.004"),
        (["v1.0", "1.1"], "1.1"),
        (["1.0", "1.0-beta", "1.0rc1", "1.0.dev2"], "1.0"),
        (["1.0-alpha", "1.0-beta1", "1.0-beta2"], "1.0-beta2"),
        (["1.0rc1", "1.0-beta"], "1.0rc1"),
        (["1.0", "1.0.post1"], "1.0.post1"),
        (["1.10", "1.9", "1.x"], "1.x"),  # by the text, where one is no number
        ([], None),
    ],
)
def test_the_newest_is_so_by_number(versions: list[str], found: str | None) -> None:
    assert newest(versions) == newest(reversed(versions)) == found


def test_versions_are_listed_from_the_newest_to_the_oldest() -> None:
    assert in_order(["2.9.0", "beta", "2.16.0"]) == ["2.16.0", "2.9.0", "beta"]


@pytest.mark.parametrize(
    ("version", "least", "is_enough"),
    [
        ("3.27.0", "2.189.0", True),
        ("3.27.0", "3.27", True),
        ("3.28.0.dev0", "3.28.0", True),
        ("3.28.0", "3.28.0.dev0", True),
        ("3.27.0", "3.28.0", False),
        ("unknown", "1.0", False),
        ("1.0", "unknown", False),
    ],
)
def test_what_a_model_needs_is_compared_with_what_is_installed(
    version: str, least: str, *, is_enough: bool
) -> None:
    assert is_at_least(version, least) is is_enough
