"""GetProducts lists the sample prices of instances in the shape of the real list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.protocol.shapes import instance_types

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused


def _products(cloud: Cloud, most: int = 100, **wanted: object) -> list[dict[str, Any]]:
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()
    ]
    return _listed(cloud, filters, most)


def _listed(cloud: Cloud, filters: list[dict[str, Any]], most: int = 100) -> list[dict[str, Any]]:
    pages = (
        cloud.client("pricing", "us-east-1")
        .get_paginator("get_products")
        .paginate(ServiceCode="AmazonSageMaker", Filters=filters, MaxResults=most)
    )
    return [json.loads(item) for page in pages for item in page["PriceList"]]


def test_a_hosting_price_is_found_by_region_instance_and_component(cloud: Cloud) -> None:
    product, *others = _products(
        cloud,
        productFamily="ML Instance",
        regionCode="eu-west-1",
        instanceName="ml.g5.xlarge",
        platoinstancetype="Hosting",
        locationType="AWS Region",
    )
    assert others == []
    [term] = product["terms"]["OnDemand"].values()
    [dimension] = term["priceDimensions"].values()
    assert dimension["pricePerUnit"] == {"USD": "1.4080000000"}
    assert "sandbox sample price" in dimension["description"]
    attributes = product["product"]["attributes"]
    assert attributes["instanceType"] == "ml.g5.xlarge-Hosting"
    assert attributes["usagetype"] == "EU-Host:ml.g5.xlarge"


def test_every_type_of_the_sandbox_has_a_price_in_a_few_pages(cloud: Cloud) -> None:
    products = _products(
        cloud, regionCode="us-east-1", platoinstancetype="AsyncInf", productFamily="ML Instance"
    )
    names = [product["product"]["attributes"]["instanceName"] for product in products]
    assert sorted(names) == sorted(instance_types())


def test_pages_hold_every_price_once(cloud: Cloud) -> None:
    wanted = {"regionCode": "eu-west-1", "instanceName": "ml.m5.xlarge"}
    products = _products(cloud, 2, **wanted)
    skus = [product["product"]["sku"] for product in products]
    assert len(skus) == 7  # five components, an Outposts row and a free one
    assert len(set(skus)) == len(skus)


@pytest.mark.parametrize(
    ("kind", "value", "count"),
    [("EQUALS", "ml.g5.xlarge", 6), ("CONTAINS", "g5.24", 6), ("ANY_OF", "ml.g5.xlarge,x", 6)],
)
def test_other_filters_than_a_match_are_understood(
    cloud: Cloud, kind: str, value: str, count: int
) -> None:
    there = {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"}
    filters = [there, {"Type": kind, "Field": "instanceName", "Value": value}]
    assert len(_listed(cloud, filters)) == count
    none = [*filters, {"Type": "NONE_OF", "Field": "regionCode", "Value": "us-east-1,x"}]
    assert _listed(cloud, none) == []


def test_an_instance_that_nobody_knows_gives_an_empty_list(cloud: Cloud) -> None:
    assert _products(cloud, instanceName="ml.x9.48xlarge") == []


def test_another_service_has_no_prices_here(cloud: Cloud, refused: Refused) -> None:
    pricing = cloud.client("pricing", "us-east-1")
    answer = refused(pricing.get_products, ServiceCode="AmazonEC2")
    assert answer.startswith("InvalidParameterException")
