"""The definitions of a ledger that need a lock, with the lock that each has. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.documents import (
    Environment,
    JumpStart,
    Lock,
    parse_definition,
    parse_environment,
    parse_lock,
)
from ledger.file_names import document_of
from ledger.fleet import ROOT, document_path, environment_path
from ledger.json_files import Violation
from ledger.json_text import decode
from ledger.names import Name
from ledger.snapshot import Entries


@dataclass(frozen=True, slots=True)
class Wanted:
    """A definition with a `model_id`: what is to be resolved, and the lock as it is now."""

    environment: str
    name: str
    source: JumpStart
    instance_type: str
    instance_pools: tuple[str, ...]
    region_name: str
    current: bytes | None = None

    @property
    def label(self) -> str:
        return f"{self.environment}/{self.name}"

    @property
    def file(self) -> str:
        return document_path(self.environment, self.name, "endpoint")

    @property
    def lock_file(self) -> str:
        return document_path(self.environment, self.name, "lock")

    @property
    def current_lock(self) -> Lock | None:
        """Return the lock as it is now; None where there is none that can be read."""
        found = self.current and parse_lock(self.lock_file, self.current)
        return found if isinstance(found, Lock) else None

    def violation(self, code: str, pointer: str, sentence: str) -> Violation:
        return Violation(code, self.file, pointer, sentence)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A definition with a `model_id` that cannot be read as one, and why."""

    environment: str
    name: str
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class Which:
    """What somebody names: an environment, a definition of it, or a definition by its name."""

    text: str

    def covers(self, environment: str, name: str) -> bool:
        folder, slash, rest = self.text.partition("/")
        if slash:
            return folder == environment and Name(rest) == Name(name)
        return self.text == environment or Name(self.text) == Name(name)


def all_wanted(entries: Entries) -> Iterator[Wanted | Unreadable]:
    """Yield all definitions that have a `model_id`.

    A definition that serves something else is left out, whatever is wrong with it.
    """
    for path in sorted(entries):
        root, environment, *file = path.split("/")
        found = document_of(file[0]) if root == ROOT and len(file) == 1 else None
        if found and found[1] == "endpoint":
            one = _wanted(entries, environment, found[0])
            if one is not None:
                yield one


def _wanted(entries: Entries, environment: str, name: str) -> Wanted | Unreadable | None:
    file = document_path(environment, name, "endpoint")
    content = entries[file]
    if not isinstance(content, bytes) or not _may_be_of_jumpstart(content):
        return None
    settings = _settings(entries, environment)
    if isinstance(settings, tuple):
        return Unreadable(environment, name, settings)
    definition = parse_definition(file, content)
    if isinstance(definition, tuple):
        return Unreadable(environment, name, definition)
    source = definition.source
    if not isinstance(source, JumpStart) or definition.instance_type is None:
        return None
    lock = entries.get(document_path(environment, name, "lock"))
    return Wanted(
        environment,
        name,
        source,
        definition.instance_type,
        definition.instance_pools,
        settings.region_name,
        lock if isinstance(lock, bytes) else None,
    )


def _settings(entries: Entries, environment: str) -> Environment | tuple[Violation, ...]:
    path = environment_path(environment)
    content = entries.get(path)
    if isinstance(content, bytes):
        return parse_environment(path, content)
    sentence = "it is missing: it says for which region models are locked."
    return (Violation("LH1010", path, "", sentence),)


def _may_be_of_jumpstart(content: bytes) -> bool:
    """Tell whether a definition that may break its schema has a `model_id`."""
    try:
        data: Any = decode(content)
    except (ValueError, RecursionError):
        return b'"model_id"' in content
    return isinstance(data, Mapping) and "model_id" in data
