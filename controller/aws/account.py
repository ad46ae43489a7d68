"""One AWS account and region: the adapters put together, each of which speaks to one service."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from controller.aws.activity import Activity
from controller.aws.artifacts import Artifacts
from controller.aws.components import Components
from controller.aws.configs import Configs
from controller.aws.endpoints import Endpoints
from controller.aws.limits import Limits
from controller.aws.rollout import Rollout
from controller.aws.scaling import Scaling
from controller.planning.action import Action, Verb
from controller.planning.artifact import Artifact
from controller.planning.collection import Served
from controller.planning.components import ComponentQuestion, Hosted
from controller.planning.config_looks import ConfigQuestion
from controller.planning.desired import VARIANT, Desired
from controller.planning.existing_config import ConfigSeen
from controller.planning.fields import Documents
from controller.planning.findings import Scales
from controller.planning.idleness import Use
from controller.planning.looks import Question
from controller.planning.observed import Existing, Look, Observed
from controller.planning.ownership import Owner
from controller.planning.scaling_policy import Scale
from ledger.holdings import Fleet
from ledger.json_files import Violation
from ledger.names import EndpointName, Name


class Account:
    """What can be looked at and done in an account. What it remembers only saves calls."""

    def __init__(self, client: Callable[[Any], Any]) -> None:
        """Take a function that makes a boto3 client from a service's name."""
        sagemaker, tagging = client("sagemaker"), client("resourcegroupstaggingapi")
        self._region_name: str = sagemaker.meta.region_name
        cloudwatch = client("cloudwatch")
        self._endpoints = Endpoints(sagemaker, tagging)
        self._rollout = Rollout(sagemaker)
        self._configs = Configs(sagemaker)
        self._components = Components(sagemaker)
        self._artifacts = Artifacts(sagemaker, tagging)
        self._activity = Activity(cloudwatch)
        autoscaling = client("application-autoscaling")
        self._scaling = Scaling(autoscaling, cloudwatch)
        clients = {"sagemaker": sagemaker, "application-autoscaling": autoscaling}
        self._limits = Limits(lambda service: clients[service].meta.service_model)

    @property
    def region_name(self) -> str:
        return self._region_name

    def observe(self, fleet: Fleet, owner: Owner) -> Look:
        """Look at the endpoints. Raise Failure (LH3xxx) unless everything could be read."""
        return self._endpoints.observe(fleet, owner)

    def find(self, endpoint_name: str) -> Existing | None:
        """Look at one endpoint, whoever owns it. Raise Failure (LH3xxx)."""
        return self._endpoints.find(endpoint_name)

    def components(self, questions: Collection[ComponentQuestion]) -> Mapping[EndpointName, Hosted]:
        """Look at the inference components on these endpoints; what cannot be read says so."""
        return self._components.on(questions)

    @property
    def component_pages(self) -> int:
        """Return how many pages the last list of all components had; 0 where there was none."""
        return self._components.pages

    def limits(self, documents: Documents, target: Desired) -> tuple[Violation, ...]:
        """Return what AWS would refuse of an endpoint's requests; no call is made."""
        return self._limits.violations(documents, target)

    def scaling(self, observed: Iterable[Observed]) -> Scales:
        """Look at what scaling of ours the endpoints have. Raise Failure (LH3xxx)."""
        return self._scaling.state(observed)

    def configs(self, questions: Iterable[ConfigQuestion]) -> Mapping[ConfigQuestion, ConfigSeen]:
        """Look at endpoint configs of others; what cannot be read says so."""
        return self._configs.read(questions)

    def uses(self, questions: Iterable[Question], now: datetime) -> Mapping[EndpointName, Use]:
        """Ask CloudWatch when the endpoints were used; what it does not say is unknown."""
        return self._activity.last_used(questions, now)

    def artifacts(self, owner: Owner) -> tuple[Artifact, ...]:
        """List an environment's endpoint configs and models. Raise Failure (LH3xxx)."""
        return self._artifacts.ours(owner)

    def names_in_use(self, observed: Iterable[Observed]) -> frozenset[Name]:
        """Name the configs and models that any endpoint uses. Raise Failure (LH3xxx)."""
        return self._artifacts.in_use(observed)

    def take_scaling(self, name: EndpointName) -> None:
        """Take the scaling of an endpoint away, before it is deleted. Raise Failure (LH3xxx)."""
        self._scaling.remove(name, self._endpoints.variants(name) or (VARIANT,))

    def tagged(self, owner: Owner) -> Mapping[EndpointName, Name]:
        """Return the endpoints that concern an owner by their tags: name to definition."""
        return self._endpoints.tagged(owner)

    def served(self, names: Iterable[EndpointName]) -> Mapping[EndpointName, Served]:
        """Ask each of these endpoints what it uses now; what cannot be read says so."""
        return self._artifacts.served(names)

    def apply(self, action: Action) -> None:
        """Do one action. Raise Failure (LH3xxx)."""
        match action:
            case Action(target=Artifact() as artifact):
                self._artifacts.collect(artifact)
            case Action(endpoint_name=EndpointName() as name):
                self._change(name, action)

    def _change(self, name: EndpointName, action: Action) -> None:
        match action.verb, action.target:
            case Verb.SCALE, Scale() as scale:
                self._scaling.apply(scale)
            case Verb.SCALE, _:
                self._scaling.remove(name, [VARIANT])
            case Verb.UPDATE, _ if self._scaling.is_scaled(name):
                # AWS refuses to change a variant that is scaled; once updated it is scaled again.
                self._scaling.remove(name, [VARIANT])
                self._rollout.apply(name, action)
            case _:
                self._rollout.apply(name, action)
