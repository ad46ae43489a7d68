"""What a deployment reads of definitions, and the sentences where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.definitions import OwnPath, own_paths

ROOT = Path(__file__).resolve().parents[2]
WRITER = "functions/text_generation"


def write(folder: Path, name: str, document: object) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / f"{name}.endpoint.json").write_text(text)


def integration(kind: str, resource: object, **more: object) -> dict[str, object]:
    return {"integration": {"type": kind, "properties": {"api_resource_name": resource, **more}}}


def problem(folder: Path) -> str:
    found, problems = own_paths(folder, "shop", ROOT)
    assert found == ()
    (said,) = problems
    return said


def test_a_definition_with_an_integration_has_a_path(tmp_path: Path) -> None:
    write(tmp_path, "Falcon", integration("api", "falcon"))
    write(tmp_path, "Plain", {"name": "Plain"})
    found, problems = own_paths(tmp_path, "shop", ROOT)
    assert problems == ()
    assert found == (
        OwnPath(
            name="Falcon",
            endpoint_name="shop-Falcon-Endpoint",
            resource="falcon",
            public=False,
            source=None,
        ),
    )


def test_a_name_of_its_own_is_the_endpoints(tmp_path: Path) -> None:
    write(tmp_path, "Falcon", {**integration("api", "falcon"), "endpoint_name": "By-Hand"})
    ((falcon,), _) = own_paths(tmp_path, "shop", ROOT)
    assert falcon.endpoint_name == "By-Hand"


def test_a_function_is_a_folder_of_functions(tmp_path: Path) -> None:
    write(tmp_path, "Writer", integration("lambda", "writer", lambda_src=WRITER) | {"public": True})
    ((writer,), _) = own_paths(tmp_path, "shop", ROOT)
    assert (writer.source, writer.public) == (ROOT / WRITER, True)


@pytest.mark.parametrize("public", [False, "true", 1, None])
def test_only_true_is_public(tmp_path: Path, public: object) -> None:
    write(tmp_path, "Falcon", {**integration("api", "falcon"), "public": public})
    ((falcon,), _) = own_paths(tmp_path, "shop", ROOT)
    assert falcon.public is False


@pytest.mark.parametrize(
    "source", ["functions/nowhere", "functions", "tests/infra", "/etc", "functions/../gateway"]
)
def test_code_from_elsewhere_is_never_deployed(tmp_path: Path, source: str) -> None:
    write(tmp_path, "Writer", integration("lambda", "writer", lambda_src=source))
    said = problem(tmp_path)
    assert said.startswith(f"{tmp_path}/Writer.endpoint.json: /integration/properties/lambda_src: ")
    assert said.endswith("Add it there, or set the integration's type to api.")


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        integration("lambda", "writer"),
        {"integration": "api"},
        {"integration": {"type": "api"}},
        integration("api", 7),
        {**integration("api", "x"), "endpoint_name": 7},
    ],
)
def test_a_file_that_cannot_be_read_stops_the_deployment(tmp_path: Path, document: object) -> None:
    write(tmp_path, "Falcon", document)
    assert problem(tmp_path).startswith(f"{tmp_path}/Falcon.endpoint.json: this is no definition")


@pytest.mark.parametrize(
    ("name", "resource"), [("By Hand", "x"), ("*", "x"), ("x", "a/b"), ("x", "*")]
)
def test_a_name_that_aws_would_read_as_more_is_refused(
    tmp_path: Path, name: str, resource: str
) -> None:
    write(tmp_path, "Falcon", {**integration("api", resource), "endpoint_name": name})
    assert problem(tmp_path).endswith("is not allowed as a name.")


def test_a_path_of_the_apis_own_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "Falcon", integration("api", "reconcile"))
    assert problem(tmp_path).endswith("/reconcile is a path of the API's own.")


def test_a_path_leads_to_one_endpoint(tmp_path: Path) -> None:
    write(tmp_path, "A", integration("api", "chat"))
    write(tmp_path, "B", integration("api", "chat"))
    _, problems = own_paths(tmp_path, "shop", ROOT)
    assert problems == (
        "/chat is the api_resource_name of A and B: give one of them another name.",
    )


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, "A", "{")
    write(tmp_path, "B", integration("lambda", "b", lambda_src="functions/nowhere"))
    write(tmp_path, "C", integration("api", "c"))
    found, problems = own_paths(tmp_path, "shop", ROOT)
    assert [path.name for path in found] == ["C"]
    assert len(problems) == 2
