"""A fleet in which everything happens, as one look at it, and how a terminal would show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from controller.plan import plan
from controller.planning.findings import Findings
from controller.tick import Tick
from ledger.holdings import read_fleet
from ledger.hosts import Host
from ledger.json_files import dump_json
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from tests.controller.cases import there
from tests.scene import NOON, definition, environment, lease, path, prices

if TYPE_CHECKING:
    from tests.scene import Json

BERLIN = ZoneInfo("Europe/Berlin")
PRICES = prices({"ml.g5.xlarge": "1.408", "ml.g5.12xlarge": "7.09"})
WEEKDAYS = {
    "timezone": "Europe/Berlin",
    "windows": [{"days": ["mon", "tue"], "start": "09:00", "end": "17:00"}],
}
_LONG = "Meta-Llama-3-70B-Instruct-for-the-team-in-Berlin"
FILES: dict[str, Json] = {
    path("Falcon40B"): definition(
        "Falcon40B", inference_instance_type="ml.g5.12xlarge", owner="ana@example.com"
    ),
    path("Falcon40B", "lease"): lease(NOON + timedelta(minutes=84)),
    path("Embed"): definition("Embed", owner="bo@example.com"),
    path("Embed", "lease"): lease(NOON + timedelta(minutes=12, seconds=5)),
    path("SDXL"): definition("SDXL", schedule=WEEKDAYS),
    path(_LONG): definition(_LONG, endpoint_name="llama-of-the-team"),
    path(_LONG, "lease"): lease(NOON + timedelta(days=2)),
    path("Phi"): definition("Phi"),
    path("Phi", "lease"): lease(NOON - timedelta(hours=20)),
    path("Whisper"): definition("Whisper", inference_type="sometimes"),
    path("Audit"): definition("Audit", suspended={"reason": "an audit"}),
}
KEPT_BY = {
    "Falcon40B": "Ana: demo for the board, which may take until the evening",
    "Embed": "Bo: load test",
    _LONG: "Chi",
}
_STATUSES = {
    "demo-Falcon40B-Endpoint": ("InService", (Host("ml.g5.12xlarge", 1),)),
    "demo-Embed-Endpoint": ("InService", (Host("ml.g5.xlarge", 2),)),
    "demo-SDXL-Endpoint": ("Creating", (Host("ml.g6.xlarge", 1),)),
    "demo-Whisper-Endpoint": ("InService", (Host("ml.g5.xlarge", 1),)),
}


def tick(files: dict[str, Json] | None = None, *, priced: bool = True) -> Tick:
    """One look at a fleet, at noon in UTC."""
    base: dict[str, Json] = {"environments/dev/environment.json": environment()}
    if priced:
        base["environments/dev/prices.json"] = PRICES
    documents = {**base, **(FILES if files is None else files)}
    fleet = read_fleet({name: dump_json(each) for name, each in documents.items()}, "dev")
    begun = NOON - timedelta(hours=2)
    entries = {
        EndpointName(name): Entry(name, status, begun, "leased", created_at=begun, hosts=hosts)
        for name, (status, hosts) in _STATUSES.items()
    }
    observed = tuple(
        replace(
            there(status, fleet, endpoint_name=name, name=str(item.name), created_at=begun),
            modified_at=begun,
        )
        for name, (status, _) in _STATUSES.items()
        if (item := fleet.find(name))
    )
    findings = Findings(Record(entries if observed else {}))
    planned = plan(fleet, observed, NOON, "b559b50d" + "0" * 32, findings)
    return Tick(NOON, fleet, observed, planned, findings=findings)


def many(count: int) -> Tick:
    """As many endpoints as somebody has who never cleans up."""
    files: dict[str, Json] = {}
    for number in range(count):
        files[path(f"Model{number:03}")] = definition(f"Model{number:03}")
        minutes = timedelta(minutes=number - 100)
        files[path(f"Model{number:03}", "lease")] = lease(NOON + minutes)
    return tick(files)
