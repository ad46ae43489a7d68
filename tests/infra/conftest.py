"""One synthesis for all tests of the app, made by the first worker that needs it."""

from __future__ import annotations

import fcntl
import json
import os
from functools import cache
from typing import TYPE_CHECKING

import pytest

from infra.feature_flags import feature_flags
from tests.debian import require
from tests.infra.packaged import HERE, Stock, build_packages, pretend_packages, unpack
from tests.infra.synthesis import QUIET, Synthesis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

IAM = {"scopes": {"arn:aws:iam::123456789012:role/Platform*": ["admin"]}}
ENVIRONMENT: dict[str, object] = {
    "ledger_id": "5f2c9a7be01d4386",
    "project_prefix": "shop",
    "region_name": "eu-central-1",
    "ddb_auth_table_name": "shop-tokens",
    "execution_role_arn": "arn:aws:iam::123456789012:role/shop-execution",
    "notifications": {
        "topic_arn": "arn:aws:sns:eu-central-1:123456789012:shop-leases",
        "event_bus_name": "shop-bus",
        "api_url": "https://api.shop.example.com",
        "links": {"secret_name": "shop/links"},
        "channels": [
            {"format": "slack", "secret_name": "shop/slack"},
            {
                "format": "amazon-q",
                "topic_arn": "arn:aws:sns:eu-central-1:123456789012:shop-chat",
            },
            {"format": "mail", "from": "leases@shop.example.com"},
        ],
    },
    "async_input_path": "s3://shop-requests/asked",
    "async_output_path": "s3://shop-answers/",
    "limits": {"invocations_per_minute": 600},
    "identities": {
        "iam": IAM,
        "legacy_token_table": "old-auth",
    },
}


def definition(name: str, **fields: object) -> dict[str, object]:
    return {"name": name, "endpoint_config_name": "cfg", "inference_type": "realtime", **fields}


def at_path(name: str, kind: str, **fields: object) -> dict[str, object]:
    properties = {"api_resource_name": name.lower()}
    if kind == "lambda":
        properties["lambda_src"] = "functions/text_generation"
    return definition(name, integration={"type": kind, "properties": properties}, **fields)


DEFINITIONS = {
    "Falcon": at_path("Falcon", "api"),
    "Llama": at_path("Llama", "api", endpoint_name="Llama-By-Hand"),
    "Open": at_path("Open", "api", public=True),
    "Writer": at_path("Writer", "lambda"),
    "Chat": at_path("Chat", "lambda", public=True),
    "Plain": definition("Plain"),
    "Queue": at_path("Queue", "lambda", inference_type="async"),
    "Later": at_path(
        "Later",
        "api",
        inference_type="async",
        async_inference={
            "s3_output_path": "s3://shop-later/out/",
            "s3_failure_path": "s3://shop-answers/failed",
        },
    ),
}
CONTEXT = {
    "environment": "live",
    "repository_url": "https://git.example.com/shop/endpoints.git",
    "git_secret_name": "shop/git",
    "git_read_secret_name": "shop/git-to-read",
    "webhook_secret_name": "shop/webhook",
}

BUILDS = {
    "controller": "codebuild",
    "controller_minutes": "10",
    "vpc_id": "vpc-0a1b2c3d",
    "subnet_ids": "subnet-0a1b2c3d",
    "security_group_ids": "sg-0a1b2c3d",
}


REGION = "eu-central-1"
CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/1f-2e"
WEB_ACL = f"arn:aws:wafv2:{REGION}:123456789012:regional/webacl/front/1f-2e"
INSIDE = {"subnet_ids": "subnet-0a1b2c3d", "security_group_ids": "sg-0a1b2c3d"}
EVERYTHING = {
    "reserved_concurrency": "off",
    "api_logs_role": "off",
    "token_table": "existing",
    "execution_role": "new",
    "subnet_ids": "subnet-0a1b2c3d, subnet-0a1b2c3e",
    "security_group_ids": "sg-0a1b2c3d",
    "domain_name": "leases.example.com",
    "certificate_arn": CERTIFICATE,
    "web_acl_arn": WEB_ACL,
    "vpc_id": "vpc-0a1b2c3d",
    "lock_project": "on",
    "lock_hours": "6",
    "lock_author": "Shop <locks@shop.example>",
    "lock_secret_name": "shop/locks",
}


def write(folder: Path, environment: object, **definitions: object) -> None:
    """Write the files of the environment `live` below a folder; a text is written as it is."""
    live = folder / "environments" / "live"
    live.mkdir(parents=True, exist_ok=True)
    files = {f"{name}.endpoint": document for name, document in definitions.items()}
    for name, document in {"environment": environment, **files}.items():
        text = document if isinstance(document, str) else json.dumps(document)
        (live / f"{name}.json").write_text(text)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    write(folder, ENVIRONMENT, **DEFINITIONS)
    return folder


@pytest.fixture(scope="session")
def pretended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the context of packages that are enough for a synthesis."""
    folder = tmp_path_factory.mktemp("pretended")
    pretend_packages(folder)
    return {"packages": str(folder)}


@pytest.fixture
def context(pretended: Mapping[str, str]) -> dict[str, str]:
    return {**CONTEXT, **pretended}


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the packages as they are deployed, of this machine's architecture."""
    return made_once(tmp_path_factory, "packages", build_packages)


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    return Stock.make(tmp_path_factory.mktemp("lambda") / "runtime")


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Give the folder of an asset as Lambda unpacks it."""
    root = tmp_path_factory.mktemp("tasks")
    return cache(lambda asset: asset if asset.is_dir() else unpack(asset, root / asset.stem))


@pytest.fixture(scope="session")
def task(synthesis: Synthesis, unpacked: Callable[[Path], Path]) -> Callable[[str], Path]:
    """Give the folder of a function's own code, by its name in the template."""
    return lambda name: unpacked(synthesis.asset(name))


@pytest.fixture(scope="session")
def node() -> Path:
    """Let jsii start node, which it does as soon as aws_cdk is imported.

    The CDK's own rules for templates take longer than all the rest of a synthesis: they are left to
    the one that `test_app` starts.
    """
    program = require("node", package="nodejs")
    os.environ.update(QUIET, CDK_VALIDATION="false")
    return program


@pytest.fixture(scope="session")
def synthesis(
    node: Path, checkout: Path, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Synthesis:
    context = {**CONTEXT, "packages": str(packages), "architecture": HERE}
    return Synthesis(
        made_once(tmp_path_factory, "synthesis", lambda out: synthesise(checkout, out, context))
    )


@pytest.fixture(scope="session")
def quiet_synthesis(
    node: Path, pretended: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Synthesis:
    """The same for an environment that tells nobody anything, and admits nobody but its tokens."""
    left_out = {"notifications", "identities", "limits", "async_input_path"}
    document = {key: value for key, value in ENVIRONMENT.items() if key not in left_out}
    others = {"webhook_secret_name", "git_read_secret_name"}
    needed = {key: value for key, value in CONTEXT.items() if key not in others}
    needed |= pretended
    folder = tmp_path_factory.mktemp("quiet")
    write(folder, document)
    return Synthesis(
        made_once(tmp_path_factory, "quiet", lambda out: synthesise(folder, out, needed))
    )


@pytest.fixture(scope="session")
def built(
    node: Path, checkout: Path, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Synthesis:
    """The same with a controller that CodeBuild runs, in a private network."""
    context = {**CONTEXT, "packages": str(packages), "architecture": HERE, **BUILDS}
    return Synthesis(
        made_once(tmp_path_factory, "built", lambda out: synthesise(checkout, out, context))
    )


@pytest.fixture(scope="session")
def chosen(
    node: Path, pretended: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Synthesis:
    """A synthesis with every choice other than it is by default, and an issuer of JWTs."""
    folder = tmp_path_factory.mktemp("chosen")
    oidc = {"issuer": "https://issuer.example.com", "audience": ["a"], "scopes": {"x": ["read"]}}
    document = {
        **ENVIRONMENT,
        "identities": {"oidc": oidc, "iam": IAM},
        "async_output_path": "s3://shop-answers/",
        "allowed": {"s3_prefixes": ["s3://shop-models/"]},
    }
    write(folder, document, **DEFINITIONS)
    context = {**CONTEXT, **pretended, **EVERYTHING}
    return Synthesis(
        made_once(tmp_path_factory, "chosen", lambda out: synthesise(folder, out, context))
    )


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Give a folder that all workers of a run share, and make it where none of them has yet."""
    here = factory.getbasetemp()
    folder = (here.parent if "PYTEST_XDIST_WORKER" in os.environ else here) / f"made-{name}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = factory.mktemp("made") / "once"
            make(part)
            part.rename(folder)
    return folder


def synthesise(checkout: Path, folder: Path, context: Mapping[str, str]) -> None:
    from aws_cdk import App  # noqa: PLC0415  # starts node

    from infra.app import compose  # noqa: PLC0415

    app = App(outdir=str(folder), context={**feature_flags(), **context}, analytics_reporting=False)
    compose(app, checkout)
    app.synth()
