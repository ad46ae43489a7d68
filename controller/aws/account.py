"""The estate: all of one account and region that a tick looks at and acts on.

Called by `reconcile`. It puts the adapters together, each of which speaks to one service, and asks
AWS only what can matter now: a quiet tick costs the lists of `endpoints` and nothing more.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.aws.activity import Activity, Question
from controller.aws.artifacts import Artifact, Artifacts
from controller.aws.endpoints import Endpoints, Existing, Look
from controller.aws.rollout import Rollout
from controller.aws.scaling import Scaling
from controller.memory.record import Record
from controller.planning.action import Action, Verb
from controller.planning.collection import collectible, unused
from controller.planning.desired import VARIANT, desired
from controller.planning.findings import Findings
from controller.planning.idleness import Use, may_be_idle
from controller.planning.observed import Observed
from controller.planning.scaling_policy import Scale
from ledger.documents import Environment
from ledger.errors import Failure, Unavailable
from ledger.holdings import Fleet, Holding
from ledger.lease import duration

CLOCK_TOLERANCE = timedelta(minutes=5)


class Account:
    """One account and region; what it remembers is never the truth."""

    def __init__(self, client: Callable[[Any], Any]) -> None:
        """Take a maker of boto3 clients, by service name."""
        sagemaker, tagging = client("sagemaker"), client("resourcegroupstaggingapi")
        cloudwatch = client("cloudwatch")
        self._endpoints = Endpoints(sagemaker, tagging)
        self._rollout = Rollout(sagemaker)
        self._artifacts = Artifacts(sagemaker, tagging)
        self._activity = Activity(cloudwatch)
        self._scaling = Scaling(client("application-autoscaling"), cloudwatch)
        self._last_used: dict[str, datetime] = {}
        self._tidy: object = None

    def observe(self, fleet: Fleet) -> Look:
        """See the endpoints. Raises Failure (LH3xxx) unless everything could be read."""
        return self._endpoints.observe(fleet)

    def find(self, endpoint_name: str) -> Existing | None:
        """Look at one endpoint, whoever owns it. Raises Failure (LH3xxx)."""
        return self._endpoints.find(endpoint_name)

    def survey(self, fleet: Fleet, look: Look, record: Record, now: datetime) -> Findings:
        """See what else a plan may turn on. What cannot be read is a trouble, and left alone."""
        if fleet.environment is None:
            return Findings(record)
        there = {item.endpoint_name.lower(): item for item in look.observed}
        pairs = [(item, there.get(item.endpoint_name.lower())) for item in fleet.holdings]
        serving = [(item, seen) for item, seen in pairs if seen and seen.status == "InService"]
        troubles: list[str] = []
        scales: Mapping[str, Scale | None] = {}
        leftovers: tuple[Artifact, ...] = ()
        try:
            scales = self._scales(serving, record)
            leftovers = self._leftovers(fleet, fleet.environment, look, record)
        except Failure as failure:
            troubles.append(str(failure))
        uses = self._uses(serving, now)
        troubles += [use.problem for use in uses.values() if use.problem]
        fault = clock_fault(look.aws_time, now)
        return Findings(record, uses, scales, leftovers, fault, tuple(dict.fromkeys(troubles)))

    def apply(self, action: Action, now: datetime) -> None:
        """Do one action. Raises Failure (LH3xxx)."""
        match action.verb, action.target:
            case Verb.SCALE, Scale() as scale:
                self._scaling.apply(scale)
            case Verb.SCALE, _:
                self._scaling.remove(action.endpoint_name, [VARIANT])
            case Verb.COLLECT, Artifact() as artifact:
                self._artifacts.collect(artifact)
            case Verb.DELETE, _:
                self._delete(action, now)
            case Verb.UPDATE, _ if self._scaling.is_scaled(action.endpoint_name):
                # AWS refuses to change a variant that is scaled; once updated it is scaled again.
                self._scaling.remove(action.endpoint_name, [VARIANT])
                self._rollout.apply(action, now)
            case _:
                self._rollout.apply(action, now)

    def _delete(self, action: Action, now: datetime) -> None:
        """Deregister and delete. Scaling that cannot be taken away is no reason to run on."""
        left_behind: Failure | None = None
        try:
            variants = self._endpoints.variants(action.endpoint_name) or (VARIANT,)
            self._scaling.remove(action.endpoint_name, variants)
        except Failure as failure:
            left_behind = failure
        self._rollout.apply(action, now)
        if left_behind:
            raise Unavailable(
                "LH3013", f"It is deleted, but not its scaling: {left_behind.message}"
            ) from left_behind

    def _scales(
        self, serving: list[tuple[Holding, Observed]], record: Record
    ) -> Mapping[str, Scale | None]:
        """Look at the scaling of whoever wants some, or had some."""
        asked = [
            seen
            for item, seen in serving
            if item.definition.autoscaling
            or ((entry := record.entry(item.endpoint_name)) and entry.scaled)
        ]
        return self._scaling.state(asked) if asked else {}

    def _uses(self, serving: list[tuple[Holding, Observed]], now: datetime) -> Mapping[str, Use]:
        """Ask for the use of those where an answer could matter now: metrics cost money."""
        questions = [
            question
            for item, seen in serving
            if (question := _question(item, seen, self._last_used.get(seen.endpoint_name), now))
        ]
        uses = self._activity.last_used(questions, now) if questions else {}
        used = {name: use.last_used_at for name, use in uses.items() if use.last_used_at}
        there = {seen.endpoint_name for _, seen in serving}
        kept = {name: at for name, at in self._last_used.items() if name in there}
        self._last_used = {**kept, **used}
        return uses

    def _leftovers(
        self, fleet: Fleet, environment: Environment, look: Look, record: Record
    ) -> tuple[Artifact, ...]:
        """Find what may be collected, unless nothing moved since there was nothing."""
        moved = tuple(
            (item.endpoint_name, item.status, item.config_name, item.pending_config)
            for item in look.observed
        )
        if self._tidy == (fleet, moved) or record.is_new:
            return ()
        targets = {
            item.name: desired(item, environment, fleet.name).config_name for item in fleet.holdings
        }
        ours = self._artifacts.ours(environment.project_prefix, fleet.name)
        candidates = collectible(ours, fleet, look.observed, record, targets)
        if candidates:
            candidates = unused(candidates, self._artifacts.in_use(look.observed))
        if not candidates:
            self._tidy = (fleet, moved)
        return candidates


def clock_fault(aws_time: datetime | None, now: datetime) -> str | None:
    """Say how far this machine's clock is from AWS's, if that is more than minutes."""
    if aws_time is None or abs(now - aws_time) <= CLOCK_TOLERANCE:
        return None
    side = "ahead of" if now > aws_time else "behind"
    return f"this machine's clock is {duration(abs(now - aws_time))} {side} AWS's"


def _question(
    holding: Holding, seen: Observed, last_used: datetime | None, now: datetime
) -> Question | None:
    schedule = holding.definition.schedule
    minutes = tuple(_looks_back(holding, seen, last_used, now))
    if not minutes or schedule.always_on:
        return None
    is_async = holding.definition.async_inference is not None
    return Question(seen.endpoint_name, seen.variants, is_async, max(minutes))


def _looks_back(
    holding: Holding, seen: Observed, last_used: datetime | None, now: datetime
) -> Iterator[int]:
    """Yield how many minutes back an answer could change something."""
    schedule, lease = holding.definition.schedule, holding.lease
    quiet_since = max(seen.modified_at, last_used or seen.modified_at)
    if schedule.idle_minutes and may_be_idle(quiet_since, schedule.idle_minutes, now):
        yield schedule.idle_minutes
    if active := schedule.extend_while_active_minutes:
        ends = lease.expires_at if lease else now
        if ends - now < timedelta(minutes=active) / 2:
            yield active
