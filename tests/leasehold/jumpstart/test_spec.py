"""What a spec says, in whichever of its places: objects of the SDK's shape, without the SDK."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from leasehold.jumpstart import spec


class Configs(SimpleNamespace):
    configs: dict[str, Any]

    def get_top_config_from_ranking(self) -> Any:  # noqa: ANN401
        return next(iter(self.configs.values()), None)


def config(name: str, **fields: Any) -> SimpleNamespace:  # noqa: ANN401
    said = {"base_fields": {}, "config_components": None, "resolved_config": {}, **fields}
    return SimpleNamespace(config_name=name, **said)


def specs(*configs: SimpleNamespace, **fields: Any) -> SimpleNamespace:  # noqa: ANN401
    known = Configs(configs={each.config_name: each for each in configs}) if configs else None
    return SimpleNamespace(inference_configs=known, **fields)


def test_the_first_configuration_is_the_one_that_is_ranked_first() -> None:
    assert spec.ranked_first(specs(config("vllm"), config("djl"))) == "vllm"
    assert spec.ranked_first(specs()) is None
    assert spec.ranked_first(SimpleNamespace(inference_configs=Configs(configs={}))) is None


def test_a_configuration_that_the_sdk_fails_on_has_no_types_and_hides_no_other() -> None:
    types = {"supported_inference_instance_types": ["ml.g5.xlarge"]}
    found = spec.configs(specs(config("a", resolved_config=types), config("b", resolved_config=0)))
    assert found == {"a": ("ml.g5.xlarge",), "b": ()}
    assert spec.configs(specs()) == {}


@pytest.mark.parametrize(
    "where",
    [
        {"deprecated": True, "deprecated_message": "Old."},
        {"base_fields": {"deprecated": True, "deprecated_message": "Old."}},
        {"config_components": {"c": SimpleNamespace(deprecated=True, deprecated_message="Old.")}},
    ],
)
def test_a_flag_counts_wherever_it_stands(where: dict[str, Any]) -> None:
    top = {key: value for key, value in where.items() if key.startswith("deprecated")}
    below = {key: value for key, value in where.items() if key not in top}
    assert spec.deprecated(specs(config("a", **below), **top), "a") == "Old."


def test_a_warning_without_words_is_one_all_the_same() -> None:
    assert spec.deprecated(specs(deprecated=True), None) == ""
    assert spec.vulnerabilities(specs(inference_vulnerable=True), None) == (
        "it does not say where",
    )
    named = specs(inference_vulnerable=True, inference_vulnerabilities=["CVE-1"])
    assert spec.vulnerabilities(named, None) == ("CVE-1",)


def test_what_nobody_warns_of_is_none() -> None:
    assert spec.deprecated(specs(), None) is None
    assert spec.vulnerabilities(specs(config("a")), "a") is None
