"""What functions are made of: packages that were built before, and so are definitions' own.

Nothing is imported, built or put in a container by a synthesis. The runtime is that of the Python
by which the packages were built, since their bytecode is good for no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk.aws_lambda import Architecture, Code, LayerVersion, Runtime, RuntimeFamily

from infra.packages.contents import LAYER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from infra.packages.contents import Package
    from infra.packages.place import Packages

_ARCHITECTURES = {"arm64": Architecture.ARM_64, "x86_64": Architecture.X86_64}


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a function is made of, and the machine and the Python that it is for."""

    code: Code
    runtime: Runtime
    architecture: Architecture
    layers: Sequence[LayerVersion] = ()


def packaged(packages: Packages, package: Package) -> Source:
    """Return a package as it was built: the zip itself is the asset."""
    return _source(packages, Code.from_asset(str(packages.file(package))))


def function(packages: Packages, folder: str, *layers: LayerVersion) -> Source:
    """Return a folder that is a function: beside layers it needs what Lambda's Python has."""
    return _source(packages, Code.from_asset(str(packages.function(folder))), layers)


def function_layer(scope: Construct, construct_id: str, packages: Packages) -> LayerVersion:
    """Make the layer that the functions of definitions share."""
    return LayerVersion(
        scope,
        construct_id,
        code=Code.from_asset(str(packages.function(LAYER))),
        compatible_runtimes=[_runtime(packages)],
        compatible_architectures=[_ARCHITECTURES[packages.architecture]],
    )


def _source(packages: Packages, code: Code, layers: Sequence[LayerVersion] = ()) -> Source:
    return Source(
        code=code,
        runtime=_runtime(packages),
        architecture=_ARCHITECTURES[packages.architecture],
        layers=layers,
    )


def _runtime(packages: Packages) -> Runtime:
    return Runtime(f"python{packages.python}", RuntimeFamily.PYTHON, supports_inline_code=True)
