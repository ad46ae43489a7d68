"""Definitions that Leasehold writes itself, for endpoints that SageMaker has already. Pure."""

from dataclasses import dataclass

from ledger.documents.sources import ExistingConfig
from ledger.json_files import dump_json


@dataclass(frozen=True, slots=True)
class Adoption:
    """How an endpoint is taken over: its kind, and the length of its first lease in minutes."""

    is_async: bool
    minutes: int


def dump_existing_config(name: str, endpoint_name: str, endpoint_config_name: str) -> bytes:
    """Write the definition of an endpoint on an endpoint config that exists already."""
    return dump_json(
        {
            "$schema": "../../schema/endpoint.schema.json",
            "name": name,
            "endpoint_name": endpoint_name,
            "endpoint_config_name": endpoint_config_name,
            "inference_type": "realtime",
        }
    )


def dump_adoption(
    name: str, endpoint_name: str, serving: ExistingConfig, adoption: Adoption
) -> bytes:
    """Write the definition that takes over an endpoint as it is."""
    return dump_json(
        {
            "$schema": "../../schema/endpoint.schema.json",
            "name": name,
            "endpoint_name": endpoint_name,
            "endpoint_config_name": serving.endpoint_config_name,
            "inference_type": "async" if adoption.is_async else "realtime",
            "adopt": True,
            "schedule": {"initial_provision_minutes": adoption.minutes},
        }
    )
