"""The one module that changes endpoints: create, update, resize, tag, delete, and their configs.

Each action is one mutation of the endpoint, and may be done again: what a tick that was cut short
has made is found by name.
"""

from collections.abc import Collection, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from controller.aws.errors import Absent, AlreadyThere, aws_errors
from controller.aws.requests import endpoint_request, tag_list, with_tags
from controller.planning.action import Action, Verb
from controller.planning.desired import VARIANT, Desired
from controller.planning.existing_config import ConfigSeen
from ledger.errors import Refused, Wait
from ledger.names import EndpointName
from ledger.tags import LEASE_TAG

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient


class Rollout:
    def __init__(self, sagemaker: "SageMakerClient") -> None:
        self._sagemaker = sagemaker

    def apply(self, name: EndpointName, action: Action) -> None:
        """Do one action with one mutation of the endpoint. Raise Failure (LH3xxx)."""
        match action.verb, action.target:
            case Verb.CREATE, Desired() as target:
                self._create(target)
            case Verb.UPDATE, Desired() as target:
                self._update(target)
            case Verb.RESIZE, Desired() as target:
                self._resize(target)
            case Verb.ADOPT, Desired() as target:
                self._tag(name, {**target.tags, LEASE_TAG: target.lease_tag})
            case Verb.TAG, Desired() as target:
                self._tag(name, target.tags, target.dropped_tags)
            case Verb.DELETE, _:
                self._delete(name)
            case verb, _:
                raise AssertionError(f"{verb} is not done to an endpoint at SageMaker")

    def _create(self, target: Desired) -> None:
        self._ensure_config(target)
        try:
            with aws_errors():
                self._sagemaker.create_endpoint(**endpoint_request(target))
        except AlreadyThere as failure:
            raise Wait(failure.code, failure.message) from failure
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
            said = failure.message.lower()
            if ":endpoint-config/" in said and target.config_name.lower() not in said:
                raise _cannot_update(target, failure) from failure
            raise _not_visible(target, failure) from failure

    def _resize(self, target: Desired) -> None:
        wish: Any = {"VariantName": VARIANT, "DesiredInstanceCount": target.count}
        with aws_errors():
            self._sagemaker.update_endpoint_weights_and_capacities(
                EndpointName=target.endpoint_name, DesiredWeightsAndCapacities=[wish]
            )

    def _tag(
        self,
        endpoint_name: EndpointName,
        tags: Mapping[str, str],
        dropped: Collection[str] = (),
    ) -> None:
        with aws_errors():
            arn = self._sagemaker.describe_endpoint(EndpointName=endpoint_name)["EndpointArn"]
            if dropped:  # first: a resource has 50 tags at most
                self._sagemaker.delete_tags(ResourceArn=arn, TagKeys=sorted(dropped))
            if tags:
                self._sagemaker.add_tags(ResourceArn=arn, Tags=tag_list(tags))

    def _delete(self, endpoint_name: EndpointName) -> None:
        try:
            with aws_errors():
                self._sagemaker.delete_endpoint(EndpointName=endpoint_name)
        except Absent:
            return  # somebody was faster; it is gone, as wanted

    def _ensure_config(self, target: Desired) -> None:
        """Make model and config, unless the config is there: what it holds is in its name.

        One that holds something else, or was made anew since it was looked at, is not used.
        """
        try:
            with aws_errors():
                there: Any = self._sagemaker.describe_endpoint_config(
                    EndpointConfigName=target.config_name
                )
        except Absent as absent:
            if target.model is None or target.config is None:
                raise Refused(
                    "LH3008",
                    f"the endpoint config {target.config_name} is not in SageMaker: make it, or"
                    " change endpoint_config_name in the definition.",
                ) from absent
        else:
            _check_same(target, there)
            return
        _unless_there(self._sagemaker.create_model, with_tags(target.model, target))
        _unless_there(self._sagemaker.create_endpoint_config, with_tags(target.config, target))


def _unless_there(create: Any, request: Mapping[str, Any]) -> None:  # noqa: ANN401
    try:
        with aws_errors():
            create(**request)
    except AlreadyThere:
        return  # a tick that was cut short made it: same name, same content


def _check_same(target: Desired, there: Mapping[str, Any]) -> None:
    """Raise Failure where a config is not the one that is meant, but has its name."""
    if target.config is None:
        seen = ConfigSeen(target.config_name, there["CreationTime"].astimezone(UTC))
        if target.config_version not in {None, seen.version}:
            raise Wait(
                "LH3025",
                f"the endpoint config {target.config_name} was made anew while it was looked at."
                " One of the next ticks looks at the new one.",
            )
        return
    wanted, found = _content(target.config), _content(there)
    wrong = [
        f"{key} is {found[key]}, not {wanted[key]}"
        for key in wanted
        if found[key] != wanted[key] and not _is_aws_default(key, wanted[key])
    ]
    if wrong:
        raise Refused(
            "LH3024",
            f"the endpoint config {target.config_name} has the name that Leasehold gives, and other"
            f" content: {'; '.join(wrong)}. Somebody else made it, so it is not used. Delete it if"
            " nothing needs it, and it is made anew when this is tried again.",
        )


# What AWS chooses where nobody says it.
_MADE_FOR_THE_MODEL = (
    "ModelDataDownloadTimeoutInSeconds",
    "ContainerStartupHealthCheckTimeoutInSeconds",
    "VolumeSizeInGB",
    "InferenceAmiVersion",
)


def _content(config: Mapping[str, Any]) -> dict[str, object]:
    """Return what tells a config from another, and AWS gives back as it was sent."""
    variants = config["ProductionVariants"]
    keys = ("VariantName", "ModelName", "InstanceType", "InitialInstanceCount")
    content: dict[str, object] = {key: [each.get(key) for each in variants] for key in keys}
    content["InstancePools"] = [
        [pool["InstanceType"] for pool in each.get("InstancePools", [])] for each in variants
    ]
    for key in _MADE_FOR_THE_MODEL:
        content[key] = [each.get(key) for each in variants]
    content["ShadowProductionVariants"] = len(config.get("ShadowProductionVariants", []))
    content["AsyncInferenceConfig"] = bool(config.get("AsyncInferenceConfig"))
    return content


def _is_aws_default(key: str, wanted: object) -> bool:
    return key in _MADE_FOR_THE_MODEL and wanted == [None]


def _cannot_update(target: Desired, failure: Absent) -> Refused:
    """Return what it means that SageMaker misses another config than the wanted one."""
    return Refused(
        "LH3026",
        f"{target.endpoint_name} cannot be updated, for the endpoint config that it runs on was"
        " deleted. Make that config again as it was, or release the endpoint and extend it, which"
        f" starts it anew. {failure.message}",
    )


def _not_visible(target: Desired, failure: Absent) -> Wait:
    """Return a wait, as AWS advises it: a config that was just made may not be visible yet."""
    return Wait(
        "LH3009",
        f"SageMaker does not see the endpoint config {target.config_name} yet, which was made a"
        f" moment ago. The next tick tries again. {failure.message}",
    )
