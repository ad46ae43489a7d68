"""Names that ignore case: equal, hashed alike, and plain text to everybody else."""

from __future__ import annotations

import copy
import json
import pickle
import string
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from ledger.names import EndpointName, Name

if TYPE_CHECKING:
    from collections.abc import Mapping

texts = st.text(string.ascii_letters + string.digits + "-", max_size=20)
WRITTEN = "demo-Falcon40B-Endpoint"
NAME = EndpointName(WRITTEN)


@given(texts)
def test_case_makes_no_difference(text: str) -> None:
    name, shouted = EndpointName(text), EndpointName(text.upper())
    assert name == shouted
    assert not name != shouted  # noqa: SIM202 - `!=` is a method of its own
    assert hash(name) == hash(shouted)
    assert {name: 1}[shouted] == 1
    assert len({name, shouted, EndpointName(text.lower())}) == 1


@given(texts, texts)
def test_whatever_else_differs_does(one: str, other: str) -> None:
    assert (EndpointName(one) == EndpointName(other)) is (one.lower() == other.lower())
    assert (EndpointName(one) != EndpointName(other)) is (one.lower() != other.lower())


@given(texts, texts)
def test_plain_text_compares_alike_from_either_side(text: str, other: str) -> None:
    name = EndpointName(text)
    assert name == text.upper()
    assert text.upper() == name
    assert (name == other) is (other == name) is (text.lower() == other.lower())
    assert (name != other) is (other != name) is (text.lower() != other.lower())


@pytest.mark.parametrize("other", [None, 5, b"demo", ("demo",)])
def test_what_is_no_text_is_no_name(other: object) -> None:
    assert EndpointName("demo") != other


def test_a_name_is_shown_as_it_was_written() -> None:
    assert [str(NAME), f"{NAME}", json.dumps({NAME: NAME})] == [
        WRITTEN,
        WRITTEN,
        f'{{"{WRITTEN}": "{WRITTEN}"}}',
    ]


def test_a_part_of_a_name_is_plain_text() -> None:
    parts = (str(NAME), NAME[:4], NAME + "", NAME.lower(), f"{NAME}")
    assert {type(part) for part in parts} == {str}


def test_a_name_of_a_name_is_that_name() -> None:
    assert EndpointName(NAME) is NAME
    assert type(EndpointName(Name(WRITTEN))) is EndpointName


def test_a_copy_is_a_name_too() -> None:
    for copied in (copy.deepcopy(NAME), pickle.loads(pickle.dumps(NAME))):  # noqa: S301 - its own
        assert type(copied) is EndpointName
        assert {copied: 1}[EndpointName(WRITTEN.upper())] == 1


def test_boto3_takes_it_as_it_is() -> None:
    client = boto3.client(
        "sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stub:
        stub.add_response("delete_endpoint", {}, {"EndpointName": WRITTEN})
        client.delete_endpoint(EndpointName=NAME)


def test_mypy_refuses_plain_text_as_a_key() -> None:
    """Each line would be an error without its `ignore`, and mypy reports one that is needless."""
    ends: Mapping[EndpointName, int] = {NAME: 1}
    assert ends.get(WRITTEN.upper()) is None  # type: ignore[call-overload]
    assert ends.get(Name(WRITTEN)) == 1  # type: ignore[call-overload]
    with pytest.raises(KeyError):
        ends[WRITTEN.upper()]  # type: ignore[index]
