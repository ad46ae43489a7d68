"""CloudWatch's operations on metrics and alarms: data points that were put, and SageMaker's own.

Alarms set off scaling policies; actions of other services are not carried out. Metric expressions
are refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.aws.cloudwatch import alarms, metrics
from sandbox.aws.cloudwatch.metrics import SAGEMAKER, STATISTICS, Bucket, Metric, metric_asked
from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.protocol import tokens
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError
from sandbox.aws.protocol.operations import Operations
from sandbox.aws.sagemaker.account import ACCOUNT_ID, Account, arn_of
from sandbox.aws.sagemaker.lifecycle import Endpoint

API = "GraniteServiceVersion20100801"
MOST_QUERIES = 500
MOST_DATA_POINTS = 100_800
MOST_ALARMS = 100
Points = list[tuple[int, float]]


class CloudWatch:
    def __init__(self, account: Account, store: MetricStore) -> None:
        self._account = account
        self._store = store

    def operations(self) -> Operations:
        handlers = {
            "GetMetricData": self._get_metric_data,
            "PutMetricData": self._put_metric_data,
            "PutMetricAlarm": self._put_metric_alarm,
            "DescribeAlarms": self._describe_alarms,
            "DeleteAlarms": self._delete_alarms,
        }
        return Operations("cloudwatch", self._account.lock, handlers)

    def _get_metric_data(self, call: Call) -> dict[str, Any]:
        queries = call.params["MetricDataQueries"]
        if len(queries) > MOST_QUERIES:
            raise _invalid(
                "The collection MetricDataQueries must not have a size greater than "
                f"{MOST_QUERIES}."
            )
        start, end = call.params["StartTime"], call.params["EndTime"]
        if start >= end:
            raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
        newest_first = call.params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        found = []
        for query in (each for each in queries if each.get("ReturnData", True)):
            points = self._points(call, query, start, end)
            found.append((query, points[::-1] if newest_first else points))
        return _cut(found, call.params)

    def _points(self, call: Call, query: Mapping[str, Any], start: float, end: float) -> Points:
        if "MetricStat" not in query:
            raise _invalid("The sandbox has no metric expressions; ask for a MetricStat.")
        asked = query["MetricStat"]
        period, statistic = asked["Period"], asked["Stat"]
        if period < metrics.MINUTE or period % metrics.MINUTE or statistic not in STATISTICS:
            raise _invalid("The sandbox knows periods of whole minutes, and plain statistics.")
        which = metric_asked(call.region, asked["Metric"])
        first = int(max(start, metrics.oldest(period, call.now)) // period) * period
        endpoint = self._endpoint(which)
        minutes = self._store.between(which, endpoint, first, call.now, end)
        gathered = metrics.by_period(minutes, period)
        return [(at, bucket.statistic(statistic)) for at, bucket in gathered]

    def _endpoint(self, which: Metric) -> Endpoint | None:
        name = which.dimension("EndpointName")
        if which.namespace != SAGEMAKER or name is None:
            return None
        found = self._account.endpoint(arn_of(which.region, "endpoint", name))
        return found if found is not None and found.name == name else None

    def _put_metric_data(self, call: Call) -> dict[str, Any]:
        namespace = call.params["Namespace"]
        if namespace.startswith("AWS/"):
            raise AwsError(
                "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid."
            )
        self._account.endpoints(call.region)  # what was due before the data comes first
        for datum in call.params.get("MetricData", []):
            which = metric_asked(call.region, {**datum, "Namespace": namespace})
            for bucket in _buckets(datum):
                self._store.add(which, datum.get("Timestamp", call.now), bucket)
        return {}

    def _put_metric_alarm(self, call: Call) -> dict[str, Any]:
        alarm = call.params
        if "MetricName" not in alarm or "Threshold" not in alarm or "Period" not in alarm:
            raise _invalid("The sandbox has alarms on one metric: MetricName, Period, Threshold.")
        if alarm["ComparisonOperator"] not in alarms.COMPARISONS:
            raise _invalid(f"The sandbox cannot compare by {alarm['ComparisonOperator']}.")
        self._account.endpoints(call.region)  # what was due before the alarm comes first
        kept = {**alarm, "AlarmConfigurationUpdatedTimestamp": call.now}
        self._store.keep_alarm(call.region, kept)
        return {}

    def _describe_alarms(self, call: Call) -> dict[str, Any]:
        params = call.params
        last = tokens.read(params.get("NextToken"), _invalid_token())
        found = [each for each in self._store.alarms(call.region) if _is_asked(each, params)]
        shown = [self._shown(call, each) for each in found if each["AlarmName"] > last]
        if "StateValue" in params:
            shown = [each for each in shown if each["StateValue"] == params["StateValue"]]
        size = params.get("MaxRecords", MOST_ALARMS if "AlarmNames" in params else 50)
        answer: dict[str, Any] = {"MetricAlarms": shown[:size], "CompositeAlarms": []}
        if len(shown) > size:
            answer["NextToken"] = tokens.write(shown[size - 1]["AlarmName"])
        return answer

    def _shown(self, call: Call, alarm: dict[str, Any]) -> dict[str, Any]:
        which = metric_asked(call.region, alarm)
        read = self._store.reader(which, self._endpoint(which), call.now)
        name = alarm["AlarmName"]
        shown = {key: value for key, value in alarm.items() if key != "Tags"}
        return {"ActionsEnabled": True, **shown} | {
            "AlarmArn": f"arn:aws:cloudwatch:{call.region}:{ACCOUNT_ID}:alarm:{name}",
            "StateValue": alarms.state(alarm, read, call.now),
        }

    def _delete_alarms(self, call: Call) -> dict[str, Any]:
        self._account.endpoints(call.region)
        for name in call.params["AlarmNames"]:
            self._store.drop_alarm(call.region, name)
        return {}


def _is_asked(alarm: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    name: str = alarm["AlarmName"]
    named = "AlarmNames" not in params or name in params["AlarmNames"]
    return named and name.startswith(params.get("AlarmNamePrefix", ""))


def _buckets(datum: Mapping[str, Any]) -> Iterator[Bucket]:
    if statistics := datum.get("StatisticValues"):
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        yield Bucket(*(statistics[name] for name in names))
    values = datum.get("Values", [datum["Value"]] if "Value" in datum else [])
    counts = datum.get("Counts", [1.0] * len(values))
    yield from (metrics.one(value, count) for value, count in zip(values, counts, strict=True))


def _cut(
    found: list[tuple[Mapping[str, Any], Points]], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a page of MaxDatapoints; a result that goes on on the next page is PartialData."""
    begin = tokens.position(params.get("NextToken"), _invalid_token())
    end = begin + params.get("MaxDatapoints", MOST_DATA_POINTS)
    results, passed = [], 0
    for query, points in found:
        low, high = max(0, begin - passed), max(0, end - passed)
        shown = points[low:high]
        passed += len(points)
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
                "Timestamps": [at for at, _ in shown],
                "Values": [value for _, value in shown],
                "StatusCode": "Complete" if high >= len(points) else "PartialData",
            }
        )
    answer: dict[str, Any] = {"MetricDataResults": results, "Messages": []}
    return answer | ({"NextToken": tokens.write(str(end))} if passed > end else {})


def _invalid_token() -> AwsError:
    return AwsError("InvalidNextToken", "The next token is invalid.")


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)
