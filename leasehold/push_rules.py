"""What a push to a ledger may bring, by its commits' own words. Pure.

    who commits            may change
    ---------------------  --------------------------------------------------------------------
    gateway or controller  NAME.lease.json beside NAME.endpoint.json, and never take it away
    gateway                with it a new NAME.endpoint.json, as `add` writes it
    controller             `ledger_id` in an environment.json that had none
    controller             on leasehold/status: ENVIRONMENT.json
    anybody else           anything

A bot makes no merges. No push deletes or rewrites a branch of the ledger, whoever sends it. A name
in a commit proves nothing: where it is known who pushes, it has to fit.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ledger.committers import Bot, bot_of
from ledger.documents import parse_definition
from ledger.documents.sources import ExistingConfig
from ledger.documents.writing import dump_existing_config
from ledger.file_names import document_of
from ledger.fleet import ENVIRONMENT_FILE, ROOT
from ledger.json_text import decode
from ledger.settings import STATUS_BRANCH
from ledger.snapshot import Person

NO_COMMIT = re.compile("0+")
_HEADS = "refs/heads/"
_STATUS = f"{_HEADS}{STATUS_BRANCH}"
_RECORD = re.compile(r"[^/]+\.json")


@dataclass(frozen=True, slots=True)
class FileChange:
    """What one commit made of one path: the bytes before and after, None where it is not there.

    `is_plain` tells whether what is there afterwards is an ordinary file, and no link or submodule,
    `is_homeless` that it is a new lease, and no definition of its name is beside it.
    """

    path: str
    before: bytes | None
    after: bytes | None
    is_plain: bool = True
    is_homeless: bool = False


@dataclass(frozen=True, slots=True)
class PushedCommit:
    """A commit that a branch gets. `is_new`: no branch has it yet, so who pushes made it."""

    commit: str
    parents: tuple[str, ...]
    committer: Person
    changes: tuple[FileChange, ...] = ()
    is_new: bool = True
    unproven: str = ""  # why its signature does not count; empty where it does, or none is asked


@dataclass(frozen=True, slots=True)
class Push:
    """What a push does to one reference. `is_rewrite`: the old commit is not below the new one."""

    ref: str
    old: str
    new: str
    is_rewrite: bool = False
    commits: tuple[PushedCommit, ...] = ()

    @property
    def deletes(self) -> bool:
        return NO_COMMIT.fullmatch(self.new) is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """The ledger's branch, and the accounts that push for bots; none where nobody knows them."""

    branch: str = "main"
    bot_accounts: frozenset[str] = field(default_factory=frozenset)
    pusher: str | None = None

    @property
    def refs(self) -> frozenset[str]:
        """The references that keep their history."""
        return frozenset({f"{_HEADS}{self.branch}", _STATUS})

    @property
    def by_bot(self) -> bool | None:
        """Whether a bot's account pushes; None where nobody said which accounts are bots'."""
        if not self.bot_accounts:
            return None
        known = {each.casefold() for each in self.bot_accounts}
        return self.pusher is not None and self.pusher.casefold() in known


@dataclass(frozen=True, slots=True)
class Offence:
    code: str
    ref: str
    commit: str
    sentence: str

    def __str__(self) -> str:
        commit = f" {self.commit[:8]}" if self.commit else ""
        return f"{self.ref}{commit}: {self.sentence} [{self.code}]"


def offences(push: Push, policy: Policy) -> Iterator[Offence]:
    """Yield all that is wrong with a push."""
    if push.ref in policy.refs and (push.deletes or push.is_rewrite):
        done = "deletes the branch" if push.deletes else "takes away commits that the branch has"
        sentence = f"this push {done}: the history of leases stays. Revert in a new commit instead."
        yield Offence("LH5151", push.ref, "", sentence)
    if policy.by_bot and push.ref not in policy.refs:
        branches = " and ".join(sorted(each.removeprefix(_HEADS) for each in policy.refs))
        sentence = f"{policy.pusher} is a bot's account, and pushes to {branches} alone."
        yield Offence("LH5152", push.ref, "", sentence)
    for commit in push.commits:
        for code, sentence in _wrong(push.ref, commit, policy):
            yield Offence(code, push.ref, commit.commit, sentence)


def _wrong(ref: str, commit: PushedCommit, policy: Policy) -> Iterator[tuple[str, str]]:
    claims = bot_of(commit.committer)
    who = f"{commit.committer.name} <{commit.committer.email}>"
    if policy.by_bot and claims is None:
        yield "LH5152", f"{policy.pusher} is a bot's account, and the committer is {who}."
    if policy.by_bot is False and claims and commit.is_new:
        sentence = f"the committer is {who}, and {policy.pusher} is no bot's account"
        yield "LH5152", f"{sentence}: commit it by your own name."
    if commit.unproven:
        yield "LH5154", f"nobody knows whether {who} made it: {commit.unproven}."
    if policy.by_bot or claims:
        yield from (("LH5150", each) for each in _misdeeds(ref, commit, claims or "gateway"))


def _misdeeds(ref: str, commit: PushedCommit, bot: Bot) -> Iterator[str]:
    """Yield what a bot does not do."""
    if len(commit.parents) > 1:
        yield "it is a merge, and a bot makes none."
    added = frozenset(_added(commit.changes)) if bot == "gateway" else frozenset()
    folders = {each.path.rpartition("/")[0] for each in commit.changes}
    if len(folders) > 1:
        yield "it changes several folders, and a bot's commit is about one endpoint."
    for change in commit.changes:
        if sentence := _misdeed(ref, change, bot, added):
            yield sentence


def _misdeed(ref: str, change: FileChange, bot: Bot, added: Collection[str]) -> str | None:
    if change.after is None:
        return f"it takes {change.path} away, and a bot takes no file away."
    if not change.is_plain:
        return f"{change.path} is no ordinary file."
    if change.is_homeless:
        return f"{change.path} is a lease of nothing: no definition of that name is beside it."
    if ref == _STATUS:
        is_record = bot == "controller" and _RECORD.fullmatch(change.path)
        sentence = f"it changes {change.path}: the controller writes ENVIRONMENT.json there, alone."
        return None if is_record else sentence
    if _kind(change.path) == "lease" or change.path in added:
        return None
    sentence = (
        f"it changes {change.path}: a bot's commit changes NAME.lease.json alone, or adds an"
        " endpoint on an endpoint config that exists."
    )
    return None if bot == "controller" and _mints_id(change) else sentence


def _kind(path: str) -> str | None:
    match path.split("/"):
        case [root, _, file] if root == ROOT and (found := document_of(file)):
            return found[1]
    return None


def _added(changes: Iterable[FileChange]) -> Iterator[str]:
    """Yield the definitions that are new, have their lease beside them and are what `add` writes.

    Those are known by their bytes: whatever else a definition says, nobody asked the gateway for.
    """
    changes = tuple(changes)
    paths = {each.path for each in changes}
    for each in changes:
        if _kind(each.path) != "endpoint" or each.before is not None or each.after is None:
            continue
        lease = f"{each.path.removesuffix('.endpoint.json')}.lease.json"
        found = parse_definition(each.path, each.after)
        if lease not in paths or isinstance(found, tuple):
            continue
        if isinstance(found.source, ExistingConfig) and found.endpoint_name:
            config = found.source.endpoint_config_name
            if each.after == dump_existing_config(found.name, found.endpoint_name, config):
                yield each.path


def _mints_id(change: FileChange) -> bool:
    match change.path.split("/"):
        case [root, _, file] if root == ROOT and file == ENVIRONMENT_FILE:
            pass
        case _:
            return False
    try:
        before, after = decode(change.before or b""), decode(change.after or b"")
    except (ValueError, RecursionError):
        return False
    if not (isinstance(before, dict) and isinstance(after, dict)) or "ledger_id" in before:
        return False
    return {**before, "ledger_id": after.get("ledger_id")} == after and "ledger_id" in after
