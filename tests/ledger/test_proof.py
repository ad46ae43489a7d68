"""What is wrong with the files that say who may sign."""

from __future__ import annotations

import pytest

from ledger.proof import wrong_signers
from ledger.snapshot import NotAFile
from tests.ledger.test_signatures import KEY

PEOPLE, BOTS = (f"environments/dev/{name}.allowed_signers" for name in ("people", "bots"))
GOOD = {PEOPLE: f"ana@example.com {KEY}\n".encode(), BOTS: f"* {KEY}\n".encode()}


def test_where_both_are_named_nothing_is_wrong() -> None:
    assert list(wrong_signers(GOOD, "dev", "enforce")) == []


def test_where_nobody_asks_nobody_has_to_be_named() -> None:
    assert list(wrong_signers({}, "dev", "none")) == []


@pytest.mark.parametrize(("verify", "level"), [("warn", "warning"), ("enforce", "error")])
def test_where_somebody_asks_both_have_to_be_named(verify: str, level: str) -> None:
    for entries, count in (
        ({}, 2),
        ({PEOPLE: GOOD[PEOPLE]}, 1),
        ({**GOOD, BOTS: NotAFile.LINK}, 1),
    ):
        found = list(wrong_signers(entries, "dev", verify))  # type: ignore[arg-type]
        assert [(each.code, each.pointer, each.level) for each in found] == [
            ("LH2044", "/verify", level)
        ] * count


def test_a_line_in_vain_is_told_by_its_number() -> None:
    text = f"# us\n\nana@example.com {KEY}\nben@example.com\n* cert-authority {KEY}\n"
    (first, second) = wrong_signers({**GOOD, PEOPLE: text.encode()}, "dev", "enforce")
    assert (first.file, first.level, "line 4" in first.sentence) == (PEOPLE, "warning", True)
    assert "line 5" in second.sentence
