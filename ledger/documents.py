"""The documents of the ledger: what each file means, and everything that is wrong with it.

Called by `holdings`, which puts files together. Pure: bytes in, frozen dataclasses or violations
out. Shape is checked by the JSON Schema documents in `schema/`; what a schema cannot say (zones,
instants) is checked here. It knows one file at a time; what two files say of each other is
`cross_checks`'s business.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from ledger import zones
from ledger.identity_settings import Identities, identities_from
from ledger.json_files import Violation, check, dump_json, read_json
from ledger.lease import Lease, stamp
from ledger.names import Name
from ledger.schedule import Schedule, Window


@dataclass(frozen=True, slots=True)
class ModelData:
    """The model's files in S3, in SageMaker's words."""

    s3_uri: str
    s3_data_type: str = "S3Prefix"
    compression_type: str = "None"
    accept_eula: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """An own container, or what a lock says that a JumpStart model is."""

    image: str
    model_data_url: str | None = None
    model_data: ModelData | None = None
    additional_model_data: Mapping[str, ModelData] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    network_isolation: bool = False
    download_timeout_seconds: int | None = None
    startup_timeout_seconds: int | None = None
    accept_eula: bool = False


@dataclass(frozen=True, slots=True)
class JumpStart:
    model_id: str
    model_version: str = "*"
    accept_eula: bool = False


@dataclass(frozen=True, slots=True)
class ModelPackage:
    arn: str


@dataclass(frozen=True, slots=True)
class ExistingConfig:
    """An endpoint config that is in SageMaker already and belongs to somebody else."""

    endpoint_config_name: str


_TARGETS = {"async": 5.0, "realtime": 100.0}  # AWS's own examples

Source = JumpStart | Container | ModelPackage | ExistingConfig


@dataclass(frozen=True, slots=True)
class AsyncInference:
    """Where an asynchronous endpoint leaves its answers; without a path, the environment's."""

    s3_output_path: str | None = None
    s3_failure_path: str | None = None
    success_topic_arn: str | None = None
    error_topic_arn: str | None = None
    max_concurrent_invocations_per_instance: int | None = None


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """How many instances Application Auto Scaling may choose; cooldowns are in seconds."""

    min_instances: int
    max_instances: int
    target_value: float
    scale_in_cooldown: int = 300
    scale_out_cooldown: int = 300


@dataclass(frozen=True, slots=True)
class Suspension:
    """Nobody's hands on it: why, and until when (UTC; None is until the definition changes)."""

    reason: str
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Adoption:
    """How an endpoint is taken over: its kind, and the length of its first lease in minutes."""

    is_async: bool
    minutes: int


@dataclass(frozen=True, slots=True)
class Integration:
    type: Literal["lambda", "api"]
    api_resource_name: str
    lambda_src: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """What an endpoint should be. `endpoint_name` None means the environment's default."""

    name: Name
    source: Source
    endpoint_name: str | None = None
    instance_type: str | None = None
    instance_count: int = 1
    instance_pools: tuple[str, ...] = ()
    provision_timeout_seconds: int | None = None
    autoscaling: Autoscaling | None = None
    async_inference: AsyncInference | None = None
    schedule: Schedule = Schedule()
    integration: Integration | None = None
    public: bool = False
    async_api_enabled: bool = False
    on_remove: Literal["delete", "retain"] = "delete"
    adopt: bool = False
    suspended: Suspension | None = None
    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Environment:
    """What all endpoints of one environment share."""

    project_prefix: str
    region_name: str
    execution_role_arn: str
    ddb_auth_table_name: str = "auth"
    async_output_path: str | None = None
    max_lease_minutes: int = 10080
    allowed_instance_types: tuple[str, ...] = ("*",)
    max_instances: int | None = None
    max_pushes_per_minute: int | None = None
    requests_per_minute: int = 120
    invocations_per_minute: int | None = None
    lead_minutes: tuple[int, ...] = (60, 15)
    topic_arn: str | None = None
    event_bus_name: str | None = None
    api_url: str | None = None
    max_orphans: int = 3
    identities: Identities = field(default_factory=Identities)

    def endpoint_name(self, name: str) -> str:
        """Give the predecessor's default name for the endpoint of a definition."""
        return f"{self.project_prefix}-{name}-Endpoint"


@dataclass(frozen=True, slots=True)
class Lock:
    """A JumpStart model id resolved to exact artifacts."""

    model_id: str
    model_version: str
    region_name: str
    instance_type: str | None
    container: Container


def parse_environment(file: str, content: bytes) -> Environment | tuple[Violation, ...]:
    data = read_json(file, content, "environment")
    if isinstance(data, tuple):
        return data
    limits, notices = data.get("limits", {}), data.get("notifications", {})
    return Environment(
        **_present(
            project_prefix=data["project_prefix"],
            region_name=data["region_name"],
            execution_role_arn=data["execution_role_arn"],
            ddb_auth_table_name=data.get("ddb_auth_table_name"),
            async_output_path=data.get("async_output_path"),
            max_lease_minutes=limits.get("max_lease_minutes"),
            allowed_instance_types=_tuple(limits.get("allowed_instance_types")),
            max_instances=limits.get("max_instances"),
            max_pushes_per_minute=limits.get("max_pushes_per_minute"),
            requests_per_minute=limits.get("requests_per_minute"),
            invocations_per_minute=limits.get("invocations_per_minute"),
            lead_minutes=_tuple(notices.get("lead_minutes")),
            topic_arn=notices.get("topic_arn"),
            event_bus_name=notices.get("event_bus_name"),
            api_url=notices.get("api_url"),
            max_orphans=data.get("prune", {}).get("max_orphans"),
            identities=identities_from(data.get("identities", {})),
        )
    )


def parse_identities(file: str, data: object) -> Identities | tuple[Violation, ...]:
    """Read an environment's block `identities` where it stands alone, as the gateway gets it."""
    found = check(file, {"identities": data}, "environment")
    wrong = tuple(each for each in found if each.pointer)  # the other fields are missing
    return wrong or identities_from(cast("Mapping[str, Any]", data))


def parse_definition(file: str, content: bytes) -> Definition | tuple[Violation, ...]:
    data = read_json(file, content, "endpoint")
    if isinstance(data, tuple):
        return data
    wrong = (*_wrong_windows(file, data.get("schedule", {})), *_wrong_values(file, data))
    if wrong:
        return wrong
    return Definition(
        **_present(
            name=Name(data["name"]),
            source=_source(data),
            endpoint_name=data.get("endpoint_name"),
            instance_type=data.get("inference_instance_type"),
            instance_count=data.get("inference_instance_count"),
            instance_pools=tuple(pool["instance_type"] for pool in data.get("instance_pools", ())),
            provision_timeout_seconds=data.get("instance_provision_timeout_seconds"),
            autoscaling=_autoscaling(data),
            async_inference=_async_inference(data),
            schedule=_schedule(data),
            integration=_integration(data),
            public=data.get("public"),
            async_api_enabled=data.get("async_api_enabled"),
            on_remove=data.get("on_remove"),
            adopt=data.get("adopt"),
            suspended=_suspension(data),
            owner=data.get("owner"),
            tags=data.get("tags"),
        )
    )


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


def parse_lock(file: str, content: bytes) -> Lock | tuple[Violation, ...]:
    data = read_json(file, content, "lock")
    if isinstance(data, tuple):
        return data
    return Lock(
        model_id=data["model_id"],
        model_version=data["model_version"],
        region_name=data["region_name"],
        instance_type=data.get("instance_type"),
        container=_container(data),
    )


def dump_lease(lease: Lease) -> bytes:
    """Write a lease file, byte for byte the same for the same lease."""
    return dump_json(
        _present(
            **{"$schema": "../../schema/lease.schema.json"},
            expires_at=stamp(lease.expires_at),
            off_until=stamp(lease.off_until) if lease.off_until else None,
            request_id=lease.request_id,
        )
    )


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


def dump_adoption(name: str, endpoint_name: str, serving: ExistingConfig, wish: Adoption) -> bytes:
    """Write the definition that takes over an endpoint as it is."""
    return dump_json(
        {
            "$schema": "../../schema/endpoint.schema.json",
            "name": name,
            "endpoint_name": endpoint_name,
            "endpoint_config_name": serving.endpoint_config_name,
            "inference_type": "async" if wish.is_async else "realtime",
            "adopt": True,
            "schedule": {"initial_provision_minutes": wish.minutes},
        }
    )


def _source(data: Mapping[str, Any]) -> Source:
    match data:
        case {"endpoint_config_name": name}:
            return ExistingConfig(name)
        case {"model_package_arn": arn}:
            return ModelPackage(arn)
        case {"model_id": model_id}:
            return JumpStart(
                model_id, data.get("model_version", "*"), data.get("accept_eula", False)
            )
        case _:
            return _container(data["model"])


def _container(data: Mapping[str, Any]) -> Container:
    extra = data.get("additional_model_data_sources", [])
    return Container(
        image=data["image"],
        model_data_url=data.get("model_data_url"),
        model_data=_model_data(data["model_data_source"]) if "model_data_source" in data else None,
        additional_model_data={item["channel_name"]: _model_data(item) for item in extra},
        environment=data.get("environment", {}),
        network_isolation=data.get("enable_network_isolation", False),
        download_timeout_seconds=data.get("model_data_download_timeout_seconds"),
        startup_timeout_seconds=data.get("container_startup_health_check_timeout_seconds"),
        accept_eula=data.get("accept_eula", False),
    )


def _model_data(data: Mapping[str, Any]) -> ModelData:
    return ModelData(
        data["s3_uri"],
        data.get("s3_data_type", "S3Prefix"),
        data.get("compression_type", "None"),
        data.get("accept_eula", False),
    )


def _async_inference(data: Mapping[str, Any]) -> AsyncInference | None:
    if data["inference_type"] != "async":
        return None
    return AsyncInference(**data.get("async_inference", {}))


def _autoscaling(data: Mapping[str, Any]) -> Autoscaling | None:
    wish = data.get("autoscaling")
    if wish is None:
        return None
    return Autoscaling(
        wish["min_instances"],
        wish["max_instances"],
        wish.get("target_value", _TARGETS[data["inference_type"]]),
        wish.get("scale_in_cooldown_seconds", 300),
        wish.get("scale_out_cooldown_seconds", 300),
    )


def _suspension(data: Mapping[str, Any]) -> Suspension | None:
    if "suspended" not in data:
        return None
    wish = data["suspended"]
    until = datetime.fromisoformat(wish["until"]) if "until" in wish else None
    return Suspension(wish["reason"], until)


def _schedule(data: Mapping[str, Any]) -> Schedule:
    """Read the schedule. An asynchronous endpoint without one has no meter: it is always on."""
    schedule = data.get("schedule")
    if schedule is None:
        return Schedule(always_on=data["inference_type"] == "async")
    return Schedule(
        initial_provision_minutes=schedule.get("initial_provision_minutes", 0),
        zone=ZoneInfo(schedule["timezone"]) if "timezone" in schedule else None,
        windows=tuple(_window(window) for window in schedule.get("windows", ())),
        idle_minutes=schedule.get("idle_minutes"),
        always_on=schedule.get("always_on", False),
        extend_while_active_minutes=schedule.get("extend_while_active_minutes"),
        lease_starts=schedule.get("lease_starts", "ready"),
        max_creating_minutes=schedule.get("max_creating_minutes", 60),
    )


def _window(data: Mapping[str, Any]) -> Window:
    end = None if data["end"] == "24:00" else time.fromisoformat(data["end"])
    return Window(frozenset(data["days"]), time.fromisoformat(data["start"]), end)


def _wrong_windows(file: str, schedule: Mapping[str, Any]) -> Iterator[Violation]:
    zone = schedule.get("timezone")
    if zone is not None and not zones.is_accepted(zone):
        yield Violation("LH1006", file, "/schedule/timezone", zones.refusal(zone))
    for number, window in enumerate(schedule.get("windows", ())):
        if window["start"] == window["end"]:
            yield Violation(
                "LH1006",
                file,
                f"/schedule/windows/{number}/end",
                "start and end are the same; a full day is 00:00 to 24:00.",
            )


def _wrong_values(file: str, data: Mapping[str, Any]) -> Iterator[Violation]:
    """Check what the schema's patterns let through: an order of numbers, a date's day."""
    scaling = data.get("autoscaling", {"min_instances": 0, "max_instances": 0})
    if scaling["min_instances"] > scaling["max_instances"]:
        sentence = "min_instances is above max_instances."
        yield Violation("LH1014", file, "/autoscaling/min_instances", sentence)
    until = data.get("suspended", {}).get("until")
    if until is not None and _no_date(until):
        sentence = f"{until} is no date of the calendar."
        yield Violation("LH1002", file, "/suspended/until", sentence)
    pools = [pool["instance_type"] for pool in data.get("instance_pools", ())]
    if data.get("inference_instance_type") in pools:
        sentence = "inference_instance_type is tried first already: name only the others here."
        yield Violation("LH1014", file, "/instance_pools", sentence)


def _no_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return True
    return False


def _integration(data: Mapping[str, Any]) -> Integration | None:
    if "integration" not in data:
        return None
    integration = data["integration"]
    return Integration(integration["type"], **integration["properties"])


def _tuple(items: list[Any] | None) -> tuple[Any, ...] | None:
    return None if items is None else tuple(items)


def _present(**fields: Any) -> dict[str, Any]:  # noqa: ANN401  (whatever JSON holds)
    """Leave out what the document does not say, so that the dataclass' default stands."""
    return {key: value for key, value in fields.items() if value is not None}
