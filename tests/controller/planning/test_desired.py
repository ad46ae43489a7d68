"""What SageMaker should have: names that carry content, and requests that its own model accepts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from controller.planning.desired import Desired, config_names, desired
from controller.planning.ownership import Owner
from ledger.documents import (
    AsyncInference,
    Autoscaling,
    Container,
    Definition,
    Environment,
    ExistingConfig,
    JumpStart,
    Lock,
    ModelData,
    ModelPackage,
    VariantSettings,
    Vpc,
)
from ledger.holdings import Holding
from ledger.lease import Lease
from ledger.names import EndpointName, Name
from ledger.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from botocore.model import Shape

ENVIRONMENT = Environment("demo", "us-east-1", "arn:aws:iam::123456789012:role/demo")
SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
PLAIN = Container("registry/image:1")
EVERYTHING = Container(
    "registry/image:1",
    model_data=ModelData("s3://models/m/"),
    additional_model_data={
        "draft": ModelData("s3://models/d/", accept_eula=True),
        "open": ModelData("s3://models/o.tar.gz", "S3Object", "Gzip"),
    },
    environment={"MAX_INPUT_LENGTH": "4096"},
    network_isolation=True,
    variant=VariantSettings(1200, 600, 256, "al2-ami-sagemaker-inference-gpu-3-1"),
    accept_eula=True,
)
PACKAGE = ModelPackage("arn:aws:sagemaker:us-east-1:123456789012:model-package/summarizer/3")
ASYNC = AsyncInference(
    "s3://answers/here/",
    "s3://answers/failed/",
    "arn:aws:sns:us-east-1:123456789012:answers",
    "arn:aws:sns:us-east-1:123456789012:failures",
    4,
)


OWNER = Owner("dev", "demo", "0123456789abcdef", "record-1")


def holding(**fields: Any) -> Holding:  # noqa: ANN401
    definition = Definition(
        **{"name": Name("A"), "source": PLAIN, "instance_type": "ml.g5.xlarge", **fields}
    )
    return Holding(definition, EndpointName(definition.endpoint_name or "demo-A-Endpoint"))


PACKAGED = ModelPackage(
    "arn:aws:sagemaker:us-east-1:865070037744:model-package/falcon-v4",
    environment={"SM_NUM_GPUS": "4"},
    network_isolation=False,
    variant=VariantSettings(startup_timeout_seconds=600),
)


def jumpstart(
    container: Container | ModelPackage = EVERYTHING, *, accept_eula: bool = True
) -> Holding:
    lock = Lock("falcon", "2.1.0", "us-east-1", "ml.g5.xlarge", container)
    source = JumpStart("falcon", accept_eula=accept_eula)
    return replace(holding(source=source), lock=lock)


def wanted(a_holding: Holding, environment: Environment = ENVIRONMENT) -> Desired:
    return desired(a_holding, environment, OWNER)


def config_name(a_holding: Holding) -> str:
    return wanted(a_holding).config_name


# The name carries the content.


def test_model_and_config_are_named_after_the_endpoint_and_a_digest() -> None:
    target = wanted(holding())
    assert re.fullmatch(r"demo-A-Endpoint-[0-9a-f]{10}", target.config_name)
    assert target.model is not None
    assert target.config is not None
    assert target.model["ModelName"] == target.config["EndpointConfigName"] == target.config_name
    assert target.config["ProductionVariants"][0]["ModelName"] == target.config_name


def test_the_name_of_a_content_stays_the_same_for_good() -> None:
    """Were it to change, an upgrade of Leasehold would replace every endpoint there is."""
    assert config_name(holding()) == "demo-A-Endpoint-78086e72d6"


@pytest.mark.parametrize(
    "other",
    [
        holding(owner="ana@example.com"),
        holding(tags={"cost-center": "4711"}),
        holding(schedule=Schedule(initial_provision_minutes=90)),
        holding(schedule=Schedule(always_on=True)),
        holding(public=True),
        holding(async_api_enabled=True),
        replace(holding(), lease=Lease(datetime(2026, 11, 23, 10, tzinfo=UTC))),
    ],
    ids=["owner", "tags", "schedule", "always on", "public", "async api", "lease"],
)
def test_what_does_not_change_the_service_does_not_change_the_name(other: Holding) -> None:
    assert config_name(other) == config_name(holding())


@pytest.mark.parametrize(
    "other",
    [
        holding(source=replace(PLAIN, image="registry/image:2")),
        holding(instance_type="ml.g5.2xlarge"),
        holding(instance_count=2),
        holding(source=replace(PLAIN, environment={"A": "1"})),
        holding(source=replace(PLAIN, model_data_url="s3://b/m.tar.gz")),
        holding(source=replace(PLAIN, model_data=ModelData("s3://b/m/"))),
        holding(source=replace(PLAIN, additional_model_data={"d": ModelData("s3://b/d/")})),
        holding(source=replace(PLAIN, network_isolation=True)),
        holding(source=replace(PLAIN, variant=VariantSettings(startup_timeout_seconds=60))),
        holding(source=replace(PLAIN, variant=VariantSettings(download_timeout_seconds=60))),
        holding(source=PACKAGE),
        holding(async_inference=ASYNC),
        holding(endpoint_name="legacy"),
    ],
    ids=[
        *("image", "instance type", "instance count", "environment", "model data url"),
        *("model data source", "additional data", "network isolation", "start-up time"),
        *("download time", "package", "asynchronous", "endpoint name"),
    ],
)
def test_what_changes_the_service_changes_the_name(other: Holding) -> None:
    assert config_name(other) != config_name(holding())


def test_the_order_of_keys_is_no_content() -> None:
    one = holding(source=replace(PLAIN, environment={"A": "1", "B": "2"}))
    other = holding(source=replace(PLAIN, environment={"B": "2", "A": "1"}))
    assert config_name(one) == config_name(other)


@given(st.from_regex(SAGEMAKER_NAME, fullmatch=True), st.integers(1, 9))
def test_a_name_always_fits_sagemakers_limit_and_pattern(endpoint: str, count: int) -> None:
    name = config_name(holding(endpoint_name=endpoint, instance_count=count))
    assert len(name) <= 63
    assert SAGEMAKER_NAME.fullmatch(name)


def test_long_names_that_share_a_beginning_stay_apart() -> None:
    one, other = holding(endpoint_name="x" * 62 + "a"), holding(endpoint_name="x" * 62 + "b")
    assert config_name(one) != config_name(other)


# Whose it is.


def test_an_endpoint_carries_whose_it_is_and_the_lease_it_was_started_under() -> None:
    lease = Lease(datetime(2026, 11, 23, 10, tzinfo=UTC))
    target = wanted(replace(holding(owner="ana@example.com", tags={"team": "llm"}), lease=lease))
    assert target.tags == {"team": "llm", "owner": "ana@example.com", **OWNER.tags("A")}
    assert target.lease_tag == "2026-11-23T10:00:00Z"
    assert wanted(holding()).lease_tag == "none"


def test_an_owner_tag_of_the_definition_wins() -> None:
    assert wanted(holding(owner="ana", tags={"owner": "team"})).tags["owner"] == "team"


def test_no_tag_of_a_definition_can_change_whose_it_is() -> None:
    forged = holding(tags={"leasehold:name": "B", "leasehold:environment": "prod"})
    assert wanted(forged).tags["leasehold:name"] == "A"
    assert wanted(forged).tags["leasehold:environment"] == "dev"


# The requests.


def test_an_existing_config_is_used_as_it_is() -> None:
    target = wanted(holding(source=ExistingConfig("theirs"), instance_type=None))
    assert (target.config_name, target.model, target.config) == ("theirs", None, None)


def test_a_jumpstart_model_is_what_its_lock_says() -> None:
    model = wanted(jumpstart()).model
    assert model is not None
    assert model["EnableNetworkIsolation"] is True
    container = model["PrimaryContainer"]
    assert container["Image"] == "registry/image:1"
    source = container["ModelDataSource"]["S3DataSource"]
    assert source["ModelAccessConfig"] == {"AcceptEula": True}


def test_all_of_a_lock_reaches_the_requests() -> None:
    target = wanted(jumpstart())
    assert target.model is not None
    assert target.config is not None
    assert target.model["PrimaryContainer"]["Environment"] == {"MAX_INPUT_LENGTH": "4096"}
    [variant] = target.config["ProductionVariants"]
    assert variant == {
        "VariantName": "AllTraffic",
        "ModelName": target.config_name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.g5.xlarge",
        "InitialVariantWeight": 1,
        "ModelDataDownloadTimeoutInSeconds": 1200,
        "ContainerStartupHealthCheckTimeoutInSeconds": 600,
        "VolumeSizeInGB": 256,
        "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-3-1",
    }


def test_a_package_of_jumpstarts_is_what_its_lock_says() -> None:
    target = wanted(jumpstart(PACKAGED))
    assert target.model == {
        "ModelName": target.config_name,
        "ExecutionRoleArn": ENVIRONMENT.execution_role_arn,
        "Containers": [
            {"ModelPackageName": PACKAGED.arn, "Environment": {"SM_NUM_GPUS": "4"}},
        ],
        "EnableNetworkIsolation": False,
    }
    assert target.config is not None
    [variant] = target.config["ProductionVariants"]
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 600
    assert "ModelDataDownloadTimeoutInSeconds" not in variant


@pytest.mark.parametrize(
    "other",
    [
        replace(EVERYTHING, image="registry/image:2"),
        replace(EVERYTHING, environment={}),
        replace(EVERYTHING, model_data=ModelData("s3://models/other/")),
        replace(EVERYTHING, additional_model_data={}),
        replace(EVERYTHING, network_isolation=False),
        replace(EVERYTHING, accept_eula=False),
        *(
            replace(EVERYTHING, variant=replace(EVERYTHING.variant, **{field: None}))
            for field in VariantSettings.__dataclass_fields__
        ),
        PACKAGED,
    ],
)
def test_whatever_changes_in_a_lock_changes_the_config(other: Container | ModelPackage) -> None:
    assert config_name(jumpstart(other)) != config_name(jumpstart())


def test_each_licence_is_accepted_for_its_own_files_only() -> None:
    model = wanted(jumpstart()).model
    assert model is not None
    sources = {
        item["ChannelName"]: item["S3DataSource"]
        for item in model["PrimaryContainer"]["AdditionalModelDataSources"]
    }
    assert sources["draft"]["ModelAccessConfig"] == {"AcceptEula": True}
    assert "ModelAccessConfig" not in sources["open"]


def test_no_licence_is_accepted_that_the_definition_does_not_accept_whatever_its_lock_says() -> (
    None
):
    model = wanted(jumpstart(accept_eula=False)).model
    assert model is not None
    assert "ModelAccessConfig" not in str(model)
    extra = model["PrimaryContainer"]["AdditionalModelDataSources"]
    assert [item["ChannelName"] for item in extra] == ["draft", "open"]


@pytest.mark.parametrize("path", ["s3://answers", "s3://answers/"])
def test_answers_go_below_the_environments_path_each_endpoint_apart(path: str) -> None:
    environment = replace(ENVIRONMENT, async_output_path=path)
    config = wanted(holding(async_inference=AsyncInference()), environment).config
    assert config is not None
    assert config["AsyncInferenceConfig"] == {
        "OutputConfig": {"S3OutputPath": "s3://answers/demo-A-Endpoint/"}
    }


# AWS's own model of the requests.

HOLDINGS: Mapping[str, Callable[[], Holding]] = {
    "own container": holding,
    "own container with everything": lambda: holding(source=EVERYTHING, instance_count=3),
    "tarball": lambda: holding(source=replace(PLAIN, model_data_url="s3://b/m.tar.gz")),
    "model package": lambda: holding(source=PACKAGE),
    "JumpStart": jumpstart,
    "JumpStart's package": lambda: jumpstart(PACKAGED),
    "asynchronous": lambda: holding(async_inference=ASYNC),
    "longest name": lambda: holding(endpoint_name="x" * 63),
}


@cache
def sagemaker() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def complaints(operation: str, request: Mapping[str, Any]) -> list[str]:
    """Everything that AWS's model has against a request: shapes, lengths, enums and patterns."""
    shape = sagemaker().operation_model(operation).input_shape
    assert shape is not None
    report = ParamValidator().validate(dict(request), shape)
    found = [report.generate_report()] if report.has_errors() else []
    return found + list(_strings(shape, request))


def _strings(shape: Shape, value: Any) -> Iterator[str]:  # noqa: ANN401
    """Check what `ParamValidator` leaves to the server: enums and patterns of strings."""
    described: Any = shape
    match shape.type_name:
        case "structure":
            for key in value.keys() & described.members.keys():
                yield from _strings(described.members[key], value[key])
        case "list":
            for item in value:
                yield from _strings(described.member, item)
        case "map":
            for key, item in value.items():
                yield from _strings(described.key, key)
                yield from _strings(described.value, item)
        case "string":
            pattern, enum = shape.metadata.get("pattern"), shape.metadata.get("enum")
            if enum and value not in enum:
                yield f"{value} is no {shape.name}"
            if pattern and "\\p" not in pattern and not re.fullmatch(pattern, value):
                yield f"{value} does not match {shape.name}: {pattern}"


@pytest.mark.parametrize("make", HOLDINGS.values(), ids=HOLDINGS)
def test_sagemakers_own_model_accepts_the_requests(make: Callable[[], Holding]) -> None:
    target = wanted(make())
    assert target.model is not None
    assert target.config is not None
    assert complaints("CreateModel", target.model) == []
    assert complaints("CreateEndpointConfig", target.config) == []
    endpoint = {"EndpointName": target.endpoint_name, "EndpointConfigName": target.config_name}
    tags = [{"Key": key, "Value": value} for key, value in target.tags.items()]
    assert complaints("CreateEndpoint", {**endpoint, "Tags": tags}) == []


def test_the_check_against_sagemakers_model_has_teeth() -> None:
    target = wanted(holding())
    assert target.model is not None
    assert complaints("CreateModel", {**target.model, "Colour": "red"})
    assert complaints("CreateModel", {**target.model, "ModelName": "-x"})
    config = wanted(holding(instance_type="ml.unheard.of")).config
    assert config is not None
    assert complaints("CreateEndpointConfig", config)


class TestDetails:
    def test_pools_are_tried_in_the_order_of_the_definition(self) -> None:
        pooled = holding(
            instance_pools=("ml.g5.2xlarge", "ml.g6.xlarge"), provision_timeout_seconds=900
        )
        (variant,) = (wanted(pooled).config or {})["ProductionVariants"]
        assert "InstanceType" not in variant
        assert variant["InstancePools"] == [
            {"InstanceType": "ml.g5.xlarge", "Priority": 1},
            {"InstanceType": "ml.g5.2xlarge", "Priority": 2},
            {"InstanceType": "ml.g6.xlarge", "Priority": 3},
        ]
        assert variant["VariantInstanceProvisionTimeoutInSeconds"] == 900

    def test_a_config_that_exists_is_used_by_its_name(self) -> None:
        leased = replace(
            holding(source=ExistingConfig("by-hand")),
            lease=Lease(datetime(2026, 11, 23, tzinfo=UTC)),
        )
        found = wanted(leased)
        assert found == Desired(
            EndpointName("demo-A-Endpoint"),
            "by-hand",
            OWNER.tags("A"),
            "2026-11-23T00:00:00Z",
        )

    def test_what_is_kept_when_its_definition_goes_is_tagged_so(self) -> None:
        assert wanted(holding(on_remove="retain")).tags["leasehold:on-remove"] == "retain"
        assert "leasehold:on-remove" not in wanted(holding()).tags

    def test_a_model_package_runs_without_network(self) -> None:
        assert wanted(holding(source=PACKAGE)).model == {
            "ModelName": wanted(holding(source=PACKAGE)).config_name,
            "ExecutionRoleArn": ENVIRONMENT.execution_role_arn,
            "Containers": [{"ModelPackageName": PACKAGE.arn}],
            "EnableNetworkIsolation": True,
        }

    def test_a_package_of_a_registry_may_have_variables_and_a_network(self) -> None:
        source = ModelPackage(PACKAGE.arn, {"A": "1"}, network_isolation=False)
        model = wanted(holding(source=source)).model or {}
        assert model["Containers"] == [{"ModelPackageName": PACKAGE.arn, "Environment": {"A": "1"}}]
        assert model["EnableNetworkIsolation"] is False

    @pytest.mark.parametrize("source", [PACKAGE, PLAIN], ids=["package", "container"])
    def test_a_model_may_be_in_a_vpc(self, source: ModelPackage | Container) -> None:
        vpc = Vpc(("sg-1", "sg-2"), ("subnet-1",))
        inside = wanted(holding(source=source, vpc=vpc))
        assert inside.model is not None
        assert inside.model["VpcConfig"] == {
            "SecurityGroupIds": ["sg-1", "sg-2"],
            "Subnets": ["subnet-1"],
        }
        outside = wanted(holding(source=source))
        assert inside.config_name != outside.config_name
        assert "VpcConfig" not in (outside.model or {})

    def test_instances_that_scale_by_themselves_keep_their_number(self) -> None:
        assert wanted(holding(autoscaling=Autoscaling(1, 4, 100.0))).retain_counts is True
        assert wanted(holding()).retain_counts is False

    def test_a_long_name_is_cut_where_no_hyphen_is_left_before_the_digest(self) -> None:
        cut = f"{'a' * 51}-{'b' * 11}"
        name = wanted(holding(endpoint_name=cut)).config_name
        assert re.fullmatch("a{51}-[0-9a-f]{10}", name)
        whole = "c" * 63
        assert re.fullmatch("c{52}-[0-9a-f]{10}", wanted(holding(endpoint_name=whole)).config_name)

    def test_a_lock_is_needed_for_a_jumpstart_model(self) -> None:
        with pytest.raises(AssertionError, match=r"^JumpStart has no container$"):
            wanted(holding(source=JumpStart("falcon")))

    def test_the_configs_of_a_fleet_are_told_by_definition(self) -> None:
        both = [holding(), holding(name=Name("B"), endpoint_name="demo-B-Endpoint")]
        found = config_names(both, ENVIRONMENT, OWNER)
        assert found == {each.name: wanted(each).config_name for each in both}
