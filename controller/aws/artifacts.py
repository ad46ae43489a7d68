"""Our endpoint configs and models in SageMaker: find them, see what is in use, delete them.

An ARN has the name in lower case. AWS says of endpoints alone that their names ignore case, so no
name from an ARN is asked for or deleted: a listing by the digest, which has no capitals, gives the
true one.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controller.aws.errors import Absent, aws_errors
from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.collection import Served, names_content
from controller.planning.observed import Observed, by_name
from controller.planning.ownership import Owner
from ledger.errors import Failure
from ledger.names import EndpointName, Name
from ledger.tags import ENVIRONMENT_TAG, LEDGER_TAG, NAME_TAG

if TYPE_CHECKING:
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sagemaker.type_defs import (
        DescribeEndpointOutputTypeDef,
        EndpointSummaryTypeDef,
        PaginatorConfigTypeDef,
    )

_PAGES: "PaginatorConfigTypeDef" = {"PageSize": 100}
_Version = tuple[str, datetime]


class Artifacts:
    """Configs and models of one account and region. What it remembers only saves calls."""

    def __init__(
        self, sagemaker: "SageMakerClient", tagging: "ResourceGroupsTaggingAPIClient"
    ) -> None:
        self._sagemaker = sagemaker
        self._tagging = tagging
        self._foreign: dict[EndpointName, tuple[_Version, tuple[str, ...]]] = {}
        self._models: dict[str, tuple[str, ...]] = {}

    def ours(self, owner: Owner) -> tuple[Artifact, ...]:
        """List what has our tags, a hundred with each call. Raise Failure (LH3xxx)."""
        with aws_errors():
            pages = self._tagging.get_paginator("get_resources").paginate(
                TagFilters=[
                    {"Key": LEDGER_TAG, "Values": [owner.ledger_id or ""]},
                    {"Key": ENVIRONMENT_TAG, "Values": [owner.environment]},
                ],
                ResourceTypeFilters=["sagemaker:endpoint-config", "sagemaker:model"],
                PaginationConfig=_PAGES,
            )
            found = [each for page in pages for each in page["ResourceTagMappingList"]]
        tagged = (
            (each["ResourceARN"], {tag["Key"]: tag["Value"] for tag in each["Tags"]})
            for each in found
        )
        return tuple(_artifact(arn, tags) for arn, tags in tagged if owner.owns(tags))

    def in_use(self, observed: Iterable[Observed]) -> frozenset[Name]:
        """Name the configs and models that any endpoint of the account uses.

        Endpoints that are `observed` already are not described again; others only where status or
        LastModifiedTime moved. Raise Failure (LH3xxx) unless all could be read.
        """
        known = by_name(item for item in observed if not item.unread)
        configs: set[str] = set()
        for item in known.values():
            configs.update(filter(None, (item.config_name, item.pending_config)))
        ours = {name for name in configs if names_content(name)}
        with aws_errors():
            foreign = {
                name: summary
                for summary in self._endpoints()
                if (name := EndpointName(summary["EndpointName"])) not in known
            }
            for name, summary in foreign.items():
                configs.update(self._configs_of(name, summary))
            self._foreign = {name: each for name, each in self._foreign.items() if name in foreign}
            models = {model for config in configs - ours for model in self._models_of(config)}
        return frozenset(map(Name, configs | models))

    def served(self, names: Iterable[EndpointName]) -> Mapping[EndpointName, Served]:
        """Ask each of these endpoints what it uses now; one that is not there uses nothing."""
        return {name: self._served(name) for name in names}

    def _served(self, name: EndpointName) -> Served:
        try:
            with aws_errors():
                answer = self._sagemaker.describe_endpoint(EndpointName=name)
                configs = _configs_in(answer)
                models = [
                    model
                    for config in configs
                    if not names_content(config)
                    for model in self._models_of(config)
                ]
        except Absent:
            return Served()
        except Failure as failure:
            return Served(problem=str(failure))
        return Served(frozenset(map(Name, (*configs, *models))))

    def collect(self, artifact: Artifact) -> None:
        """Delete a config or a model; one that is gone is fine. Raise Failure (LH3xxx)."""
        try:
            with aws_errors():
                for name in self._true_names(artifact):
                    if artifact.kind is ResourceKind.MODEL:
                        self._sagemaker.delete_model(ModelName=name)
                    else:
                        self._sagemaker.delete_endpoint_config(EndpointConfigName=name)
        except Absent:
            return  # somebody was faster

    def _true_names(self, artifact: Artifact) -> Iterator[str]:
        """Find the name with its capitals: the one of that ARN, if it is still there."""
        digest = artifact.name.rpartition("-")[2]
        is_model = artifact.kind is ResourceKind.MODEL
        noun = "Model" if is_model else "EndpointConfig"
        operation: Any = "list_models" if is_model else "list_endpoint_configs"
        pages: Any = self._sagemaker.get_paginator(operation).paginate(
            NameContains=digest, PaginationConfig=_PAGES
        )
        for summary in (each for page in pages for each in page[f"{noun}s"]):
            if artifact.arn == summary[f"{noun}Arn"]:
                yield summary[f"{noun}Name"]

    def _endpoints(self) -> "Iterator[EndpointSummaryTypeDef]":
        pages = self._sagemaker.get_paginator("list_endpoints").paginate(PaginationConfig=_PAGES)
        for page in pages:
            yield from page["Endpoints"]

    def _configs_of(self, name: EndpointName, summary: "EndpointSummaryTypeDef") -> tuple[str, ...]:
        """Name what an endpoint serves, and what it is about to serve."""
        version = (summary["EndpointStatus"], summary["LastModifiedTime"])
        if (known := self._foreign.get(name)) and known[0] == version:
            return known[1]
        try:
            with aws_errors():
                answer = self._sagemaker.describe_endpoint(EndpointName=name)
        except Absent:
            return ()
        configs = _configs_in(answer)
        self._foreign[name] = (version, configs)
        return configs

    def _models_of(self, config_name: str) -> tuple[str, ...]:
        """Name the models in a config; a config never changes."""
        if config_name not in self._models:
            try:
                with aws_errors():
                    answer = self._sagemaker.describe_endpoint_config(
                        EndpointConfigName=config_name
                    )
            except Absent:
                return ()
            variants = [*answer["ProductionVariants"], *answer.get("ShadowProductionVariants", [])]
            named = (variant.get("ModelName") for variant in variants)
            self._models[config_name] = tuple(name for name in named if name)
        return self._models[config_name]


def _configs_in(answer: "DescribeEndpointOutputTypeDef") -> tuple[str, ...]:
    """Return the configs that an endpoint serves on, and is about to."""
    pending = answer.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
    return tuple(filter(None, (answer.get("EndpointConfigName"), pending)))


def _artifact(arn: str, tags: dict[str, str]) -> Artifact:
    kind, _, name = arn.rpartition(":")[2].partition("/")
    return Artifact(ResourceKind(kind), Name(name), Name(tags.get(NAME_TAG, "")), Name(arn))
