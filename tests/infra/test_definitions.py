"""Which definitions of a fleet have a path of their own, and whose function answers there."""

from __future__ import annotations

import json
from pathlib import Path

from infra.definitions import OwnPath, answer_places, own_paths
from ledger.holdings import Fleet, read_fleet
from tests.infra.conftest import ENVIRONMENT, at_path, definition

ROOT = Path(__file__).resolve().parents[2]


def fleet(*definitions: dict[str, object]) -> Fleet:
    files = {f"environments/live/{each['name']}.endpoint.json": each for each in definitions}
    documents = {"environments/live/environment.json": ENVIRONMENT, **files}
    return read_fleet({path: json.dumps(it).encode() for path, it in documents.items()}, "live")


def test_a_definition_with_an_integration_has_a_path() -> None:
    found = own_paths(fleet(at_path("Falcon", "api"), definition("Plain")), ROOT)
    assert found == (
        OwnPath(
            name="Falcon",
            endpoint_name="shop-Falcon-Endpoint",
            resource="falcon",
            public=False,
            source=None,
        ),
    )


def test_a_name_of_its_own_is_the_endpoints() -> None:
    (falcon,) = own_paths(fleet(at_path("Falcon", "api", endpoint_name="By-Hand")), ROOT)
    assert falcon.endpoint_name == "By-Hand"


def test_asynchronous_models_answer_in_the_environments_place_and_in_their_own() -> None:
    told = {"s3_output_path": "s3://own/out", "s3_failure_path": "s3://own/failed"}
    queue = at_path("Queue", "api", inference_type="async", async_inference=told)
    found = fleet(queue, at_path("Same", "api", inference_type="async", async_inference=told))
    assert all(path.is_async for path in own_paths(found, ROOT))
    assert answer_places(found) == ("s3://shop-answers/", "s3://own/out", "s3://own/failed")
    assert answer_places(Fleet("live", None, (), ())) == ()


def test_a_function_is_a_folder_of_functions() -> None:
    (writer,) = own_paths(fleet(at_path("Writer", "lambda", public=True)), ROOT)
    assert (writer.source, writer.public) == (ROOT / "functions" / "text_generation", True)
