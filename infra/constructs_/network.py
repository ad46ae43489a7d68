"""A private network for a function or a build: its subnets, its groups, and the right to join them.

The network is the account's own, and is named by ids, so that nothing is looked up. From it the
function has to reach the git server, Secrets Manager and, by endpoints or a NAT, all else of AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import Stack
from aws_cdk.aws_codebuild import CfnProject
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role
    from aws_cdk.aws_lambda import CfnFunction, Function
    from constructs import IConstruct

    from infra.options import Vpc

JOIN = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
BUILDS_JOIN = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
BUILDS_OWN = (
    "CodeBuild makes network interfaces by the project's role, whose ids nobody knows before; it "
    "may lend them to nobody but CodeBuild, and in these subnets alone."
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


def join_build(project: CfnProject, role: Role, vpc: Vpc) -> None:
    """Put a project of CodeBuild into a private network."""
    role.add_to_policy(PolicyStatement(actions=[*BUILDS_JOIN], resources=["*"]))
    role.add_to_policy(
        PolicyStatement(
            actions=["ec2:CreateNetworkInterfacePermission"],
            resources=[_ec2(project, "network-interface/*")],
            conditions={
                "StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"},
                "ArnEquals": {
                    "ec2:Subnet": [_ec2(project, f"subnet/{each}") for each in vpc.subnets]
                },
            },
        )
    )
    place = f"{Stack.of(project).region}:<AWS::AccountId>"
    interfaces = f"arn:<AWS::Partition>:ec2:{place}:network-interface/*"
    for resource in ("*", interfaces):
        acknowledge(role, {f"AwsSolutions-IAM5[Resource::{resource}]": BUILDS_OWN})
    project.vpc_config = CfnProject.VpcConfigProperty(
        vpc_id=vpc.id, subnets=[*vpc.subnets], security_group_ids=[*vpc.security_groups]
    )


def _ec2(scope: IConstruct, resource: str) -> str:
    return Stack.of(scope).format_arn(service="ec2", resource=resource)
