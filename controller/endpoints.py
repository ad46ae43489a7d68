"""SageMaker's control plane: see what is there, do one action. Nothing else speaks to it.

Called by `reconcile` and the command line. It decides nothing: that is the planner's business. A
look costs ceil(M/100) ListEndpoints and ceil(N/100) tag look-ups for M endpoints in the account and
N of ours; DescribeEndpoint only where status or LastModifiedTime moved since it looked last.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from controller.action import Action, Verb
from controller.aws_errors import Absent, AlreadyThere, aws_errors
from controller.desired import ENVIRONMENT_TAG, LEASE_TAG, PROJECT_TAG, Desired
from controller.observed import Observed
from controller.restraint import Restraint
from ledger.documents import Environment
from ledger.errors import Refused, Wait
from ledger.holdings import Fleet

if TYPE_CHECKING:
    from types_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sagemaker.type_defs import EndpointSummaryTypeDef


@dataclass(frozen=True, slots=True)
class _Seen:
    """What DescribeEndpoint said, and of which version of the endpoint."""

    version: tuple[str, datetime]
    config_name: str | None
    failure_reason: str | None
    pending_config: str | None
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Existing:
    """An endpoint that somebody asks about by name."""

    endpoint_name: str
    status: str
    config_name: str | None
    is_async: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """The endpoints that concern us, and the time that AWS had."""

    observed: tuple[Observed, ...]
    aws_time: datetime | None


class Endpoints:
    """SageMaker's endpoints of one account and region. What it remembers is never the truth."""

    def __init__(
        self, sagemaker: "SageMakerClient", tagging: "ResourceGroupsTaggingAPIClient"
    ) -> None:
        self._sagemaker = sagemaker
        self._tagging = tagging
        self._seen: dict[str, _Seen] = {}
        self._restraint = Restraint()

    def observe(self, fleet: Fleet) -> Look:
        """Return the endpoints that are ours by tags, and those that bear a definition's name.

        Raises Failure (LH3xxx) unless everything could be read: a half-read account is no account.
        """
        if fleet.environment is None:
            return Look((), None)
        wanted = {item.endpoint_name.lower() for item in fleet.items}
        with (
            aws_errors(),
            ThreadPoolExecutor(1) as beside,
        ):  # two lists, and neither needs the other
            tagged = beside.submit(self._owned, fleet.environment, fleet.name)
            everything, aws_time = self._summaries()
            owned = tagged.result()
        summaries = [
            summary
            for summary in everything
            if _key(summary["EndpointArn"]) in owned or summary["EndpointName"].lower() in wanted
        ]
        names = {_key(summary["EndpointName"]) for summary in summaries}
        self._seen = {key: seen for key, seen in self._seen.items() if key in names}
        found = (self._observed(summary, owned) for summary in summaries)
        observed = tuple(item for item in found if item is not None)
        return Look(observed, aws_time)

    def apply(self, action: Action, now: datetime) -> None:
        """Do one action with one mutation of the endpoint. Raises Failure (LH3xxx)."""
        match action.verb, action.target:
            case Verb.CREATE, Desired() as target:
                self._restraint.guard(target, now, self._create)
            case Verb.UPDATE, Desired() as target:
                self._restraint.guard(target, now, self._update)
            case Verb.ADOPT, Desired() as target:
                self._tag(action.endpoint_name, {**target.tags, LEASE_TAG: target.lease_tag})
            case Verb.TAG, Desired() as target:
                self._tag(action.endpoint_name, target.tags)
            case Verb.DELETE, _:
                self._delete(action.endpoint_name)
            case verb, _:
                raise AssertionError(f"{verb} is nothing that is done to an endpoint")

    def find(self, endpoint_name: str) -> Existing | None:
        """Look at one endpoint, whoever owns it; None where it is not. Raises Failure (LH3xxx)."""
        try:
            with aws_errors():
                answer = self._sagemaker.describe_endpoint(EndpointName=endpoint_name)
                tags = self._tags(answer["EndpointArn"])
        except Absent:
            return None
        return Existing(
            answer["EndpointName"],
            answer["EndpointStatus"],
            answer.get("EndpointConfigName"),
            "AsyncInferenceConfig" in answer,
            tags,
        )

    def variants(self, endpoint_name: str) -> tuple[str, ...]:
        """Name the variants of an endpoint as it was seen last."""
        seen = self._seen.get(_key(endpoint_name))
        return seen.variants if seen else ()

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

    def _owned(self, environment: Environment, name: str) -> dict[str, dict[str, str]]:
        """Find our endpoints by tags: ARN to tags."""
        pages = self._tagging.get_paginator("get_resources").paginate(
            TagFilters=[
                {"Key": PROJECT_TAG, "Values": [environment.project_prefix]},
                {"Key": ENVIRONMENT_TAG, "Values": [name]},
            ],
            ResourceTypeFilters=["sagemaker:endpoint"],
            PaginationConfig={"PageSize": 100},
        )
        return {
            _key(item["ResourceARN"]): {tag["Key"]: tag["Value"] for tag in item["Tags"]}
            for page in pages
            for item in page["ResourceTagMappingList"]
        }

    def _observed(
        self, summary: "EndpointSummaryTypeDef", owned: Mapping[str, dict[str, str]]
    ) -> Observed | None:
        """Complete a summary with tags, config and failure; None if it vanished meanwhile.

        The tag index lags behind: a name of ours that it does not have is asked for directly.
        """
        name, arn = summary["EndpointName"], summary["EndpointArn"]
        modified_at = summary["LastModifiedTime"].astimezone(UTC)
        try:
            with aws_errors():
                tags = owned.get(_key(arn))
                tags = self._tags(arn) if tags is None else tags
                seen = self._described(name, (summary["EndpointStatus"], modified_at))
        except Absent:
            return None
        return Observed(
            name,
            summary["EndpointStatus"],
            modified_at,
            seen.config_name,
            seen.failure_reason,
            tags,
            summary["CreationTime"].astimezone(UTC),
            seen.pending_config,
            seen.variants,
        )

    def _tags(self, arn: str) -> dict[str, str]:
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def _described(self, name: str, version: tuple[str, datetime]) -> _Seen:
        key = _key(name)
        if (known := self._seen.get(key)) and known.version == version:
            return known
        answer = self._sagemaker.describe_endpoint(EndpointName=name)
        seen = _Seen(
            version,
            answer.get("EndpointConfigName"),
            answer.get("FailureReason"),
            answer.get("PendingDeploymentSummary", {}).get("EndpointConfigName"),
            tuple(each["VariantName"] for each in answer.get("ProductionVariants", ())),
        )
        self._seen[key] = seen
        return seen

    def _create(self, target: Desired) -> None:
        self._ensure_config(target)
        tags = {**target.tags, LEASE_TAG: target.lease_tag}
        try:
            with aws_errors():
                self._sagemaker.create_endpoint(
                    EndpointName=target.endpoint_name,
                    EndpointConfigName=target.config_name,
                    Tags=_tag_list(tags),
                )
        except AlreadyThere as failure:
            raise Wait(failure.code, f"{failure.message} The next tick looks again.") from failure
        except Absent as failure:
            raise _not_visible(target, failure) from failure

    def _update(self, target: Desired) -> None:
        self._ensure_config(target)
        try:
            with aws_errors():
                self._sagemaker.update_endpoint(
                    EndpointName=target.endpoint_name,
                    EndpointConfigName=target.config_name,
                    RetainAllVariantProperties=target.retain_counts,
                )
        except Absent as failure:
            raise _not_visible(target, failure) from failure

    def _tag(self, endpoint_name: str, tags: Mapping[str, str]) -> None:
        with aws_errors():
            answer = self._sagemaker.describe_endpoint(EndpointName=endpoint_name)
            self._sagemaker.add_tags(ResourceArn=answer["EndpointArn"], Tags=_tag_list(tags))

    def _delete(self, endpoint_name: str) -> None:
        try:
            with aws_errors():
                self._sagemaker.delete_endpoint(EndpointName=endpoint_name)
        except Absent:
            return  # somebody was faster; it is gone, as wanted

    def _ensure_config(self, target: Desired) -> None:
        """Make model and config unless the config is there: its name says what it holds."""
        try:
            with aws_errors():
                self._sagemaker.describe_endpoint_config(EndpointConfigName=target.config_name)
        except Absent as absent:
            if target.model is None or target.config is None:
                raise Refused(
                    "LH3008",
                    f"the endpoint config {target.config_name} is not in SageMaker: make it, or"
                    " change endpoint_config_name.",
                ) from absent
        else:
            return
        tags = _tag_list(target.tags)
        _unless_there(self._sagemaker.create_model, {**target.model, "Tags": tags})
        _unless_there(self._sagemaker.create_endpoint_config, {**target.config, "Tags": tags})


def _unless_there(create: Any, request: Mapping[str, Any]) -> None:  # noqa: ANN401
    try:
        with aws_errors():
            create(**request)
    except AlreadyThere:
        return  # a tick that was cut short made it: same name, same content


def _not_visible(target: Desired, failure: Absent) -> Wait:
    """Wait for a config made a moment ago, which may not be visible yet; so AWS advises."""
    return Wait(
        "LH3009",
        f"{failure.message} {target.config_name} may not be visible yet; the next tick looks.",
    )


def _tag_list(tags: Mapping[str, str]) -> list[Any]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _key(name: str) -> str:
    """Names and ARNs ignore case, and an ARN has the name in lower case."""
    return name.lower()
