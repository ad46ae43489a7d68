"""Third-party packages are a layer when somebody has built it, and a warning when nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for module in ("gateway/handler.py", "ledger/lease.py", ".git/config", "docs/index.md"):
        (tmp_path / "root" / module).parent.mkdir(parents=True)
        (tmp_path / "root" / module).write_text("")
    return tmp_path / "root"


def test_packages_that_were_built_for_lambda_are_a_layer(
    node: Path, root: Path, tmp_path: Path
) -> None:
    from aws_cdk import App, Stack  # noqa: PLC0415  # starts node
    from aws_cdk.assertions import Template  # noqa: PLC0415

    from infra.constructs_.runtime_code import RuntimeCode  # noqa: PLC0415

    (root / "build" / "lambda" / "python").mkdir(parents=True)
    (root / "build" / "lambda" / "python" / "pygit2.py").write_text("")
    stack = Stack(App(outdir=str(tmp_path / "out")), "stack")
    code = RuntimeCode(stack, "Code", "gateway", "ledger", root=root)
    assert len(code.layers) == 1
    Template.from_stack(stack).has_resource_properties(
        "AWS::Lambda::LayerVersion",
        {"CompatibleRuntimes": ["python3.13"], "CompatibleArchitectures": ["arm64"]},
    )
    assert [*(tmp_path / "out").glob("asset.*/python/pygit2.py")]


def test_a_synthesis_without_them_warns_that_nothing_would_start(
    node: Path, root: Path, tmp_path: Path
) -> None:
    from aws_cdk import App, Stack  # noqa: PLC0415  # starts node
    from aws_cdk.assertions import Annotations, Match  # noqa: PLC0415

    from infra.constructs_.runtime_code import RuntimeCode  # noqa: PLC0415

    stack = Stack(App(outdir=str(tmp_path / "out")), "stack")
    code = RuntimeCode(stack, "Code", "gateway", "ledger", root=root)
    assert code.layers == []
    Annotations.from_stack(stack).has_warning(
        "/stack/Code", Match.string_like_regexp(r"build/lambda/python is missing")
    )
