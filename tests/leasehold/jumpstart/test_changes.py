"""What changes from one lock to the next, as a package manager says it."""

from __future__ import annotations

import json

import pytest

from leasehold.jumpstart.changes import changes, headline
from tests.leasehold.jumpstart.catalogue import lock, wanted

SOURCE = {"s3_uri": "s3://jumpstart/acme/1/", "s3_data_type": "S3Prefix"}


def said(before: bytes | None, after: bytes) -> list[str]:
    return [str(each) for each in changes(before, after)]


def test_of_a_new_lock_what_matters_is_told() -> None:
    new = lock(
        environment={"A": "1", "B": ""},
        model_data_source=SOURCE,
        eula_url="https://eula",
        sdk_version="3.27.0",
    )
    assert said(None, new) == [
        "+ image registry/djl:1",
        "+ data s3://jumpstart/acme/1/",
        "+ environment A 1",
        '+ environment B ""',
        "+ licence https://eula",
    ]


def test_every_difference_is_told_and_nothing_else() -> None:
    draft = {"channel_name": "draft", "s3_uri": "s3://d/1/", "eula_url": "https://eula"}
    before = lock(
        environment={"SAME": "1", "GONE": "1", "OTHER": "1"},
        model_data_source=SOURCE,
        enable_network_isolation=False,
        additional_model_data_sources=[draft],
        sdk_version="3.27.0",
    )
    after = lock(
        model_version="1.1.0",
        image="registry/djl:2",
        environment={"SAME": "1", "OTHER": "2", "NEW": "1"},
        model_data_source={**SOURCE, "s3_uri": "s3://jumpstart/acme/2/"},
        enable_network_isolation=True,
        additional_model_data_sources=[{**draft, "s3_uri": "s3://d/2/"}],
        volume_size_gb=256,
        supported_instance_types=["ml.g5.2xlarge", "ml.g6.2xlarge"],
        sdk_version="3.28.0",
    )
    assert said(before, after) == [
        "~ image registry/djl:1 -> registry/djl:2",
        "~ data s3://jumpstart/acme/1/ -> s3://jumpstart/acme/2/",
        "- environment GONE 1",
        "~ environment OTHER 1 -> 2",
        "+ environment NEW 1",
        "~ network isolation false -> true",
        (
            "~ further data draft s3://d/1/ (licence https://eula) -> s3://d/2/"
            " (licence https://eula)"
        ),
        "+ volume (GB) 256",
        "+ supported types ml.g5.2xlarge, ml.g6.2xlarge",
    ]


def test_a_lock_that_nobody_can_read_counts_as_none() -> None:
    assert said(b"{", lock()) == said(b"[]", lock()) == said(None, lock())


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (None, lock(), "dev/A: acme-llm 1.0.0 (new)"),
        (lock(), lock(), "dev/A: acme-llm 1.0.0 (unchanged)"),
        (lock(), lock(image="registry/djl:2"), "dev/A: acme-llm 1.0.0 (changed)"),
        (lock(), lock(model_version="2.0"), "dev/A: acme-llm 1.0.0 -> acme-llm 2.0"),
    ],
)
def test_one_line_says_what_becomes_of_a_lock(
    before: bytes | None, after: bytes, line: str
) -> None:
    assert headline(wanted(before), after) == line


def test_values_of_any_kind_are_shown() -> None:
    odd = json.dumps({**json.loads(lock()), "x": [1, {"y": None}]}).encode()
    assert said(lock(), odd) == ['+ x [1, {"y": null}]']
