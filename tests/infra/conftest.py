"""One synthesis for all tests of the app; node starts only for those that ask for it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.debian import require
from tests.infra.synthesis import QUIET, Synthesis

if TYPE_CHECKING:
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
}
CONTEXT = {
    "environment": "live",
    "repository_url": "https://git.example.com/shop/endpoints.git",
    "git_secret_name": "shop/git",
}


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environments")
    (folder / "live").mkdir()
    (folder / "live" / "environment.json").write_text(json.dumps(ENVIRONMENT))
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
    """The same for an environment that tells nobody anything."""
    (tmp_path / "live").mkdir()
    document = {key: value for key, value in ENVIRONMENT.items() if key != "notifications"}
    (tmp_path / "live" / "environment.json").write_text(json.dumps(document))
    return synthesised(tmp_path, tmp_path / "cdk.out")


def synthesised(environments: Path, folder: Path) -> Synthesis:
    from aws_cdk import App  # noqa: PLC0415  # starts node

    from infra.app import compose  # noqa: PLC0415

    app = App(outdir=str(folder), context=CONTEXT, analytics_reporting=False)
    compose(app, environments)
    app.synth()
    return Synthesis(folder)
