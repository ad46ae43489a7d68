"""What a definition wants of Application Auto Scaling: a target, its policies and an alarm. Pure.

What is there is read into the same `Scale`: where the two differ, something is to be done. A
real-time endpoint follows its invocations, an asynchronous one its backlog. With no instance there
is no backlog per instance, so an endpoint that may go down to zero also has a step policy and an
alarm that fires it: without them it would never come back.
"""

from dataclasses import dataclass

from ledger.documents import Autoscaling, Definition
from ledger.names import EndpointName, Name

INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
BACKLOG = "ApproximateBacklogSizePerInstance"
UNSERVED = "HasBacklogWithoutCapacity"


@dataclass(frozen=True, slots=True)
class Tracking:
    """Keep `metric`, for each instance, near `goal`. Cooldowns are in seconds."""

    metric: str
    goal: float
    scale_in_cooldown: int
    scale_out_cooldown: int
    dimensions: tuple[tuple[str, str], ...] = ()  # of a metric that is not predefined
    statistic: str = ""
    scales_in: bool = True


@dataclass(frozen=True, slots=True)
class Steps:
    """Change the number of instances by `change` whenever the alarm fires."""

    change: int
    cooldown: int
    kind: str = "ChangeInCapacity"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Fire once `metric` is `threshold` or more for so many periods of so many seconds."""

    metric: str
    dimensions: tuple[tuple[str, str], ...]
    threshold: float = 1
    periods: int = 2
    period_seconds: int = 60
    statistic: str = "Average"
    comparison: str = "GreaterThanOrEqualToThreshold"
    missing: str = "missing"
    fires: bool = True  # its action is the step policy of this very target


@dataclass(frozen=True, slots=True)
class Scale:
    """All that one variant of an endpoint has at Application Auto Scaling; None is not there.

    Only policies of our own names are looked at, and not what others put beside them: a target
    without any of them is somebody else's.
    """

    endpoint_name: EndpointName
    variant: str
    min_instances: int
    max_instances: int
    on_invocations: Tracking | None = None
    on_backlog: Tracking | None = None
    wake: Steps | None = None
    alarm: Alarm | None = None

    @property
    def is_ours(self) -> bool:
        return any((self.on_invocations, self.on_backlog, self.wake, self.alarm))

    @property
    def resource_id(self) -> Name:
        return resource_id(self.endpoint_name, self.variant)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of an endpoint's policies; the alarm has the name of the wake policy."""

    endpoint_name: EndpointName

    @property
    def invocations(self) -> str:
        return f"leasehold-{self.endpoint_name}-invocations"

    @property
    def backlog(self) -> str:
        return f"leasehold-{self.endpoint_name}-backlog"

    @property
    def wake(self) -> str:
        return f"leasehold-{self.endpoint_name}-wake"


def ours(scale: Scale | None) -> Scale | None:
    """Return what is there of ours."""
    return scale if scale and scale.is_ours else None


def resource_id(endpoint_name: EndpointName, variant: str) -> Name:
    """Return the name that Application Auto Scaling has for a variant."""
    return Name(f"endpoint/{endpoint_name}/variant/{variant}")


def wanted_scale(definition: Definition, endpoint_name: EndpointName, variant: str) -> Scale | None:
    """Return what a definition wants for a variant; None where its number of instances is fixed.

    The endpoint's name is SageMaker's own spelling: a metric's dimension is exact.
    """
    wish = definition.autoscaling
    if wish is None:
        return None
    least, most = wish.min_instances, wish.max_instances
    if definition.async_inference is None:
        tracking = Tracking(INVOCATIONS, wish.target_value, *_cooldowns(wish))
        return Scale(endpoint_name, variant, least, most, on_invocations=tracking)
    of_endpoint = (("EndpointName", str(endpoint_name)),)  # exact, unlike the name itself
    tracking = Tracking(BACKLOG, wish.target_value, *_cooldowns(wish), of_endpoint, "Average")
    if least > 0:
        return Scale(endpoint_name, variant, least, most, on_backlog=tracking)
    return Scale(
        endpoint_name,
        variant,
        least,
        most,
        on_backlog=tracking,
        wake=Steps(1, wish.scale_out_cooldown),
        alarm=Alarm(UNSERVED, of_endpoint),
    )


def _cooldowns(wish: Autoscaling) -> tuple[int, int]:
    return wish.scale_in_cooldown, wish.scale_out_cooldown
