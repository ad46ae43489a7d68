"""The alarms: who is told of what, and that a single bad minute of the controller tells nobody."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from gateway.http import errors
from ledger.errors import Refused
from tests.infra.synthesis import CONSOLE, GATEWAY, MODELS, STREAM, WEBHOOK

if TYPE_CHECKING:
    from tests.infra.synthesis import Synthesis


def alarm(synthesis: Synthesis, metric: str) -> dict[str, Any]:
    """The one alarm about a metric of Leasehold's."""
    (found,) = (
        properties
        for properties in synthesis.properties("AWS::CloudWatch::Alarm")
        if (properties.get("Namespace"), properties.get("MetricName")) == ("Leasehold", metric)
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


@pytest.mark.parametrize("metric", ["Ticks", "OverdueDeletions", "FrozenRunning", "Failures"])
def test_each_alarm_watches_its_own_environment_for_15_minutes(
    synthesis: Synthesis, metric: str
) -> None:
    found = alarm(synthesis, metric)
    assert found["Dimensions"] == [{"Name": "Environment", "Value": "live"}]
    assert found["Period"] * found["EvaluationPeriods"] == 15 * 60
    assert found.get("DatapointsToAlarm", found["EvaluationPeriods"]) == found["EvaluationPeriods"]


def test_the_topic_of_the_settings_is_told(synthesis: Synthesis) -> None:
    told = [each["AlarmActions"] for each in synthesis.properties("AWS::CloudWatch::Alarm")]
    assert told == [["arn:aws:sns:eu-central-1:123456789012:shop-leases"]] * 6


def test_without_a_topic_the_alarms_are_there_and_tell_nobody(quiet_synthesis: Synthesis) -> None:
    alarms = quiet_synthesis.properties("AWS::CloudWatch::Alarm")
    assert len(alarms) == 6
    assert [each for each in alarms if "AlarmActions" in each] == []


# -- the gateway


FUNCTIONS = (GATEWAY, MODELS, STREAM, WEBHOOK, CONSOLE)


def test_an_error_that_nobody_thought_of_is_told_at_once(synthesis: Synthesis) -> None:
    unforeseen = alarm(synthesis, "UnforeseenErrors-live")
    assert (unforeseen["Statistic"], unforeseen["Threshold"]) == ("Sum", 1)
    assert unforeseen["EvaluationPeriods"] == 1
    assert unforeseen["TreatMissingData"] == "notBreaching"


def test_it_is_found_in_the_log_of_every_function(
    synthesis: Synthesis, caplog: pytest.LogCaptureFixture
) -> None:
    filters = synthesis.properties("AWS::Logs::MetricFilter")
    watched = {each["LogGroupName"]["Ref"] for each in filters}
    logs = {synthesis.function(name)["LoggingConfig"]["LogGroup"]["Ref"] for name in FUNCTIONS}
    assert watched == logs
    caplog.set_level(logging.INFO, "leasehold.gateway")
    errors.told(KeyError("nobody thought of it"), "r-1")
    errors.told(Refused("LH4041", "There is no such path or method."), "r-2")
    for each in filters:
        (transformation,) = each["MetricTransformations"]
        assert transformation["MetricName"] == "UnforeseenErrors-live"
        word = each["FilterPattern"].strip('"')
        assert [word in record.getMessage() for record in caplog.records] == [True, False]


def test_functions_that_fail_or_take_too_long_are_an_alarm_when_they_go_on(
    synthesis: Synthesis,
) -> None:
    (failing,) = (
        each
        for each in synthesis.properties("AWS::CloudWatch::Alarm")
        if "of the gateway have been failing" in each["AlarmDescription"]
    )
    assert failing["EvaluationPeriods"] == 3
    counted = {
        metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"]
        for metric in failing["Metrics"]
        if "MetricStat" in metric
    }
    assert counted == {synthesis.function_id(name) for name in FUNCTIONS}
