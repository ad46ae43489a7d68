r"""Runtime code as Lambda assets, staged by path: nothing is imported, built or put in a container.

An asset is the packages of this repository that a function runs. What they import from others is a
layer, because it changes seldom and has to be made for Lambda's machine. This makes it:

    pip install --target build/lambda/python --only-binary=:all: --python-version 3.13 \
        --platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 \
        boto3 jsonschema pygit2 tzdata 'pyjwt[crypto]'

Without that folder a synthesis is still good to read, lint and test, and carries a warning that its
functions would not start; `cdk deploy --strict` refuses it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from aws_cdk import Annotations, IgnoreMode
from aws_cdk.aws_lambda import Architecture, Code, LayerVersion, Runtime
from constructs import Construct

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = Runtime.PYTHON_3_13
ARCHITECTURE = Architecture.ARM_64


class Source(Protocol):
    """What a function is made of."""

    code: Code
    layers: list[LayerVersion]


class FolderCode:
    """A folder that is a function: beside layers it needs Python's standard library and boto3."""

    def __init__(self, folder: Path, *layers: LayerVersion) -> None:
        self.code: Code = Code.from_asset(str(folder), exclude=["**/__pycache__"])
        self.layers: list[LayerVersion] = [*layers]


def function_layer(scope: Construct, construct_id: str, root: Path = ROOT) -> LayerVersion:
    """Make the layer that the functions of definitions share."""
    return LayerVersion(
        scope,
        construct_id,
        code=Code.from_asset(str(root / "functions" / "layer"), exclude=["**/__pycache__"]),
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
    )


class RuntimeCode(Construct):
    """The repository's `packages` as `code`, and what they depend on as `layers`."""

    def __init__(
        self, scope: Construct, construct_id: str, *packages: str, root: Path = ROOT
    ) -> None:
        super().__init__(scope, construct_id)
        self.code: Code = Code.from_asset(
            str(root),
            exclude=["/*", *(f"!/{package}" for package in packages), "__pycache__"],
            ignore_mode=IgnoreMode.GIT,
        )
        self.layers = [*self._dependencies(root / "build" / "lambda")]

    def _dependencies(self, folder: Path) -> list[LayerVersion]:
        if not (folder / "python").is_dir():
            Annotations.of(self).add_warning_v2(
                "leasehold:no-dependencies",
                "build/lambda/python is missing, so the functions have no third-party packages and "
                "would not start. Run the pip command of infra/constructs_/runtime_code.py first.",
            )
            return []
        layer = LayerVersion(
            self,
            "Dependencies",
            code=Code.from_asset(str(folder), exclude=["**/__pycache__"]),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )
        return [layer]
