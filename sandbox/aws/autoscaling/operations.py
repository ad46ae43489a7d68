"""Application Auto Scaling's operations on SageMaker's endpoint variants.

Targets and policies of other namespaces are moto's.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from werkzeug.wrappers import Response

from sandbox.aws.autoscaling import scaling
from sandbox.aws.autoscaling.policies import Policy, Target
from sandbox.aws.autoscaling.targets import Key, Targets
from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.protocol import errors, tokens
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError
from sandbox.aws.protocol.operations import Handler, Operations
from sandbox.aws.sagemaker.account import ACCOUNT_ID, Account, arn_of

API = "AnyScaleFrontendService"
NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
ROLE = (
    f"arn:aws:iam::{ACCOUNT_ID}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws"
    ".com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
MOST_TARGETS = 50
MOST_POLICIES = 10
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}

_RESOURCE = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")


class Autoscaling:
    def __init__(self, account: Account, targets: Targets, metrics: MetricStore) -> None:
        self._account = account
        self._targets = targets
        self._metrics = metrics
        handlers: dict[str, Handler] = {
            "RegisterScalableTarget": self._register,
            "DescribeScalableTargets": self._describe_targets,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "DescribeScalingPolicies": self._describe_policies,
            "DeleteScalingPolicy": self._delete_policy,
        }
        checked: dict[str, Handler] = {
            name: partial(_of_instance_count, handler) for name, handler in handlers.items()
        }
        self._operations = Operations("application-autoscaling", account.lock, checked)

    def answer(self, call: Call) -> Response | None:
        """Answer a call that is about SageMaker; None if it is about another namespace."""
        if call.params.get("ServiceNamespace") != NAMESPACE:
            return None
        return self._operations.answer(call)

    def _register(self, call: Call) -> dict[str, Any]:
        key, resource = _key(call), call.params["ResourceId"]
        endpoint = self._account.endpoint(key[0])
        if endpoint is None or scaling.count_of(endpoint, key[1]) is None:
            raise errors.invalid(f"SageMaker variant doesn't exist: {resource}")
        known = self._targets.find(key)
        least = call.params.get("MinCapacity", known and known.least)
        most = call.params.get("MaxCapacity", known and known.most)
        if least is None or most is None:
            raise errors.invalid("MinCapacity and MaxCapacity are required for a new target.")
        if not 0 <= least <= most:
            raise errors.invalid("MinCapacity must be from 0 and no more than MaxCapacity.")
        target = replace(
            known or _new(call, endpoint.name, key[1]),
            least=least,
            most=most,
            changed=call.now,
            suspended={
                **(known.suspended if known else NOT_SUSPENDED),
                **call.params.get("SuspendedState", {}),
            },
        )
        self._targets.keep(key, target)
        return {"ScalableTargetARN": target.arn}

    def _describe_targets(self, call: Call) -> dict[str, Any]:
        asked = call.params.get("ResourceIds")
        found = [
            _target_shown(target)
            for _, target in self._targets.listed(call.region)
            if not asked or target.resource in asked
        ]
        return _page("ScalableTargets", found, call.params, MOST_TARGETS)

    def _deregister(self, call: Call) -> dict[str, Any]:
        key = self._known(call)
        self._targets.drop(key)
        return {}

    def _put_policy(self, call: Call) -> dict[str, Any]:
        key, params = self._known(call), call.params
        kind = params.get("PolicyType", "StepScaling")
        if kind not in {"StepScaling", "TargetTrackingScaling"}:
            raise errors.invalid(f"The sandbox has no policies of type {kind}.")
        if f"{kind}PolicyConfiguration" not in params:
            raise errors.invalid(f"{kind}PolicyConfiguration is required for {kind}.")
        name = params["PolicyName"]
        known = {policy.name: policy for policy in self._targets.policies(key)}.get(name)
        created = known.created if known else call.now
        policy = Policy(name, known.arn if known else _policy_arn(call), created, params)
        self._targets.keep_policy(key, policy, call.now)
        return {"PolicyARN": policy.arn, "Alarms": self._alarms(policy)}

    def _describe_policies(self, call: Call) -> dict[str, Any]:
        resource, names = call.params.get("ResourceId"), call.params.get("PolicyNames")
        found = [
            self._policy_shown(policy)
            for key, target in self._targets.listed(call.region)
            if resource in {None, target.resource}
            for policy in self._targets.policies(key)
            if not names or policy.name in names
        ]
        return _page("ScalingPolicies", found, call.params, MOST_POLICIES)

    def _delete_policy(self, call: Call) -> dict[str, Any]:
        key, name = _key(call), call.params["PolicyName"]
        if name not in {policy.name for policy in self._targets.policies(key)}:
            raise _missing("scaling policy found", call, f", policy name: {name}")
        self._account.endpoint(key[0])  # what was due before comes first
        self._targets.drop_policy(key, name, call.now)
        return {}

    def _known(self, call: Call) -> Key:
        key = _key(call)
        if self._targets.find(key) is None:
            raise _missing("scalable target registered", call)
        self._account.endpoint(key[0])  # what was due before the change comes first
        return key

    def _policy_shown(self, policy: Policy) -> dict[str, Any]:
        body = {**policy.body, "PolicyType": policy.body.get("PolicyType", "StepScaling")}
        return body | {
            "PolicyARN": policy.arn,
            "CreationTime": policy.created,
            "Alarms": self._alarms(policy),
        }

    def _alarms(self, policy: Policy) -> list[dict[str, str]]:
        region = policy.arn.split(":")[3]
        names = [alarm["AlarmName"] for alarm in self._metrics.alarms_for(policy.arn)]
        prefix = f"arn:aws:cloudwatch:{region}:{ACCOUNT_ID}:alarm"
        return [{"AlarmName": name, "AlarmARN": f"{prefix}:{name}"} for name in names]


def _of_instance_count(handler: Handler, call: Call) -> dict[str, Any]:
    """Answer a call about the one dimension that SageMaker's variants are scaled in."""
    dimension = call.params.get("ScalableDimension", DIMENSION)
    if dimension != DIMENSION:
        raise errors.invalid(f"The sandbox scales {DIMENSION}, not {dimension}.")
    return handler(call)


def _key(call: Call) -> Key:
    resource = call.params["ResourceId"]
    found = _RESOURCE.fullmatch(resource)
    if found is None:
        raise errors.invalid(f"{resource} is no resource ID like endpoint/NAME/variant/VARIANT.")
    return arn_of(call.region, "endpoint", found["endpoint"]), found["variant"]


def _new(call: Call, endpoint: str, variant: str) -> Target:
    arn = (
        f"arn:aws:application-autoscaling:{call.region}:{ACCOUNT_ID}:scalable-target/{uuid.uuid4()}"
    )
    resource = call.params["ResourceId"]
    return Target(call.region, resource, endpoint, variant, 0, 0, arn, call.now, call.now)


def _policy_arn(call: Call) -> str:
    resource, name = call.params["ResourceId"], call.params["PolicyName"]
    return (
        f"arn:aws:autoscaling:{call.region}:{ACCOUNT_ID}:scalingPolicy:{uuid.uuid4()}:"
        f"resource/{NAMESPACE}/{resource}:policyName/{name}"
    )


def _target_shown(target: Target) -> dict[str, Any]:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": target.resource,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.least,
        "MaxCapacity": target.most,
        "RoleARN": ROLE,
        "CreationTime": target.created,
        "SuspendedState": dict(target.suspended),
        "ScalableTargetARN": target.arn,
    }


def _page(
    field: str, found: list[dict[str, Any]], params: Mapping[str, Any], most: int
) -> dict[str, Any]:
    invalid = AwsError("InvalidNextTokenException", "The next token is invalid.")
    begin = tokens.position(params.get("NextToken"), invalid)
    end = begin + min(params.get("MaxResults", most), most)
    answer: dict[str, Any] = {field: found[begin:end]}
    return answer | ({"NextToken": tokens.write(str(end))} if end < len(found) else {})


def _missing(what: str, call: Call, more: str = "") -> AwsError:
    params = call.params
    return AwsError(
        "ObjectNotFoundException",
        f"No {what} for service namespace: {NAMESPACE}, resource ID: {params['ResourceId']}, "
        f"scalable dimension: {params.get('ScalableDimension', DIMENSION)}{more}",
    )
