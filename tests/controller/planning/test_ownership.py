"""Whose an endpoint is: by its tags, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.planning.ownership import Owner, Whose
from ledger.tags import (
    ADOPTABLE_TAG,
    ENVIRONMENT_TAG,
    LEASE_TAG,
    LEDGER_TAG,
    NAME_TAG,
    PROJECT_TAG,
    RECORD_TAG,
)

OWNER = Owner("dev", "demo", "0123456789abcdef", "record-1", frozenset({"prod"}))
OURS = OWNER.tags("A")


@pytest.mark.parametrize(
    ("tags", "whose"),
    [
        (OURS, Whose.OURS),
        ({**OURS, PROJECT_TAG: "a-former-prefix"}, Whose.OURS),
        ({**OURS, "team": "blue", LEASE_TAG: "none"}, Whose.OURS),
        ({**OURS, RECORD_TAG: "record-2"}, Whose.UNCLAIMED),
        ({key: OURS[key] for key in OURS if key != RECORD_TAG}, Whose.UNCLAIMED),
        ({**OURS, ENVIRONMENT_TAG: "a-former-folder"}, Whose.UNCLAIMED),
        ({PROJECT_TAG: "demo", ENVIRONMENT_TAG: "dev", NAME_TAG: "A"}, Whose.UNCLAIMED),
        ({PROJECT_TAG: "shop", ENVIRONMENT_TAG: "dev", NAME_TAG: "A"}, Whose.ANOTHERS),
        ({PROJECT_TAG: "demo", ENVIRONMENT_TAG: "qa", NAME_TAG: "A"}, Whose.ANOTHERS),
        ({**OURS, ENVIRONMENT_TAG: "prod"}, Whose.ANOTHERS),
        ({**OURS, LEDGER_TAG: "fedcba9876543210"}, Whose.ANOTHERS),
        ({NAME_TAG: "A"}, Whose.ANOTHERS),
        ({LEDGER_TAG: "fedcba9876543210"}, Whose.ANOTHERS),
        ({ADOPTABLE_TAG: "demo/dev"}, Whose.NOBODYS),
        ({"team": "blue"}, Whose.NOBODYS),
        ({}, Whose.NOBODYS),
        (None, Whose.NOBODYS),
    ],
)
def test_whose_it_is(tags: dict[str, str] | None, whose: Whose) -> None:
    assert OWNER.whose(tags) is whose
    assert OWNER.owns(tags) is (whose is Whose.OURS)
    assert OWNER.concerns(tags or {}) is (whose in {Whose.OURS, Whose.UNCLAIMED})


def test_a_ledger_without_an_id_owns_nothing() -> None:
    nameless = Owner("dev", "demo")
    assert nameless.whose(nameless.tags("A")) is Whose.UNCLAIMED
    assert nameless.whose(OURS) is Whose.ANOTHERS
    assert nameless.tags("A").keys() == {PROJECT_TAG, ENVIRONMENT_TAG, NAME_TAG}


@given(
    other=st.builds(
        Owner,
        st.sampled_from(["dev", "prod"]),
        st.just("demo"),
        st.sampled_from(["ledger-1", "ledger-2", None]),
        st.sampled_from(["record-1", "record-2", ""]),
    )
)
def test_nobody_owns_what_another_has_made(other: Owner) -> None:
    mine = Owner("dev", "demo", "ledger-1", "record-1")
    same = (other.environment, other.ledger_id, other.record_id) == ("dev", "ledger-1", "record-1")
    assert mine.owns(other.tags("A")) is same


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({PROJECT_TAG: "demo", ENVIRONMENT_TAG: "dev"}, "no ledger's id"),
        ({**OURS, ENVIRONMENT_TAG: "qa"}, "the environment qa, which this ledger has no more"),
        ({**OURS, RECORD_TAG: "record-2"}, "did not see it start"),
        (None, "no ledger's id"),
    ],
)
def test_a_complaint_says_why_and_what_to_do(tags: dict[str, str] | None, words: str) -> None:
    complaint = OWNER.complaint(tags)
    assert words in complaint
    assert complaint.endswith("It is not touched; `leasehold claim` takes it over")
