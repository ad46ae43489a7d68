"""Tags of SageMaker resources: SageMaker's own operations, and GetResources of the tagging API.

GetResources is answered here when every type filter names SageMaker; anything else is left to moto,
which knows nothing of the resources kept here.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from werkzeug.wrappers import Response

from sandbox.aws.faults import Faults
from sandbox.aws.protocol import responses, tokens
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError, invalid
from sandbox.aws.sagemaker import errors
from sandbox.aws.sagemaker.account import Account, arn_of, region_and_kind

API = "ResourceGroupsTaggingAPI_20170126"
KINDS = ("endpoint", "endpoint-config", "model", "inference-component")
MOST_TAGS = 50
DEFAULT_SIZE = 50
MOST_RESOURCES = 100


def as_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class Tags:
    def __init__(self, account: Account, faults: Faults) -> None:
        self._account = account
        self._faults = faults

    def add_tags(self, call: Call) -> dict[str, Any]:
        arn = self._known(call)
        tags = self._account.tags(arn) | as_map(call.params["Tags"])
        if len(tags) > MOST_TAGS:
            raise invalid(f"The resource can have no more than {MOST_TAGS} tags.")
        self._account.set_tags(arn, tags)
        return {"Tags": as_list(tags)}

    def list_tags(self, call: Call) -> dict[str, Any]:
        tags = self._account.tags(self._known(call))
        last = _last_shown(call.params.get("NextToken"))
        rest = (key for key in sorted(tags) if key > last)
        shown, token = _cut(rest, call.params.get("MaxResults", DEFAULT_SIZE))
        listed = as_list({key: tags[key] for key in shown})
        return {"Tags": listed} | ({"NextToken": token} if token else {})

    def delete_tags(self, call: Call) -> dict[str, Any]:
        arn = self._known(call)
        gone = call.params["TagKeys"]
        tags = self._account.tags(arn)
        self._account.set_tags(arn, {key: tags[key] for key in tags if key not in gone})
        return {}

    def answer(self, call: Call) -> Response | None:
        """Answer a call of the tagging API; None if it is not about SageMaker alone."""
        if call.operation != "GetResources" or not _is_about_sagemaker(call.params):
            return None
        return responses.result(self._get_resources(call))

    def _get_resources(self, call: Call) -> dict[str, Any]:
        size = call.params.get("ResourcesPerPage", DEFAULT_SIZE)
        if not 1 <= size <= MOST_RESOURCES:
            raise AwsError("InvalidParameterException", "ResourcesPerPage must be 1 to 100.")
        last = _last_shown(call.params.get("PaginationToken"))
        with self._account.lock:  # one page is one view of the account
            return self._page(call, last, size)

    def _page(self, call: Call, last: str, size: int) -> dict[str, Any]:
        indexed = self._indexed(call)
        arns = sorted(arn for arn in indexed if arn > last)
        wanted = (arn for arn in arns if _is_wanted(arn, indexed[arn], call.params))
        shown, token = _cut(wanted, size)
        resources = [{"ResourceARN": arn, "Tags": as_list(indexed[arn])} for arn in shown]
        return {"ResourceTagMappingList": resources, "PaginationToken": token}

    def _indexed(self, call: Call) -> dict[str, dict[str, str]]:
        """Return what the tag index knows, which may be late: ARN to tags."""
        kinds = _kinds(call.params)
        arns = [arn for kind in kinds for arn in self._account.arns(call.region, kind)]
        known = {arn: self._account.tags(arn) for arn in arns}
        for fault in self._faults.take_all(call, "stale-tags"):
            about = fault.endpoint and arn_of(call.region, "endpoint", fault.endpoint)
            former = self._account.tags_before(call.now - (fault.seconds or 0))
            known |= {
                arn: tags
                for arn, tags in former.items()
                if region_and_kind(arn) in {(call.region, kind) for kind in kinds}
                and about in {None, arn}
            }
        return known

    def _known(self, call: Call) -> str:
        arn: str = call.params["ResourceArn"].lower()
        try:
            region, kind = region_and_kind(arn)
        except ValueError as error:
            raise invalid(f"{arn} is not a valid SageMaker ARN.") from error
        if kind not in KINDS or region != call.region:
            raise invalid(f"{arn} is not a taggable resource of {call.region}.")
        if not self._account.has(arn):
            raise errors.not_found(kind, arn)
        return arn


def _is_about_sagemaker(params: Mapping[str, Any]) -> bool:
    types = params.get("ResourceTypeFilters", [])
    return bool(types) and all(each.split(":")[0] == "sagemaker" for each in types)


def _kinds(params: Mapping[str, Any]) -> tuple[str, ...]:
    types = params.get("ResourceTypeFilters", [])
    return tuple(each for each in KINDS if {"sagemaker", f"sagemaker:{each}"} & set(types))


def _is_wanted(arn: str, tags: Mapping[str, str], params: Mapping[str, Any]) -> bool:
    arns = params.get("ResourceARNList")
    return (
        bool(tags)
        and (not arns or arn in arns)
        and all(_matches(tags, each) for each in params.get("TagFilters", []))
    )


def _matches(tags: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    value = tags.get(wanted["Key"])
    values = wanted.get("Values", [])
    return value is not None and (not values or value in values)


def _cut(identities: Iterable[str], size: int) -> tuple[list[str], str]:
    """Return a page of sorted identities; the token names its last one, and is empty at the end."""
    shown = list(islice(identities, size + 1))
    if len(shown) <= size:
        return shown, ""
    return shown[:size], tokens.write(shown[size - 1])


def _last_shown(token: str | None) -> str:
    return tokens.read(token, invalid("The pagination token is invalid."))
