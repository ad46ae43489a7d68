"""SageMaker's endpoints as they are now. Changing them is `rollout`'s part.

A look costs ceil(M/100) ListEndpoints and ceil(N/100) tag look-ups for M endpoints in the account
and N of Leasehold's; DescribeEndpoint only where status or LastModifiedTime moved since the last
look.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

from controller.aws.errors import Absent, aws_errors
from controller.aws.tags import tags_of
from controller.planning.desired import VARIANT
from controller.planning.observed import Capacity, Existing, Look, Observed
from controller.planning.ownership import Owner
from ledger.deadline import carried, left, within
from ledger.errors import Unavailable
from ledger.faults import Faults
from ledger.holdings import Fleet
from ledger.names import EndpointName, Name
from ledger.tags import NAME_TAG, PROJECT_TAG

if TYPE_CHECKING:
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sagemaker.type_defs import (
        EndpointSummaryTypeDef,
        ProductionVariantSummaryTypeDef,
    )


_AT_ONCE = 16  # endpoints that are looked at
_LONGEST_LOOK = 120.0  # seconds, where nobody has said when to end
_A_SECOND = 1.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """What DescribeEndpoint said, and of which version of the endpoint."""

    version: tuple[str, datetime]
    config_name: str | None
    failure_reason: str | None
    pending_config: str | None
    variants: tuple[str, ...]
    count: int | None
    capacities: tuple[Capacity, ...]
    is_async: bool


class Endpoints:
    """SageMaker's endpoints of one account and region. What it remembers only saves calls."""

    def __init__(
        self, sagemaker: "SageMakerClient", tagging: "ResourceGroupsTaggingAPIClient"
    ) -> None:
        self._sagemaker = sagemaker
        self._tagging = tagging
        self._seen: dict[EndpointName, _Seen] = {}

    def observe(self, fleet: Fleet, owner: Owner) -> Look:
        """Return the endpoints that concern their owner, and those that have a definition's name.

        What cannot be read of a single one, it says itself. Raise Failure (LH3xxx) unless all are
        listed: what is missing would look deleted.
        """
        wanted = {item.endpoint_name for item in fleet.items}
        with (
            aws_errors(),
            ThreadPoolExecutor(1) as beside,
        ):  # two lists, and neither needs the other
            tagged = beside.submit(self._tagged)
            everything, aws_time = self._summaries()
            owned = {arn: tags for arn, tags in tagged.result().items() if owner.concerns(tags)}
        summaries = {
            name: summary
            for summary in everything
            if (name := EndpointName(summary["EndpointName"])) in wanted
            or Name(summary["EndpointArn"]) in owned
        }
        self._seen = {name: seen for name, seen in self._seen.items() if name in summaries}
        with (
            within(left(_LONGEST_LOOK) / 2),  # the rest is for what is to be done
            ThreadPoolExecutor(_AT_ONCE) as lookers,
        ):
            look = carried(partial(self._observed, owned=owned))
            found = list(lookers.map(look, summaries, summaries.values()))
        return Look(tuple(item for item in found if item is not None), aws_time)

    def find(self, endpoint_name: str) -> Existing | None:
        """Look at one endpoint, whoever owns it; None if there is none. Raise Failure (LH3xxx)."""
        try:
            with aws_errors():
                answer = self._sagemaker.describe_endpoint(EndpointName=endpoint_name)
                tags = tags_of(self._sagemaker, answer["EndpointArn"])
        except Absent:
            return None
        return Existing(
            EndpointName(answer["EndpointName"]),
            answer["EndpointStatus"],
            answer.get("EndpointConfigName"),
            "AsyncInferenceConfig" in answer,
            tags,
            answer["CreationTime"].astimezone(UTC),
            answer["EndpointArn"],
        )

    def variants(self, endpoint_name: EndpointName) -> tuple[str, ...]:
        """Name the variants of an endpoint as it was seen last."""
        seen = self._seen.get(endpoint_name)
        return seen.variants if seen else ()

    def tagged(self, owner: Owner) -> dict[EndpointName, Name]:
        """Return what concerns an owner by its tags: name, in lower case, to definition.

        Raise Failure (LH3xxx).
        """
        with aws_errors():
            found = self._tagged()
        return {
            EndpointName(arn.rpartition("/")[2]): Name(tags.get(NAME_TAG, ""))
            for arn, tags in found.items()
            if owner.concerns(tags)
        }

    def _summaries(self) -> "tuple[list[EndpointSummaryTypeDef], datetime | None]":
        """List the account's endpoints; the last page's Date header says what time AWS has."""
        found: list[EndpointSummaryTypeDef] = []
        aws_time = None
        pages = self._sagemaker.get_paginator("list_endpoints").paginate(
            PaginationConfig={"PageSize": 100}
        )
        for page in pages:
            found += page["Endpoints"]
            aws_time = page["ResponseMetadata"]["HTTPHeaders"].get("date")
        return found, parsedate_to_datetime(aws_time) if aws_time else None

    def _tagged(self) -> dict[Name, dict[str, str]]:
        """Find all that Leasehold has in the account, ARN to tags: a prefix may have changed."""
        pages = self._tagging.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": PROJECT_TAG}],
            ResourceTypeFilters=["sagemaker:endpoint"],
            PaginationConfig={"PageSize": 100},
        )
        return {
            Name(item["ResourceARN"]): {tag["Key"]: tag["Value"] for tag in item["Tags"]}
            for page in pages
            for item in page["ResourceTagMappingList"]
        }

    def _observed(
        self,
        name: EndpointName,
        summary: "EndpointSummaryTypeDef",
        owned: Mapping[Name, dict[str, str]],
    ) -> Observed | None:
        """Return a summary with tags, config and failure; None if the endpoint is gone meanwhile.

        AWS's tag index lags behind: an endpoint that is missing there is asked for its tags itself.
        What goes wrong then is its own trouble: it is there, and not taken for absent.
        """
        listed = Observed(
            name,
            summary["EndpointStatus"],
            summary["LastModifiedTime"].astimezone(UTC),
            tags=owned.get(Name(summary["EndpointArn"])),
            created_at=summary["CreationTime"].astimezone(UTC),
        )
        faults = Faults()
        look = partial(self._looked_at, listed, summary["EndpointArn"])
        found: Observed | None = faults.around(name, look, otherwise=None)
        fault = faults.of(name)
        return replace(listed, unread=f"it cannot be read now: {fault}") if fault else found

    def _looked_at(self, listed: Observed, arn: str) -> Observed | None:
        """Add what the list does not say; None if it is gone. Raise Failure (LH3xxx)."""
        try:
            with aws_errors():
                tags = tags_of(self._sagemaker, arn) if listed.tags is None else listed.tags
                seen = self._described(listed)
        except Absent:
            return None
        return replace(
            listed,
            tags=tags,
            config_name=seen.config_name,
            failure_reason=seen.failure_reason,
            pending_config=seen.pending_config,
            variants=seen.variants,
            count=seen.count,
            capacities=seen.capacities,
            is_async=seen.is_async,
        )

    def _described(self, listed: Observed) -> _Seen:
        name, version = listed.endpoint_name, (listed.status, listed.modified_at)
        if (known := self._seen.get(name)) and known.version == version:
            return known
        if not left(_A_SECOND):
            raise Unavailable(
                "LH3030", "This tick had no time left to look at it; the next one does."
            )
        answer = self._sagemaker.describe_endpoint(EndpointName=name)
        variants = answer.get("ProductionVariants", ())
        counts = {each["VariantName"]: each.get("DesiredInstanceCount") for each in variants}
        seen = _Seen(
            version,
            answer.get("EndpointConfigName"),
            answer.get("FailureReason"),
            answer.get("PendingDeploymentSummary", {}).get("EndpointConfigName"),
            tuple(counts),
            counts.get(VARIANT),
            tuple(map(_capacity, [*variants, *answer.get("ShadowProductionVariants", ())])),
            "AsyncInferenceConfig" in answer,
        )
        self._seen[name] = seen
        return seen


def _capacity(variant: "ProductionVariantSummaryTypeDef") -> Capacity:
    pools = (
        (pool["InstanceType"], pool.get("CurrentInstanceCount", 0))
        for pool in variant.get("InstancePools", ())
    )
    return Capacity(
        variant["VariantName"],
        variant.get("CurrentInstanceCount"),
        tuple(pools),
        "CurrentServerlessConfig" in variant,
    )
