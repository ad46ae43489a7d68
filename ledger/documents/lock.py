"""`NAME.lock.json`: a JumpStart model resolved to exact artifacts. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.documents.sources import (
    Container,
    ModelPackage,
    container_from,
    variant_settings_from,
)
from ledger.json_files import Violation, dump_json, read_json

SCHEMA = "../../schema/lock.schema.json"


@dataclass(frozen=True, slots=True)
class Lock:
    """A JumpStart model id resolved to exact artifacts, for one region and these instance types.

    `licences` are the addresses of the end-user licences that its files are under, each as far as
    it is known (an empty text is one without an address). `deprecated` and `vulnerabilities` are
    AWS's own words.
    """

    model_id: str
    model_version: str
    region_name: str
    instance_type: str | None
    container: Container | ModelPackage
    instance_pools: tuple[str, ...] = ()
    config_name: str | None = None
    licences: tuple[str, ...] = ()
    deprecated: str | None = None
    vulnerabilities: tuple[str, ...] = ()

    @property
    def all_types(self) -> tuple[str, ...]:
        """Return the instance types that it was made for; none where it is right for any."""
        first = () if self.instance_type is None else (self.instance_type,)
        return (*first, *self.instance_pools)


def parse_lock(file: str, content: bytes) -> Lock | tuple[Violation, ...]:
    data = read_json(file, content, "lock")
    if isinstance(data, tuple):
        return data
    return Lock(
        model_id=data["model_id"],
        model_version=data["model_version"],
        region_name=data["region_name"],
        instance_type=data.get("instance_type"),
        container=_served(data),
        instance_pools=tuple(data.get("instance_pools", ())),
        config_name=data.get("config_name"),
        licences=tuple(dict.fromkeys(_licences(data))),
        deprecated=data.get("deprecated"),
        vulnerabilities=tuple(data.get("vulnerabilities", ())),
    )


def dump_lock(fields: Mapping[str, Any]) -> bytes:
    """Write a lock. It is not checked: whoever made the fields reads it back."""
    return dump_json({"$schema": SCHEMA, **fields})


def _served(data: Mapping[str, Any]) -> Container | ModelPackage:
    if "model_package_arn" not in data:
        return container_from(data)
    return ModelPackage(
        arn=data["model_package_arn"],
        environment=data.get("environment", {}),
        network_isolation=data.get("enable_network_isolation", False),
        variant=variant_settings_from(data),
    )


def _licences(data: Mapping[str, Any]) -> Iterator[str]:
    for each in (data, *data.get("additional_model_data_sources", ())):
        if each.get("accept_eula", "eula_url" in each):
            yield each.get("eula_url", "")
