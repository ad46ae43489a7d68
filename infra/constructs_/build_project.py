"""A project of CodeBuild that builds one asset, with a role and a log of its own.

One build runs at a time. What a build does, its buildspec says, and what it needs of the network,
its commands need.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import IgnoreMode, RemovalPolicy, Stack
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

AT_LEAST_MINUTES = 5  # CodeBuild takes no shorter limit
NOTHING_KEPT = "Builds leave nothing that a key could encrypt: no artifact, and no cache."
IMAGES = {
    "arm64": ("ARM_CONTAINER", LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0),
    "x86_64": ("LINUX_CONTAINER", LinuxBuildImage.AMAZON_LINUX_2023_5),
}


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a project runs, in a folder or an unpacked zip.

    `picks` leaves files of the folder out, by patterns of .gitignore.
    """

    name: str
    source: Path
    buildspec: str
    architecture: str
    variables: Mapping[str, str]
    at_most_minutes: int = AT_LEAST_MINUTES
    picks: Sequence[str] = ()
    vpc: Vpc | None = None


class BuildProject(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, build: Build) -> None:
        super().__init__(scope, construct_id)
        self.log = LogGroup(
            self, "Log", retention=RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = Role(self, "Role", assumed_by=ServicePrincipal("codebuild.amazonaws.com"))
        self.log.grant_write(self.role)
        source = Asset(
            self,
            "Source",
            path=str(build.source),
            exclude=[*build.picks],
            ignore_mode=IgnoreMode.GIT,
        )
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
                build_spec=build.buildspec,
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
            timeout_in_minutes=build.at_most_minutes,
            queued_timeout_in_minutes=build.at_most_minutes,
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


def buildspec(commands: Sequence[str], python: str) -> str:
    """Return what CodeBuild does: commands of bash, by a version of Python. JSON is YAML, too."""
    document = {
        "version": 0.2,
        "env": {"shell": "bash"},
        "phases": {
            "install": {"runtime-versions": {"python": python}},
            "build": {"commands": [*commands]},
        },
    }
    return json.dumps(document, indent=2)
