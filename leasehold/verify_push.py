"""`leasehold verify-push`: what a ledger's server refuses, as its pre-receive hook or in CI.

Rules are in `push_rules`, and what git says in `pushed_commits`.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace

import click

from leasehold.console import output_option, say, show_json
from leasehold.push_rules import Offence, Policy, Push, bot_of, offences
from leasehold.pushed_commits import changes_of, push_of
from ledger import variables
from ledger.errors import Refused

# Where a server says who pushes: GitLab, Gitea and Forgejo, git's own HTTP server, GitHub Actions.
_PUSHERS = ("GL_USERNAME", "GITEA_PUSHER_NAME", "REMOTE_USER", "GITHUB_ACTOR")


@click.command("verify-push")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.argument("ref", required=False)
@click.option(
    "--branch",
    envvar=variables.BRANCH,
    default="main",
    show_default=True,
    metavar="NAME",
    help="The ledger's branch, which keeps its history.",
)
@click.option(
    "--bot",
    "bots",
    multiple=True,
    metavar="ACCOUNT",
    help="Account of the git server by which the gateway or the controller pushes; may be repeated."
    " It then pushes nothing else, and nobody else commits in their names.",
)
@click.option(
    "--pusher",
    metavar="ACCOUNT",
    help=f"Account that pushes; by default what the server says in {', '.join(_PUSHERS)}.",
)
@output_option
def verify_push(  # noqa: PLR0913  (click hands over each option by itself)
    *,
    old: str | None,
    new: str | None,
    ref: str | None,
    branch: str,
    bots: tuple[str, ...],
    pusher: str | None,
    output: str,
) -> None:
    """Check what a push from OLD to NEW brings to REF: a bot commits leases, and nothing else.

    Without arguments it reads lines of `OLD NEW REF`, as git gives them to a pre-receive hook.

    Exits with 0 when the push may be taken, and else with 1.
    """
    policy = Policy(branch, frozenset(bots), pusher or _pusher())
    if policy.bot_accounts and policy.pusher is None:
        raise Refused(
            "LH5153",
            "--bot says which accounts are bots', and nothing says which account pushes: say"
            f" --pusher, or set one of {', '.join(_PUSHERS)}.",
        )
    found = [each for push in _pushes(old, new, ref, branch) for each in _found(push, policy)]
    if output == "json":
        show_json([asdict(each) for each in found])
    else:
        for each in found:
            say(str(each))
    if found:
        raise SystemExit(1)


def _pushes(old: str | None, new: str | None, ref: str | None, branch: str) -> Iterator[Push]:
    if old is None:
        yield from _from_hook(sys.stdin.read().splitlines())
    elif new is None:
        raise Refused("LH5153", "say OLD and NEW, or nothing and give the lines to standard input.")
    else:
        yield push_of(old, new, ref or f"refs/heads/{branch}", in_hook=False)


def _from_hook(lines: Iterable[str]) -> Iterator[Push]:
    for line in lines:
        match line.split(" ", 2):
            case [old, new, ref]:
                yield push_of(old, new, ref, in_hook=True)
            case _ if line.strip():
                raise Refused("LH5153", f"{line!r} is no line of `OLD NEW REF`, as git gives it.")


def _found(push: Push, policy: Policy) -> Iterator[Offence]:
    commits = tuple(
        replace(each, changes=tuple(changes_of(each)))
        if policy.by_bot or bot_of(each.committer)
        else each
        for each in push.commits
    )
    yield from offences(replace(push, commits=commits), policy)


def _pusher() -> str | None:
    return next((found for name in _PUSHERS if (found := os.environ.get(name))), None)
