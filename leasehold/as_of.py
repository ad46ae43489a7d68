"""The ledger as one commit has it, for a plan of what may be merged: nothing is written to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.snapshot import CommitRecord, Committed, Proposal, SignedCommit, Snapshot


@dataclass(frozen=True, slots=True)
class AsOf:
    """A ledger whose head is that commit."""

    snapshot: Snapshot

    def read(self) -> Snapshot:
        return self.snapshot

    def head(self) -> str:
        return self.snapshot.commit

    def descends(self, commit: str, ancestor: str) -> bool:  # noqa: ARG002  (as the ledger has it)
        """Say yes: that commit is planned, whether or not it goes on from what is applied."""
        return True

    def at(self, commit: str) -> Snapshot:
        raise AssertionError(f"A plan of {self.snapshot.commit} does not look at {commit}.")

    def since(
        self,
        base: str,  # noqa: ARG002
        tip: str,  # noqa: ARG002
        watched: Sequence[str] = (),  # noqa: ARG002
    ) -> Sequence[SignedCommit]:
        """Return nothing to judge: a plan says what a commit would do once it counts."""
        return ()

    def changes(self, path: str, limit: int) -> Iterator[CommitRecord]:  # noqa: ARG002
        """Return nothing: a plan tells nobody who extended last."""
        return iter(())

    def answers(self, request_id: str) -> Sequence[CommitRecord]:  # noqa: ARG002
        return ()

    def commit(
        self,
        proposal: Proposal,  # noqa: ARG002
        *,
        deadline_seconds: float = 0,  # noqa: ARG002
    ) -> Committed:
        raise AssertionError("A plan writes nothing.")
