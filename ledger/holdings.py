"""The files of one environment put together: holdings, and everything that is wrong with them.

Pure: a mapping of path to content in, one `Fleet` out. A broken file freezes its own endpoint and
hides no other: unreadable is not absent. It must not know git or SageMaker.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import cast

from ledger.claims import judged
from ledger.cross_checks import wrong_definition, wrong_lock
from ledger.documents import (
    Definition,
    Environment,
    Lock,
    Prices,
    parse_definition,
    parse_environment,
    parse_lease,
    parse_lock,
    parse_prices,
    read_names,
)
from ledger.faults import unforeseen
from ledger.file_names import (
    document_of,
    homeless,
    in_place_of_one,
    is_of_environment,
    shown,
    strays,
    unreadable,
)
from ledger.fleet import (
    ROOT,
    Broken,
    Fleet,
    Holding,
    Kind,
    document_path,
    environment_path,
    prices_path,
)
from ledger.json_files import Violation
from ledger.lease import Lease
from ledger.names import EndpointName, Name
from ledger.snapshot import Entries, NotAFile, Snapshot

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
_Contents = Mapping[str, bytes | NotAFile]
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_PARSERS: Mapping[Kind, Callable[[str, bytes], _Parsed]] = {
    "endpoint": parse_definition,
    "lease": parse_lease,
    "lock": parse_lock,
}


def environments(entries: Entries) -> tuple[str, ...]:
    """Name the environments: the folders below `environments/`, and what is in place of one."""
    found: set[str] = set()
    for path, content in entries.items():
        root, _, rest = path.partition("/")
        name, _, below = rest.partition("/")
        tells = is_of_environment(below, content) if below else in_place_of_one(name, content)
        if root == ROOT and name and tells:
            found.add(name)
    return tuple(sorted(found))


def fleet_of(snapshot: Snapshot, environment: str) -> Fleet:
    """Return one environment of a snapshot, which is put together once for each snapshot.

    Where nothing but leases has changed since the commit before, they are put into its fleet: many
    changes that share a push cost no more than one.
    """
    return snapshot.remember(
        environment,
        lambda: read_fleet(snapshot.entries, environment),
        lambda before, changed: _with_new_leases(before, snapshot.files, changed),
    )


def _with_new_leases(
    before: Fleet, files: Mapping[str, bytes], changed: Iterable[str]
) -> Fleet | None:
    """Return a fleet with the leases that changed; None where more has changed than that."""
    here, leases = f"{ROOT}/{before.name}/", dict[Name, Lease]()
    if before.environment is None or before.as_read:
        return None
    for path in changed:
        if not path.startswith(f"{ROOT}/"):
            continue
        found = document_of(path.removeprefix(here)) if path.startswith(here) else None
        if found is None or found[1] != "lease" or path not in files:
            return None
        holding = before.find(found[0])
        lease = _parse(before.name, found[0], "lease", files[path])
        if not isinstance(holding, Holding) or not isinstance(lease, Lease):
            return None
        if str(holding.name) != found[0]:  # a file name counts to the letter
            return None
        leases[holding.name] = lease
    return before.with_leases(leases)


def read_fleet(entries: Entries, environment: str) -> Fleet:
    """Put the files of one environment together; never raises, everything wrong is a violation."""
    settings = _read_settings(entries, environment)
    if isinstance(settings, tuple):
        return Fleet(environment, None, violations=settings)
    content = cast("bytes", entries[environment_path(environment)])
    documents, alone = _documents(entries, environment)
    items = [
        _read(environment, content, name, tuple(kinds.get(kind) for kind in _PARSERS))
        for name, kinds in sorted(documents.items())
    ]
    loose = (*strays(entries, environment), *alone)
    prices = _read_prices(entries, environment, settings.region_name)
    wrong_prices = prices if isinstance(prices, tuple) else ()
    in_doubt = [each for each in loose if each.level == "error"]
    in_doubt += homeless(entries, environment)
    for item in items:
        if isinstance(item, Broken):
            in_doubt += [each for each in item.violations if _hides(environment, item, each)]
    fleet = Fleet(
        environment,
        settings,
        violations=(*loose, *wrong_prices),
        siblings=frozenset(environments(entries)) - {environment},
        unreadable=tuple(sorted(in_doubt)),
        prices=prices if isinstance(prices, Prices) else None,
    )
    return judged(fleet, items)


def _read_settings(entries: Entries, environment: str) -> Environment | tuple[Violation, ...]:
    for folder in (ROOT, f"{ROOT}/{environment}"):
        if isinstance(found := entries.get(folder), NotAFile):
            return (unreadable(folder, found),)
    path = environment_path(environment)
    content = entries.get(path)
    if content is None:
        sentence = "it is missing: nothing here is managed without it."
        return (Violation("LH1010", path, "", sentence),)
    return _not_read(path, content) or _settings(path, cast("bytes", content))


def _read_prices(
    entries: Entries, environment: str, region_name: str
) -> Prices | tuple[Violation, ...]:
    """Read the prices, if there are any; those of another region are none of this one."""
    path = prices_path(environment)
    content = entries.get(path)
    if content is None:
        return ()
    read = _not_read(path, content) or _prices(path, cast("bytes", content))
    if isinstance(read, Prices) and read.region_name != region_name:
        sentence = (
            f"these are prices of {read.region_name}, and {environment_path(environment)} says"
            f" {region_name}: `leasehold prices update` reads those of this region."
        )
        return (Violation("LH1080", path, "/region_name", sentence),)
    return read


def _documents(
    entries: Entries, environment: str
) -> tuple[Mapping[str, _Contents], list[Violation]]:
    """Sort an environment's documents by name and kind, and say which have no definition."""
    documents: dict[str, dict[str, bytes | NotAFile]] = defaultdict(dict)
    here = f"{ROOT}/{environment}/"
    for path, content in entries.items():
        if path.startswith(here) and (found := document_of(path.removeprefix(here))):
            name, kind = found
            documents[name][kind] = content
    alone = [name for name, kinds in documents.items() if "endpoint" not in kinds]
    said = [
        violation
        for name in alone
        for kind, content in documents.pop(name).items()
        for violation in _without_definition(environment, name, cast("Kind", kind), content)
    ]
    return documents, said


def _without_definition(
    environment: str, name: str, kind: Kind, content: bytes | NotAFile
) -> Iterator[Violation]:
    """Warn of a file that has no effect; one that is not what it is called may be a definition."""
    read = _parse(environment, name, kind, content)
    if isinstance(read, tuple):
        yield from read
    sentence = f"there is no {name}.endpoint.json for it, so it has no effect."
    file = shown(document_path(environment, name, kind))
    yield Violation("LH1008", file, "", sentence, "warning")


def _hides(environment: str, item: Broken, violation: Violation) -> bool:
    """Tell whether it leaves open which endpoint a file is about, or what the file is at all."""
    return item.is_guess or violation.file != document_path(environment, item.name, "endpoint")


def _read(
    environment: str,
    settings_content: bytes,
    name: str,
    contents: tuple[bytes | NotAFile | None, ...],
) -> Holding | Broken:
    """Read one endpoint's files; what goes wrong with them breaks this endpoint, and no more."""
    try:
        return _holding(environment, settings_content, name, contents)
    except Exception as error:  # noqa: BLE001  (whatever it is, it concerns this endpoint alone)
        file = document_path(environment, name, "endpoint")
        violation = Violation("LH1023", file, "", f"{unforeseen(error)}.")
        settings = cast("Environment", _settings(environment_path(environment), settings_content))
        endpoint_name = EndpointName(settings.endpoint_name(name))
        return Broken(Name(name), endpoint_name, (violation,), is_guess=True)


@lru_cache(maxsize=_REMEMBERED)
def _holding(
    environment: str,
    settings_content: bytes,
    name: str,
    contents: tuple[bytes | NotAFile | None, ...],
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
    told = _told_endpoint(definition, contents[0], name, settings)
    endpoint_name = EndpointName(told or settings.endpoint_name(name))
    if isinstance(definition, Definition):
        file = document_path(environment, name, "endpoint")
        violations += wrong_definition(file, name, definition, settings)
        if "lock" not in read or isinstance(lock, Lock):
            usable = lock if isinstance(lock, Lock) else None
            violations += wrong_lock(file, definition, usable, settings.region_name)
    if violations or not isinstance(definition, Definition):
        return Broken(Name(name), endpoint_name, tuple(violations), is_guess=told is None)
    return Holding(
        definition,
        endpoint_name,
        lease if isinstance(lease, Lease) else None,
        lock if isinstance(lock, Lock) else None,
    )


def _told_endpoint(
    definition: _Parsed, content: bytes | NotAFile | None, name: str, settings: Environment
) -> str | None:
    """Return the endpoint that a definition is about, readable or not; None where nobody knows.

    Under a file's name that is not its own, a default could be that of either name.
    """
    told: tuple[str | None, str | None] = (None, None)
    if isinstance(definition, Definition):
        told = definition.name, definition.endpoint_name
    elif isinstance(content, bytes):
        told = read_names(content)
    own_name, endpoint_name = told
    if endpoint_name is not None or own_name is None:
        return endpoint_name
    return settings.endpoint_name(name) if Name(name) == own_name else None


@lru_cache(maxsize=_REMEMBERED)
def _parse(environment: str, name: str, kind: Kind, content: bytes | NotAFile) -> _Parsed:
    """Parse a file once for as long as its bytes stay the same: most of a fleet does not move."""
    path = document_path(environment, name, kind)
    return _not_read(path, content) or _PARSERS[kind](path, cast("bytes", content))


def _not_read(path: str, content: bytes | NotAFile) -> tuple[Violation, ...]:
    """Say where git has something else than the content of a file."""
    if isinstance(content, NotAFile):
        return (unreadable(path, content),)
    if content.startswith(_LFS_POINTER):
        sentence = (
            "git has a pointer of Git LFS here, and not the file: take it out of LFS (`git lfs"
            " untrack`, then `git add --renormalize`) and commit it."
        )
        return (Violation("LH1019", path, "", sentence),)
    return ()


_settings = lru_cache(maxsize=64)(parse_environment)
_prices = lru_cache(maxsize=64)(parse_prices)
