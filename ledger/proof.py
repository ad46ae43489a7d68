"""Whether a commit is by whom it says: its signature, and whose keys may sign for them. Pure.

    committer                  proven by
    -------------------------  ----------------------------------------------------------------
    the gateway or controller  a key of bots.allowed_signers for its address
    anybody else               a key of people.allowed_signers for their address

Both files stand beside environment.json. An author is proven with the committer: by the same
address, or by the gateway, which knows its callers.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ledger.committers import bot_of
from ledger.documents import Verify
from ledger.errors import Failure
from ledger.fleet import BOTS, PEOPLE, environment_path, signer_files
from ledger.json_files import Violation
from ledger.observed import Applied
from ledger.signatures import Signer, Unproven, read_signers, verified, without_signature
from ledger.signatures.signers import lines_in_vain
from ledger.snapshot import Entries, SignedCommit, Snapshot


@dataclass(frozen=True, slots=True)
class Signers:
    people: tuple[Signer, ...] = ()
    bots: tuple[Signer, ...] = ()

    @classmethod
    def of(cls, files: Mapping[str, bytes], environment: str) -> "Signers":
        """Read an environment's two files; one that is not there lets nobody sign."""
        texts = (files.get(path, b"") for path in signer_files(environment))
        people, bots = (read_signers(text.decode(errors="replace")) for text in texts)
        return cls(people, bots)

    @property
    def lines(self) -> frozenset[Signer]:
        return frozenset((*self.people, *self.bots))

    def without(self, gone: Collection[Signer]) -> "Signers":
        people, bots = (
            (each for each in found if each not in gone) for found in (self.people, self.bots)
        )
        return Signers(tuple(people), tuple(bots))


def unproven(commit: SignedCommit, signers: Signers) -> str:
    """Say why nobody knows that the committer made a commit; "" where it is proven.

    Raises Refused LH2041 where no signature can be verified here.
    """
    try:
        payload, signature = without_signature(commit.raw)
        if not signature:
            return "it is not signed"
        key = verified(payload, signature)
    except Unproven as reason:
        return str(reason)
    is_bot = bot_of(commit.committer) is not None
    known = [each for each in (signers.bots if is_bot else signers.people) if each.key == key]
    if not known:
        return f"its key is in no line of {BOTS if is_bot else PEOPLE}"
    address = commit.committer.email
    if not any(each.signs_for(address) for each in known):
        return f"its key is not one of {address}"
    if not any(each.signs_for(address) and each.counts_at(commit.committed_at) for each in known):
        return f"its key did not count for {address} at that time"
    return ""


def is_author_proven(commit: SignedCommit, signers: Signers) -> bool:
    """Tell whether it is known that the author asked for a commit."""
    by_bot = bot_of(commit.committer) is not None
    same = commit.author.email.casefold() == commit.committer.email.casefold()
    return (by_bot or same) and not unproven(commit, signers)


class History(Protocol):
    """The repository that has the commits."""

    def signed(self, commit: str) -> SignedCommit: ...
    def at(self, commit: str) -> Snapshot: ...


def signers_that_count(
    history: History, head: Snapshot, environment: str, note: Applied | None
) -> Signers:
    """Return whose keys prove a name: those of the head, or of the last commit that is proven.

    A head that nobody proves may have keys of whoever made it. Where that commit cannot be read,
    nobody's count.
    """
    if note is None or note.verify != "enforce" or note.commit == head.commit:
        return Signers.of(head.files, environment)
    try:
        return Signers.of(history.at(note.commit).files, environment)
    except Failure:
        return Signers()


def is_proven(history: History, commit: str, signers: Signers) -> bool | None:
    """Tell whether it is known who asked for a change; None where nobody can tell.

    Nobody can, where no keys are named, or where signatures cannot be verified here.
    """
    if not signers.people and not signers.bots:
        return None
    try:
        return is_author_proven(history.signed(commit), signers)
    except Failure:
        return None


def wrong_signers(entries: Entries, environment: str, verify: Verify) -> Iterator[Violation]:
    """Yield where nobody can sign, or a line lets nobody sign.

    It is no reason to leave endpoints alone, so whoever writes the files asks.
    """
    for name, path in zip((PEOPLE, BOTS), signer_files(environment), strict=True):
        content = entries.get(path)
        text = content.decode(errors="replace") if isinstance(content, bytes) else ""
        for line in lines_in_vain(text):
            sentence = f"line {line} lets nobody sign: it is ADDRESS, perhaps options, and the key."
            yield Violation("LH2044", path, "", sentence, "warning")
        if verify != "none" and not read_signers(text):
            sentence = f"it is {verify}, and {name} names nobody: no commit of theirs is proven."
            level: Literal["error", "warning"] = "error" if verify == "enforce" else "warning"
            yield Violation("LH2044", environment_path(environment), "/verify", sentence, level)
