"""A private network for a function: its subnets, its security groups, and the right to join them.

The network is the account's own, and is named by ids, so that nothing is looked up. From it the
function has to reach the git server, Secrets Manager and, by endpoints or a NAT, all else of AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role
    from aws_cdk.aws_lambda import CfnFunction, Function

    from infra.options import Vpc

JOIN = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
LAMBDAS_OWN = (
    "Lambda makes network interfaces by the function's role, and asks for these rights without a "
    "resource."
)


def join(function: Function, role: Role, vpc: Vpc) -> None:
    """Put a function into a private network."""
    role.add_to_policy(PolicyStatement(actions=[*JOIN], resources=["*"]))
    acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": LAMBDAS_OWN})
    made = cast("CfnFunction", function.node.default_child)
    made.add_property_override(
        "VpcConfig", {"SubnetIds": [*vpc.subnets], "SecurityGroupIds": [*vpc.security_groups]}
    )
    function.node.add_dependency(role)
