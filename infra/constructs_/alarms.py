"""Alarms about the controller, the gateway's functions, and the project that makes locks.

The controller's watch the metrics that each tick writes to its log: it has stopped, it keeps
failing, what should be off stays on, or what runs cannot be stopped. A single bad minute raises
none: the next tick is the retry. The gateway's watch for errors that nobody foresaw, and for
functions that fail or take too long; a refused request is neither. They are sent to the topic of
the settings; without one they show in the console alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import (
    Alarm,
    ComparisonOperator,
    IMetric,
    MathExpression,
    Metric,
    TreatMissingData,
)
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_logs import FilterPattern, LogGroup, MetricFilter
from aws_cdk.aws_sns import Topic
from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.constructs_.runtime_function import RuntimeFunction
    from infra.settings import Settings

NAMESPACE = "Leasehold"
PERIOD = Duration.minutes(5)
PERIODS = 3
UNFORESEEN = "LH4350"


def builds(project: str, name: str, period: Duration) -> Metric:
    """Return what CodeBuild counts of a project's builds."""
    return Metric(
        namespace="AWS/CodeBuild",
        metric_name=name,
        dimensions_map={"ProjectName": project},
        statistic="Sum",
        period=period,
    )


class Alarms(Construct):
    """The alarms of one stack; all of them are sent to the topic of the settings."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        topic = settings.environment.topic_arn
        self._action = SnsAction(Topic.from_topic_arn(self, "Topic", topic)) if topic else None

    def _alarm(  # noqa: PLR0913 - an alarm has no fewer
        self,
        name: str,
        metric: IMetric,
        description: str,
        *,
        periods: int = PERIODS,
        comparison: ComparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        missing: TreatMissingData = TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = Alarm(
            self,
            name,
            metric=metric,
            alarm_description=f"Leasehold in {self._settings.name}: {description}",
            threshold=1,
            evaluation_periods=periods,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        if self._action:
            alarm.add_alarm_action(self._action)


class ControllerAlarms(Alarms):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id, settings=settings)
        self._alarm(
            "Ticks",
            self._metric("Ticks", "Sum"),
            "No tick has ended for 15 minutes: leases end, and nothing is stopped.",
            comparison=ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=TreatMissingData.BREACHING,
        )
        self._alarm(
            "OverdueDeletions",
            self._metric("OverdueDeletions", "Minimum"),
            "For 15 minutes something has been running, and costing, that should be off.",
        )
        self._alarm(
            "FrozenRunning",
            self._metric("FrozenRunning", "Minimum"),
            "For 15 minutes something has been running that nobody can stop: its documents cannot"
            " be read.",
        )
        self._alarm(
            "Failures",
            self._metric("Failures", "Sum"),
            "Actions or whole ticks have been failing for 15 minutes.",
        )

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"Environment": self._settings.name},
            statistic=statistic,
            period=PERIOD,
        )


class BuildAlarms(Alarms):
    """What watches a controller that is built each few minutes, in three of its intervals.

    CodeBuild counts builds. What only a tick knows is read from its lines in the build's log, which
    are filtered here: nothing says that metrics are made of what CodeBuild writes.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        log: LogGroup,
        minutes: int,
    ) -> None:
        super().__init__(scope, construct_id, settings=settings)
        self._log, self._period = log, Duration.minutes(minutes)
        long = f"{PERIODS * minutes} minutes"
        self._alarm(
            "Ticks",
            self._builds("Builds"),
            f"No build of the controller has begun for {long}: leases end, and nothing is stopped.",
            comparison=ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=TreatMissingData.BREACHING,
        )
        self._alarm(
            "Failures",
            self._builds("FailedBuilds"),
            f"Builds of the controller have been failing for {long}: actions or whole ticks fail.",
        )
        self._alarm(
            "OverdueDeletions",
            self._logged("OverdueDeletions"),
            f"For {long} something has been running, and costing, that should be off.",
        )
        self._alarm(
            "FrozenRunning",
            self._logged("FrozenRunning"),
            f"For {long} something has been running that nobody can stop: its documents cannot be"
            " read.",
        )

    def _builds(self, name: str) -> Metric:
        return builds(self._settings.named("controller"), name, self._period)

    def _logged(self, key: str) -> Metric:
        name = f"{key}-{self._settings.name}"
        MetricFilter(
            self,
            f"{key}Logged",
            log_group=self._log,
            filter_pattern=FilterPattern.number_value(f"$.{key}", ">=", 0),
            metric_namespace=NAMESPACE,
            metric_name=name,
            metric_value=f"$.{key}",
        )
        return Metric(
            namespace=NAMESPACE, metric_name=name, statistic="Minimum", period=self._period
        )


class LockAlarms(Alarms):
    """What watches the project of this name that makes locks: each build that fails is told."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, project: str
    ) -> None:
        super().__init__(scope, construct_id, settings=settings)
        self._alarm(
            "Failures",
            builds(project, "FailedBuilds", PERIOD),
            "Definitions could not be locked; the log of the build says which, and why.",
            periods=1,
        )


class GatewayAlarms(Alarms):
    """`functions` are those of the gateway, by name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        functions: Mapping[str, RuntimeFunction],
    ) -> None:
        super().__init__(scope, construct_id, settings=settings)
        self._alarm(
            "Unforeseen",
            self._unforeseen(functions),
            f"The gateway met an error of its own; its log has {UNFORESEEN} beside the request.",
            periods=1,
        )
        errors = {
            name.lower(): each.function.metric_errors(period=PERIOD)
            for name, each in functions.items()
        }
        self._alarm(
            "Functions",
            MathExpression(expression="SUM(METRICS())", using_metrics=errors, period=PERIOD),
            "Functions of the gateway have been failing, or taking too long, for 15 minutes.",
        )

    def _unforeseen(self, functions: Mapping[str, RuntimeFunction]) -> Metric:
        """Return how many lines of the logs have the code of an error that nobody foresaw."""
        name = f"UnforeseenErrors-{self._settings.name}"
        for key, each in functions.items():
            MetricFilter(
                self,
                f"{key}Unforeseen",
                log_group=each.log,
                filter_pattern=FilterPattern.literal(f'"{UNFORESEEN}"'),
                metric_namespace=NAMESPACE,
                metric_name=name,
                metric_value="1",
            )
        return Metric(namespace=NAMESPACE, metric_name=name, statistic="Sum", period=PERIOD)
