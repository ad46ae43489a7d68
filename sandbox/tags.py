"""Tags of SageMaker resources: SageMaker's own operations, and GetResources of the tagging API.

GetResources answers for SageMaker when every type filter names SageMaker; anything else is left to
moto, which knows nothing of the resources kept here.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import refusals
from sandbox.account import Account, shelf_of
from sandbox.calls import Call
from sandbox.refusals import Refusal

KINDS = ("endpoint", "endpoint-config", "model")
MOST_TAGS = 50
MOST_RESOURCES = 100


@dataclass(frozen=True)
class Paging:
    """How an operation spells its paging. A token names the last item shown, by its identity."""

    identity: str
    token_field: str
    size_field: str
    size: int = 50


TAG_PAGES = Paging("Key", "NextToken", "MaxResults")
RESOURCE_PAGES = Paging("ResourceARN", "PaginationToken", "ResourcesPerPage")


def as_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class Tags:
    def __init__(self, account: Account) -> None:
        self._account = account

    def add_tags(self, call: Call) -> dict[str, Any]:
        arn = self._known(call)
        tags = self._account.tags(arn) | as_map(call.params["Tags"])
        if len(tags) > MOST_TAGS:
            raise refusals.invalid(f"The resource can have no more than {MOST_TAGS} tags.")
        self._account.tag(arn, tags)
        return {"Tags": as_list(tags)}

    def list_tags(self, call: Call) -> dict[str, Any]:
        tags = self._account.tags(self._known(call))
        shown, token = _page(as_list(dict(sorted(tags.items()))), call.params, TAG_PAGES)
        return {"Tags": shown} | ({"NextToken": token} if token else {})

    def delete_tags(self, call: Call) -> dict[str, Any]:
        arn = self._known(call)
        gone = call.params["TagKeys"]
        tags = self._account.tags(arn)
        self._account.tag(arn, {key: tags[key] for key in tags if key not in gone})
        return {}

    def get_resources(self, call: Call) -> dict[str, Any]:
        size = call.params.get("ResourcesPerPage", RESOURCE_PAGES.size)
        if not 1 <= size <= MOST_RESOURCES:
            raise Refusal("InvalidParameterException", "ResourcesPerPage must be 1 to 100.")
        types = call.params.get("ResourceTypeFilters", [])
        wanted_arns = call.params.get("ResourceARNList")
        filters = call.params.get("TagFilters", [])
        found = [
            {"ResourceARN": arn, "Tags": as_list(tags)}
            for arn in sorted(self._arns(call.region, types))
            if (tags := self._account.tags(arn))
            and (not wanted_arns or arn in wanted_arns)
            and all(_matches(tags, each) for each in filters)
        ]
        shown, token = _page(found, call.params, RESOURCE_PAGES)
        return {"ResourceTagMappingList": shown, "PaginationToken": token}

    def _arns(self, region: str, types: list[str]) -> Iterable[str]:
        for kind in KINDS:
            if "sagemaker" in types or f"sagemaker:{kind}" in types:
                yield from self._account.arns(region, kind)

    def _known(self, call: Call) -> str:
        arn: str = call.params["ResourceArn"].lower()
        try:
            region, kind = shelf_of(arn)
        except ValueError as error:
            raise refusals.invalid(f"{arn} is not a valid SageMaker ARN.") from error
        if kind not in KINDS or region != call.region:
            raise refusals.invalid(f"{arn} is not a taggable resource of {call.region}.")
        if not self._account.has(arn):
            raise refusals.missing(kind, arn)
        return arn


def concerns_sagemaker(params: Mapping[str, Any]) -> bool:
    types = params.get("ResourceTypeFilters", [])
    return bool(types) and all(each.split(":")[0] == "sagemaker" for each in types)


def _matches(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    value = tags.get(wanted["Key"])
    values = wanted.get("Values", [])
    return value is not None and (not values or value in values)


def _page(
    found: list[dict[str, Any]], params: Mapping[str, Any], paging: Paging
) -> tuple[list[dict[str, Any]], str]:
    """Cut a page of a list that is sorted by identity; the next one's token is empty if none."""
    last = _last_shown(params.get(paging.token_field) or "")
    rest = [each for each in found if each[paging.identity] > last]
    shown = rest[: params.get(paging.size_field) or paging.size]
    if len(shown) == len(rest):
        return shown, ""
    return shown, base64.b64encode(shown[-1][paging.identity].encode()).decode()


def _last_shown(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError as error:
        raise refusals.invalid("The pagination token is invalid.") from error
