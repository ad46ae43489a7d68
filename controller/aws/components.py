"""Inference components on endpoints, and what those endpoints run on. It judges none of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from controller.aws.configs import hosting_of
from controller.aws.errors import aws_errors
from controller.cost import Host, hourly
from controller.planning.components import ComponentQuestion, Hosted
from ledger.errors import Failure, Refused
from ledger.names import EndpointName

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient

_ASKED_BY_NAME = 5  # at most; one list of the whole account tells of more

Prices = Callable[[Collection[Host]], Mapping[Host, float]]


def no_prices(_: Collection[Host]) -> Mapping[Host, float]:
    """Know no price of anything."""
    return {}


class Components:
    """Components of one account and region. What it remembers of configs only saves calls."""

    def __init__(self, sagemaker: "SageMakerClient", prices: Prices = no_prices) -> None:
        self._sagemaker = sagemaker
        self._prices = prices
        self._hosts: dict[str, Counter[Host]] = {}

    def on(self, questions: Collection[ComponentQuestion]) -> Mapping[EndpointName, Hosted]:
        """Look at these endpoints; what cannot be read says so."""
        if len(questions) <= _ASKED_BY_NAME:
            return {each.endpoint_name: self._asked(each) for each in questions}
        try:
            found = self._all()
        except Failure as failure:
            problem = _unread(failure)
            return {each.endpoint_name: problem for each in questions}
        return {
            each.endpoint_name: self._hosted(each, found.get(each.endpoint_name, ()))
            for each in questions
        }

    def _asked(self, question: ComponentQuestion) -> Hosted:
        name = str(question.endpoint_name)
        try:
            found = [component for component, _ in self._listed(EndpointNameEquals=name)]
        except Failure as failure:
            return _unread(failure)
        return self._hosted(question, found)

    def _all(self) -> Mapping[EndpointName, Collection[str]]:
        found: dict[EndpointName, list[str]] = defaultdict(list)
        for component, endpoint_name in self._listed():
            found[EndpointName(endpoint_name)].append(component)
        return found

    def _listed(self, **wanted: str) -> Iterator[tuple[str, str]]:
        """Yield each component and its endpoint. Raise Failure (LH3xxx)."""
        pages = self._sagemaker.get_paginator("list_inference_components").paginate(
            PaginationConfig={"PageSize": 100},
            **wanted,  # type: ignore[arg-type]
        )
        with aws_errors():
            for page in pages:
                for item in page["InferenceComponents"]:
                    yield item["InferenceComponentName"], item["EndpointName"]

    def _hosted(self, question: ComponentQuestion, components: Collection[str]) -> Hosted:
        """Return what is known of an endpoint; without components nobody asks for its price."""
        if not components:
            return Hosted()
        hosts = self._runs_on(question)
        instances = sorted((host.instance_type, count) for host, count in hosts.items())
        price = hourly(hosts, self._prices(tuple(hosts))) if hosts else None
        return Hosted(tuple(sorted(components)), tuple(instances), price)

    def _runs_on(self, question: ComponentQuestion) -> Mapping[Host, int]:
        """Return the instances of an endpoint's config; none where that cannot be read."""
        name = question.config_name
        if name is None:
            return {}
        if name not in self._hosts:
            try:
                self._hosts[name] = self._hosts_of(name)
            except Failure:
                return {}
        hosts = self._hosts[name]
        return dict.fromkeys(hosts, question.count) if question.count and len(hosts) == 1 else hosts

    def _hosts_of(self, config_name: str) -> Counter[Host]:
        with aws_errors():
            config = self._sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
        is_async = "AsyncInferenceConfig" in config
        hosts: Counter[Host] = Counter()
        for each in map(hosting_of, config["ProductionVariants"]):
            for kind in each.instance_types[:1]:
                hosts[Host(kind, is_async)] += each.most_instances
        return hosts


def _unread(failure: Failure) -> Hosted:
    return Hosted(problem=str(failure), passes=not isinstance(failure, Refused))
