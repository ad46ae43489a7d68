"""`leasehold lock --commit --push`: the same in the ledger's repository itself, without a clone.

For a job that runs where no checkout is. It opens the repository as a deployed function does, by a
secret or as a role, and its commit is made anew on what others push meanwhile.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from leasehold import credentials
from leasehold.console import dim, say
from leasehold.context import Command, clock
from leasehold.git_author import author as author_of
from leasehold.jumpstart.resolving import Locked, Unlocked
from leasehold.jumpstart.wanted import Unreadable, Wanted, all_wanted
from leasehold.lock_commit import changed_locks, message_of, refuse_left
from ledger import variables
from ledger.access.addresses import region_of
from ledger.opening import open_deployed_with_status
from ledger.repository import Change, Person, Proposal, Remote, Repository, Snapshot
from ledger.settings import LedgerSettings

Resolve = Callable[[Snapshot], Sequence[Locked | Unlocked | Unreadable]]

_SECONDS = 120.0  # leases are pushed meanwhile


@dataclass(frozen=True, slots=True)
class Target:
    """The repository that gets the locks, and the secret that opens it, if one does."""

    url: str
    branch: str
    git_secret: str | None


def pushing(command: Callable[..., None]) -> Command:
    """Give a command the options that name a repository to push to, and `target`, None without."""

    @click.option(
        "--push",
        is_flag=True,
        help="With --commit: in the ledger's repository itself, without a clone.",
    )
    @click.option(
        "--repository",
        envvar=variables.REPOSITORY,
        metavar="URL",
        help="With --push: its address.",
    )
    @click.option(
        "--branch",
        envvar=variables.BRANCH,
        default="main",
        show_default=True,
        metavar="NAME",
        help="With --push: its branch.",
    )
    @click.option(
        "--git-secret",
        envvar=variables.GIT_SECRET,
        metavar="NAME",
        help="With --push: secret in Secrets Manager that opens it; by default git's credentials.",
    )
    @wraps(command)
    def with_target(
        *,
        push: bool,
        repository: str | None,
        branch: str,
        git_secret: str | None,
        **rest: Any,  # noqa: ANN401  (the command's own options)
    ) -> None:
        if push and not repository:
            raise click.UsageError(f"--push wants --repository URL, or {variables.REPOSITORY}.")
        target = Target(repository, branch, git_secret) if push and repository else None
        command(target=target, **rest)

    return with_target


def push_locks(target: Target, resolve: Resolve, author: str | None) -> None:
    """Commit what is locked anew, and push it. Raises Refused LH5077 where something could not be.

    And Failure, where the repository cannot be read or does not take it.
    """
    person = author_of(author)
    with tempfile.TemporaryDirectory(prefix="leasehold-", ignore_cleanup_errors=True) as folder:
        repository = _opened(target, person, Path(folder))
        found = list(resolve(repository.read()))
        changed = changed_locks(found)
        if changed:
            done = repository.commit(_proposal(changed, person), deadline_seconds=_SECONDS)
            _tell(done.change, done.commit)
        refuse_left(found)
        repository.close()


def _tell(change: Change, commit: str) -> None:
    if not change.files:
        say(dim("What was to be locked has changed meanwhile: the next run locks it."))
        return
    say(change.message.rpartition("\n\n")[0])
    say(dim(f"Committed and pushed {commit[:8]}."))


def _opened(target: Target, person: Person, folder: Path) -> Repository:
    """Open it by the secret, else by what git has, else as a role of CodeCommit."""
    found = None if target.git_secret else credentials.for_address(target.url, Path.home())
    if target.git_secret or (found is None and region_of(target.url)):
        settings = LedgerSettings("", target.url, target.branch, target.git_secret)
        return open_deployed_with_status(settings, person, clock)[0]
    remote = Remote(target.url, target.branch, found)
    return Repository(remote, folder, committer=person, clock=clock)


def _proposal(changed: Sequence[Locked], author: Person) -> Proposal:
    """Propose the locks of those definitions that are still what was resolved."""
    request_id = uuid4().hex

    def propose(snapshot: Snapshot) -> Change:
        there = [each for each in all_wanted(snapshot.entries) if isinstance(each, Wanted)]
        still = [each for each in changed if each.wanted in there]
        files = {each.wanted.lock_file: each.content for each in still}
        message = f"{message_of(still or changed)}\nRequest-Id: {request_id}\n"
        return Change(files, message, author, request_id)

    return propose
