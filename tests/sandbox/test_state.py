"""What the sandbox has answered it still knows after a restart, and after it was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.server import Sandbox

PATIENCE = 120.0  # seconds: a busy machine makes a test slower, and not red

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.sandbox.conftest import Cloud

    Program = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.jsonl"


@pytest.fixture
def program(state: Path) -> Iterator[Program]:
    """Start `python -m sandbox` on the state file; what still runs at the end is stopped."""
    running = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "sandbox", "--state", str(state), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        running.append((process, process.stdout))
        return process, process.stdout.readline().strip()

    yield start
    for process, output in running:
        process.kill()
        process.wait()
        output.close()


def _make_table(cloud: Cloud, name: str = "tokens") -> None:
    cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _put(cloud: Cloud, identity: str, **more: object) -> None:
    item = {"id": {"S": identity}, **{key: {"S": value} for key, value in more.items()}}
    cloud.client("dynamodb").put_item(TableName="tokens", Item=item)


def _items(cloud: Cloud) -> list[tuple[str, str | None]]:
    items = cloud.client("dynamodb").scan(TableName="tokens")["Items"]
    return sorted((item["id"]["S"], item.get("who", {}).get("S")) for item in items)


def test_endpoints_configs_models_tags_and_times_survive_a_restart(
    state: Path, cloud_at: Callable[[str], Cloud]
) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.create("Falcon", Tags=[{"Key": "lease", "Value": "none"}])
        cloud.let_pass(3600)
        cloud.create("Eagle", "Falcon-config")
        before = [cloud.describe(name) for name in ("Falcon", "Eagle")]
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        after = [cloud.describe(name) for name in ("Falcon", "Eagle")]
        for described in (*before, *after):
            described.pop("ResponseMetadata")
        assert after == before
        assert [each["EndpointStatus"] for each in after] == ["InService", "Creating"]
        arn = after[0]["EndpointArn"]
        tags = cloud.sagemaker.list_tags(ResourceArn=arn)["Tags"]
        assert tags == [{"Key": "lease", "Value": "none"}]
        cloud.let_pass(60)
        assert cloud.status("Eagle") == "InService"
        cloud.sagemaker.update_endpoint(EndpointName="Eagle", EndpointConfigName="Falcon-config")


def test_an_update_under_way_ends_after_a_restart(
    state: Path, cloud_at: Callable[[str], Cloud]
) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.serve("Falcon", cloud.configure("blue"))
        cloud.sagemaker.update_endpoint(
            EndpointName="Falcon", EndpointConfigName=cloud.configure("green")
        )
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        assert cloud.describe("Falcon")["EndpointConfigName"] == "blue"
        cloud.let_pass(60)
        assert cloud.describe("Falcon")["EndpointConfigName"] == "green"


def test_what_was_deleted_stays_deleted(state: Path, cloud_at: Callable[[str], Cloud]) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.serve("Falcon", cloud.configure("blue"))
        cloud.sagemaker.delete_endpoint(EndpointName="Falcon")
        cloud.let_pass(1)
        cloud.sagemaker.delete_endpoint_config(EndpointConfigName="blue")
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        assert cloud.sagemaker.list_endpoints()["Endpoints"] == []
        assert cloud.sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
        assert len(cloud.sagemaker.list_models()["Models"]) == 1


def test_dynamodb_tables_survive_two_restarts_with_what_was_put_updated_and_deleted(
    state: Path, cloud_at: Callable[[str], Cloud]
) -> None:
    with Sandbox(state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        _make_table(cloud)
        _make_table(cloud, "gone")
        for identity in ("a", "b", "c"):
            _put(cloud, identity)
        dynamodb = cloud.client("dynamodb")
        dynamodb.delete_item(TableName="tokens", Key={"id": {"S": "b"}})
        dynamodb.delete_table(TableName="gone")
    for who in ("first", "second"):
        with Sandbox(state=state) as sandbox:
            cloud = cloud_at(sandbox.url)
            dynamodb = cloud.client("dynamodb")
            assert dynamodb.list_tables()["TableNames"] == ["tokens"]
            dynamodb.update_item(
                TableName="tokens",
                Key={"id": {"S": "c"}},
                UpdateExpression="SET who = :who",
                ExpressionAttributeValues={":who": {"S": who}},
            )
    with Sandbox(state=state) as sandbox:
        assert _items(cloud_at(sandbox.url)) == [("a", None), ("c", "second")]


def test_a_refused_conditional_write_is_not_remembered(
    state: Path, cloud_at: Callable[[str], Cloud]
) -> None:
    with Sandbox(state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        _make_table(cloud)
        _put(cloud, "a", who="first")
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            cloud.client("dynamodb").put_item(
                TableName="tokens",
                Item={"id": {"S": "a"}, "who": {"S": "second"}},
                ConditionExpression="attribute_not_exists(id)",
            )
    with Sandbox(state=state) as sandbox:
        assert _items(cloud_at(sandbox.url)) == [("a", "first")]


def test_of_many_conditional_writes_at_once_exactly_one_wins(cloud: Cloud) -> None:
    _make_table(cloud)
    dynamodb = cloud.client("dynamodb")
    start = threading.Barrier(8)
    won = []

    def claim(who: int) -> None:
        start.wait()
        try:
            dynamodb.put_item(
                TableName="tokens",
                Item={"id": {"S": "lock"}},
                ConditionExpression="attribute_not_exists(id)",
            )
            won.append(who)
        except ClientError:
            pass

    claimants = [threading.Thread(target=claim, args=(who,)) for who in range(8)]
    for claimant in claimants:
        claimant.start()
    for claimant in claimants:
        claimant.join()
    assert len(won) == 1


def test_every_answered_call_survives_kill_9(
    program: Program, cloud_at: Callable[[str], Cloud]
) -> None:
    process, url = program("--startup", "60")
    cloud = cloud_at(url)
    cloud.create("Falcon")
    _make_table(cloud)
    _put(cloud, "a")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, url = program("--startup", "60")
    cloud = cloud_at(url)
    assert cloud.status("Falcon") == "Creating"
    assert _items(cloud) == [("a", None)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_program_prints_its_url_and_stops_cleanly(
    program: Program, how: signal.Signals
) -> None:
    process, url = program()
    assert url.startswith("http://127.0.0.1:")
    process.send_signal(how)
    assert process.wait(PATIENCE) == 0


def test_a_line_torn_by_a_kill_is_dropped_and_the_rest_is_kept(
    state: Path, cloud_at: Callable[[str], Cloud]
) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud_at(sandbox.url).create("Falcon")
    with state.open("ab") as file:
        file.write(b'["arn:aws:sagemaker:eu-west-1:123456789012:endpoint/eag')
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        assert [each["EndpointName"] for each in cloud.sagemaker.list_endpoints()["Endpoints"]] == [
            "Falcon"
        ]


def test_a_file_that_is_no_state_file_is_refused_and_left_as_it_is(state: Path) -> None:
    state.write_text('{"name": "package"}\n')
    with pytest.raises(ValueError, match=r"line 1: not a line of a sandbox state file"):
        Sandbox(state=state).start()
    assert state.read_text() == '{"name": "package"}\n'


def test_looking_writes_nothing(state: Path, cloud_at: Callable[[str], Cloud]) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.create("Falcon")
        before = state.read_bytes()
        cloud.describe("Falcon")
        cloud.sagemaker.list_endpoints()
        cloud.client("dynamodb").list_tables()
        assert state.read_bytes() == before


def test_the_file_is_condensed_when_the_sandbox_starts(
    state: Path, cloud_at: Callable[[str], Cloud]
) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        _make_table(cloud)
        for count in range(20):
            _put(cloud, "a", who=str(count))
    with Sandbox(startup_seconds=60, state=state):
        lines = [json.loads(line) for line in state.read_text().splitlines()]
    assert [key.split()[0] for key, _ in lines] == ["clock", "dynamodb", "dynamodb"]


def test_a_reset_is_kept_too(state: Path, cloud_at: Callable[[str], Cloud]) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.create("Falcon")
        _make_table(cloud)
        cloud.ask("DELETE", "")
        cloud.create("Eagle")
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        assert [each["EndpointName"] for each in cloud.sagemaker.list_endpoints()["Endpoints"]] == [
            "Eagle"
        ]
        assert cloud.client("dynamodb").list_tables()["TableNames"] == []


def test_one_sandbox_sees_nothing_of_the_one_before(cloud_at: Callable[[str], Cloud]) -> None:
    with Sandbox(startup_seconds=60) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.create("Falcon")
        _make_table(cloud)
    with Sandbox(startup_seconds=60) as sandbox:
        cloud = cloud_at(sandbox.url)
        assert cloud.sagemaker.list_endpoints()["Endpoints"] == []
        assert cloud.client("dynamodb").list_tables()["TableNames"] == []


def _scaled_queue(cloud: Cloud) -> dict[str, Any]:
    """An asynchronous Falcon that scales to zero, and an alarm that wakes it."""
    cloud.ask("POST", "/clock", {"now": "2030-01-02T12:00:00Z"})
    cloud.configure("plain")
    variant = {"VariantName": "main", "ModelName": "Falcon", "InstanceType": "ml.g5.xlarge"}
    cloud.sagemaker.create_endpoint_config(
        EndpointConfigName="queue",
        ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://results/out"}},
    )
    cloud.serve("Falcon", "queue")
    names = [{"Name": "EndpointName", "Value": "Falcon"}]
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/Falcon/variant/main",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    metric = {"Namespace": "AWS/SageMaker", "Dimensions": names, "Statistic": "Average"}
    scaling = cloud.client("application-autoscaling")
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    tracked = {**metric, "MetricName": "ApproximateBacklogSizePerInstance"}
    scaling.put_scaling_policy(
        **target,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 5.0,
            "CustomizedMetricSpecification": tracked,
        },
    )
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="wake",
        **metric,
        MetricName="HasBacklogWithoutCapacity",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    return target


def _scaling(cloud: Cloud) -> list[list[dict[str, Any]]]:
    scaling, watch = cloud.client("application-autoscaling"), cloud.client("cloudwatch")
    return [
        scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"],
        scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"],
        watch.describe_alarms()["MetricAlarms"],
        cloud.describe("Falcon")["ProductionVariants"],
    ]


def test_targets_policies_alarms_and_what_they_did_survive_a_restart(
    state: Path, cloud_at: Callable[[str], Cloud]
) -> None:
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        target = _scaled_queue(cloud)
        cloud.let_pass(3600)
        before = _scaling(cloud)
        assert before[-1][0]["CurrentInstanceCount"] == 0
    for _ in range(2):
        with Sandbox(startup_seconds=60, state=state) as sandbox:
            cloud = cloud_at(sandbox.url)
            assert _scaling(cloud) == before
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.client("application-autoscaling").deregister_scalable_target(**target)
        cloud.client("cloudwatch").delete_alarms(AlarmNames=["wake"])
    with Sandbox(startup_seconds=60, state=state) as sandbox:
        assert _scaling(cloud_at(sandbox.url)) == [[], [], [], before[-1]]


def test_invocations_survive_a_restart(state: Path, cloud_at: Callable[[str], Cloud]) -> None:
    def counted(cloud: Cloud) -> list[float]:
        names = [("EndpointName", "Falcon"), ("VariantName", "AllTraffic")]
        metric = {
            "Namespace": "AWS/SageMaker",
            "MetricName": "Invocations",
            "Dimensions": [{"Name": name, "Value": value} for name, value in names],
        }
        query = {"Id": "n", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        [result] = cloud.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query],
            StartTime="2030-01-02T11:00:00Z",
            EndTime="2030-01-02T13:00:00Z",
        )["MetricDataResults"]
        values: list[float] = result["Values"]
        return values

    with Sandbox(startup_seconds=60, state=state) as sandbox:
        cloud = cloud_at(sandbox.url)
        cloud.ask("POST", "/clock", {"now": "2030-01-02T11:30:00Z"})
        cloud.serve("Falcon")
        cloud.ask("POST", "/clock", {"now": "2030-01-02T12:00:00Z"})
        for count, at in ((1, "11:50"), (2, "11:50"), (4, "11:55")):
            wish = {"count": count, "at": f"2030-01-02T{at}:00Z"}
            assert cloud.ask("POST", "/endpoints/Falcon/invocations", wish)[0] == 200
    for _ in range(2):
        with Sandbox(startup_seconds=60, state=state) as sandbox:
            assert counted(cloud_at(sandbox.url)) == [4.0, 3.0]
