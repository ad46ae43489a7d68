"""AWS's Price List API, which has the list prices of hosting instances in a few pages."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from controller.aws.errors import aws_errors
from controller.price_list import FAMILY
from ledger.hosts import Usage

if TYPE_CHECKING:
    from types_boto3_pricing import PricingClient
    from types_boto3_pricing.type_defs import FilterTypeDef

SERVICE_CODE = "AmazonSageMaker"
_COMMERCIAL = "us-east-1"  # the API is in few regions, and has the prices of all of a partition
_OWN = {"cn-": "cn-northwest-1", "eusc-": "eusc-de-east-1"}


def pricing_region(region_name: str) -> str:
    """Return the region whose API has the prices of a region."""
    own = (there for prefix, there in _OWN.items() if region_name.startswith(prefix))
    return next(own, _COMMERCIAL)


class PriceList:
    def __init__(self, pricing: "PricingClient") -> None:
        self._pricing = pricing

    def products(self, region_name: str, usage: Usage) -> Iterator[str]:
        """Yield what is listed of a use in a region, as JSON. Raise Failure (LH3xxx)."""
        wanted = {
            "productFamily": FAMILY,
            "regionCode": region_name,
            "platoinstancetype": str(usage),
        }
        filters: list[FilterTypeDef] = [
            {"Type": "TERM_MATCH", "Field": field, "Value": value}
            for field, value in wanted.items()
        ]
        pages = self._pricing.get_paginator("get_products").paginate(
            ServiceCode=SERVICE_CODE, Filters=filters, PaginationConfig={"PageSize": 100}
        )
        with aws_errors():
            for page in pages:
                yield from page["PriceList"]
