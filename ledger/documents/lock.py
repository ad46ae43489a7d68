"""`NAME.lock.json`: a JumpStart model resolved to exact artifacts. Pure."""

from dataclasses import dataclass

from ledger.documents.sources import Container, container_from
from ledger.json_files import Violation, read_json


@dataclass(frozen=True, slots=True)
class Lock:
    """A JumpStart model id resolved to exact artifacts."""

    model_id: str
    model_version: str
    region_name: str
    instance_type: str | None
    container: Container


def parse_lock(file: str, content: bytes) -> Lock | tuple[Violation, ...]:
    data = read_json(file, content, "lock")
    if isinstance(data, tuple):
        return data
    return Lock(
        model_id=data["model_id"],
        model_version=data["model_version"],
        region_name=data["region_name"],
        instance_type=data.get("instance_type"),
        container=container_from(data),
    )
