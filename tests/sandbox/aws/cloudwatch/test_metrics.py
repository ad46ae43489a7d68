"""CloudWatch knows what an endpoint was asked, minute by minute, on the sandbox's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused

NOON = datetime(2030, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def falcon(cloud: Cloud) -> Cloud:
    """Falcon in service, at noon of a day that is not today."""
    cloud.ask("POST", "/clock", {"now": "2030-01-02T11:30:00Z"})
    cloud.serve("Falcon")
    cloud.ask("POST", "/clock", {"now": "2030-01-02T12:00:00Z"})
    return cloud


def _query(identity: str, name: str = "Falcon", period: int = 60) -> dict[str, Any]:
    names = {"EndpointName": name, "VariantName": "AllTraffic"}
    metric = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": key, "Value": value} for key, value in names.items()],
    }
    return {"Id": identity, "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}


def _ask(
    cloud: Cloud, *queries: dict[str, Any], minutes: float = 60, **more: object
) -> dict[str, Any]:
    answer: dict[str, Any] = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=NOON - timedelta(minutes=minutes),
        EndTime=NOON + timedelta(minutes=1),
        **more,
    )
    return answer


def _counted(cloud: Cloud, query: dict[str, Any], minutes: float = 60) -> list[tuple[str, float]]:
    """What CloudWatch has of the minutes before noon, newest first."""
    [result] = _ask(cloud, query, minutes=minutes, ScanBy="TimestampDescending")[
        "MetricDataResults"
    ]
    times = [at.astimezone(UTC).strftime("%H:%M") for at in result["Timestamps"]]
    return list(zip(times, result["Values"], strict=True))


def _invoked(cloud: Cloud, count: int, at: str | None = None, name: str = "Falcon") -> None:
    wish = {"count": count} | ({"at": f"2030-01-02T{at}Z"} if at else {})
    answer = cloud.ask("POST", f"/endpoints/{name}/invocations", wish)
    assert answer[0] == 200, answer


def test_without_traffic_there_are_no_data_points(falcon: Cloud) -> None:
    assert _counted(falcon, _query("n")) == []


def test_invocations_are_summed_by_the_minute_newest_first(falcon: Cloud) -> None:
    _invoked(falcon, 3, "11:58:00")
    _invoked(falcon, 2, "11:58:59")
    _invoked(falcon, 4)
    assert _counted(falcon, _query("n")) == [("12:00", 4.0), ("11:58", 5.0)]


def test_oldest_come_first_when_they_are_asked_for_so(falcon: Cloud) -> None:
    for minute in ("11:40:00", "11:50:00"):
        _invoked(falcon, 1, minute)
    [result] = _ask(falcon, _query("n"), ScanBy="TimestampAscending")["MetricDataResults"]
    assert result["Timestamps"] == sorted(result["Timestamps"])
    assert len(result["Timestamps"]) == 2


def test_a_longer_period_holds_all_its_minutes(falcon: Cloud) -> None:
    for minute in ("11:50:00", "11:54:00", "11:55:00"):
        _invoked(falcon, 1, minute)
    assert _counted(falcon, _query("n", period=300)) == [("11:55", 1.0), ("11:50", 2.0)]


def test_the_start_is_included_and_the_end_is_not(falcon: Cloud) -> None:
    _invoked(falcon, 1, "11:50:00")
    _invoked(falcon, 2, "11:51:00")

    def counted(start: int, end: int) -> list[float]:
        [result] = falcon.client("cloudwatch").get_metric_data(
            MetricDataQueries=[_query("n")],
            StartTime=NOON - timedelta(minutes=start),
            EndTime=NOON - timedelta(minutes=end),
        )["MetricDataResults"]
        values: list[float] = result["Values"]
        return values

    assert counted(10, 9) == [1.0]
    assert counted(9, 8) == [2.0]


def test_a_real_invocation_counts_at_the_sandboxs_time(falcon: Cloud) -> None:
    falcon.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="Falcon", Body=b'{"inputs":"a"}'
    )
    assert _counted(falcon, _query("n")) == [("12:00", 1.0)]


def test_minutes_are_known_for_fifteen_days_and_hours_for_longer(falcon: Cloud) -> None:
    _invoked(falcon, 7)
    falcon.let_pass(16 * 86_400)

    def counted(period: int) -> list[float]:
        [result] = falcon.client("cloudwatch").get_metric_data(
            MetricDataQueries=[_query("n", period=period)],
            StartTime=NOON - timedelta(hours=1),
            EndTime=NOON + timedelta(days=20),
        )["MetricDataResults"]
        values: list[float] = result["Values"]
        return values

    assert counted(60) == []
    assert counted(3600) == [7.0]


def test_one_call_answers_five_hundred_queries_and_no_more(falcon: Cloud, refused: Refused) -> None:
    _invoked(falcon, 3)
    queries = [_query(f"q{number}", f"other-{number}") for number in range(499)]
    results = _ask(falcon, *queries, _query("mine"))["MetricDataResults"]
    assert [(each["Id"], each["Values"]) for each in results if each["Values"]] == [("mine", [3.0])]
    assert len(results) == 500
    answer = refused(
        falcon.client("cloudwatch").get_metric_data,
        MetricDataQueries=[*queries, _query("mine"), _query("more")],
        StartTime=NOON - timedelta(hours=1),
        EndTime=NOON,
    )
    assert answer == (
        "ValidationError: The collection MetricDataQueries must not have a size greater than 500."
    )


@pytest.mark.parametrize(
    ("query", "more", "sentence"),
    [
        (_query("n"), {"StartTime": NOON}, "ValidationError: The parameter StartTime must be less"),
        (_query("n", period=30), {}, "ValidationError: The sandbox knows periods of whole minutes"),
        (
            {"Id": "n", "Expression": "SUM(METRICS())"},
            {},
            "ValidationError: The sandbox has no met",
        ),
        (_query("n"), {"NextToken": "forged"}, "InvalidNextToken: "),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    falcon: Cloud, refused: Refused, query: dict[str, Any], more: dict[str, Any], sentence: str
) -> None:
    ask = falcon.client("cloudwatch").get_metric_data
    times = {"StartTime": NOON - timedelta(hours=1), "EndTime": NOON}
    assert refused(ask, **{"MetricDataQueries": [query], **times, **more}).startswith(sentence)


def test_data_points_come_in_pages_and_a_result_that_goes_on_is_partial(falcon: Cloud) -> None:
    for minute in range(5):
        _invoked(falcon, minute + 1, f"11:5{minute}:00")
    first = _ask(falcon, _query("n"), MaxDatapoints=3)
    rest = _ask(falcon, _query("n"), MaxDatapoints=3, NextToken=first["NextToken"])
    results = [page["MetricDataResults"][0] for page in (first, rest)]
    assert [each["Values"] for each in results] == [[5.0, 4.0, 3.0], [2.0, 1.0]]
    assert [each["StatusCode"] for each in results] == ["PartialData", "Complete"]
    assert "NextToken" not in rest


@pytest.mark.parametrize(
    ("stat", "value"),
    [("Sum", 11.0), ("Average", 2.75), ("SampleCount", 4.0), ("Minimum", 2.0), ("Maximum", 5.0)],
)
def test_what_is_put_is_read_back_in_every_statistic(
    falcon: Cloud, stat: str, value: float
) -> None:
    watch = falcon.client("cloudwatch")
    watch.put_metric_data(
        Namespace="Mine",
        MetricData=[
            {"MetricName": "Size", "Value": 5.0},
            {"MetricName": "Size", "Values": [2.0], "Counts": [3.0]},
        ],
    )
    query = {
        "Id": "n",
        "MetricStat": {
            "Metric": {"Namespace": "Mine", "MetricName": "Size"},
            "Period": 60,
            "Stat": stat,
        },
    }
    assert _counted(falcon, query) == [("12:00", value)]


def test_nobody_writes_into_the_metrics_of_aws(falcon: Cloud, refused: Refused) -> None:
    put = falcon.client("cloudwatch").put_metric_data
    data = [{"MetricName": "Invocations", "Value": 1.0}]
    answer = refused(put, Namespace="AWS/SageMaker", MetricData=data)
    assert answer == "InvalidParameterValue: The value AWS/ for parameter Namespace is invalid."


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"count": 0}, "count must be a whole number from 1"),
        ({"count": 1, "at": "noon"}, 'at must look like "2026-11-23T10:00:00Z"'),
        ({"count": 1, "at": "2030-01-02T12:30:00Z"}, "at lies ahead: it is 2030-01-02T12:00"),
        ({"count": 1, "variant": "none"}, "Falcon has no variant none"),
        ({"count": 1, "why": "x"}, "unknown field why"),
    ],
)
def test_traffic_that_cannot_have_been_is_refused(
    falcon: Cloud, wish: dict[str, Any], sentence: str
) -> None:
    status, answer = falcon.ask("POST", "/endpoints/Falcon/invocations", wish)
    assert (status, answer["error"][: len(sentence)]) == (400, sentence)
    assert falcon.ask("POST", "/endpoints/none/invocations", {"count": 1})[0] == 404


def test_an_alarm_is_in_alarm_while_its_metric_breaches(falcon: Cloud) -> None:
    watch = falcon.client("cloudwatch")
    query = _query("n")["MetricStat"]["Metric"]
    watch.put_metric_alarm(
        AlarmName="busy",
        **query,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=2,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
    )

    def state() -> str:
        [alarm] = watch.describe_alarms(AlarmNames=["busy"])["MetricAlarms"]
        return str(alarm["StateValue"])

    states = [state()]
    for count in (11, 12, 3):
        _invoked(falcon, count)
        falcon.let_pass(60)
        states.append(state())
    assert states == ["INSUFFICIENT_DATA", "OK", "ALARM", "OK"]


@pytest.mark.parametrize(
    ("treatment", "state"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "INSUFFICIENT_DATA"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(
    cloud: Cloud, treatment: str, state: str
) -> None:
    cloud.put_alarm("silent", TreatMissingData=treatment)
    [alarm] = cloud.client("cloudwatch").describe_alarms(StateValue=state)["MetricAlarms"]
    assert alarm["AlarmName"] == "silent"


def test_alarms_are_listed_by_prefix_in_pages_and_deleted(falcon: Cloud) -> None:
    watch = falcon.client("cloudwatch")
    for name in ("a-1", "a-2", "a-3", "b-1"):
        falcon.put_alarm(name)
    pages = watch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix="a-", PaginationConfig={"PageSize": 2}
    )
    shown = [[alarm["AlarmName"] for alarm in page["MetricAlarms"]] for page in pages]
    assert shown == [["a-1", "a-2"], ["a-3"]]
    watch.delete_alarms(AlarmNames=["a-1", "a-2", "a-3"])
    assert [each["AlarmName"] for each in watch.describe_alarms()["MetricAlarms"]] == ["b-1"]
