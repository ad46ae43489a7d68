"""Which definitions have a path of their own in the API, and where the functions there have code.

A definition that is merged after a deployment is served all the same, by the gateway's generic
path. What waits for the next deployment is a function of its own, and a path without a token. This
must not know how a definition is written: it takes a fleet as the ledger has read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.holdings import document_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.documents import Integration
    from ledger.holdings import Fleet, Holding

FUNCTIONS = "functions"
MODULE = "app.py"


@dataclass(frozen=True, kw_only=True)
class OwnPath:
    """One endpoint at `/{resource}`. `source` is the folder of its function, None: no function."""

    name: str
    endpoint_name: str
    resource: str
    public: bool
    source: Path | None
    is_async: bool = False


def own_paths(fleet: Fleet, code: Path) -> tuple[OwnPath, ...]:
    """Return the paths of an environment; `code` is the folder that holds `functions/`."""
    return tuple(
        OwnPath(
            name=str(holding.name),
            endpoint_name=str(holding.endpoint_name),  # IAM counts to the letter
            resource=integration.api_resource_name,
            public=holding.definition.public,
            source=_source(integration, code),
            is_async=holding.definition.async_inference is not None,
        )
        for holding, integration in _integrated(fleet)
    )


def answer_places(fleet: Fleet) -> tuple[str, ...]:
    """Return the places in S3 below which asynchronous models answer, each once."""
    found = [fleet.environment and fleet.environment.async_output_path]
    for holding in fleet.holdings:
        if told := holding.definition.async_inference:
            found += [told.s3_output_path, told.s3_failure_path]
    return tuple(dict.fromkeys(place for place in found if place))


def missing_functions(fleet: Fleet, code: Path) -> Iterator[str]:
    """Yield a sentence for each function without code; the ledger can name none elsewhere."""
    for holding, integration in _integrated(fleet):
        source = _source(integration, code)
        if source and not (source.parent == code / FUNCTIONS and (source / MODULE).is_file()):
            file = document_path(fleet.name, holding.name, "endpoint")
            yield (
                f"{file}: /integration/properties/lambda_src: `{integration.lambda_src}` is no "
                f"folder of {FUNCTIONS}/ with an {MODULE}. Add it there, or set the integration's "
                "type to api."
            )


def _integrated(fleet: Fleet) -> Iterator[tuple[Holding, Integration]]:
    for holding in fleet.holdings:
        if integration := holding.definition.integration:
            yield holding, integration


def _source(integration: Integration, code: Path) -> Path | None:
    if integration.type == "api" or integration.lambda_src is None:
        return None
    return (code / integration.lambda_src).resolve()
