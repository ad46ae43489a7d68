"""Which version of a model is taken: by version order, and by what the SDK can read."""

from __future__ import annotations

import pytest

from leasehold.jumpstart.model import NotResolvableError
from leasehold.jumpstart.versions import choose
from tests.leasehold.jumpstart.catalogue import FakeCatalogue, header

SEVERAL = FakeCatalogue(
    versions=(header("2.9.0"), header("2.16.0"), header("1.0.0")),
    sold=(
        header("2.0.003", "acme-market", model_type="proprietary"),
        header("2.0.004", "acme-market", model_type="proprietary"),
        header("v1.0", "other-market", model_type="proprietary"),
    ),
)


def refusal(catalogue: FakeCatalogue, model_id: str, wish: str) -> tuple[str, str]:
    with pytest.raises(NotResolvableError) as caught:
        choose(catalogue, model_id, wish)
    return caught.value.code, caught.value.sentence


@pytest.mark.parametrize(
    ("wish", "version"),
    [("*", "2.16.0"), ("2.*", "2.16.0"), ("2.9", "2.9.0"), ("2.16", "2.16.0"), ("1.0.0", "1.0.0")],
)
def test_the_newest_that_is_covered_is_taken(wish: str, version: str) -> None:
    choice = choose(SEVERAL, "acme-llm", wish)
    assert (choice.header.version, choice.remark) == (version, None)


@pytest.mark.parametrize(
    ("model_id", "wish", "version"),
    [
        ("acme-market", "*", "2.0.004"),
        ("acme-market", "2.*", "2.0.004"),
        ("acme-market", "2.0.003", "2.0.003"),
        ("other-market", "v1.0", "v1.0"),
    ],
)
def test_what_is_sold_has_versions_of_its_own(model_id: str, wish: str, version: str) -> None:
    found = choose(SEVERAL, model_id, wish).header
    assert (found.version, found.model_type) == (version, "proprietary")


def test_the_list_of_what_is_sold_is_read_for_other_ids_alone() -> None:
    catalogue = FakeCatalogue()
    choose(catalogue, "acme-llm", "*")
    assert catalogue.asked == ["open_weights"]


def test_an_exact_version_wins_over_one_that_is_written_otherwise() -> None:
    catalogue = FakeCatalogue(versions=(header("2.0"), header("2.0.0")))
    assert choose(catalogue, "acme-llm", "2.0").header.version == "2.0"


def test_a_newer_one_that_the_sdk_cannot_read_is_passed_over_and_named() -> None:
    catalogue = FakeCatalogue(versions=(header("1.0.0"), header("2.0.0", min_version="99.0.0")))
    choice = choose(catalogue, "acme-llm", "*")
    assert choice.header.version == "1.0.0"
    assert choice.remark == "acme-llm 2.0.0 is passed over: it needs sagemaker 99.0.0 or newer."


def test_where_the_sdk_can_read_none_what_it_needs_is_said() -> None:
    catalogue = FakeCatalogue(versions=(header("2.0.0", min_version="99.0.0"),))
    assert refusal(catalogue, "acme-llm", "2.0.0") == (
        "LH1041",
        "acme-llm 2.0.0 needs sagemaker 99.0.0 or newer, and 3.27.0 is installed: update it.",
    )


def test_a_version_that_is_not_there_names_those_that_are() -> None:
    assert refusal(SEVERAL, "acme-llm", "3.*") == (
        "LH1041",
        "acme-llm has no version 3.*; there is 2.16.0, 2.9.0, 1.0.0.",
    )


def test_of_very_many_versions_the_newest_are_named() -> None:
    catalogue = FakeCatalogue(versions=[header(f"1.{number}.0") for number in range(20)])
    _, sentence = refusal(catalogue, "acme-llm", "2.0.0")
    assert sentence.startswith("acme-llm has no version 2.0.0; there is 1.19.0, 1.18.0,")
    assert sentence.endswith(", 1.12.0 and older ones.")


@pytest.mark.parametrize(
    ("model_id", "sentence"),
    [
        ("acme-lm", "JumpStart has no model acme-lm in us-east-1: did you mean acme-llm"),
        ("acme-markt", "JumpStart has no model acme-markt in us-east-1: did you mean acme-market"),
        ("zzz", "JumpStart has no model zzz in us-east-1."),
    ],
)
def test_an_unknown_id_gets_the_nearest(model_id: str, sentence: str) -> None:
    code, said = refusal(SEVERAL, model_id, "*")
    assert code == "LH1040"
    assert said.startswith(sentence)
