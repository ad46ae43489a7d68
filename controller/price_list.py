"""AWS's price list, as far as it is about hosting: products in, prices or what is wrong out. Pure.

A product is a JSON string. What is left out: the free tier and what costs nothing, Outposts, what
is priced for no region in particular, and every other unit and use. Two prices of one type are an
error, and never the first of them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ledger.errors import Refused
from ledger.hosts import Usage

FAMILY = "ML Instance"
_FREE = "free"
_ELSEWHERE = ("AWS Outposts", "AWS Local Zone", "AWS Wavelength Zone")
_NO_PLACE = "Any"
_GEO = "processing_geo"
_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """The price of an hour of one instance type."""

    usage: Usage
    instance_type: str
    currency: str
    price: Decimal
    published_at: datetime | None


def read_products(items: Iterable[str], region_name: str, usage: Usage) -> dict[str, Listed]:
    """Return the prices of one use in one region, by instance type.

    Raises Refused LH5131 where one has two, and LH5132 where what is there cannot be read.
    """
    found: dict[str, Listed] = {}
    for item in items:
        for listed in _rows(item, region_name, usage):
            known = found.setdefault(listed.instance_type, listed)
            if (known.price, known.currency) != (listed.price, listed.currency):
                raise Refused(
                    "LH5131",
                    f"AWS lists two prices of {listed.instance_type} for {usage} in {region_name},"
                    f" {known.price} {known.currency} and {listed.price} {listed.currency}: no"
                    " price was written. Please report it, and write the right one by hand.",
                )
    return found


def _rows(item: str, region_name: str, usage: Usage) -> list[Listed]:
    try:
        product = json.loads(item)
        return list(_listed(product, region_name, usage))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Refused(
            "LH5132",
            f"AWS's price list has a product that cannot be read ({item!s:.80}): please report it.",
        ) from None


def _listed(product: dict[str, Any], region_name: str, usage: Usage) -> Iterator[Listed]:
    """Yield the price of a product, if it is one of hosting in that region."""
    attributes = product["product"]["attributes"]
    kind = _instance_type(attributes, usage)
    if kind is None or not _is_hosting(product["product"], attributes, region_name, usage):
        return
    published_at = _instant(product.get("publicationDate"))
    for currency, price in _hours(product.get("terms", {}).get("OnDemand", {})):
        yield Listed(usage, kind, currency, price, published_at)


def _instance_type(attributes: dict[str, Any], usage: Usage) -> str | None:
    """Return the type's own name; in some rows it has the use at its end, or is elsewhere."""
    keys = ("instanceName", "platoinstancename", "instanceType")
    names = (str(attributes.get(key)).removesuffix(f"-{usage}") for key in keys)
    return next((name for name in names if _TYPE.fullmatch(name)), None)


def _is_hosting(
    product: dict[str, Any], attributes: dict[str, Any], region_name: str, usage: Usage
) -> bool:
    told = (attributes.get(key, "") for key in ("usagetype", "component", "operation"))
    words = " ".join(map(str, told)).lower()
    of_usage = str(attributes.get("usagetype", "")).partition(":")[0].rpartition("-")[2].lower()
    return (
        product.get("productFamily", FAMILY) == FAMILY
        and attributes.get("regionCode") == region_name
        and attributes.get("platoinstancetype") == usage
        and attributes.get("locationType", "") not in _ELSEWHERE
        and attributes.get("location") != _NO_PLACE
        and not of_usage.startswith(_FREE)
        and not str(attributes.get("component", "")).lower().startswith(_FREE)
        and _GEO not in words
    )


def _hours(terms: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Yield currency and price of each hour that costs something."""
    for term in terms.values():
        for dimension in term.get("priceDimensions", {}).values():
            if str(dimension.get("unit", "")).lower() not in {"hrs", "hr", "hour", "hours"}:
                continue
            for currency, text in dimension.get("pricePerUnit", {}).items():
                price = _price(text)
                if price > 0:
                    yield currency, price


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        price = Decimal("nan")
    if not price.is_finite() or price < 0:
        raise Refused(
            "LH5132", f"AWS's price list has a price that is none ({text!r:.40}): please report it."
        )
    return price


def _instant(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
