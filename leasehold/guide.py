"""docs/command-line.md, made of the help of all verbs:

python -m leasehold.guide > docs/command-line.md
"""

from collections.abc import Iterator

import click

from leasehold.cli import main
from leasehold.verbs import ALIASES, HINTS, VERBS

_WIDTH = 80
_HEAD = """# The command line

This page is made of what `leasehold --help` and `leasehold VERB --help` say, by `python -m
leasehold.guide > docs/command-line.md`.

## Where the ledger is

In this order: the option `--repository`, the variable `LEASEHOLD_REPOSITORY`, a running
`leasehold up` of this folder or one above, and the clone that one is in. A clone of a ledger
has a folder `environments/`, and its remote `origin` is the ledger (or its only remote, or the
one that `git config leasehold.remote NAME` names); the branch is the remote's own. Inside of
`environments/NAME` that environment is meant, and where there is only one, that. Worktrees and
folders below count as the clone.

## For how long, and until when

A length of time is `2h30m`, `90m`, `1.5h`, `2 days`, `PT2H30M`, or minutes alone: `90`. A point
in time is a time of day (`18:00`, `6pm`, `noon`: tomorrow's where today's is past), a day,
which is meant to its end (`tomorrow`, `friday`, `2026-11-27`), both (`friday 18:00`), or an ISO
8601 time (`2026-11-27T18:00:00+01:00`). Times are read and shown in your own zone, with UTC
beside it; `--utc` or `LEASEHOLD_UTC=1` shows UTC alone, for logs. JSON always has UTC.

## Terminals, pipes and scripts

A terminal gets what it has room for. In a pipe nothing is folded, nothing is cut and nothing is
coloured, and each endpoint is a line. `--output json` is for programs. `NO_COLOR=1` leaves out
colours and bold. Exit status 1 is a refusal, which is one sentence with a code on stderr;
`leasehold explain CODE` says more of it. `extend` and `release` of several endpoints say what
became of each, and exit with 1 if one was refused. `leasehold plan` exits with 2 where there
are changes.

## Completion

`leasehold completion bash`, `zsh` and `fish` print what those shells need to complete verbs,
options, the names of endpoints and environments, and codes:

```sh
eval "$(leasehold completion bash)"   # in ~/.bashrc; zsh the same in ~/.zshrc
```

In fish: `leasehold completion fish > ~/.config/fish/completions/leasehold.fish`. Names are
those of the clone that one is in, or of a running `leasehold up`; nothing is asked of a
network.

## Other words for verbs

"""


def guide() -> Iterator[str]:
    """Yield the page, part by part."""
    yield _HEAD
    yield "| typed | is |\n|---|---|\n"
    for verb in VERBS:
        words = [f"`{word}`" for word, meant in ALIASES.items() if meant == verb]
        if words:
            yield f"| {', '.join(words)} | `leasehold {verb}` |\n"
    said: dict[str, list[str]] = {}
    for word, hint in HINTS.items():
        said.setdefault(hint, []).append(f"`{word}`")
    for hint, words in said.items():
        yield f"| {', '.join(words)} | no verb: {hint} |\n"
    yield from _help("leasehold", main, None, "##")


def _help(
    path: str, command: click.Command, parent: click.Context | None, marks: str
) -> Iterator[str]:
    settings = {**command.context_settings, "max_content_width": _WIDTH, "terminal_width": _WIDTH}
    context = click.Context(command, parent=parent, info_name=path.rpartition(" ")[2], **settings)
    lines = "\n".join(line.rstrip() for line in context.get_help().splitlines())
    yield f"\n{marks} {path}\n\n```text\n{lines}\n```\n"
    if isinstance(command, click.Group):
        below = "##" if parent is None else "###"
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _help(f"{path} {name}", found, context, below)


if __name__ == "__main__":
    click.echo("".join(guide()), nl=False)
