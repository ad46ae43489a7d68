"""The Pricing API's GetProducts for AmazonSageMaker, from a small table of sample prices.

The table is sample data of this sandbox, written on the date it carries: good enough to show how a
price reads, never to be quoted. Real prices come from the real API. As there, the product that a
hosting instance is found by has its name in `instanceName`, while `instanceType` carries a suffix.
"""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from sandbox.aws.protocol import errors, responses, tokens
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError

API = "AWSPriceListService"
SERVICE_CODE = "AmazonSageMaker"
SAMPLED_ON = "2026-11-01T00:00:00Z"
DOLLARS_AN_HOUR: Mapping[str, str] = {
    "ml.c5.large": "0.102",
    "ml.c5.xlarge": "0.204",
    "ml.c5.2xlarge": "0.408",
    "ml.g5.xlarge": "1.408",
    "ml.g5.2xlarge": "1.515",
    "ml.g5.12xlarge": "7.09",
    "ml.g5.48xlarge": "20.36",
    "ml.g6.xlarge": "1.1267",
    "ml.g6.2xlarge": "1.222",
    "ml.g6.12xlarge": "5.752",
    "ml.m5.large": "0.115",
    "ml.m5.xlarge": "0.23",
    "ml.m5.2xlarge": "0.461",
}
USAGES = {"Hosting": "Host", "AsyncInf": "AsyncInf"}
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-2")
MOST_RESULTS = 100


def answer(call: Call) -> Response | None:
    if call.operation != "GetProducts":
        return None
    return responses.result(_get_products(call.params))


def _get_products(params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("ServiceCode") != SERVICE_CODE:
        code = "InvalidParameterException"
        raise AwsError(code, f"The sandbox has prices of {SERVICE_CODE} only.")
    wanted = {each["Field"]: each["Value"] for each in params.get("Filters", [])}
    found = [
        json.dumps(product)
        for product in _products()
        if all(product["product"]["attributes"].get(k) == v for k, v in _attributes(wanted))
        and wanted.get("productFamily", "ML Instance") == "ML Instance"
    ]
    invalid = errors.invalid("The pagination token is invalid.")
    start = tokens.position(params.get("NextToken"), invalid)
    end = start + params.get("MaxResults", MOST_RESULTS)
    page: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": found[start:end]}
    return page | ({"NextToken": tokens.write(str(end))} if end < len(found) else {})


def _attributes(wanted: Mapping[str, str]) -> list[tuple[str, str]]:
    return [pair for pair in wanted.items() if pair[0] != "productFamily"]


def _products() -> list[dict[str, Any]]:
    return [
        _product(instance, region, usage)
        for region in REGIONS
        for instance in DOLLARS_AN_HOUR
        for usage in USAGES
    ]


def _product(instance: str, region: str, usage: str) -> dict[str, Any]:
    sku = f"SANDBOX-{region}-{instance}-{usage}"
    dimension = {
        "unit": "Hrs",
        "description": f"sandbox sample price of {SAMPLED_ON[:10]}, not a quotation",
        "pricePerUnit": {"USD": DOLLARS_AN_HOUR[instance]},
    }
    return {
        "serviceCode": SERVICE_CODE,
        "publicationDate": SAMPLED_ON,
        "product": {
            "sku": sku,
            "productFamily": "ML Instance",
            "attributes": {
                "servicecode": SERVICE_CODE,
                "regionCode": region,
                "instanceName": instance,
                "instanceType": f"{instance}-{usage}",
                "platoinstancename": instance,
                "platoinstancetype": usage,
                "component": usage,
                "usagetype": f"{USAGES[usage]}:{instance}",
            },
        },
        "terms": {"OnDemand": {f"{sku}.TERM": {"priceDimensions": {f"{sku}.RATE": dimension}}}},
    }
