"""AWS's list prices of hosting instances.

A price is asked for once in a process. One that is not known, or cannot be asked for, is left out:
no tick fails because of a price.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from controller.aws.errors import aws_errors
from controller.cost import Host
from ledger.errors import Failure

if TYPE_CHECKING:
    from types_boto3_pricing import PricingClient
    from types_boto3_pricing.type_defs import FilterTypeDef

PRICING_REGION = "us-east-1"  # the API is in few regions, and has the prices of all


class Prices:
    def __init__(self, pricing: "PricingClient", region_name: str) -> None:
        self._pricing = pricing
        self._region = region_name
        self._known: dict[Host, float | None] = {}

    def of(self, hosts: Iterable[Host]) -> Mapping[Host, float]:
        """Return US dollars an hour for those that have a price."""
        for host in hosts:
            if host not in self._known:
                self._known[host] = self._ask(host)
        return {host: price for host, price in self._known.items() if price is not None}

    def _ask(self, host: Host) -> float | None:
        wanted = {
            "productFamily": "ML Instance",
            "regionCode": self._region,
            "instanceName": host.instance_type,
            "platoinstancetype": "AsyncInf" if host.is_async else "Hosting",
        }
        filters: list[FilterTypeDef] = [
            {"Type": "TERM_MATCH", "Field": field, "Value": value}
            for field, value in wanted.items()
        ]
        try:
            with aws_errors():
                answer = self._pricing.get_products(ServiceCode="AmazonSageMaker", Filters=filters)
        except Failure:
            return None
        return next((price for item in answer["PriceList"] if (price := _price(item))), None)


def _price(item: str) -> float | None:
    """Return the price of an hour on demand in a product's JSON; a free tier has none."""
    terms: dict[str, Any] = json.loads(item).get("terms", {}).get("OnDemand", {})
    prices = [
        float(dimension["pricePerUnit"]["USD"])
        for term in terms.values()
        for dimension in term["priceDimensions"].values()
        if "USD" in dimension["pricePerUnit"]
    ]
    return next((price for price in prices if price > 0), None)
