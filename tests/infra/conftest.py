"""One synthesis for all tests of the app; node starts only for those that ask for it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.debian import require
from tests.infra.synthesis import QUIET, Synthesis

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENVIRONMENT = {
    "project_prefix": "shop",
    "region_name": "eu-central-1",
    "ddb_auth_table_name": "shop-tokens",
    "execution_role_arn": "arn:aws:iam::123456789012:role/shop-execution",
    "notifications": {
        "topic_arn": "arn:aws:sns:eu-central-1:123456789012:shop-leases",
        "event_bus_name": "shop-bus",
    },
    "limits": {"invocations_per_minute": 600},
    "identities": {
        "iam": {"scopes": {"arn:aws:iam::123456789012:role/Platform*": ["admin"]}},
        "legacy_token_table": "old-auth",
    },
}


def at_path(name: str, kind: str, **fields: object) -> dict[str, object]:
    properties = {"api_resource_name": name.lower()}
    if kind == "lambda":
        properties["lambda_src"] = "functions/text_generation"
    return {"name": name, "integration": {"type": kind, "properties": properties}, **fields}


DEFINITIONS: dict[str, dict[str, object]] = {
    "Falcon": at_path("Falcon", "api"),
    "Llama": at_path("Llama", "api", endpoint_name="Llama-By-Hand"),
    "Open": at_path("Open", "api", public=True),
    "Writer": at_path("Writer", "lambda"),
    "Chat": at_path("Chat", "lambda", public=True),
    "Plain": {"name": "Plain"},
}
CONTEXT = {
    "environment": "live",
    "repository_url": "https://git.example.com/shop/endpoints.git",
    "git_secret_name": "shop/git",
    "webhook_secret_name": "shop/webhook",
}


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environments")
    (folder / "live").mkdir()
    (folder / "live" / "environment.json").write_text(json.dumps(ENVIRONMENT))
    for name, definition in DEFINITIONS.items():
        (folder / "live" / f"{name}.endpoint.json").write_text(json.dumps(definition))
    return folder


@pytest.fixture
def context() -> dict[str, str]:
    return dict(CONTEXT)


@pytest.fixture(scope="session")
def node() -> Path:
    """Let jsii start node, which it does as soon as aws_cdk is imported."""
    program = require("node", package="nodejs")
    os.environ.update(QUIET)
    return program


@pytest.fixture(scope="session")
def synthesis(
    node: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory
) -> Synthesis:
    return synthesised(environments, tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture
def quiet_synthesis(node: Path, tmp_path: Path) -> Synthesis:
    """The same for an environment that tells nobody anything, and admits nobody but its tokens."""
    (tmp_path / "live").mkdir()
    left_out = {"notifications", "identities", "limits"}
    document = {key: value for key, value in ENVIRONMENT.items() if key not in left_out}
    (tmp_path / "live" / "environment.json").write_text(json.dumps(document))
    needed = {key: value for key, value in CONTEXT.items() if key != "webhook_secret_name"}
    return synthesised(tmp_path, tmp_path / "cdk.out", needed)


def synthesised(
    environments: Path, folder: Path, context: Mapping[str, str] = CONTEXT
) -> Synthesis:
    from aws_cdk import App  # noqa: PLC0415  # starts node

    from infra.app import compose  # noqa: PLC0415

    app = App(outdir=str(folder), context=dict(context), analytics_reporting=False)
    compose(app, environments)
    app.synth()
    return Synthesis(folder)
