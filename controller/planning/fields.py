"""Where in its documents the value of a request to AWS comes from. Pure.

A request is made of a definition, its lock and its environment, in AWS's words; what is wrong with
it is said where a person can change it. A test walks every request: none has a value without a
place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ledger.documents import Container, Environment, ExistingConfig, ModelPackage
from ledger.fleet import Holding, document_path, environment_path
from ledger.tags import TAG_PREFIX

Path = tuple[str | int, ...]  # into a request
_Kind = Literal["endpoint", "lock", "environment"]

_DATA = {
    "S3Uri": "/s3_uri",
    "S3DataType": "/s3_data_type",
    "CompressionType": "/compression_type",
    "ModelAccessConfig": "/accept_eula",
}
_VARIANT = {
    "InstanceType": "/inference_instance_type",
    "InitialInstanceCount": "/inference_instance_count",
    "VariantInstanceProvisionTimeoutInSeconds": "/instance_provision_timeout_seconds",
}
_SERVED = {
    "ModelDataDownloadTimeoutInSeconds": "/model_data_download_timeout_seconds",
    "ContainerStartupHealthCheckTimeoutInSeconds": (
        "/container_startup_health_check_timeout_seconds"
    ),
    "VolumeSizeInGB": "/volume_size_gb",
    "InferenceAmiVersion": "/inference_ami_version",
}
_ASYNC = {
    "S3OutputPath": "/async_inference/s3_output_path",
    "S3FailurePath": "/async_inference/s3_failure_path",
    "SuccessTopic": "/async_inference/success_topic_arn",
    "ErrorTopic": "/async_inference/error_topic_arn",
    "MaxConcurrentInvocationsPerInstance": (
        "/async_inference/max_concurrent_invocations_per_instance"
    ),
}
_SCALING = {
    "MinCapacity": "/autoscaling/min_instances",
    "MaxCapacity": "/autoscaling/max_instances",
    "TargetValue": "/autoscaling/target_value",
    "ScaleInCooldown": "/autoscaling/scale_in_cooldown_seconds",
    "ScaleOutCooldown": "/autoscaling/scale_out_cooldown_seconds",
    "Cooldown": "/autoscaling/scale_out_cooldown_seconds",
}
_VPC = {"SecurityGroupIds": "/security_group_ids", "Subnets": "/subnets"}
_NAMES = {"EndpointName", "EndpointConfigName", "ModelName"}


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a JSON pointer into it; an empty pointer is a value that no field says alone."""

    file: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Documents:
    """What a request was made of: an endpoint's files, and the settings of its environment."""

    environment_name: str
    holding: Holding
    environment: Environment

    def place(self, request: Mapping[str, Any], path: Path) -> Place:
        """Return where a value of a request comes from."""
        kind, pointer = self._field(request, path)
        if kind == "environment":
            return Place(environment_path(self.environment_name), pointer)
        return Place(document_path(self.environment_name, self.holding.name, kind), pointer)

    def _field(self, request: Mapping[str, Any], path: Path) -> tuple[_Kind, str]:  # noqa: PLR0911
        match path:
            case ("PrimaryContainer", *rest):
                return self._of_container(tuple(rest))
            case ("Containers", *rest):
                return self._of_package(tuple(rest))
            case ("VpcConfig", *rest):
                return "endpoint", "/vpc_config" + _of_vpc(tuple(rest))
            case ("EnableNetworkIsolation",):
                return self._of_options("/enable_network_isolation")
            case ("ExecutionRoleArn",):
                return "environment", "/execution_role_arn"
            case ("ProductionVariants", int(), *rest):
                return self._of_variant(tuple(rest))
            case ("Tags", int(number), *_):
                return self._of_tag(request["Tags"][number]["Key"])
            case ("Tags",):
                return "endpoint", "/tags"
            case (*_, str(last)):
                return self._of_name(last)
        return "endpoint", ""

    def _of_name(self, last: str) -> tuple[_Kind, str]:
        """Find a setting that no other of its request shares its name with."""
        holding = self.holding
        made = not isinstance(holding.definition.source, ExistingConfig)
        if last == "EndpointConfigName" and not made:
            return "endpoint", "/endpoint_config_name"
        if last in _NAMES:
            told = holding.definition.endpoint_name
            return "endpoint", "/endpoint_name" if told else "/name"
        told_here = holding.definition.async_inference
        if last == "S3OutputPath" and not (told_here and told_here.s3_output_path):
            return "environment", "/async_output_path"
        return "endpoint", {**_ASYNC, **_SCALING}.get(last, "")

    def _of_package(self, path: Path) -> tuple[_Kind, str]:
        match path:
            case (int(), "Environment", *key):
                return self._of_options("/environment" + "".join(map(_part, key)))
        return self._of_model("/model_package_arn")

    def _of_options(self, pointer: str) -> tuple[_Kind, str]:
        """Return what a definition says of its package apart, and else of what is served."""
        if isinstance(self.holding.definition.source, ModelPackage):
            return "endpoint", f"/model_package{pointer}"
        return self._of_model(pointer)

    def _of_model(self, pointer: str) -> tuple[_Kind, str]:
        """Return a field of what is served, which the definition says, or its lock."""
        within = "/model" if isinstance(self.holding.definition.source, Container) else ""
        return self.holding.served_in, f"{within}{pointer}"

    def _of_container(self, path: Path) -> tuple[_Kind, str]:
        match path:
            case ("Image",):
                return self._of_model("/image")
            case ("Environment", *key):
                return self._of_model("/environment" + "".join(map(_part, key)))
            case ("ModelDataUrl",):
                return self._of_model("/model_data_url")
            case ("ModelDataSource", "S3DataSource", str(name), *_):
                return self._of_model(f"/model_data_source{_DATA.get(name, '')}")
            case ("AdditionalModelDataSources", *rest):
                return self._of_model(f"/additional_model_data_sources{_further(tuple(rest))}")
        return self._of_model("")

    def _of_variant(self, path: Path) -> tuple[_Kind, str]:  # noqa: PLR0911
        match path:
            case ("InstancePools", int(number), "InstanceType") if number:
                return "endpoint", f"/instance_pools/{number - 1}/instance_type"
            case ("InstancePools", int(), "InstanceType"):
                return "endpoint", "/inference_instance_type"
            case ("InstancePools", *_):
                return "endpoint", "/instance_pools"
            case (str(name),) if name in _SERVED:
                return self._of_model(_SERVED[name])
            case (str(name),) if name in _VARIANT:
                return "endpoint", _VARIANT[name]
            case (*_, str(name)):
                return self._of_name(name)
        return "endpoint", ""

    def _of_tag(self, key: str) -> tuple[_Kind, str]:
        if key.startswith(TAG_PREFIX):
            return "environment", ""
        if key == "owner" and key not in self.holding.definition.tags:
            return "endpoint", "/owner"
        return "endpoint", f"/tags{_part(key)}"


def _further(path: Path) -> str:
    match path:
        case (int(number), "ChannelName"):
            return f"/{number}/channel_name"
        case (int(number), "S3DataSource", str(name), *_):
            return f"/{number}{_DATA.get(name, '')}"
    return ""


def _of_vpc(path: Path) -> str:
    match path:
        case (str(name), *rest) if name in _VPC:
            return _VPC[name] + "".join(map(_part, rest))
    return ""


def _part(key: str | int) -> str:
    """Write one part of a JSON pointer (RFC 6901)."""
    return "/" + str(key).replace("~", "~0").replace("/", "~1")
