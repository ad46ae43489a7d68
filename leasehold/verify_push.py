"""`leasehold verify-push`: what a ledger's server refuses, as its pre-receive hook or in CI.

Rules are in `push_rules`, and what git says in `pushed_commits`.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import click

from leasehold.console import output_option, say, show_json
from leasehold.push_rules import Offence, Policy, Push, PushedCommit, offences
from leasehold.pushed_commits import changes_of, push_of, signed_of
from ledger import variables
from ledger.committers import bot_of
from ledger.errors import Refused
from ledger.proof import Signers, unproven
from ledger.signatures import Signer, read_signers

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
@click.option(
    "--people-keys",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Allowed signers among people, in OpenSSH's form: every commit has to be signed.",
)
@click.option(
    "--bot-keys",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Allowed signers for the gateway and the controller, likewise.",
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
    people_keys: Path | None,
    bot_keys: Path | None,
    output: str,
) -> None:
    """Check what a push from OLD to NEW brings to REF: a bot commits leases, and nothing else.

    Without arguments it reads lines of `OLD NEW REF`, as git gives them to a pre-receive hook.

    Exits with 0 when the push may be taken, and else with 1.
    """
    policy = Policy(branch.removeprefix("refs/heads/"), frozenset(bots), pusher or _pusher())
    if policy.bot_accounts and policy.pusher is None:
        raise Refused(
            "LH5153",
            "--bot says which accounts are bots', and nothing says which account pushes: say"
            f" --pusher, or set one of {', '.join(_PUSHERS)}.",
        )
    is_signed = people_keys is not None or bot_keys is not None
    signers = Signers(_keys(people_keys), _keys(bot_keys)) if is_signed else None
    pushes = _pushes(old, new, ref, branch)
    found = [each for push in pushes for each in _found(push, policy, signers)]
    if output == "json":
        show_json([asdict(each) for each in found])
    else:
        for each in found:
            say(str(each))
    if found:
        raise SystemExit(1)


def _pushes(old: str | None, new: str | None, ref: str | None, branch: str) -> Iterator[Push]:
    if old is None:
        given = sys.stdin.buffer.read().decode(errors="backslashreplace")
        yield from _from_hook(given.split("\n"))
    elif new is None:
        raise Refused("LH5153", "say OLD and NEW, or nothing and give the lines to standard input.")
    else:
        yield push_of(old, new, ref or branch, in_hook=False)


def _from_hook(lines: Iterable[str]) -> Iterator[Push]:
    for line in lines:
        match line.split(" ", 2):
            case [old, new, ref]:
                yield push_of(old, new, ref, in_hook=True)
            case _ if line.strip():
                raise Refused("LH5153", f"{line!r} is no line of `OLD NEW REF`, as git gives it.")


def _found(push: Push, policy: Policy, signers: Signers | None) -> Iterator[Offence]:
    """Look at all that a branch of the ledger gets, and of others at what nobody has had before."""
    is_ours = push.ref in policy.refs
    commits = tuple(_read(each, policy, signers) for each in push.commits if is_ours or each.is_new)
    yield from offences(replace(push, commits=commits), policy)


def _read(commit: PushedCommit, policy: Policy, signers: Signers | None) -> PushedCommit:
    """Read of a commit what the rules ask of it."""
    by_bot = policy.by_bot or bot_of(commit.committer)
    changes = tuple(changes_of(commit)) if by_bot else ()
    return replace(
        commit,
        changes=changes,
        unproven=unproven(signed_of(commit), signers) if signers else "",
    )


def _keys(file: Path | None) -> tuple[Signer, ...]:
    try:
        return read_signers(file.read_text(errors="replace")) if file else ()
    except OSError as error:
        raise Refused(
            "LH5153", f"the allowed signers in {file} cannot be read: {error.strerror}."
        ) from error


def _pusher() -> str | None:
    return next((found for name in _PUSHERS if (found := os.environ.get(name))), None)
