"""The pure planner on ten thousand holdings: seconds and peak memory against their limits.

Read and parsed before, as a warm controller has them; the first parse is printed beside it. Memory
is the whole process' peak.
"""

import json
import resource
import time
from datetime import UTC, datetime, timedelta

from controller.plan import plan
from controller.planning.desired import desired
from controller.planning.observed import Observed
from controller.planning.ownership import Owner
from ledger.holdings import Fleet, read_fleet
from ledger.lease import stamp
from ledger.observed import Record
from ledger.tags import LEASE_TAG

HOLDINGS = 10_000
LIMIT_SECONDS = 1.0
LIMIT_MIB = 256
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def run() -> str:
    files = _files()
    start = time.perf_counter()
    fleet = read_fleet(files, "dev")
    parsed = time.perf_counter() - start
    observed = _observed(fleet)
    start = time.perf_counter()
    actions = plan(fleet, observed, NOW).actions
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if len(actions) != HOLDINGS:
        raise RuntimeError(f"{len(actions)} actions for {HOLDINGS} holdings")
    return (
        f"planner: {HOLDINGS} holdings in {seconds:.2f} s,"
        f" {seconds / LIMIT_SECONDS:.2f} of the limit of {LIMIT_SECONDS:.0f} s;"
        f" peak {peak:.0f} MiB, {peak / LIMIT_MIB:.2f} of the limit of {LIMIT_MIB} MiB"
        f" (first parse {parsed:.1f} s)"
    )


def _files() -> dict[str, bytes]:
    folder = "environments/dev"
    role = "arn:aws:iam::123456789012:role/demo"
    settings = {"project_prefix": "demo", "region_name": "us-east-1", "execution_role_arn": role}
    files = {f"{folder}/environment.json": json.dumps(settings).encode()}
    for number in range(HOLDINGS):
        name = f"E{number}"
        definition = {
            "name": name,
            "inference_type": "realtime",
            "inference_instance_type": "ml.g5.xlarge",
            "model": {"image": f"image:{number}"},
        }
        files[f"{folder}/{name}.endpoint.json"] = json.dumps(definition).encode()
        ends = {"expires_at": stamp(NOW + timedelta(minutes=number % 100 - 50))}
        files[f"{folder}/{name}.lease.json"] = json.dumps(ends).encode()
    return files


def _observed(fleet: Fleet) -> list[Observed]:
    """Have two thirds of the fleet in service, a part of it on an old config."""
    if fleet.environment is None:
        raise RuntimeError("the benchmark's environment is broken")
    owner = Owner.of(fleet, fleet.environment, Record())
    there = []
    for number, holding in enumerate(fleet.holdings):
        if number % 3:
            config = desired(holding, fleet.environment, owner).config_name
            tags = {**owner.tags(holding.name), LEASE_TAG: "none"}
            there.append(
                Observed(
                    holding.endpoint_name,
                    "InService",
                    NOW,
                    config if number % 7 else "old",
                    tags=tags,
                )
            )
    return there
