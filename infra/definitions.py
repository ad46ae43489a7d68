"""Which definitions have a path of their own in the API: what a deployment makes resources of.

`settings` reads it once. A definition that is merged later is served all the same, by the gateway's
generic path; what waits for a deployment is a function of its own, and a path without a token. A
file that cannot be read stops the synthesis: to leave it out would take its path away, and
unreadable is not absent.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.description import operations
from infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIX = ".endpoint.json"
FUNCTIONS = "functions"
MODULE = "app.py"
ENDPOINT_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
RESOURCE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class OwnPath:
    """One endpoint at `/{resource}`. `source` is the folder of its function, None: no function."""

    name: str
    endpoint_name: str
    resource: str
    public: bool
    source: Path | None


def own_paths(
    folder: Path, project_prefix: str, root: Path
) -> tuple[tuple[OwnPath, ...], tuple[str, ...]]:
    """Read the definitions of one environment's folder; functions are folders below `root`.

    Beside the paths it answers with everything that stands in the way, a sentence each.
    """
    found: list[OwnPath] = []
    problems: list[str] = []
    for file in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            found += _read(file, project_prefix, root)
        except SettingsError as error:
            problems.append(str(error))
    return tuple(found), (*problems, *_shared(found))


def _read(file: Path, project_prefix: str, root: Path) -> Iterator[OwnPath]:
    """Give what a file says of a path, if it says something."""
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
        integration = document.get("integration")
        if integration is not None:
            yield _own_path(file, document, project_prefix, root)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{file}: this is no definition that can be read ({type(error).__name__}: {error}); "
            "`leasehold validate` says what is wrong."
        ) from error


def _own_path(file: Path, document: Mapping[str, Any], prefix: str, root: Path) -> OwnPath:
    integration = document["integration"]
    properties = integration["properties"]
    name = file.name.removesuffix(SUFFIX)
    endpoint_name = document.get("endpoint_name", f"{prefix}-{name}-Endpoint")
    resource = properties["api_resource_name"]
    if not (ENDPOINT_NAME.fullmatch(endpoint_name) and RESOURCE.fullmatch(resource)):
        raise SettingsError(f"{file}: `{endpoint_name}` or `/{resource}` is not allowed as a name.")
    if resource in {each.path.split("/")[1] for each in operations()}:
        raise SettingsError(f"{file}: /{resource} is a path of the API's own.")
    source = None
    if integration["type"] == "lambda":
        source = _function(file, root, properties["lambda_src"])
    return OwnPath(
        name=name,
        endpoint_name=endpoint_name,
        resource=resource,
        public=document.get("public", False) is True,
        source=source,
    )


def _function(file: Path, root: Path, lambda_src: str) -> Path:
    """Find a function's folder; the ledger cannot name code outside of `functions/`."""
    source = (root / lambda_src).resolve()
    if source.parent != root / FUNCTIONS or not (source / MODULE).is_file():
        raise SettingsError(
            f"{file}: /integration/properties/lambda_src: `{lambda_src}` is no folder of "
            f"{FUNCTIONS}/ with an {MODULE}. Add it there, or set the integration's type to api."
        )
    return source


def _shared(found: list[OwnPath]) -> Iterator[str]:
    counted = Counter(path.resource for path in found)
    for resource in sorted(each for each, count in counted.items() if count > 1):
        names = " and ".join(path.name for path in found if path.resource == resource)
        yield f"/{resource} is the api_resource_name of {names}: give one of them another name."
