"""The inference components of an account, looked at over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from controller.aws.components import Components
from controller.planning.components import ComponentQuestion, Hosted
from controller.survey import Survey
from ledger.hosts import Host, Usage
from ledger.names import EndpointName
from tests.scene import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Account, Json, Scene

NAME = EndpointName("Studio")
XLARGE: Json = {"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 2}


def serve(account: Account, *variants: Json, name: str = NAME, **more: object) -> str:
    config = f"{name}-config"
    listed = [{"VariantName": f"v{n}", **each} for n, each in enumerate(variants or (XLARGE,))]
    account.sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=listed, **more
    )
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    account.ask("POST", "/clock", {"advance_seconds": 90})
    return config


def add(account: Account, component: str, endpoint: str = NAME) -> None:
    account.sagemaker.create_inference_component(
        InferenceComponentName=component,
        EndpointName=endpoint,
        VariantName="v0",
        Specification={"ModelName": "llama"},
    )


def test_an_endpoint_with_what_it_runs_on(scene: Scene) -> None:
    account = scene.account
    config = serve(account)
    add(account, "b")
    add(account, "a")
    components = Components(account.sagemaker)
    question = ComponentQuestion(NAME, config)
    assert components.on([question]) == {NAME: Hosted(("a", "b"), (Host("ml.g5.xlarge", 2),))}
    account.calls()
    components.on([question])
    assert account.calls() == {"ListInferenceComponents": 1}
    counted = components.on([ComponentQuestion(NAME, config, 3)])
    assert counted[NAME].hosts == (Host("ml.g5.xlarge", 3),)


def test_the_instances_of_several_variants(scene: Scene) -> None:
    account = scene.account
    pools = [
        {"InstanceType": "ml.g5.2xlarge", "Priority": 1},
        {"InstanceType": "ml.p4d.24xlarge", "Priority": 2},
    ]
    config = serve(
        account,
        XLARGE | {"InitialInstanceCount": 1},
        {"InstancePools": pools, "InitialInstanceCount": 1},
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://a/"}},
    )
    add(account, "a")
    hosted = Components(account.sagemaker).on([ComponentQuestion(NAME, config, 7)])[NAME]
    assert hosted.hosts == (
        Host("ml.g5.2xlarge", 1, Usage.ASYNC),
        Host("ml.g5.xlarge", 1, Usage.ASYNC),
    )


def test_without_a_config_the_cost_is_unknown(scene: Scene) -> None:
    account = scene.account
    config = serve(account)
    add(account, "a")
    account.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    components = Components(account.sagemaker)
    for name in (config, None):
        assert components.on([ComponentQuestion(NAME, name)]) == {NAME: Hosted(("a",))}


def test_what_cannot_be_read_says_so(scene: Scene) -> None:
    account = scene.account
    serve(account)
    account.order_fault("denied", operation="ListInferenceComponents", times=2)
    components = Components(account.sagemaker)
    few = components.on([ComponentQuestion(NAME, None)])
    assert few[NAME].problem.startswith("LH3006: ")
    questions = [ComponentQuestion(EndpointName(f"e{n}"), None) for n in range(6)]
    many = components.on(questions)
    assert len(many) == 6
    assert all(each.problem.startswith("LH3006: ") for each in many.values())


def test_many_are_found_in_one_list_whatever_the_case(scene: Scene) -> None:
    account = scene.account
    serve(account)
    for number in range(101):
        add(account, f"c{number:03}")
    questions = [ComponentQuestion(EndpointName(f"e{n}"), None) for n in range(6)]
    account.calls()
    found = Components(account.sagemaker).on(
        [*questions, ComponentQuestion(EndpointName("STUDIO"), None)]
    )
    assert account.calls() == {"ListInferenceComponents": 2}
    assert len(found[NAME].names) == 101
    assert found[EndpointName("e1")] == Hosted()


class Many:
    """SageMaker with a component on each of so many endpoints; it counts what it is asked."""

    def __init__(self, count: int) -> None:
        self.calls = 0
        self._count = count

    def get_paginator(self, _: str) -> Many:
        return self

    def paginate(self, EndpointNameEquals: str = "", **_: object) -> Iterator[Json]:  # noqa: N803
        names = (
            [EndpointNameEquals] if EndpointNameEquals else [f"e{n}" for n in range(self._count)]
        )
        for begin in range(0, len(names), 100):
            self.calls += 1
            page = names[begin : begin + 100]
            yield {
                "InferenceComponents": [
                    {"InferenceComponentName": f"c-{name}", "EndpointName": name} for name in page
                ]
            }

    def describe_endpoint_config(self, **_: object) -> Json:
        self.calls += 1
        return {"ProductionVariants": [XLARGE | {"VariantName": "v0"}]}


class Lists:
    """An account that is asked about nothing but components."""

    def __init__(self, sagemaker: Many) -> None:
        self._components = Components(sagemaker)  # type: ignore[arg-type]

    @property
    def component_pages(self) -> int:
        return self._components.pages

    def components(self, questions: Any) -> Any:  # noqa: ANN401
        return self._components.on(questions)


@pytest.mark.parametrize(("count", "first", "then"), [(1000, 15, 5), (500, 10, 5), (5, 10, 5)])
def test_a_thousand_held_ones_cost_a_tick_few_calls(count: int, first: int, then: int) -> None:
    """Beside them a quiet tick has 10 pages of endpoints and 10 of tags, and 25 calls in all."""
    sagemaker = Many(count)
    survey = Survey(Lists(sagemaker))  # type: ignore[arg-type]
    questions = [ComponentQuestion(EndpointName(f"e{n}"), f"config-{n}") for n in range(count)]
    assert len(survey.hosted(questions, NOON)) == count
    assert sagemaker.calls == first
    known = [replace(each, hosts=(Host("ml.g5.xlarge", 1),)) for each in questions]
    for minute in range(1, 4):
        sagemaker.calls = 0
        hosted = survey.hosted(known, NOON + timedelta(minutes=minute))
        assert all(each.names for each in hosted.values())
        assert len(hosted) == count
        assert sagemaker.calls <= then
