"""The files of one environment put together: holdings, and everything that is wrong with them.

Pure: a mapping of path to content in, one `Fleet` out. A broken file freezes its own endpoint and
hides no other: unreadable is not absent. It must not know git or SageMaker.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import cast

from ledger.cross_checks import wrong_definition, wrong_lock
from ledger.documents import (
    Definition,
    Environment,
    Lock,
    parse_definition,
    parse_environment,
    parse_lease,
    parse_lock,
)
from ledger.fleet import ROOT, Broken, Fleet, Holding, Kind, document_path, environment_path
from ledger.json_files import Violation
from ledger.lease import Lease
from ledger.names import EndpointName, Name
from ledger.snapshot import Snapshot

__all__ = [
    "ROOT",
    "Broken",
    "Fleet",
    "Holding",
    "document_path",
    "environment_path",
    "environments",
    "fleet_of",
    "read_fleet",
]

_REMEMBERED = 32_768  # files, and as many holdings
_Parsed = Definition | Lease | Lock | tuple[Violation, ...]
_PARSERS: Mapping[Kind, Callable[[str, bytes], _Parsed]] = {
    "endpoint": parse_definition,
    "lease": parse_lease,
    "lock": parse_lock,
}


def environments(files: Iterable[str]) -> tuple[str, ...]:
    """Name the environments that a set of paths has."""
    parts = (path.split("/") for path in files)
    return tuple(sorted({part[1] for part in parts if len(part) == 3 and part[0] == ROOT}))  # noqa: PLR2004


def fleet_of(snapshot: Snapshot, environment: str) -> Fleet:
    """Return one environment of a snapshot, which is put together once for each snapshot."""
    return snapshot.remember(environment, lambda: read_fleet(snapshot.files, environment))


def read_fleet(files: Mapping[str, bytes], environment: str) -> Fleet:
    """Put the files of one environment together; never raises, everything wrong is a violation."""
    path = environment_path(environment)
    content = files.get(path)
    if content is None:
        sentence = "it is missing: nothing here is managed without it."
        missing = Violation("LH1010", path, "", sentence)
        return Fleet(environment, None, violations=(missing,))
    settings = _settings(path, content)
    if isinstance(settings, tuple):
        return Fleet(environment, None, violations=settings)
    documents, strays = _documents(files, environment)
    holdings: list[Holding] = []
    broken: list[Broken] = []
    for name, kinds in sorted(documents.items()):
        item = _holding(environment, content, name, tuple(kinds.get(kind) for kind in _PARSERS))
        holdings.append(item) if isinstance(item, Holding) else broken.append(item)
    warnings = (*strays, *_shared_paths(environment, holdings))
    siblings = frozenset(environments(files)) - {environment}
    return _without_clashes(
        Fleet(environment, settings, tuple(holdings), tuple(broken), warnings, siblings)
    )


def _documents(
    files: Mapping[str, bytes], environment: str
) -> tuple[dict[str, dict[str, bytes]], list[Violation]]:
    """Sort an environment's files by name and kind, and warn of what belongs to no definition."""
    documents: dict[str, dict[str, bytes]] = defaultdict(dict)
    strays: list[Violation] = []
    here = f"{ROOT}/{environment}"
    for path, content in files.items():
        folder, _, file = path.rpartition("/")
        if folder != here or not file.endswith(".json") or file == "environment.json":
            continue
        name, _, kind = file.removesuffix(".json").rpartition(".")
        if name and kind in _PARSERS:
            documents[name][kind] = content
        else:
            sentence = "only NAME.endpoint.json, NAME.lease.json and NAME.lock.json are read."
            strays.append(Violation("LH1009", path, "", sentence, "warning"))
    for name in [name for name, kinds in documents.items() if "endpoint" not in kinds]:
        for kind in documents.pop(name):
            path = f"{here}/{name}.{kind}.json"
            sentence = f"there is no {name}.endpoint.json for it, so it has no effect."
            strays.append(Violation("LH1008", path, "", sentence, "warning"))
    return documents, strays


@lru_cache(maxsize=_REMEMBERED)
def _holding(
    environment: str, settings_content: bytes, name: str, contents: tuple[bytes | None, ...]
) -> Holding | Broken:
    """Read one endpoint's files; any error in any of them breaks it.

    Done once for as long as their bytes, and those of the settings, stay the same.
    """
    readable = _settings(environment_path(environment), settings_content)
    settings = cast("Environment", readable)  # without them no endpoint is read
    read = {
        kind: _parse(environment, name, kind, content)
        for kind, content in zip(_PARSERS, contents, strict=True)
        if content is not None
    }
    violations = [v for document in read.values() if isinstance(document, tuple) for v in document]
    definition, lease, lock = read["endpoint"], read.get("lease"), read.get("lock")
    endpoint_name = settings.endpoint_name(name)
    if isinstance(definition, Definition):
        endpoint_name = definition.endpoint_name or endpoint_name
        file = document_path(environment, name, "endpoint")
        violations += wrong_definition(file, name, definition, settings)
        if "lock" not in read or isinstance(lock, Lock):
            usable = lock if isinstance(lock, Lock) else None
            violations += wrong_lock(file, definition, usable, settings.region_name)
    if violations or not isinstance(definition, Definition):
        return Broken(Name(name), EndpointName(endpoint_name), tuple(violations))
    return Holding(
        definition,
        EndpointName(endpoint_name),
        lease if isinstance(lease, Lease) else None,
        lock if isinstance(lock, Lock) else None,
    )


def _shared_paths(environment: str, holdings: Iterable[Holding]) -> Iterator[Violation]:
    """Warn of paths that lead to several endpoints: no call is answered there, and nothing else is
    wrong with them.
    """
    behind: dict[str, list[str]] = defaultdict(list)
    for item in holdings:
        if item.definition.integration:
            behind[item.definition.integration.api_resource_name].append(str(item.name))
    for resource, names in behind.items():
        for name in names if len(names) > 1 else ():
            others = " and ".join(other for other in names if other != name)
            file = document_path(environment, name, "endpoint")
            pointer = "/integration/properties/api_resource_name"
            sentence = f"/{resource} is the path of {others} too: no call is answered there."
            yield Violation("LH1015", file, pointer, sentence, "warning")


def _without_clashes(fleet: Fleet) -> Fleet:
    """Freeze the endpoints that share a name, and gather all violations of all files."""
    names = Counter(item.name for item in fleet.items)
    endpoints = Counter(item.endpoint_name for item in fleet.items)

    def clash(item: Holding | Broken) -> tuple[Violation, ...]:
        file = document_path(fleet.name, item.name, "endpoint")
        if names[item.name] > 1:
            sentence = f"another definition is called {item.name!r} too, ignoring case: rename one."
            return (Violation("LH1004", file, "/name", sentence),)
        if endpoints[item.endpoint_name] > 1:
            sentence = (
                f"another definition has the endpoint {item.endpoint_name!r} too: rename one."
            )
            return (Violation("LH1004", file, "/endpoint_name", sentence),)
        return ()

    broken = [replace(item, violations=(*item.violations, *clash(item))) for item in fleet.broken]
    holdings: list[Holding] = []
    for item in fleet.holdings:
        if violations := clash(item):
            broken.append(Broken(item.name, item.endpoint_name, violations))
        else:
            holdings.append(item)
    wrong = (violation for item in broken for violation in item.violations)
    return replace(
        fleet,
        holdings=tuple(holdings),
        broken=tuple(sorted(broken, key=lambda item: item.name)),
        violations=tuple(sorted((*fleet.violations, *wrong))),
    )


@lru_cache(maxsize=_REMEMBERED)
def _parse(environment: str, name: str, kind: Kind, content: bytes) -> _Parsed:
    """Parse a file once for as long as its bytes stay the same: most of a fleet does not move."""
    return _PARSERS[kind](document_path(environment, name, kind), content)


_settings = lru_cache(maxsize=64)(parse_environment)
