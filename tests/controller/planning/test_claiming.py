"""Who may claim what: the table of `controller.planning.claiming`, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.planning.artifact import ResourceKind
from controller.planning.claiming import Claim, Claimant, LeftAlone, TaggedResource, judge
from controller.planning.ownership import Owner
from ledger.names import EndpointName, Name
from ledger.tags import ENVIRONMENT_TAG, LEDGER_TAG, NAME_TAG, PROJECT_TAG, RECORD_TAG

OURS, THEIRS = "5f2c9a7be01d4386", "0123456789abcdef"
US = Claimant(
    Owner("dev", "demo", OURS, "record-2", frozenset({"prod"})),
    {EndpointName("demo-A-Endpoint"): Name("A")},
)
OLD = {PROJECT_TAG: "demo", ENVIRONMENT_TAG: "dev", NAME_TAG: "A"}
FULL = {**OLD, LEDGER_TAG: OURS, RECORD_TAG: "record-2"}


def resource(
    tags: dict[str, str], kind: ResourceKind = ResourceKind.ENDPOINT, name: str = "demo-a-endpoint"
) -> TaggedResource:
    return TaggedResource(kind, Name(name), Name(f"arn:{kind}/{name}"), tags)


def gives(tags: dict[str, str], claimant: Claimant = US, *, named: bool = False) -> dict[str, str]:
    judged = judge(claimant, resource(tags), named=named)
    assert isinstance(judged, Claim), judged
    return dict(judged.gives)


def reason(tags: dict[str, str], claimant: Claimant = US, *, named: bool = False) -> str:
    judged = judge(claimant, resource(tags), named=named)
    assert isinstance(judged, LeftAlone), judged
    return judged.reason


def without(*keys: str) -> dict[str, str]:
    return {key: value for key, value in FULL.items() if key not in keys}


@pytest.mark.parametrize("named", [False, True])
class TestNamedOrFound:
    def test_what_is_ours_already_gets_nothing(self, *, named: bool) -> None:
        assert gives(FULL, named=named) == {}

    def test_the_tags_of_before_there_were_ids_are_completed(self, *, named: bool) -> None:
        assert gives(OLD, named=named) == {LEDGER_TAG: OURS, RECORD_TAG: "record-2"}

    def test_another_record_of_our_ledger_is_replaced(self, *, named: bool) -> None:
        assert gives({**FULL, RECORD_TAG: "record-1"}, named=named) == {RECORD_TAG: "record-2"}

    @pytest.mark.parametrize(
        "behind",
        [
            {PROJECT_TAG: "before"},
            {ENVIRONMENT_TAG: "renamed-since"},
            {NAME_TAG: "B"},
        ],
        ids=str,
    )
    def test_what_a_rename_left_behind_is_mended(
        self, behind: dict[str, str], *, named: bool
    ) -> None:
        (key,) = behind
        assert gives({**FULL, **behind}, named=named) == {key: FULL[key]}

    def test_tags_that_somebody_removed_come_back(self, *, named: bool) -> None:
        left = without(ENVIRONMENT_TAG, PROJECT_TAG)
        assert gives(left, named=named) == {PROJECT_TAG: "demo", ENVIRONMENT_TAG: "dev"}

    def test_a_strangers_is_not_claimed(self, *, named: bool) -> None:
        for tags in ({}, {"team": "search"}, {"leasehold:adoptable": "demo/dev"}):
            assert "`leasehold adopt` is for it" in reason(tags, named=named)

    def test_another_ledgers_is_not_unless_that_one_is_named(self, *, named: bool) -> None:
        theirs = {**FULL, LEDGER_TAG: THEIRS}
        assert reason(theirs, named=named) == (
            f"it belongs to the ledger {THEIRS}: say --from {THEIRS} if that was this one's"
        )
        assert gives(theirs, replace(US, former=THEIRS), named=named) == {LEDGER_TAG: OURS}
        assert "belongs to the ledger" in reason(theirs, replace(US, former="f" * 16), named=named)

    @pytest.mark.parametrize("ledger", [OURS, THEIRS, None])
    def test_a_siblings_is_not(self, ledger: str | None, *, named: bool) -> None:
        tags = {**without(LEDGER_TAG), ENVIRONMENT_TAG: "prod"}
        tags |= {LEDGER_TAG: ledger} if ledger else {}
        assert reason(tags, replace(US, former=THEIRS), named=named) == (
            "it belongs to the environment prod of this repository"
        )


@pytest.mark.parametrize(
    "tags",
    [
        {**OLD, PROJECT_TAG: "shop"},
        {**OLD, ENVIRONMENT_TAG: "staging"},
        {ENVIRONMENT_TAG: "dev"},
    ],
    ids=str,
)
def test_what_may_be_another_projects_is_claimed_only_by_its_name(tags: dict[str, str]) -> None:
    assert reason(tags).endswith(": name it to mean it")
    given = gives(tags, named=True)
    assert {**tags, **given} == {**FULL, NAME_TAG: "A"}


def test_an_endpoint_that_no_definition_has_keeps_its_name() -> None:
    judged = judge(US, resource({**OLD, NAME_TAG: "Gone"}, name="demo-gone"), named=False)
    assert isinstance(judged, Claim)
    assert NAME_TAG not in judged.gives


@pytest.mark.parametrize("kind", [ResourceKind.ENDPOINT_CONFIG, ResourceKind.MODEL])
def test_configs_and_models_get_all_but_a_name(kind: ResourceKind) -> None:
    item = resource({PROJECT_TAG: "demo", ENVIRONMENT_TAG: "dev"}, kind)
    judged = judge(US, item, named=False)
    assert judged == Claim(item, {LEDGER_TAG: OURS, RECORD_TAG: "record-2"})
