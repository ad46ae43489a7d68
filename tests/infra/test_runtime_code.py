"""The code of functions as assets: the same from every checkout, and a layer if one was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.infra.synthesis import Synthesis

if TYPE_CHECKING:
    from pathlib import Path

    from aws_cdk import Stack


def checkout(folder: Path) -> Path:
    for module in ("gateway/handler.py", "ledger/lease.py", ".git/config", "docs/index.md"):
        (folder / module).parent.mkdir(parents=True)
        (folder / module).write_text(module)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path / "root")


@pytest.fixture
def stack(node: Path, tmp_path: Path) -> Stack:
    from aws_cdk import App, Stack  # noqa: PLC0415  # starts node

    return Stack(App(outdir=str(tmp_path / "out"), analytics_reporting=False), "stack")


def test_packages_that_were_built_for_lambda_are_a_layer(
    stack: Stack, root: Path, tmp_path: Path
) -> None:
    from aws_cdk.assertions import Template  # noqa: PLC0415  # starts node

    from infra.constructs_.runtime_code import RuntimeCode  # noqa: PLC0415

    (root / "build" / "lambda" / "python").mkdir(parents=True)
    (root / "build" / "lambda" / "python" / "pygit2.py").write_text("")
    code = RuntimeCode(stack, "Code", "gateway", "ledger", root=root)
    assert len(code.layers) == 1
    Template.from_stack(stack).has_resource_properties(
        "AWS::Lambda::LayerVersion",
        {"CompatibleRuntimes": ["python3.13"], "CompatibleArchitectures": ["arm64"]},
    )
    assert [*(tmp_path / "out").glob("asset.*/python/pygit2.py")]


def test_a_synthesis_without_them_warns_that_nothing_would_start(stack: Stack, root: Path) -> None:
    from aws_cdk.assertions import Annotations, Match  # noqa: PLC0415  # starts node

    from infra.constructs_.runtime_code import RuntimeCode  # noqa: PLC0415

    code = RuntimeCode(stack, "Code", "gateway", "ledger", root=root)
    assert code.layers == []
    Annotations.from_stack(stack).has_warning(
        "/stack/Code", Match.string_like_regexp(r"build/lambda/python is missing")
    )


@pytest.mark.parametrize("name", ["leasehold-0.1.0", "leasehold-0.1.0 \xe4b c", "leasehold.zip"])
def test_an_asset_is_the_same_whatever_the_folder_of_the_checkout_is_called(
    node: Path, tmp_path: Path, name: str
) -> None:
    """The CDK takes what follows a dot there for an extension, and stages the asset with it."""
    plain = function_of(checkout(tmp_path / "plain"), tmp_path / "plain-out")
    odd = function_of(checkout(tmp_path / name), tmp_path / "odd-out")
    assert odd.function("It")["Code"]["S3Key"] == plain.function("It")["Code"]["S3Key"]
    assert {path.name for path in odd.asset("It").iterdir()} == {"gateway", "ledger"}


def function_of(folder: Path, out: Path) -> Synthesis:
    """Synthesise one function with the code of a checkout."""
    from aws_cdk import App, Stack  # noqa: PLC0415  # starts node

    from infra.constructs_.runtime_code import RuntimeCode  # noqa: PLC0415
    from infra.constructs_.runtime_function import Program, RuntimeFunction  # noqa: PLC0415

    app = App(outdir=str(out), analytics_reporting=False)
    stack = Stack(app, "stack")
    source = RuntimeCode(stack, "Code", "gateway", "ledger", root=folder)
    program = Program(handler="gateway.handler.handler", timeout_seconds=1, variables={})
    RuntimeFunction(stack, "It", program=program, source=source)
    app.synth()
    return Synthesis(out)
