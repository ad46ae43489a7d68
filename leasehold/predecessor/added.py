"""Definitions of endpoints that the predecessor's API added, with any name and any config. Pure."""

from leasehold.predecessor.allotment import Allotment, is_name
from leasehold.predecessor.fitting import fitted
from leasehold.predecessor.made import SCHEMA, Made
from leasehold.predecessor.notes import absent
from leasehold.predecessor.schedules import hours_of
from ledger.names import EndpointName


def of_endpoint(allotment: Allotment, endpoint_name: EndpointName, config_name: str) -> Made:
    """Make the definition of an endpoint that the predecessor's API added."""
    short = _short(allotment, endpoint_name)
    name = allotment.taken.take(short if is_name(short) else fitted(short) or "Endpoint")
    found = allotment.found
    there, expiry = found.serving(endpoint_name), found.expiries.get(endpoint_name)
    config = found.configs.get(config_name)
    asynchronous = config.async_inference if config else None
    schedule, notes = hours_of(endpoint_name, expiry)
    is_async = asynchronous is not None or bool(there and there.is_async)
    data = {
        "$schema": SCHEMA,
        "name": name,
        **allotment.named(name, endpoint_name),
        "endpoint_config_name": config_name,
        "inference_type": "async" if is_async else "realtime",
        **({"async_inference": asynchronous} if asynchronous else {}),
        # A schedule, even an empty one, is what gives an asynchronous endpoint a meter.
        **({"schedule": schedule or {}} if schedule or is_async else {}),
        **({"adopt": True} if there else {}),
    }
    now = f"{name}.endpoint.json, on its endpoint config {config_name}"
    return Made(name, endpoint_name, data, [absent(str(endpoint_name), now), *notes])


def _short(allotment: Allotment, endpoint_name: EndpointName) -> str:
    """Return what a model would be called whose endpoint this is, or else all of its name."""
    inner = str(endpoint_name).removeprefix(f"{allotment.prefix}-").removesuffix("-Endpoint")
    usable = inner and str(endpoint_name) == allotment.default(inner)
    return inner if usable and inner not in allotment.taken else str(endpoint_name)
