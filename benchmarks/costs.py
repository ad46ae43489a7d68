"""What a deployment costs a month: `python -m benchmarks.costs CDK_OUT` prints the guide's table.

Prices are those of `unit_prices.json`; how many there are of what is billed is counted in the
synthesised templates, and in what a tick writes. What a template cannot say (how long a tick takes,
how large its lines are) stands in `ASSUMED`, and in the table's own words.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller.planning.action import Plan
from controller.telemetry import emf, log_lines
from controller.tick import Tick
from infra.options import Options, Vpc
from infra.reached import BY_ROUTE, reached
from infra.schedules import COMPARE, LOCK
from ledger.documents import Prices
from ledger.holdings import read_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PRICES = Path(__file__).with_name("unit_prices.json")
BEGIN, END = "<!-- costs: made by benchmarks/costs.py -->", "<!-- end of costs -->"
HOURS = Decimal(730)
MINUTES = HOURS * 60
CENT = Decimal("0.01")
MANY = 100_000
ASSUMED: dict[str, Decimal] = {
    "tick_seconds": Decimal("0.8"),
    "call_seconds": Decimal("0.3"),
    "door_seconds": Decimal("0.05"),
    "platform_bytes": Decimal(400),  # what Lambda itself writes of an invocation
    "writes_of_call": Decimal(1),  # its minute is counted
    "writes_of_change": Decimal(4),  # a claim, an intent, its outcome, the claim's end
    "bytes_of_call": Decimal(3000),  # of both logs of the API, and of the function's
    "build_minutes": Decimal(1),
    "lock_build_minutes": Decimal(3),
}
TRIED_ON = "x86_64"  # as the project that makes locks runs
PER_ROUTE = 5  # calls, two latencies, two kinds of errors
_MEMORY = Decimal(1024)
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECRET = re.compile(r":secret:([^\"]+)-\?{6}")  # as a policy names it
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
_SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}


@dataclass(frozen=True)
class Deployed:
    """What is billed of the stacks in a folder of the CDK's."""

    folder: Path

    @cached_property
    def _texts(self) -> list[str]:
        return [path.read_text() for path in sorted(self.folder.glob("*.template.json"))]

    @cached_property
    def _resources(self) -> list[dict[str, Any]]:
        return [
            each for text in self._texts for each in json.loads(text).get("Resources", {}).values()
        ]

    def properties(self, kind: str) -> list[dict[str, Any]]:
        return [each["Properties"] for each in self._resources if each["Type"] == kind]

    @property
    def problem(self) -> str | None:
        """Say why there is nothing to count, or too much for one table."""
        controllers = len(self._rules(COMPARE))
        if controllers == 1:
            return None
        if not controllers:
            return f"{self.folder} has no controller's template: run `npx cdk synth --quiet` first."
        return (
            f"{self.folder} has {controllers} environments, and the table is of one: synthesise it"
            " alone, by `-c environment=NAME`."
        )

    @property
    def alarm_metrics(self) -> int:
        """An alarm over several metrics is billed for each of them."""
        alarms = self.properties("AWS::CloudWatch::Alarm")
        return sum(
            sum("MetricStat" in metric for metric in each.get("Metrics", ())) or 1
            for each in alarms
        )

    @property
    def secrets(self) -> int:
        """How many secrets somebody may read."""
        return len({name for text in self._texts for name in _SECRET.findall(text)})

    @property
    def ticks(self) -> Decimal:
        """How often the controller ticks in a month."""
        return self._times(COMPARE)

    @property
    def lock_builds(self) -> Decimal:
        """How often locks are made in a month, by the schedule."""
        return self._times(LOCK)

    def _times(self, why: str) -> Decimal:
        return sum((MINUTES / _every(each) for each in self._rules(why)), Decimal(0))

    def _rules(self, why: str) -> list[dict[str, Any]]:
        rules = self.properties("AWS::Events::Rule")
        return [each for each in rules if each["Description"] == why]

    @property
    def ticks_by_build(self) -> bool:
        """Tell whether the controller is a project of CodeBuild."""
        (rule,) = self._rules(COMPARE)
        return "RoleArn" in rule["Targets"][0]

    @property
    def has_route_metrics(self) -> bool:
        stages = self.properties("AWS::ApiGateway::Stage")
        settings = [each for stage in stages for each in stage["MethodSettings"]]
        return any(each.get("MetricsEnabled") for each in settings)

    @property
    def architecture(self) -> str:
        (found,) = {each["Architectures"][0] for each in self.properties("AWS::Lambda::Function")}
        return str(found)

    @property
    def gigabytes(self) -> Decimal:
        (found,) = {each["MemorySize"] for each in self.properties("AWS::Lambda::Function")}
        return Decimal(found) / _MEMORY


def _every(rule: Mapping[str, Any]) -> int:
    """Return the minutes between two events of a schedule."""
    found = _RATE.fullmatch(rule["ScheduleExpression"])
    assert found  # noqa: S101 - the app has no other schedules
    return int(found[1]) * _MINUTES[found[2]]


@dataclass(frozen=True)
class Row:
    what: str
    counted: str
    cost: Decimal

    def __str__(self) -> str:
        return f"| {self.what} | {self.counted} | ${self.cost.quantize(CENT)} |"


def unit_prices() -> tuple[dict[str, Decimal], str]:
    """Return the prices by name, and the day that they are of."""
    document = json.loads(PRICES.read_text())
    prices = {name: Decimal(each["price"]) for name, each in document["prices"].items()}
    return prices, str(document["as_of"])


def table(deployed: Deployed) -> str:
    """Return the tables as Markdown: what one environment costs by itself, and what comes to it."""
    prices, day = unit_prices()
    idle = [*_idle(deployed, prices)]
    whole = Row("**by itself**", "", sum((each.cost for each in idle), Decimal(0)))
    head = "|---|---|---|"
    return "\n".join(
        [
            f"List prices of us-east-1, {day}, without free tier; SageMaker's own are not in it.",
            "",
            "| one environment, a month | counted | |",
            head,
            *map(str, (*idle, whole)),
            "",
            "| comes to it, a month | counted | |",
            head,
            *map(str, _more(deployed, prices)),
        ]
    )


def _idle(deployed: Deployed, prices: Mapping[str, Decimal]) -> Iterator[Row]:
    ticks = deployed.ticks
    yield _controller(deployed, prices)
    if deployed.lock_builds:
        yield _locks(deployed.lock_builds, prices)
    metrics, size = _written()
    yield Row(
        "metrics of a tick",
        f"{metrics}; one more for an hour in which a kind of action is done",
        metrics * prices["cloudwatch_metric"],
    )
    alarms = deployed.alarm_metrics
    yield Row("alarms", f"{alarms} metrics", alarms * prices["cloudwatch_alarm"])
    yield Row("secrets", f"{deployed.secrets}", deployed.secrets * prices["secret"])
    yield Row(
        "logs of ticks",
        f"{size:,} bytes each",
        ticks * size / Decimal(10**9) * prices["cloudwatch_logs_gb"],
    )


def _controller(deployed: Deployed, prices: Mapping[str, Decimal]) -> Row:
    if deployed.ticks_by_build:
        return _builds("the controller's builds", deployed.ticks, deployed.architecture, prices)
    seconds = ASSUMED["tick_seconds"]
    counted = f"{deployed.ticks:,.0f} ticks of {seconds} s and {deployed.gigabytes} GB"
    return Row(
        "the controller's function",
        f"{counted}, {deployed.architecture}",
        deployed.ticks * _invocation(deployed, prices, seconds),
    )


def _builds(what: str, builds: Decimal, architecture: str, prices: Mapping[str, Decimal]) -> Row:
    minutes = ASSUMED["build_minutes"]
    return Row(
        what,
        f"{builds:,.0f} builds of a minute, {architecture}",
        builds * minutes * prices[f"codebuild_minute_{architecture}"],
    )


def _locks(builds: Decimal, prices: Mapping[str, Decimal]) -> Row:
    length = ASSUMED["lock_build_minutes"]
    return Row(
        "the project that makes locks",
        f"{builds:,.0f} builds of {length} minutes, {TRIED_ON}",
        builds * length * prices[f"codebuild_minute_{TRIED_ON}"],
    )


def _more(deployed: Deployed, prices: Mapping[str, Decimal]) -> Iterator[Row]:
    call = _call(deployed, prices)
    yield Row(
        f"{MANY:,} calls of the API",
        f"the route, the authorizer, {ASSUMED['call_seconds']} s of a function, a count, logs",
        MANY * call,
    )
    write = prices["dynamodb_write"]
    yield Row(
        f"{MANY:,} extensions",
        f"the same, and {ASSUMED['writes_of_change']} writes, by which processes share pushes",
        MANY * (call + ASSUMED["writes_of_change"] * write),
    )
    yield Row(
        "each route that is called all day",
        f"{PER_ROUTE} metrics of API Gateway, for each hour with a call",
        deployed.has_route_metrics * PER_ROUTE * prices["cloudwatch_metric"],
    )
    yield Row(f"{MANY:,} notices", "messages of SNS", MANY * prices["sns_publish"])
    yield Row(
        "each endpoint whose use is looked at",
        "`idle_minutes`, `extend_while_active_minutes`: one metric, at most each tick",
        deployed.ticks * prices["cloudwatch_metric_asked"],
    )
    yield Row("webhooks", "a second secret", prices["secret"])
    if not deployed.ticks_by_build:
        for minutes in (5, 10):
            what = f"`controller=codebuild`, each {minutes} minutes"
            row = _builds(what, MINUTES / minutes, deployed.architecture, prices)
            yield replace(row, counted=f"{row.counted}; the function's cost is saved")
    if not deployed.lock_builds:
        row = _locks(HOURS / 24, prices)
        yield Row(
            "`lock_project=on`, once a day",
            f"{row.counted}, and an alarm; a push that starts one costs as much as one",
            row.cost + prices["cloudwatch_alarm"],
        )
    yield Row("a private network's NAT gateway", "one, and its traffic", _nat(prices))
    inside = Options(vpc=Vpc(subnets=("",), security_groups=("",)))
    services = [each for each in reached(inside, None, "", has_secret=True) if each not in BY_ROUTE]
    yield Row(
        "or endpoints in its place",
        f"{len(services)} in one zone",
        len(services) * HOURS * prices["endpoint_hour"],
    )
    yield Row("`web_acl_arn`", "a web ACL, without its rules and requests", prices["web_acl"])


def _nat(prices: Mapping[str, Decimal]) -> Decimal:
    return HOURS * prices["nat_gateway_hour"]


def _call(deployed: Deployed, prices: Mapping[str, Decimal]) -> Decimal:
    functions = sum(
        _invocation(deployed, prices, ASSUMED[each]) for each in ("call_seconds", "door_seconds")
    )
    counted = ASSUMED["writes_of_call"] * prices["dynamodb_write"] + prices["dynamodb_read"]
    logged = ASSUMED["bytes_of_call"] / Decimal(10**9) * prices["cloudwatch_logs_gb"]
    return prices["api_gateway_request"] + functions + counted + logged


def _invocation(deployed: Deployed, prices: Mapping[str, Decimal], seconds: Decimal) -> Decimal:
    second = prices[f"lambda_second_gb_{deployed.architecture}"]
    return prices["lambda_request"] + seconds * deployed.gigabytes * second


def _written() -> tuple[int, int]:
    """Return how many metrics a tick has that does nothing, and how many bytes it writes."""
    files = {"environments/dev/environment.json": json.dumps(_SETTINGS).encode()}
    prices = Prices("us-east-1", "USD", "a list", _NOON)
    tick = Tick(
        _NOON, replace(read_fleet(files, "dev"), prices=prices), (), Plan("dev", "0" * 40, ())
    )
    metrics = emf(tick)
    lines = [metrics, *log_lines(tick)]
    written = sum(len(json.dumps(each)) + 1 for each in lines)
    return len(metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]), written + int(
        ASSUMED["platform_bytes"]
    )


def in_page(page: str, made: str) -> str:
    """Return a page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def main(words: Sequence[str]) -> None:
    if len(words) != 1:
        sys.exit(
            "Name one folder that the CDK has synthesised to: python -m benchmarks.costs cdk.out"
        )
    deployed = Deployed(Path(words[0]))
    if problem := deployed.problem:
        sys.exit(problem)
    print(table(deployed))


if __name__ == "__main__":
    main(sys.argv[1:])
