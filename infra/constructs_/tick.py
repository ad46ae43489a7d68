"""The schedule of the controller: a function each minute, a build each few, and none is repeated.

A tick compares the repository with SageMaker from the beginning, so the next one is the retry and
knows more than a repeat of the last. That is why nothing is retried and no dead-letter queue keeps
a failed one: replaying an old minute could only repeat what a newer tick has already decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk.aws_codebuild import Project
from aws_cdk.aws_events import Rule, Schedule
from aws_cdk.aws_events_targets import CodeBuildProject, LambdaFunction
from constructs import Construct

from infra.schedules import COMPARE

if TYPE_CHECKING:
    from aws_cdk.aws_lambda import IFunction

MINUTE = Duration.minutes(1)


class Tick(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, controller: IFunction) -> None:
        super().__init__(scope, construct_id)
        controller.configure_async_invoke(retry_attempts=0, max_event_age=MINUTE)
        target = LambdaFunction(controller, retry_attempts=0, max_event_age=MINUTE)
        self.rule = Rule(
            self,
            "EveryMinute",
            description=COMPARE,
            schedule=Schedule.rate(MINUTE),
            targets=[target],
        )


class BuildTick(Construct):
    """Starts the project of this name; while a build of it runs, CodeBuild refuses another."""

    def __init__(
        self, scope: Construct, construct_id: str, *, project: str, every: Duration, why: str
    ) -> None:
        super().__init__(scope, construct_id)
        started = Project.from_project_name(self, "Started", project)
        target = CodeBuildProject(started, retry_attempts=0, max_event_age=MINUTE)
        Rule(
            self,
            "EveryFewMinutes",
            description=why,
            schedule=Schedule.rate(every),
            targets=[target],
        )
