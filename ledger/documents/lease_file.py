"""`NAME.lease.json`: a lease, read and written byte for byte. Pure."""

from datetime import datetime

from ledger.json_files import Violation, dump_json, present, read_json
from ledger.lease import Lease, stamp


def parse_lease(file: str, content: bytes) -> Lease | tuple[Violation, ...]:
    data = read_json(file, content, "lease")
    if isinstance(data, tuple):
        return data
    instants: dict[str, datetime] = {}
    wrong: list[Violation] = []
    for key in ("expires_at", "off_until"):
        if key in data:
            try:
                instants[key] = datetime.fromisoformat(data[key])
            except ValueError:
                wrong.append(
                    Violation("LH1002", file, f"/{key}", f"{data[key]} is no date of the calendar.")
                )
    return tuple(wrong) or Lease(**instants, request_id=data.get("request_id"))


def dump_lease(lease: Lease) -> bytes:
    """Write a lease file, byte for byte the same for the same lease."""
    return dump_json(
        present(
            **{"$schema": "../../schema/lease.schema.json"},
            expires_at=stamp(lease.expires_at),
            off_until=stamp(lease.off_until) if lease.off_until else None,
            request_id=lease.request_id,
        )
    )
