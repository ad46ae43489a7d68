"""Up to which commit the ledger counts, where its commits have to be signed. Pure.

    verify     a commit after the applied one that nobody proves
    ---------  ---------------------------------------------------------------------------
    none       counts
    warn       counts, and is told once
    enforce    does not count, and neither does what comes after it; it is told each tick

What the rules are, and whose keys count, the last proven commit says, and never the one that is
judged. Somebody whose key counts may answer for a commit: a later commit of theirs, with the
trailer `Vouches-For: ID`. That is how a ledger goes on, for its history is not rewritten.

Ends go on meanwhile: what the proven commit and the head both let end, ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.dependencies import Ledger
from ledger.errors import Refused
from ledger.fleet import signer_files
from ledger.observed import Applied
from ledger.snapshot import SignedCommit, Snapshot

_MOST_TOLD = 5
_GONE = "LH2013"
_NEXT = "sign it anew, or let somebody whose key counts commit with the trailer `Vouches-For: ID`"


@dataclass(frozen=True, slots=True)
class Trusted:
    """The commit that counts, and sentences about those that nobody proves."""

    snapshot: Snapshot
    troubles: tuple[str, ...] = ()


def trusted(ledger: Ledger, head: Snapshot, environment: str, note: Applied | None) -> Trusted:
    """Return what counts of the ledger. Raise Failure where that cannot be read.

    Where nothing was applied before, the head is where proving begins.
    """
    if note is None or note.verify == "none" or note.commit == head.commit:
        return Trusted(head)
    try:
        return _judged(ledger, head, environment, note)
    except Refused as refusal:
        if refusal.code != _GONE:
            raise
        raise Refused(
            "LH2047",
            f"the commit {note.commit}, up to which the ledger counts by its signatures, is not in"
            " the history of the branch any more, so nothing can be proven, and nothing is done:"
            " push that history back from a clone that has it, and let the git server refuse"
            " forced pushes.",
        ) from refusal


def _judged(ledger: Ledger, head: Snapshot, environment: str, note: Applied) -> Trusted:
    commits = ledger.since(note.commit, head.commit, signer_files(environment))
    # Nothing came since: the head went back, or a plan is about one commit.
    if commits is not None and not commits:
        return Trusted(head)
    if commits is None:
        proven = note.commit
        left: Mapping[str, str] = {head.commit: "too many commits lie between"}
    else:
        from controller.judge import Judge  # noqa: PLC0415 - most ledgers ask for no signatures

        judge = Judge(ledger, environment, note.commit, {each.commit: each for each in commits})
        proven, left = judge.judge(head.commit)
    counts = head.commit if note.verify == "warn" else proven
    troubles = tuple(_troubles(left, commits or (), counts, is_held=counts != head.commit))
    return Trusted(head if counts == head.commit else ledger.at(counts), troubles)


def _troubles(
    left: Mapping[str, str], commits: Sequence[SignedCommit], counts: str, *, is_held: bool
) -> list[str]:
    by_name = {each.commit: each for each in commits}
    so = (
        f"the ledger counts up to {counts[:8]} until then: {_NEXT}"
        if is_held
        else "it counts all the same, for verify is warn"
    )
    told = [
        str(
            Refused(
                "LH2042", f"nobody proves the commit {name}{_by(by_name.get(name))}: {why}; {so}."
            )
        )
        for name, why in sorted(left.items())[:_MOST_TOLD]
    ]
    more = len(left) - len(told)
    return [*told, f"LH2042: {more} more commits are not proven."] if more else told


def _by(commit: SignedCommit | None) -> str:
    return f" by {commit.committer.name} <{commit.committer.email}>" if commit else ""
