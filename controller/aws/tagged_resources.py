"""Endpoints, configs and models by their tags, for a person who claims them. It decides nothing.

The index of tags lags behind and only says where to look: what is claimed goes by a thing's own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from controller.aws.errors import Absent, aws_errors
from controller.aws.tags import tags_of
from controller.planning.artifact import ResourceKind
from controller.planning.claiming import TaggedResource
from ledger.errors import Wait
from ledger.names import Name

if TYPE_CHECKING:
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_sagemaker import SageMakerClient

_KINDS = (ResourceKind.ENDPOINT, ResourceKind.ENDPOINT_CONFIG, ResourceKind.MODEL)


class TaggedResources:
    def __init__(
        self, sagemaker: "SageMakerClient", tagging: "ResourceGroupsTaggingAPIClient"
    ) -> None:
        self._sagemaker = sagemaker
        self._tagging = tagging

    def tagged(self, values: Iterable[tuple[str, str]]) -> tuple[TaggedResource, ...]:
        """Return what has one of these tags. Raise Failure (LH3xxx) unless all could be read."""
        with aws_errors():
            arns = {Name(arn) for key, value in values for arn in self._arns(key, value)}
        found = (self._resource(arn) for arn in sorted(arns))
        return tuple(each for each in found if each)

    def used_by(self, endpoint_name: str) -> tuple[TaggedResource, ...]:
        """Return an endpoint, its config and its models; nothing where there is no such endpoint.

        Raise Failure (LH3xxx).
        """
        try:
            with aws_errors():
                endpoint = self._sagemaker.describe_endpoint(EndpointName=endpoint_name)
        except Absent:
            return ()
        arns = [endpoint["EndpointArn"], *self._parts(endpoint.get("EndpointConfigName"))]
        found = (self._resource(Name(arn)) for arn in dict.fromkeys(arns))
        return tuple(each for each in found if each)

    def give(self, item: TaggedResource, tags: Mapping[str, str]) -> None:
        """Add tags. Raise Failure (LH3xxx); Wait LH5056 where somebody changed its tags since."""
        with aws_errors():
            if tags_of(self._sagemaker, item.arn) != item.tags:
                raise Wait(
                    "LH5056", "its tags were changed meanwhile: look again before you claim it."
                )
            listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
            self._sagemaker.add_tags(ResourceArn=item.arn, Tags=listed)  # type: ignore[arg-type]

    def _arns(self, key: str, value: str) -> Iterator[str]:
        pages = self._tagging.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": key, "Values": [value]}],
            ResourceTypeFilters=[f"sagemaker:{kind}" for kind in _KINDS],
            PaginationConfig={"PageSize": 100},
        )
        return (each["ResourceARN"] for page in pages for each in page["ResourceTagMappingList"])

    def _parts(self, config_name: str | None) -> Iterator[str]:
        """Yield the ARNs of an endpoint's config and models, as far as they are there."""
        if config_name is None:
            return
        try:
            with aws_errors():
                config = self._sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
        except Absent:
            return
        yield config["EndpointConfigArn"]
        variants = (*config["ProductionVariants"], *config.get("ShadowProductionVariants", ()))
        for model in dict.fromkeys(each["ModelName"] for each in variants if "ModelName" in each):
            try:
                with aws_errors():
                    yield self._sagemaker.describe_model(ModelName=model)["ModelArn"]
            except Absent:
                continue

    def _resource(self, arn: Name) -> TaggedResource | None:
        """Read a thing's own tags; None for one that is gone."""
        kind, _, name = arn.rpartition(":")[2].partition("/")
        try:
            with aws_errors():
                return TaggedResource(
                    ResourceKind(kind), Name(name), arn, tags_of(self._sagemaker, arn)
                )
        except Absent:
            return None
