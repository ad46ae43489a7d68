"""A project of CodeBuild that runs one command in a package, with a role and a log of its own.

The package is the one that a Lambda function has: the machine has a Python of that version with
boto3, as Lambda's has, so nothing is installed and no index is asked. One build runs at a time, and
what a build needs of the network, its command needs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, Stack
from aws_cdk.aws_codebuild import CfnProject, LinuxArmBuildImage, LinuxBuildImage
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_s3_assets import Asset
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.network import join_build

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infra.options import Vpc

AT_LEAST_MINUTES = 5  # CodeBuild takes no shorter limit; the command has one of its own
NOTHING_KEPT = "Builds leave nothing that a key could encrypt: no artifact, and no cache."
IMAGES = {
    "arm64": ("ARM_CONTAINER", LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0),
    "x86_64": ("LINUX_CONTAINER", LinuxBuildImage.AMAZON_LINUX_2023_5),
}


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a project runs: commands of bash in the unpacked file, by a version of Python."""

    name: str
    file: Path
    commands: Sequence[str]
    python: str
    architecture: str
    variables: Mapping[str, str]
    vpc: Vpc | None = None


class BuildProject(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, build: Build) -> None:
        super().__init__(scope, construct_id)
        self.log = LogGroup(
            self, "Log", retention=RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = Role(self, "Role", assumed_by=ServicePrincipal("codebuild.amazonaws.com"))
        self.log.grant_write(self.role)
        source = Asset(self, "Source", path=str(build.file))
        self._grant_source(source)
        container, image = IMAGES[build.architecture]
        self.project = CfnProject(
            self,
            "Project",
            name=build.name,
            service_role=self.role.role_arn,
            artifacts=CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
            source=CfnProject.SourceProperty(
                type="S3",
                location=f"{source.s3_bucket_name}/{source.s3_object_key}",
                build_spec=buildspec(build),
            ),
            environment=CfnProject.EnvironmentProperty(
                type=container,
                image=image.image_id,
                compute_type="BUILD_GENERAL1_SMALL",
                environment_variables=[
                    CfnProject.EnvironmentVariableProperty(name=name, value=value)
                    for name, value in build.variables.items()
                ],
            ),
            logs_config=CfnProject.LogsConfigProperty(
                cloud_watch_logs=CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=self.log.log_group_name
                )
            ),
            concurrent_build_limit=1,
            timeout_in_minutes=AT_LEAST_MINUTES,
            queued_timeout_in_minutes=AT_LEAST_MINUTES,
        )
        if build.vpc:
            join_build(self.project, self.role, build.vpc)
        self.project.node.add_dependency(self.role)
        acknowledge(self.project, {"AwsSolutions-CB4": NOTHING_KEPT})

    def _grant_source(self, source: Asset) -> None:
        """Allow to read the package, and no other object of the bucket."""
        bucket = Stack.of(self).format_arn(
            service="s3", region="", account="", resource=source.s3_bucket_name
        )
        for actions, resource in (
            (("s3:GetBucketAcl", "s3:GetBucketLocation"), bucket),
            (("s3:GetObject", "s3:GetObjectVersion"), f"{bucket}/{source.s3_object_key}"),
        ):
            self.role.add_to_policy(PolicyStatement(actions=[*actions], resources=[resource]))


def buildspec(build: Build) -> str:
    """Return what CodeBuild does: JSON, which is YAML too."""
    document = {
        "version": 0.2,
        "env": {"shell": "bash"},
        "phases": {
            "install": {"runtime-versions": {"python": build.python}},
            "build": {"commands": [*build.commands]},
        },
    }
    return json.dumps(document, indent=2)
