"""LangChain's own client for API Gateway asks a model here, as the predecessor's notebook does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import staged
from tests.gateway.serving import Models, serving, start_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("chain")) as scene:
        start_fleet(scene)
        with serving(scene) as running:
            yield running


def client(models: Models, where: str) -> Any:  # noqa: ANN401 - imported only under the filter above
    from langchain_community.llms.amazon_api_gateway import AmazonAPIGateway  # noqa: PLC0415

    return AmazonAPIGateway(
        api_url=f"{models.url}/prod{where}",
        headers={"Authorization": models.token},
        model_kwargs={"max_new_tokens": 4},
    )


@pytest.mark.parametrize("where", ["/falcon", "/writer", "/invoke/Falcon40B"])
def test_langchain_asks_a_model(models: Models, where: str) -> None:
    said = client(models, where).invoke("what day comes after Friday?")
    assert said == "what day comes after"


def test_langchain_stops_where_it_was_told_to(models: Models) -> None:
    said = client(models, "/falcon").invoke("what day comes after Friday?", stop=[" comes"])
    assert said == "what day"


def test_what_is_refused_is_an_error_of_langchains(models: Models) -> None:
    with pytest.raises(ValueError, match="Error raised by the service"):
        client(models, "/invoke/Nobody").invoke("hello")
