"""Where a page, a message or the console names a command, that verb and its options are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from leasehold.verbs import ALIASES, VERBS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    *("benchmarks", "console", "controller", "docs", "examples", "functions", "gateway"),
    *("infra", "leasehold", "ledger", "sandbox"),
)
SUFFIXES = frozenset({".html", ".js", ".md", ".py", ".sh", ".yaml", ".yml"})
QUOTED = re.compile(r"(?:`|<code>)leasehold ([a-z][a-z-]*)([^`<]*)")
TYPED = re.compile(r"^(?:\$ )?(?:\w+=\S+ )*leasehold ([a-z][a-z-]*)(.*)$", re.MULTILINE)
BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
OPTION = re.compile(r"(?<!\S)(--[a-z][a-z-]*)")
OTHERS = re.compile(r"[|;&#].*", re.DOTALL)  # another command of the line, or a comment


def files() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)


def commands() -> Iterator[tuple[str, str, str]]:
    """Yield the file, the verb and what stands behind it, of all commands that are named."""
    for file in files():
        text, name = file.read_text(), str(file.relative_to(ROOT))
        blocks = "".join(BLOCK.findall(text)) if file.suffix == ".md" else ""
        joined = blocks.replace("\\\n", " ")
        for verb, rest in (*QUOTED.findall(text), *TYPED.findall(joined)):
            yield name, verb, OTHERS.sub("", rest)


def options(command: click.Command) -> set[str]:
    own = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*(options(each) for each in below), {"--help"})


NAMED = sorted(set(commands()))


def test_commands_are_named_in_many_places() -> None:
    assert len(NAMED) > 100


def test_every_verb_that_is_named_is_there() -> None:
    known = {*VERBS, *ALIASES, "help", "version"}
    assert [each for each in NAMED if each[1] not in known] == []


@pytest.mark.parametrize("verb", sorted({verb for _, verb, _ in NAMED} & VERBS.keys()))
def test_every_option_that_is_named_is_there(verb: str) -> None:
    known = options(VERBS[verb].load())
    named = {
        (file, each) for file, of, rest in NAMED if of == verb for each in OPTION.findall(rest)
    }
    assert sorted(each for each in named if each[1] not in known) == []
