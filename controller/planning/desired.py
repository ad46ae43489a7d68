"""What SageMaker should have for a holding: names that carry content, and the requests for it.

Pure. Model and endpoint config are named `<endpoint_name>-<digest>`, with a digest of all that they
hold. So "has it changed?" is string inequality, and a `git revert` finds its old config again.
Tags, owner and schedule are no part of the digest. The number of instances is, for a config holds
it; but to an endpoint that serves, a config that differs in it alone is the same: capacity is
changed in place.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from controller.planning.ownership import Owner
from ledger.documents import (
    Container,
    Definition,
    Environment,
    ExistingConfig,
    JumpStart,
    ModelData,
    ModelPackage,
    Vpc,
)
from ledger.faults import Faults
from ledger.holdings import Holding
from ledger.hosts import Host, Hosts, Usage, together
from ledger.lease import stamp
from ledger.names import EndpointName, Name
from ledger.tags import ON_REMOVE_TAG, TAG_PREFIX

VARIANT = "AllTraffic"
_NAME_LIMIT = 63
_DIGEST_LETTERS = 10
_COUNTS = range(1, 101)  # numbers of instances that a config of ours may have been made with

Request = Mapping[str, Any]


@dataclass(frozen=True)
class Desired:
    """What an endpoint should be. `model` and `config` are None where its config exists already."""

    endpoint_name: EndpointName
    config_name: str
    tags: Mapping[str, str]
    lease_tag: str
    model: Request | None = field(default=None)
    config: Request | None = field(default=None)
    retain_counts: bool = False
    count: int | None = None  # of instances, where the definition alone says how many
    dropped_tags: frozenset[str] = frozenset()  # that its definition set once
    config_version: str | None = None  # of somebody else's config, as it was looked at

    @property
    def tag_keys(self) -> frozenset[str]:
        """Return the keys of the tags that its definition sets, which ours are not."""
        return frozenset(key for key in self.tags if not key.startswith(TAG_PREFIX))

    @property
    def hosts(self) -> Hosts | None:
        """Return what it starts with; None where its config exists already."""
        if self.config is None:
            return None
        usage = Usage.of(is_async="AsyncInferenceConfig" in self.config)
        return together(
            Host(_first_type(each), each["InitialInstanceCount"], usage)
            for each in self.config["ProductionVariants"]
        )

    def tags_over(self, there: Mapping[str, str]) -> Mapping[str, str]:
        """Return the tags for an endpoint that has some: an on_remove is taken back by a value."""
        if ON_REMOVE_TAG in there and ON_REMOVE_TAG not in self.tags:
            return {**self.tags, ON_REMOVE_TAG: "delete"}
        return self.tags


def _first_type(variant: Request) -> str:
    pools = variant.get("InstancePools", ())
    return str(pools[0]["InstanceType"] if pools else variant["InstanceType"])


def desired(holding: Holding, environment: Environment, owner: Owner) -> Desired:
    """Return what SageMaker should have for a holding."""
    tags = {**definition_tags(holding.definition), **owner.tags(holding.name)}
    if holding.definition.on_remove == "retain":
        tags[ON_REMOVE_TAG] = "retain"
    lease_tag = lease_mark(holding)
    source = holding.definition.source
    if isinstance(source, ExistingConfig):
        return Desired(holding.endpoint_name, source.endpoint_config_name, tags, lease_tag)
    model, variant, output = _content(holding, environment)
    name = _content_name(holding.endpoint_name, [model, variant, output])
    scales = holding.definition.autoscaling is not None
    return Desired(
        holding.endpoint_name,
        name,
        tags,
        lease_tag,
        {"ModelName": name, **model},
        {
            "EndpointConfigName": name,
            "ProductionVariants": [{**variant, "ModelName": name}],
            **output,
        },
        retain_counts=scales,
        count=None if scales else holding.definition.instance_count,
    )


def has_config(config_name: str | None, holding: Holding, environment: Environment) -> bool:
    """Tell whether a config is one of ours that holds what is wanted, but perhaps for its count."""
    if isinstance(holding.definition.source, ExistingConfig):
        return False
    name = _content_name(holding.endpoint_name, [*_content(holding, environment)])
    return config_name == name or differs_in_count_alone(config_name, holding, environment)


def differs_in_count_alone(
    config_name: str | None, holding: Holding, environment: Environment
) -> bool:
    """Tell whether a config holds what is wanted, for another number of instances."""
    if isinstance(holding.definition.source, ExistingConfig):
        return False
    model, variant, output = _content(holding, environment)
    others = ({**variant, "InitialInstanceCount": count} for count in _COUNTS)
    name = holding.endpoint_name
    return any(config_name == _content_name(name, [model, each, output]) for each in others)


def definition_tags(definition: Definition) -> dict[str, str]:
    """Return the tags that a definition sets; an owner is one."""
    owner = {"owner": definition.owner} if definition.owner else {}
    return {**owner, **definition.tags}


def config_names(
    holdings: Iterable[Holding], environment: Environment, owner: Owner
) -> dict[Name, str]:
    """Return the endpoint config that each definition wants, by its name.

    One that cannot be told is left out, and its plan says why: then nothing of it is collected.
    """
    faults, wanted = Faults(), {}
    for item in holdings:
        want = partial(desired, item, environment, owner)
        if target := faults.around(item.endpoint_name, want, None):
            wanted[item.name] = target.config_name
    return wanted


def lease_mark(holding: Holding) -> str:
    """Return the value of the tag that says under which lease an endpoint was started."""
    return stamp(holding.lease.expires_at) if holding.lease else "none"


def _content(
    holding: Holding, environment: Environment
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return all that the digest is of: the model, its variant, and where answers are left."""
    return (
        _model(holding, environment),
        _variant(holding),
        _async_output(holding, environment),
    )


def _content_name(endpoint_name: str, content: object) -> str:
    text = json.dumps([endpoint_name, content], sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LETTERS]
    return f"{content_stem(endpoint_name)}-{digest}"


def content_stem(endpoint_name: str) -> str:
    """Return with what the names of an endpoint's configs and models begin."""
    return endpoint_name[: _NAME_LIMIT - 1 - _DIGEST_LETTERS].rstrip("-")


def _model(holding: Holding, environment: Environment) -> dict[str, Any]:
    served = _served(holding)
    containers: dict[str, Any]
    match served:
        case ModelPackage():
            containers = {"Containers": [_packaged(served)]}
        case Container():
            containers = {"PrimaryContainer": _container(served)}
    return {
        "ExecutionRoleArn": environment.execution_role_arn,
        **_vpc(holding.definition.vpc),
        **containers,
        "EnableNetworkIsolation": served.network_isolation,
    }


def _vpc(vpc: Vpc | None) -> dict[str, Any]:
    if vpc is None:
        return {}
    groups, subnets = list(vpc.security_group_ids), list(vpc.subnets)
    return {"VpcConfig": {"SecurityGroupIds": groups, "Subnets": subnets}}


def _served(holding: Holding) -> Container | ModelPackage:
    served, source = holding.served, holding.definition.source
    if served is None:
        raise AssertionError(f"{type(source).__name__} has no container")
    if isinstance(source, JumpStart) and isinstance(served, Container):
        return served if source.accept_eula else served.without_eula()
    return served


def _packaged(package: ModelPackage) -> dict[str, Any]:
    request: dict[str, Any] = {"ModelPackageName": package.arn}
    if package.environment:
        request["Environment"] = dict(package.environment)
    return request


def _container(container: Container) -> dict[str, Any]:
    request: dict[str, Any] = {"Image": container.image}
    if container.environment:
        request["Environment"] = dict(container.environment)
    if container.model_data_url:
        request["ModelDataUrl"] = container.model_data_url
    if container.model_data:
        source = replace(container.model_data, accept_eula=container.accept_eula)
        request["ModelDataSource"] = {"S3DataSource": _s3_source(source)}
    if container.additional_model_data:
        request["AdditionalModelDataSources"] = [
            {"ChannelName": name, "S3DataSource": _s3_source(data)}
            for name, data in container.additional_model_data.items()
        ]
    return request


def _s3_source(data: ModelData) -> dict[str, Any]:
    source: dict[str, Any] = {
        "S3Uri": data.s3_uri,
        "S3DataType": data.s3_data_type,
        "CompressionType": data.compression_type,
    }
    if data.accept_eula:
        source["ModelAccessConfig"] = {"AcceptEula": True}
    return source


def _variant(holding: Holding) -> dict[str, Any]:
    definition = holding.definition
    settings = _served(holding).variant
    wanted = {
        "ModelDataDownloadTimeoutInSeconds": settings.download_timeout_seconds,
        "ContainerStartupHealthCheckTimeoutInSeconds": settings.startup_timeout_seconds,
        "VolumeSizeInGB": settings.volume_size_gb,
        "InferenceAmiVersion": settings.inference_ami_version,
    }
    return {
        "VariantName": VARIANT,
        "InitialInstanceCount": definition.instance_count,
        **_instances(definition),
        "InitialVariantWeight": 1,
        **{name: value for name, value in wanted.items() if value is not None},
    }


def _instances(definition: Definition) -> dict[str, Any]:
    """Return the instance type, or pools of several, the first to be tried first."""
    if not definition.instance_pools:
        request: dict[str, Any] = {"InstanceType": definition.instance_type}
    else:
        kinds = (definition.instance_type, *definition.instance_pools)
        pools = [{"InstanceType": kind, "Priority": n} for n, kind in enumerate(kinds, start=1)]
        request = {"InstancePools": pools}
    if definition.provision_timeout_seconds:
        request["VariantInstanceProvisionTimeoutInSeconds"] = definition.provision_timeout_seconds
    return request


def _async_output(holding: Holding, environment: Environment) -> dict[str, Any]:
    settings = holding.definition.async_inference
    if settings is None:
        return {}
    folder = f"{(environment.async_output_path or '').rstrip('/')}/{holding.endpoint_name}/"
    output: dict[str, Any] = {"S3OutputPath": settings.s3_output_path or folder}
    if settings.s3_failure_path:
        output["S3FailurePath"] = settings.s3_failure_path
    topics = {"SuccessTopic": settings.success_topic_arn, "ErrorTopic": settings.error_topic_arn}
    if notification := {key: arn for key, arn in topics.items() if arn}:
        output["NotificationConfig"] = notification
    request: dict[str, Any] = {"OutputConfig": output}
    if concurrency := settings.max_concurrent_invocations_per_instance:
        request["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": concurrency}
    return {"AsyncInferenceConfig": request}
