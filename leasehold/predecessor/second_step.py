"""The second step of a move: from the predecessor's endpoint config to `model_id` and a lock. Pure.

A definition keeps everything that somebody has changed in it since; only where its model comes
from is replaced. With its lock, the next tick makes an update of it, blue/green.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leasehold.predecessor.allotment import Allotment
from leasehold.predecessor.configs import Configs
from leasehold.predecessor.settings import prefix_of
from ledger.documents import parse_definition
from ledger.fleet import document_path
from ledger.json_files import as_sentences, dump_json
from ledger.json_text import decode

_BORROWED = "endpoint_config_name"
_FROM_FILE = ("model_id", "inference_instance_type", "inference_instance_count")


@dataclass(frozen=True, slots=True)
class Step:
    """One model: its definition's new content, or why it stays as it is."""

    name: str
    file: str
    content: bytes | None = None
    why: str = ""


def second_step(
    configs: Configs, environment: str, files: Mapping[str, bytes], only: Iterable[str] = ()
) -> tuple[Step, ...]:
    """Say what becomes of the definition of each model; `only` names some of them."""
    names, chosen = Allotment(configs, prefix_of(configs)).names, set(only)
    steps = []
    for model in configs.models:
        name = names[model.place]  # as the first step chose it
        if not chosen or name in chosen:
            file = document_path(environment, name, "endpoint")
            steps.append(_step(name, file, files.get(file), model.data))
    unknown = chosen - {each.name for each in steps}
    steps += [Step(name, "", why="the file has no such model") for name in sorted(unknown)]
    return tuple(steps)


def _step(name: str, file: str, content: bytes | None, model: Mapping[str, Any]) -> Step:
    if content is None:
        return Step(name, file, why=f"there is no {file}")
    try:
        data = decode(content)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return Step(name, file, why="it cannot be read")
    if _BORROWED not in data:
        return Step(name, file, why="it is on no endpoint config of the predecessor's any more")
    changed = dump_json(dict(_changed(data, model)))
    checked = parse_definition(file, changed)
    if isinstance(checked, tuple):
        return Step(name, file, why=as_sentences(checked))
    return Step(name, file, changed)


def _changed(data: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if key == _BORROWED:
            wanted = (each for each in _FROM_FILE if each in model and each not in data)
            yield from ((each, model[each]) for each in wanted)
        elif key != "adopt":  # it is Leasehold's by now, and a config of its own is no adoption
            yield key, value
