"""GetProducts finds the sample price of a hosting instance as the real API would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused


def _products(cloud: Cloud, **wanted: object) -> list[dict[str, Any]]:
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()
    ]
    pages = (
        cloud.client("pricing", "us-east-1")
        .get_paginator("get_products")
        .paginate(ServiceCode="AmazonSageMaker", Filters=filters, MaxResults=7)
    )
    return [json.loads(item) for page in pages for item in page["PriceList"]]


def test_a_hosting_price_is_found_by_region_instance_and_component(cloud: Cloud) -> None:
    [product] = _products(
        cloud,
        productFamily="ML Instance",
        regionCode="eu-west-1",
        instanceName="ml.g5.xlarge",
        platoinstancetype="Hosting",
    )
    [term] = product["terms"]["OnDemand"].values()
    [dimension] = term["priceDimensions"].values()
    assert float(dimension["pricePerUnit"]["USD"]) > 0
    assert "sandbox sample price" in dimension["description"]
    assert product["product"]["attributes"]["instanceType"] == "ml.g5.xlarge-Hosting"


def test_pages_hold_every_price_once(cloud: Cloud) -> None:
    products = _products(cloud, regionCode="eu-west-1", platoinstancetype="AsyncInf")
    names = [product["product"]["attributes"]["instanceName"] for product in products]
    assert len(names) > 7
    assert len(set(names)) == len(names)


def test_an_instance_without_a_price_gives_an_empty_list(cloud: Cloud) -> None:
    assert _products(cloud, instanceName="ml.p5.48xlarge") == []


def test_another_service_has_no_prices_here(cloud: Cloud, refused: Refused) -> None:
    pricing = cloud.client("pricing", "us-east-1")
    answer = refused(pricing.get_products, ServiceCode="AmazonEC2")
    assert answer.startswith("InvalidParameterException")
