"""A bare clone, one commit deep and disposable: whatever is wrong with it, a new one is made.

Objects and references are touched under a lock, because libgit2 wants one thread at a time on a
handle. A push has a handle of its own on the same clone and holds no lock, so a reader never waits
for a push's network time. It must not know what the files mean.
"""

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import pygit2

from ledger.errors import Unavailable
from ledger.repository.commits import (
    after,
    ages,
    committed_at,
    descended,
    differs,
    history,
    latest,
    signature,
)
from ledger.repository.graph import (
    MOST_BETWEEN,
    Graph,
    TooShallow,
    descends,
    mend_ends,
    read_ends,
)
from ledger.repository.transport import FOREIGN, TRACKING, Server
from ledger.repository.trees import Trees, write_tree
from ledger.snapshot import UNBORN, Change, CommitRecord, Person, Snapshot
from ledger.writer import Damaged

_Read = TypeVar("_Read")
_MOST_PACK_FILES = 200
_MOST_LOOSE_OBJECTS = 8192
_USES_BETWEEN_COUNTS = 64
_FIRST_STEP = 64  # commits deep
_STEP = 8  # times as deep as the one before


@dataclass(frozen=True)
class CommitIdentity:
    """Who commits, and the clock that dates it."""

    committer: Person
    clock: Callable[[], datetime]


class Clone:
    def __init__(self, server: Server, cache: Path, under: str, identity: CommitIdentity) -> None:
        name = hashlib.sha256(f"{server.remote.url} {server.remote.branch}".encode()).hexdigest()
        self._path = cache / f"{name[:16]}.git"
        self._server = server
        self._trees = Trees(under)
        self._identity = identity
        self._lock = threading.RLock()
        self._handle: pygit2.Repository | None = None
        self._tip: Snapshot | None = None
        self._uses = 0

    def known(self) -> Snapshot | None:
        """Return the tip as last seen, by this process or by the one that kept this clone."""
        with self._lock, suppress(Damaged):
            self._uses += 1
            if self._uses % _USES_BETWEEN_COUNTS == 0:
                self._stay_thin()
            tracked = self._tracked() if self._tip is None else None
            if tracked:
                self._tip = self.at(tracked)
        return self._tip

    def head(self) -> str:
        with self._lock, self._server.connected(self._reading()) as connection:
            return self._server.tip(connection)

    def fetch(self) -> Snapshot:
        with self._lock:
            try:
                self._tip = self._fetched()
            except Damaged:
                self._tip = self._fetched_afresh()
            return self._tip

    def commit(self, parent: Snapshot, change: Change) -> Snapshot:
        with self._lock, self._guarded() as repository:
            author = signature(change.author, self._identity.clock())
            committer = signature(self._identity.committer, self._identity.clock())
            parents = [repository[parent.commit].peel(pygit2.Commit)] if parent.commit else []
            before = parents[0].tree if parents else None
            tree = write_tree(repository, before, change.files)
            ids = [commit.id for commit in parents]
            made = repository.create_commit(None, author, committer, change.message, tree, ids)
            kept = {**parent.files, **change.files}
            files = {path: content for path, content in kept.items() if content is not None}
            commit = repository[made].peel(pygit2.Commit)
            left = {
                path: kind for path, kind in parent.not_files.items() if path not in change.files
            }
            return Snapshot(
                str(made), MappingProxyType(files), committed_at(commit), MappingProxyType(left)
            )

    def push(self, base: Snapshot, tip: Snapshot) -> None:
        with self._lock, self._guarded():
            pushing = self._open()
        self._server.push(pushing, base.commit, tip.commit)
        with self._lock:
            self._tip = tip
            # The push has won, whatever becomes of the clone.
            with suppress(Damaged), self._guarded() as repository:
                repository.references.create(TRACKING, tip.commit, force=True)

    def between(self, base: str, tip: str) -> Sequence[CommitRecord]:
        return self._after(base, tip, list)

    def recent(self, base: str, tip: str, seconds: float) -> Sequence[float]:
        return self._after(base, tip, lambda found: ages(found, self._identity.clock(), seconds))

    def touches(self, commit: str, paths: Iterable[str]) -> bool:
        with self._lock, self._guarded() as repository:
            after = repository[commit].peel(pygit2.Commit)
            return all(differs(after, path) for path in paths)

    def at(self, commit: str) -> Snapshot:
        with self._lock, self._guarded() as repository:
            found = repository[commit].peel(pygit2.Commit)
            files, not_files = self._trees.read(repository, found.tree)
            return Snapshot(commit, files, committed_at(found), not_files)

    def changes(self, path: str, limit: int) -> Sequence[CommitRecord]:
        return self._in_depth(lambda repository, tip: history(repository, tip, path, limit))

    def latest(self, limit: int) -> Sequence[CommitRecord]:
        return self._in_depth(lambda repository, tip: latest(repository, tip, limit))

    def find(self, prefix: str, of: str | None) -> Sequence[CommitRecord]:
        return self._in_depth(lambda repository, tip: descended(repository, of or tip, prefix))

    def descends(self, commit: str, ancestor: str) -> bool:
        if commit == ancestor:
            return bool(commit)
        return self._walked(lambda graph: descends(graph, commit, ancestor), MOST_BETWEEN + 1)

    def _walked(self, read: Callable[[Graph], _Read], most: int) -> _Read:
        """Read the graph, and read it anew from a deeper clone where it ends too soon.

        What is `most` commits deep is read as it is. Raises `Failure`.
        """
        with self._lock:
            depth, is_final = 0, False
            while True:
                try:
                    with self._guarded() as repository:
                        return read(Graph(repository, read_ends(self._path), is_final))
                except TooShallow as end:
                    depth = min(max(_FIRST_STEP, end.depth, depth * _STEP), most)
                except Damaged:
                    depth = max(depth, _FIRST_STEP)
                self._deepen(depth)
                is_final = depth == most or not self._reading().is_shallow

    def _after(
        self, base: str, tip: str, read: Callable[[Iterator[CommitRecord]], list[_Read]]
    ) -> list[_Read]:
        """Read what came after `base`, newest first, which is fetched if the clone lacks it."""
        with self._lock:
            if not tip:
                return []
            if not self._reaches(base):
                self._deepen()
            with self._guarded() as repository:
                return read(after(repository, base, tip))

    def _in_depth(
        self, read: Callable[[pygit2.Repository, str], Iterator[CommitRecord]]
    ) -> Sequence[CommitRecord]:
        """Read from the whole history, which is fetched if the clone does not have it."""
        with self._lock:
            tip = self.fetch()
            if not tip.commit:
                return []
            if self._reading().is_shallow:
                self._deepen()
            with self._guarded() as repository:
                return list(read(repository, tip.commit))

    def _fetched(self) -> Snapshot:
        self._stay_thin()
        with self._guarded() as repository, self._server.connected(repository) as connection:
            tip = self._server.tip(connection)
            if self._tip is not None and self._tip.commit == tip:
                return self._tip
            if not tip:
                return self._without_branch()
            tracked = self._tracked()
            if tracked != tip:
                deep = tracked is not None or self._server.remote.is_local
                self._server.fetch(connection, depth=0 if deep else 1)
                self._forget_depth()
            return self.at(tip)

    def _without_branch(self) -> Snapshot:
        """Start afresh: nothing of a branch that was taken away is of use to the next one."""
        if self._tracked():
            self._discard()
        return UNBORN

    def _fetched_afresh(self) -> Snapshot:
        try:
            return self._fetched()
        except Damaged as damage:
            raise self._server.unreachable(damage) from damage

    def _deepen(self, depth: int | None = None) -> None:
        """Fetch so many commits below the remote's tip, or all; what is deeper already stays so."""
        try:
            with self._guarded() as repository, self._server.connected(repository) as connection:
                wanted = depth if repository.is_shallow or repository.is_empty else 0
                whole = depth is None and repository.is_shallow
                self._server.fetch(connection, depth=wanted or 0, whole=whole)
                self._forget_depth()
        except Damaged as damage:
            raise self._server.unreachable(damage) from damage

    def _reaches(self, base: str) -> bool:
        """Tell whether the clone has all that came after `base`, which is nothing if empty."""
        repository = self._reading()
        return base in repository if base else not repository.is_shallow

    def _tracked(self) -> str | None:
        with self._guarded() as repository:
            found = repository.references.get(TRACKING)
            return str(found.target) if found else None

    @contextmanager
    def _guarded(self) -> Iterator[pygit2.Repository]:
        """Turn what goes wrong with the clone into `Damaged`, and throw the clone away."""
        try:
            yield self._reading()
        except FOREIGN as error:
            self._discard()
            raise Damaged(f"the clone in {self._path} cannot be used: {error}") from error

    def _forget_depth(self) -> None:
        """Drop the handle: it has read once how shallow its clone is, and a fetch changes that."""
        mend_ends(self._reading(), self._path)
        self._handle = None

    def _reading(self) -> pygit2.Repository:
        if self._handle is None:
            try:
                self._handle = self._open()
            except FOREIGN:
                self._discard()
                self._handle = self._open_afresh()
        return self._handle

    def _open_afresh(self) -> pygit2.Repository:
        try:
            return self._open()
        except FOREIGN as error:
            raise Unavailable(
                "LH2012", f"No clone can be kept in {self._path.parent}: {error}"
            ) from error

    def _open(self) -> pygit2.Repository:
        if not self._path.exists():
            return pygit2.init_repository(str(self._path), bare=True)
        return pygit2.Repository(str(self._path))

    def _discard(self) -> None:
        self._handle = None
        self._tip = None
        shutil.rmtree(self._path, ignore_errors=True)
        with suppress(OSError):
            self._path.unlink()

    def _stay_thin(self) -> None:
        """Start afresh when fetches and commits have piled up; a new clone has one pack."""
        objects = self._path / "objects"
        if _count(objects / "pack") > _MOST_PACK_FILES:
            self._discard()
        elif _count(objects / "17") > _MOST_LOOSE_OBJECTS // 256:
            self._discard()  # Object ids are spread evenly over 256 folders: one tells for all.


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0
