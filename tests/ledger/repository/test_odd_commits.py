"""Commits that git would not make, and keeps all the same: they are read over, and no more."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ledger.errors import Refused
from ledger.settings import STATUS_BRANCH
from tests.ledger.forge import LEASE, NOON, QUIET, add, git, opened

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.repository import Repository
    from tests.ledger.forge import Forge

BEN = b"Ben <ben@example.com>"
FINE = BEN + b" 1700000000 +0000"
SIGNED: dict[str, tuple[bytes | None, bytes | None]] = {
    "a word for a date": (FINE, BEN + b" yesterday +0000"),
    "no date": (FINE, BEN),
    "a date that is none of libgit2's": (FINE, BEN + b" 99999999999999999999999999 +0000"),
    "a date that fills the page": (FINE, BEN + b" " + b"9" * 5000 + b" +0000"),
    "a date before everything": (FINE, BEN + b" -1000000000000000 +0000"),
    "a zone that is a word": (FINE, BEN + b" 1700000000 nonsense"),
    "a zone beyond the world": (FINE, BEN + b" 1700000000 +99999999999"),
    "no address": (FINE, b"Ben 1700000000 +0000"),
    "an address without an end": (FINE, b"Ben <ben@example.com 1700000000 +0000"),
    "a name that is not UTF-8": (FINE, b"B\xe9n <ben@example.com> 1700000000 +0000"),
    "an empty committer": (FINE, b""),
    "no committer": (FINE, None),
    "no author": (None, FINE),
}
UNREADABLE = ("a word for a date", "no committer", "no address")


def put(bare: Path, branch: str, author: bytes | None, committer: bytes | None) -> str:
    """Put a commit on a branch, with the files that it has, and these signatures."""
    parent, tree = (git(bare, "rev-parse", f"{branch}{each}") for each in ("", "^{tree}"))
    lines = [f"tree {tree}".encode(), f"parent {parent}".encode()]
    lines += [b"author " + author] if author is not None else []
    lines += [b"committer " + committer] if committer is not None else []
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=bare,
        env=QUIET,
        input=b"\n".join(lines) + b"\n\nodd\n\nRequest-Id: odd\n",
        capture_output=True,
        check=True,
    )
    commit = made.stdout.decode().strip()
    git(bare, "update-ref", f"refs/heads/{branch}", commit)
    return commit


@pytest.mark.parametrize("signed", SIGNED.values(), ids=SIGNED)
def test_one_in_the_history_is_read_over(
    forge: Forge, repository: Repository, signed: tuple[bytes | None, bytes | None]
) -> None:
    begun = forge.tip
    odd = put(forge.bare, "main", *signed)
    put(forge.bare, "main", FINE, FINE)
    repository.read()
    repository.answers("r-1")

    def keyed(request_id: str) -> str:
        return repository.commit(
            lambda at: (repository.answers(request_id, at), add(1, request_id)(at))[1]
        ).commit

    commits = [keyed("r-1"), keyed("r-2")]
    assert forge.tip == commits[-1]
    assert [each.commit for each in repository.answers("r-1")] == commits[:1]
    assert [each.commit for each in repository.page(LEASE, 9).records] == [*commits[::-1], begun]
    assert repository.descends(forge.tip, odd)
    assert repository.descends(forge.tip, begun)
    found = repository.find(odd[:12])
    assert found is not None
    assert found.message.startswith("odd")


@pytest.mark.parametrize("signed", UNREADABLE)
def test_the_newest_is_read_and_nothing_is_put_on_it(
    forge: Forge, repository: Repository, signed: str
) -> None:
    repository.read()
    odd = put(forge.bare, "main", *SIGNED[signed])
    assert repository.read().commit == odd
    assert repository.read().files[LEASE] == b"0"
    assert repository.answers("r-1") == ()
    assert len(repository.page(LEASE, 9).records) == 1
    with pytest.raises(Refused) as refusal:
        repository.commit(add(1, "r-1"))
    assert refusal.value.code == "LH2016"
    put(forge.bare, "main", FINE, FINE)
    assert repository.commit(add(1, "r-1")).commit == forge.tip


@pytest.mark.parametrize("signed", UNREADABLE)
def test_one_in_the_history_of_the_status_keeps_nothing_from_being_written(
    forge: Forge, tmp_path: Path, signed: str
) -> None:
    git(forge.bare, "branch", STATUS_BRANCH, "main")
    put(forge.bare, STATUS_BRANCH, *SIGNED[signed])
    put(forge.bare, STATUS_BRANCH, FINE, FINE)
    status = opened(forge.url, tmp_path / "status", branch=STATUS_BRANCH)
    committed = [status.commit(add(1, f"r-{number}")).commit for number in range(2)]
    assert git(forge.bare, "rev-parse", STATUS_BRANCH) == committed[-1]
    assert len(status.page(LEASE, 9).records) == 3
    assert status.read().committed_at == NOON
