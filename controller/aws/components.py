"""Inference components on endpoints, and what those endpoints run on. It judges none of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from controller.aws.configs import hosting_of
from controller.aws.errors import aws_errors
from controller.planning.components import IN_TURN, ComponentQuestion, Hosted
from ledger.errors import Failure, Refused
from ledger.hosts import Host, Hosts, Usage, together
from ledger.names import EndpointName

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient

_ASKED_BY_NAME = IN_TURN  # the most; for more of them, the account's components are listed
_MOST_CONFIGS = 5  # that are looked at for what runs on them, each time


class Components:
    """Components of one account and region. What it remembers of configs only saves calls.

    `pages` is how many the last list of all of them had.
    """

    def __init__(self, sagemaker: "SageMakerClient") -> None:
        self.pages = 0
        self._sagemaker = sagemaker
        self._hosts: dict[str, Hosts] = {}
        self._configs_left = 0

    def on(self, questions: Collection[ComponentQuestion]) -> Mapping[EndpointName, Hosted]:
        """Look at these endpoints; what cannot be read says so."""
        self._configs_left = _MOST_CONFIGS
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
        self.pages = 0
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
                self.pages += not wanted
                for item in page["InferenceComponents"]:
                    yield item["InferenceComponentName"], item["EndpointName"]

    def _hosted(self, question: ComponentQuestion, components: Collection[str]) -> Hosted:
        """Return what is known of an endpoint; without components nobody asks what it runs on."""
        if not components:
            return Hosted()
        return Hosted(tuple(sorted(components)), self._runs_on(question))

    def _runs_on(self, question: ComponentQuestion) -> Hosts:
        """Return what is known of its instances, or those of its config; none where neither is."""
        name = question.config_name
        if question.hosts is not None or name is None:
            return question.hosts or ()
        if name not in self._hosts:
            if not self._configs_left:
                return ()
            self._configs_left -= 1
            try:
                self._hosts[name] = self._hosts_of(name)
            except Failure:
                return ()
        match self._hosts[name]:
            case (only,) if question.count:
                return (replace(only, count=question.count),)
            case hosts:
                return hosts

    def _hosts_of(self, config_name: str) -> Hosts:
        with aws_errors():
            config = self._sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
        usage = Usage.of(is_async="AsyncInferenceConfig" in config)
        return together(
            Host(kind, each.most_instances, usage)
            for each in map(hosting_of, config["ProductionVariants"])
            for kind in each.instance_types[:1]
        )


def _unread(failure: Failure) -> Hosted:
    return Hosted(problem=str(failure), passes=not isinstance(failure, Refused))
