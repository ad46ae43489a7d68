"""The alarms about the controller: who is told, and that a single bad minute tells nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.infra.synthesis import Synthesis


def alarm(synthesis: Synthesis, metric: str) -> dict[str, Any]:
    """The one alarm about a metric of the controller."""
    (found,) = (
        properties
        for properties in synthesis.properties("AWS::CloudWatch::Alarm")
        if (properties["Namespace"], properties["MetricName"]) == ("Leasehold", metric)
    )
    return found


def test_a_controller_that_has_stopped_is_noticed_by_its_silence(synthesis: Synthesis) -> None:
    silent = alarm(synthesis, "Ticks")
    assert silent["TreatMissingData"] == "breaching"
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)
    assert silent["Statistic"] == "Sum"


def test_what_should_be_off_must_be_so_all_the_time_to_be_an_alarm(synthesis: Synthesis) -> None:
    overdue = alarm(synthesis, "OverdueDeletions")
    assert overdue["Statistic"] == "Minimum"
    assert overdue["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert overdue["Threshold"] == 1


def test_failures_are_an_alarm_when_they_go_on(synthesis: Synthesis) -> None:
    failing = alarm(synthesis, "Failures")
    assert (failing["Statistic"], failing["Threshold"]) == ("Sum", 1)
    assert failing["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("metric", ["Ticks", "OverdueDeletions", "Failures"])
def test_each_alarm_watches_its_own_environment_for_15_minutes(
    synthesis: Synthesis, metric: str
) -> None:
    found = alarm(synthesis, metric)
    assert found["Dimensions"] == [{"Name": "Environment", "Value": "live"}]
    assert found["Period"] * found["EvaluationPeriods"] == 15 * 60
    assert found.get("DatapointsToAlarm", found["EvaluationPeriods"]) == found["EvaluationPeriods"]


def test_the_topic_of_the_settings_is_told(synthesis: Synthesis) -> None:
    told = [each["AlarmActions"] for each in synthesis.properties("AWS::CloudWatch::Alarm")]
    assert told == [["arn:aws:sns:eu-central-1:123456789012:shop-leases"]] * 3


def test_without_a_topic_the_alarms_are_there_and_tell_nobody(quiet_synthesis: Synthesis) -> None:
    alarms = quiet_synthesis.properties("AWS::CloudWatch::Alarm")
    assert len(alarms) == 3
    assert [each for each in alarms if "AlarmActions" in each] == []
