"""What a shell completes: names of endpoints and environments, and codes of errors.

A person waits for it at each press of a key, so nothing is asked of a network and nothing ever
fails: names are those of the clone that one is in, or of a running `leasehold up` on this machine.
"""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from leasehold.verbs import VERBS

_ROOT, _SUFFIX = "environments", ".endpoint.json"
_CODE = "lh"


def names(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the name of an endpoint, of the environment that was named before if one was."""
    wanted = context.params.get("environment")
    found = {
        file.removesuffix(_SUFFIX)
        for environment, file in _documents()
        if file.endswith(_SUFFIX) and (wanted is None or environment == wanted)
    }
    return _items(found, incomplete)


def names_or_codes(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a name, or the code of an error once it is begun."""
    if not incomplete.lower().startswith(_CODE):
        return names(context, parameter, incomplete)
    from leasehold.error_guide import paragraphs  # noqa: PLC0415 - only where a code is begun

    return [
        CompletionItem(code, help=title)
        for code, (title, _) in sorted(paragraphs().items())
        if code.lower().startswith(incomplete.lower())
    ]


def verbs(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [
        CompletionItem(name, help=verb.summary)
        for name, verb in VERBS.items()
        if name.startswith(incomplete)
    ]


def environments(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return _items({environment for environment, _ in _documents()}, incomplete)


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    begun = incomplete.lower()
    return [CompletionItem(word) for word in sorted(words) if word.lower().startswith(begun)]


def _documents() -> Iterator[tuple[str, str]]:
    """Yield the environment and the name of each document that this machine knows of."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / _ROOT).is_dir():
            yield from _in_files(folder / _ROOT)
            return
        if (repositories := folder / ".leasehold" / "git").is_dir():
            yield from _in_repositories(repositories)
            return


def _in_files(root: Path) -> Iterator[tuple[str, str]]:
    with suppress(OSError):
        for file in root.glob("*/*.json"):
            yield file.parent.name, file.name


def _in_repositories(folder: Path) -> Iterator[tuple[str, str]]:
    for bare in sorted(folder.glob("*.git")):
        command = ["git", "--git-dir", str(bare), "ls-tree", "-r", "--name-only", "HEAD", _ROOT]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        except (OSError, ValueError):
            return
        for line in done.stdout.splitlines():
            _, environment, file = [*line.split("/", 2), "", ""][:3]
            yield environment, file
