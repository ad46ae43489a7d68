"""AWS's price list read: what is skipped, and what must never be guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.prices import pricing_region
from controller.price_list import read_products
from ledger.errors import Refused
from ledger.hosts import Usage

G5 = "ml.g5.2xlarge"


def product(
    price: str = "1.5150000000", unit: str = "Hrs", currency: str = "USD", **attributes: str
) -> str:
    about = {
        "regionCode": "us-east-1",
        "locationType": "AWS Region",
        "location": "US East (N. Virginia)",
        "instanceName": G5,
        "instanceType": f"{G5}-Hosting",
        "platoinstancename": G5,
        "platoinstancetype": "Hosting",
        "component": "Hosting",
        "usagetype": f"USE1-Host:{G5}",
        **attributes,
    }
    dimension = {"unit": unit, "pricePerUnit": {currency: price}}
    return json.dumps(
        {
            "product": {"productFamily": "ML Instance", "attributes": about},
            "terms": {"OnDemand": {"a.b": {"priceDimensions": {"a.b.c": dimension}}}},
            "publicationDate": "2026-10-30T00:00:00Z",
        }
    )


def read(*products: str) -> dict[str, Decimal]:
    found = read_products(products, "us-east-1", Usage.HOSTING)
    return {kind: each.price for kind, each in found.items()}


def test_a_price_is_kept_to_the_last_digit() -> None:
    (listed,) = read_products([product("1.1234567891")], "us-east-1", Usage.HOSTING).values()
    assert (listed.price, listed.currency) == (Decimal("1.1234567891"), "USD")
    assert listed.published_at == datetime(2026, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "other",
    [
        {"usagetype": f"USE1-FreeTier:{G5}"},
        {"component": "FreeTier"},
        {"price": "0.0000000000"},
        {"locationType": "AWS Outposts"},
        {"component": "Processing_Geo"},
        {"location": "Any"},
        {"unit": "GB-Mo"},
        {"regionCode": "us-west-2"},
        {"platoinstancetype": "Training"},
        {"instanceName": "NA", "platoinstancename": "NA", "instanceType": "NA"},
        {"instanceName": "ml.Odd type", "platoinstancename": "NA", "instanceType": "NA"},
    ],
    ids=str,
)
def test_what_is_no_price_of_hosting_here_is_skipped(other: dict[str, str]) -> None:
    assert read(product(**{"price": "9.99", **other}), product()) == {G5: Decimal("1.515")}


@pytest.mark.parametrize(
    "names",
    [
        {"instanceName": "NA"},
        {"instanceName": f"{G5}-Hosting"},
        {"instanceName": "NA", "platoinstancename": "NA"},
    ],
    ids=str,
)
def test_a_type_is_found_by_the_name_that_it_has(names: dict[str, str]) -> None:
    assert read(product(**names)) == {G5: Decimal("1.515")}


def test_what_is_free_is_so_whatever_the_type_is_called() -> None:
    kind = "ml.p6-b200.48xlarge"
    free = product("0.01", instanceName=kind, usagetype=f"EU-FreeTrial:{kind}")
    assert read(free, product(instanceName=kind, usagetype=f"Host:{kind}")) == {
        kind: Decimal("1.515")
    }


@given(
    st.sampled_from(["product", "attributes", "terms", "OnDemand", "a.b", "a.b.c", "unit"]),
    st.sampled_from([None, 1, "x", [], {}, [1], {"x": None}]),
)
def test_any_shape_is_read_or_said(place: str, odd: object) -> None:
    def replaced(data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: odd if key == place else replaced(each) for key, each in data.items()}

    told = ""
    found = dict[str, Decimal]()
    try:
        found = read(json.dumps(replaced(json.loads(product()))))
    except Refused as refusal:
        told = refusal.code
    assert (found, told) in [({}, ""), ({}, "LH5132"), ({G5: Decimal("1.515")}, "")]


def test_a_row_that_stands_twice_is_one_price() -> None:
    assert read(product(), product()) == {G5: Decimal("1.515")}


@pytest.mark.parametrize("other", [{"price": "1.6"}, {"currency": "EUR"}], ids=str)
def test_two_prices_are_an_error_and_never_the_first(other: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"two prices of ml.g5.2xlarge for Hosting") as refused:
        read(product(), product(**other))
    assert refused.value.code == "LH5131"


@pytest.mark.parametrize(
    "item", ["{", "[]", "{}", '{"product": {}}', '{"product": {"attributes": 1}}', product("x")]
)
def test_what_cannot_be_read_is_said(item: str) -> None:
    with pytest.raises(Refused) as refused:
        read(item)
    assert refused.value.code == "LH5132"


def test_a_product_without_terms_has_no_price() -> None:
    data: Any = json.loads(product())
    del data["terms"], data["publicationDate"]
    assert read(json.dumps(data)) == {}


@pytest.mark.parametrize(
    ("region", "there"),
    [
        ("eu-west-1", "us-east-1"),
        ("us-gov-west-1", "us-east-1"),
        ("cn-north-1", "cn-northwest-1"),
        ("eusc-de-east-1", "eusc-de-east-1"),
    ],
)
def test_a_partition_with_a_list_of_its_own_is_asked_there(region: str, there: str) -> None:
    assert pricing_region(region) == there
