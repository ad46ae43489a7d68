"""`NAME.endpoint.json`: what an endpoint should be. Pure.

Its shape is checked by `schema/endpoint.schema.json`; what a schema cannot say (zones, dates, an
order of numbers) is checked here. What other files say of it is not known here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ledger import zones
from ledger.documents.sources import Source, Vpc, source_from, vpc_from
from ledger.json_files import Violation, present, read_json
from ledger.json_text import decode
from ledger.lease import instant_from
from ledger.names import Name
from ledger.schedule import Schedule, Window

MAX_DEFINITION_BYTES = 64 * 1024
_TARGETS = {"async": 5.0, "realtime": 100.0}  # AWS's own examples


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
    """Why an endpoint is left as it is, and until when (UTC; None: until it is changed)."""

    reason: str
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


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
    vpc: Vpc | None = None
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


def read_names(content: bytes) -> tuple[str | None, str | None]:
    """Return `name` and `endpoint_name` of a definition that may break its schema.

    None is what it does not say. What is no definition at all says neither.
    """
    try:
        data = decode(content)
    except (ValueError, RecursionError):
        return None, None
    fields = data if isinstance(data, dict) else {}
    name, endpoint_name = fields.get("name"), fields.get("endpoint_name")
    if not isinstance(endpoint_name, str | None):
        return None, None
    return name if isinstance(name, str) else None, endpoint_name


def parse_definition(file: str, content: bytes) -> Definition | tuple[Violation, ...]:
    data = read_json(file, content, "endpoint", MAX_DEFINITION_BYTES)
    if isinstance(data, tuple):
        return data
    wrong = (*_wrong_windows(file, data.get("schedule", {})), *_wrong_values(file, data))
    if wrong:
        return wrong
    return Definition(
        **present(
            name=Name(data["name"]),
            source=source_from(data),
            endpoint_name=data.get("endpoint_name"),
            vpc=vpc_from(data),
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


def _async_inference(data: Mapping[str, Any]) -> AsyncInference | None:
    if data["inference_type"] != "async":
        return None
    return AsyncInference(**data.get("async_inference", {}))


def _autoscaling(data: Mapping[str, Any]) -> Autoscaling | None:
    scaling = data.get("autoscaling")
    if scaling is None:
        return None
    return Autoscaling(
        scaling["min_instances"],
        scaling["max_instances"],
        scaling.get("target_value", _TARGETS[data["inference_type"]]),
        scaling.get("scale_in_cooldown_seconds", 300),
        scaling.get("scale_out_cooldown_seconds", 300),
    )


def _suspension(data: Mapping[str, Any]) -> Suspension | None:
    if "suspended" not in data:
        return None
    suspended = data["suspended"]
    until = datetime.fromisoformat(suspended["until"]) if "until" in suspended else None
    return Suspension(suspended["reason"], until)


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


def _integration(data: Mapping[str, Any]) -> Integration | None:
    if "integration" not in data:
        return None
    integration = data["integration"]
    return Integration(integration["type"], **integration["properties"])


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
    if until is not None and (sentence := _no_instant(until)):
        yield Violation("LH1002", file, "/suspended/until", sentence)
    yield from _owner_twice(file, data)
    pools = [pool["instance_type"] for pool in data.get("instance_pools", ())]
    if data.get("inference_instance_type") in pools:
        sentence = "inference_instance_type is tried first already: name only the others here."
        yield Violation("LH1014", file, "/instance_pools", sentence)


def _owner_twice(file: str, data: Mapping[str, Any]) -> Iterator[Violation]:
    """Refuse a tag beside `owner`, which is a tag too, that differs from it in case alone."""
    for key in data.get("tags", {}) if "owner" in data else ():
        if key != "owner" and key.lower() == "owner":
            sentence = "owner is a tag too, and differs from this one in case alone: keep one."
            yield Violation("LH1014", file, f"/tags/{key}", sentence)


def _no_instant(text: str) -> str:
    """Return what is wrong with an instant, or nothing."""
    try:
        instant_from(text)
    except ValueError as error:
        return str(error)
    return ""
