"""The Pricing API's GetProducts for AmazonSageMaker, in the shape of the real list.

The prices are this sandbox's own: third-party readings of AWS's list for the types of a small
table, and made up from a type's size for all others. Good enough to show how a price reads, never
to be quoted. As in the real list, a type has a product for each component, its name stands in
`instanceName` while `instanceType` carries a suffix, a usage type begins with the region's short
name, and there are free rows, rows that cost nothing, and rows of Outposts.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from werkzeug.wrappers import Response

from sandbox.aws.protocol import errors, responses, tokens
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError
from sandbox.aws.protocol.shapes import instance_types

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
    "ml.g5.24xlarge": "10.18",
    "ml.g5.48xlarge": "20.36",
    "ml.g6.xlarge": "1.1267",
    "ml.g6.2xlarge": "1.222",
    "ml.g6.12xlarge": "5.752",
    "ml.g6e.xlarge": "2.61",
    "ml.g6e.2xlarge": "2.80",
    "ml.g6e.4xlarge": "3.76",
    "ml.g6e.8xlarge": "5.6607",
    "ml.g6e.12xlarge": "13.12",
    "ml.inf2.xlarge": "0.99",
    "ml.inf2.8xlarge": "2.36",
    "ml.inf2.24xlarge": "7.79",
    "ml.inf2.48xlarge": "15.58",
    "ml.m5.large": "0.115",
    "ml.m5.xlarge": "0.23",
    "ml.m5.2xlarge": "0.461",
    "ml.p4d.24xlarge": "25.251286",
    "ml.p5.48xlarge": "63.296",
}
USAGES = {
    "Hosting": "Host",
    "AsyncInf": "AsyncInf",
    "Training": "Train",
    "Notebook": "Notebk",
    "BatchTransform": "Tsform",
}
REGIONS = {
    "eu-central-1": ("EUC1", "EU (Frankfurt)"),
    "eu-west-1": ("EU", "EU (Ireland)"),
    "us-east-1": ("USE1", "US East (N. Virginia)"),
    "us-east-2": ("USE2", "US East (Ohio)"),
    "us-west-2": ("USW2", "US West (Oregon)"),
}
FREE_TYPES = ("ml.m5.xlarge", "ml.t2.medium")
MOST_RESULTS = 100
_SIZES = {"nano": "0.1", "micro": "0.15", "small": "0.2", "medium": "0.25", "large": "0.5"}
_COSTLY = {"g": "1.1", "p": "3.2", "t": "1.3", "i": "0.5", "d": "1.5"}  # an xlarge by first letter
_TRAINING = Decimal("0.9")  # of the price in hosting, so that one is never taken for the other
_SIZE = re.compile(r"(\d*)xlarge")

_Product = dict[str, Any]


def answer(call: Call) -> Response | None:
    if call.operation != "GetProducts":
        return None
    return responses.result(_get_products(call.params))


def _get_products(params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("ServiceCode") != SERVICE_CODE:
        code = "InvalidParameterException"
        raise AwsError(code, f"The sandbox has prices of {SERVICE_CODE} only.")
    tests = [_filter(each) for each in params.get("Filters", [])]
    found = [each for each in _products() if all(fits(_fields(each)) for fits in tests)]
    invalid = errors.invalid("The pagination token is invalid.")
    start = tokens.position(params.get("NextToken"), invalid)
    end = start + params.get("MaxResults", MOST_RESULTS)
    listed = [json.dumps(each) for each in found[start:end]]
    page: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": listed}
    return page | ({"NextToken": tokens.write(str(end))} if end < len(found) else {})


def _filter(wish: Mapping[str, str]) -> Callable[[Mapping[str, str]], bool]:
    field, value = wish["Field"], wish["Value"]
    among = value.split(",")

    def fits(fields: Mapping[str, str]) -> bool:
        there = fields.get(field)
        match wish["Type"]:
            case "CONTAINS":
                return there is not None and value in there
            case "ANY_OF":
                return there in among
            case "NONE_OF":
                return there not in among
            case _:
                return there == value

    return fits


def _fields(product: _Product) -> Mapping[str, str]:
    described: _Product = product["product"]
    return {**described["attributes"], "productFamily": described["productFamily"]}


@cache
def _products() -> tuple[_Product, ...]:
    return tuple(each for region in REGIONS for each in _of_region(region))


def _of_region(region: str) -> Iterator[_Product]:
    for instance in sorted({*instance_types(), *DOLLARS_AN_HOUR}):
        for usage, short in USAGES.items():
            row = _Row(instance, usage, f"{short}:{instance}", _price(instance, usage))
            yield _product(region, row)
        yield _product(region, _Row(instance, "Hosting", f"Host:{instance}", place="AWS Outposts"))
    for instance in FREE_TYPES:
        yield _product(region, _Row(instance, "Hosting", f"FreeTier:{instance}"))


def _price(instance: str, usage: str) -> Decimal:
    price = Decimal(DOLLARS_AN_HOUR.get(instance, 0)) or _made_up(instance)
    return price * _TRAINING if usage == "Training" else price


def _made_up(instance: str) -> Decimal:
    """Make a price of a type's size, so that no type is without one."""
    _, family, size = instance.split(".")
    found = _SIZE.fullmatch(size)
    times = Decimal(found[1] or 1) if found else Decimal(_SIZES.get(size, 24))
    return Decimal(_COSTLY.get(family[0], "0.23")) * times


@dataclass(frozen=True)
class _Row:
    instance: str
    usage: str
    used: str
    price: Decimal = Decimal(0)
    place: str = "AWS Region"


def _product(region: str, row: _Row) -> _Product:
    short, location = REGIONS[region]
    sku = f"SANDBOX-{region}-{row.place.split()[-1]}-{row.usage}-{row.used}"
    dimension = {
        "unit": "Hrs",
        "description": f"sandbox sample price of {SAMPLED_ON[:10]}, not a quotation",
        "appliesTo": [],
        "rateCode": f"{sku}.TERM.RATE",
        "beginRange": "0",
        "endRange": "Inf",
        "pricePerUnit": {"USD": f"{row.price:.10f}"},
    }
    term = {
        "priceDimensions": {f"{sku}.TERM.RATE": dimension},
        "sku": sku,
        "effectiveDate": SAMPLED_ON,
        "offerTermCode": "TERM",
        "termAttributes": {},
    }
    return {
        "serviceCode": SERVICE_CODE,
        "publicationDate": SAMPLED_ON,
        "version": SAMPLED_ON.replace("-", "").replace(":", ""),
        "product": {
            "sku": sku,
            "productFamily": "ML Instance",
            "attributes": {
                "servicecode": SERVICE_CODE,
                "servicename": "Amazon SageMaker",
                "regionCode": region,
                "location": location,
                "locationType": row.place,
                "instanceName": row.instance,
                "instanceType": f"{row.instance}-{row.usage}",
                "platoinstancename": row.instance,
                "platoinstancetype": row.usage,
                "component": row.usage,
                "operation": "RunInstance",
                "usagetype": f"{short}-{row.used}",
            },
        },
        "terms": {"OnDemand": {f"{sku}.TERM": term}},
    }
