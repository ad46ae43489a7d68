"""Alarms about the controller: it has stopped, it keeps failing, or what should be off stays on.

They watch the metrics that each tick writes to its log. A single bad minute is none of them: the
next tick is the retry. Whoever has to know is told by the topic; without one they show in the
console alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, Metric, TreatMissingData
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_sns import Topic
from constructs import Construct

if TYPE_CHECKING:
    from infra.settings import Settings

NAMESPACE = "Leasehold"
PERIOD = Duration.minutes(5)
PERIODS = 3


class ControllerAlarms(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._environment = settings.environment
        self._alarm(
            self._metric("Ticks", "Sum"),
            "No tick has ended for 15 minutes: leases end, and nothing is stopped.",
            comparison=ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=TreatMissingData.BREACHING,
        )
        self._alarm(
            self._metric("OverdueDeletions", "Minimum"),
            "For 15 minutes something has been running, and costing, that should be off.",
        )
        self._alarm(
            self._metric("Failures", "Sum"),
            "Actions or whole ticks have been failing for 15 minutes.",
        )
        if settings.topic_arn:
            action = SnsAction(Topic.from_topic_arn(self, "Topic", settings.topic_arn))
            for alarm in self.alarms:
                alarm.add_alarm_action(action)

    @property
    def alarms(self) -> list[Alarm]:
        return [child for child in self.node.children if isinstance(child, Alarm)]

    def _metric(self, name: str, statistic: str) -> Metric:
        return Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"Environment": self._environment},
            statistic=statistic,
            period=PERIOD,
        )

    def _alarm(
        self,
        metric: Metric,
        description: str,
        *,
        comparison: ComparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        missing: TreatMissingData = TreatMissingData.NOT_BREACHING,
    ) -> None:
        Alarm(
            self,
            metric.metric_name,
            metric=metric,
            alarm_description=f"Leasehold in {self._environment}: {description}",
            threshold=1,
            evaluation_periods=PERIODS,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
