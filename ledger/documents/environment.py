"""`environment.json`: what all endpoints of one environment share. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ledger import zones
from ledger.documents.channels import Channel, channels_from
from ledger.documents.prices import Amount
from ledger.identity_settings import Identities, identities_from
from ledger.json_files import Violation, present, read_json
from ledger.json_text import with_text_member

Verify = Literal["none", "warn", "enforce"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Globs of what definitions may use; None is everything.

    `images` are about model packages too, by their ARN.
    """

    images: tuple[str, ...] | None = None
    s3_prefixes: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """What all endpoints of one environment share."""

    project_prefix: str
    region_name: str
    execution_role_arn: str
    ledger_id: str | None = None
    ddb_auth_table_name: str = "auth"
    async_output_path: str | None = None
    async_input_path: str | None = None
    max_lease_minutes: int = 10080
    allowed_instance_types: tuple[str, ...] = ("*",)
    max_instances: int | None = None
    max_hourly: Amount | None = None
    max_lease_cost: Amount | None = None
    max_pushes_per_minute: int | None = None
    requests_per_minute: int = 120
    invocations_per_minute: int | None = None
    lead_minutes: tuple[int, ...] = (60, 15)
    topic_arn: str | None = None
    event_bus_name: str | None = None
    api_url: str | None = None
    zone: ZoneInfo | None = None  # of notices
    link_secret: str | None = None
    channels: tuple[Channel, ...] = ()
    verify: Verify = "none"
    max_orphans: int = 3
    allowed: Allowed = Allowed()
    allowed_origins: tuple[str, ...] = ()
    identities: Identities = field(default_factory=Identities)

    def endpoint_name(self, name: str) -> str:
        """Return the predecessor's default name for the endpoint of a definition."""
        return f"{self.project_prefix}-{name}-Endpoint"


def parse_environment(file: str, content: bytes) -> Environment | tuple[Violation, ...]:
    data = read_json(file, content, "environment")
    if isinstance(data, tuple):
        return data
    limits, notices = data.get("limits", {}), data.get("notifications", {})
    allowed, zone = data.get("allowed", {}), notices.get("timezone")
    if zone is not None and not zones.is_accepted(zone):
        return (Violation("LH1006", file, "/notifications/timezone", zones.refusal(zone)),)
    return Environment(
        **present(
            project_prefix=data["project_prefix"],
            region_name=data["region_name"],
            execution_role_arn=data["execution_role_arn"],
            ledger_id=data.get("ledger_id"),
            ddb_auth_table_name=data.get("ddb_auth_table_name"),
            async_output_path=data.get("async_output_path"),
            async_input_path=data.get("async_input_path"),
            max_lease_minutes=limits.get("max_lease_minutes"),
            allowed_instance_types=_tuple(limits.get("allowed_instance_types")),
            max_instances=limits.get("max_instances"),
            max_hourly=_amount(limits.get("max_hourly")),
            max_lease_cost=_amount(limits.get("max_lease_cost")),
            max_pushes_per_minute=limits.get("max_pushes_per_minute"),
            requests_per_minute=limits.get("requests_per_minute"),
            invocations_per_minute=limits.get("invocations_per_minute"),
            lead_minutes=_tuple(notices.get("lead_minutes")),
            topic_arn=notices.get("topic_arn"),
            event_bus_name=notices.get("event_bus_name"),
            api_url=notices.get("api_url"),
            zone=ZoneInfo(zone) if zone else None,
            link_secret=notices.get("links", {}).get("secret_name"),
            channels=channels_from(notices.get("channels", ())),
            verify=data.get("verify"),
            max_orphans=data.get("prune", {}).get("max_orphans"),
            allowed=Allowed(**{kind: tuple(globs) for kind, globs in allowed.items()}),
            allowed_origins=_tuple(data.get("cors", {}).get("allowed_origins")),
            identities=identities_from(data.get("identities", {})),
        )
    )


def with_ledger_id(content: bytes, ledger_id: str) -> bytes:
    """Return the file with this `ledger_id`, and everything else in it as its writer laid it out.

    Raises ValueError or RecursionError where it cannot be read as a JSON object.
    """
    return with_text_member(content, "ledger_id", ledger_id, after="$schema")


def _amount(data: dict[str, str] | None) -> Amount | None:
    return Amount(Decimal(data["amount"]), data["currency"]) if data else None


def _tuple(items: list[Any] | None) -> tuple[Any, ...] | None:
    return None if items is None else tuple(items)
