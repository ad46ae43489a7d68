"""A bare clone, one commit deep and disposable: whatever is wrong with it, a new one is made.

Objects and references are touched under a lock, because libgit2 wants one thread at a time on a
handle. A push has a handle of its own on the same clone and holds no lock, so a reader never waits
for a push's network time. It must not know what the files mean.
"""

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pygit2

from ledger.deadline import turn
from ledger.errors import Failure, Refused, Unavailable
from ledger.history import KEY_LIFETIME
from ledger.raw_commit import RawCommit, committed_at, signed
from ledger.repository.borrowed import borrow
from ledger.repository.commits import (
    changed,
    make_commit,
    record,
    signature,
    watching,
)
from ledger.repository.exchange import Overdue
from ledger.repository.graph import (
    MOST_BETWEEN,
    Graph,
    TooShallow,
    descends,
    mend_ends,
    read_ends,
)
from ledger.repository.journal import Journal, Reader, Reading
from ledger.repository.pages import Page, Place, read_page
from ledger.repository.raw_commit import is_there
from ledger.repository.requests import Noted, Wanted, noted, read_wanted
from ledger.repository.transport import FOREIGN, TRACKING, Connection, Server
from ledger.repository.trees import Trees, write_tree
from ledger.repository.walk import MOST_SEARCHED, Since, between
from ledger.snapshot import (
    UNBORN,
    Change,
    CommitRecord,
    Person,
    SignedCommit,
    Snapshot,
    is_requested,
)
from ledger.writer import Damaged, PushFailed

_Read = TypeVar("_Read")
_MOST_PACK_FILES = 200
_MOST_LOOSE_OBJECTS = 8192
_MOST_TRIES = 3
_USES_BETWEEN_COUNTS = 64
_FIRST_STEP = 64  # commits deep
_STEP = 8  # times as deep as the one before
_EVERYTHING = 2**31 - 1  # commits: what git calls the whole
_CLOCKS_DIFFER = 60  # seconds
# Of the files of a clone, libgit2 has so much in memory at once; a setting of the whole process.
_WINDOW, _MOST_MAPPED = 1024 * 1024, 16 * 1024 * 1024


Sign = Callable[[bytes], str | None]


@dataclass(frozen=True)
class CommitIdentity:
    """Who commits, the clock that dates it, and what signs it."""

    committer: Person
    clock: Callable[[], datetime]
    sign: Sign | None = None


class Clone:
    def __init__(self, server: Server, cache: Path, under: str, identity: CommitIdentity) -> None:
        name = hashlib.sha256(f"{server.remote.url} {server.remote.branch}".encode()).hexdigest()
        self._cache = cache
        self._name = name[:16]
        self._left_behind = 0  # clones that an exchange was left with
        self._server = server
        self._trees = Trees(under)
        self._identity = identity
        self._lock = threading.RLock()
        self._handle: pygit2.Repository | None = None
        self._tip: Snapshot | None = None
        self._recalled: Snapshot | None = None
        self._uses = 0

    @property
    def _path(self) -> Path:
        number = f"-{self._left_behind}" if self._left_behind else ""
        return self._cache / f"{self._name}{number}.git"

    def close(self) -> None:
        """Close what is open, for whoever needs no more of it now."""
        self._drop_handle()

    def known(self) -> Snapshot | None:
        """Return the tip as last seen, by this process or by the one that kept this clone."""
        with turn(self._lock), suppress(Damaged):
            self._uses += 1
            if self._uses % _USES_BETWEEN_COUNTS == 0:
                self._stay_thin()
            tracked = self._tracked() if self._tip is None else None
            if tracked:
                self._tip = self.at(tracked)
        return self._tip

    def head(self) -> str:
        with turn(self._lock):
            try:
                with self._connected() as connection:
                    return self._server.tip(connection)
            except Damaged as damage:
                raise self._server.unreachable(damage) from damage

    def fetch(self) -> Snapshot:
        with turn(self._lock):
            try:
                self._tip = self._fetched()
            except Damaged:
                self._tip = self._fetched_afresh()
            return self._tip

    def commit(self, parent: Snapshot, change: Change) -> Snapshot:
        with turn(self._lock), self._guarded() as repository:
            author = signature(change.author, self._identity.clock())
            committer = signature(self._identity.committer, self._identity.clock())
            graph = Graph(repository, frozenset(), is_final=False)
            if parent.commit:
                self._check_parent(repository, parent.commit)
            before = graph.tree(graph.commit(parent.commit)) if parent.commit else None
            tree = write_tree(repository, before, change.files)
            ids = [pygit2.Oid(hex=parent.commit)] if parent.commit else []
            what = author, committer, change.message, tree, ids
            made = str(make_commit(repository, what, self._identity.sign))
            return parent.after(made, change.files, committed_at(graph.commit(made)))

    def _check_parent(self, repository: pygit2.Repository, commit: str) -> None:
        """Raise Refused LH2016 for a commit that libgit2 cannot parse: nothing can be put on it."""
        try:
            repository.get(commit)
        except FOREIGN as error:
            raise Refused(
                "LH2016",
                f"Nothing can be committed on {commit}, the newest commit of"
                f" {self._server.remote.branch}: who made it, or when, cannot be read ({error})."
                " Commit something on top of it with git, and push that.",
            ) from error

    def push(self, base: Snapshot, tip: Snapshot) -> None:
        with turn(self._lock), self._guarded():
            outgoing = self._outgoing(base.commit)
        self._server.push(outgoing, base.commit, tip.commit)
        with turn(self._lock):
            self._tip = tip
            # The push has won, whatever becomes of the clone.
            with suppress(Damaged), self._guarded() as repository:
                repository.references.create(TRACKING, tip.commit, force=True)

    def try_push(self) -> None:
        """Push the head onto itself. Raises `Failure`.

        Where somebody else pushes meanwhile, the server may refuse it for that: it is tried again.
        """
        for _ in range(_MOST_TRIES):
            tip = self.fetch().commit
            try:
                self._push_onto_itself(tip)
            except Failure:
                if self.head() == tip:
                    raise
            else:
                return
        raise Unavailable("LH2008", "The push failed: others push all the time.")

    def _push_onto_itself(self, tip: str) -> None:
        with turn(self._lock), self._guarded():
            outgoing = self._outgoing(tip)
        try:
            self._server.push(outgoing, tip, tip)
        except PushFailed as failure:
            if failure.moved:  # somebody else has just pushed, so the server let us in
                return
            if failure.verdict:
                raise Refused(
                    "LH2007", f"The git server takes no push: {failure.words}"
                ) from failure
            raise Unavailable("LH2008", f"The push failed: {failure.words}") from failure

    def signed(self, commit: str) -> SignedCommit:
        return self._walked(lambda graph: signed(graph.commit(commit)), MOST_SEARCHED)

    def since(self, base: str, tip: str, watched: Sequence[str]) -> Sequence[SignedCommit] | None:
        def read(graph: Graph) -> Sequence[SignedCommit] | None:
            found = between(graph, base, tip, MOST_BETWEEN)
            return None if found is None else [watching(graph, each, watched) for each in found]

        return self._walked(read, MOST_SEARCHED)

    def parents(self, commit: str) -> tuple[str, ...]:
        return self._walked(lambda graph: graph.commit(commit).parents, MOST_SEARCHED)

    def _outgoing(self, base: str) -> pygit2.Repository:
        """Open a repository of this clone's objects whose history begins at a commit.

        libgit2 walks all of it to know what to send, and gives up at a commit that it cannot parse.
        """
        folder = Path(tempfile.mkdtemp(prefix="outgoing-", dir=self._cache))
        pygit2.init_repository(str(folder), bare=True).free()
        alternates = folder / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(f"{self._path.absolute() / 'objects'}\n")
        if base:
            (folder / "shallow").write_text(f"{base}\n", encoding="ascii")
        return pygit2.Repository(str(folder))

    def between(self, base: str, tip: str) -> Sequence[CommitRecord]:
        lifetime = KEY_LIFETIME.total_seconds()
        return self._after(base, tip, lifetime, lambda found: list(map(record, found)))

    def recent(self, base: str, tip: str, seconds: float) -> Sequence[float]:
        now = self._identity.clock()

        def ages(commits: Iterator[RawCommit]) -> list[float]:
            asked = filter(is_requested, map(record, commits))
            return [(now - each.committed_at).total_seconds() for each in asked]

        found = self._after(base, tip, seconds + _CLOCKS_DIFFER, ages)
        return sorted((max(0.0, age) for age in found if age <= seconds), reverse=True)

    def touches(self, commit: str, paths: Collection[str]) -> bool:
        def read(graph: Graph) -> bool:
            return all(changed(graph, graph.commit(commit), path) for path in paths)

        return self._walked(read, MOST_SEARCHED)

    def at(self, commit: str) -> Snapshot:
        with turn(self._lock), self._guarded() as repository:
            graph = Graph(repository, frozenset(), is_final=False)
            found = graph.commit(commit)
            files, not_files = self._trees.read(repository, graph.tree(found))
            return Snapshot(commit, files, committed_at(found), not_files)

    def recall(self, commit: str) -> Snapshot:
        """Return a commit's files; raises Refused LH2013 where the branch does not have it.

        The last one is kept, with what was read from it: a request may ask for it several times.
        """

        def read(graph: Graph) -> Snapshot:
            if graph.has(commit):
                return self.at(commit)
            graph.want(1)
            raise _gone(commit)

        with turn(self._lock):
            if self._recalled is None or self._recalled.commit != commit:
                self._recalled = self._walked(read, MOST_SEARCHED)
            return self._recalled

    def surely(self, read: Callable[[], _Read]) -> _Read:
        """Read, and read again from a new clone where this one is damaged. Raises `Failure`."""
        try:
            return read()
        except Damaged:
            pass
        try:
            return read()
        except Damaged as damage:
            raise self._server.unreachable(damage) from damage

    def tip(self) -> str:
        """Return the remote's commit as last seen; asks for it where none was."""
        with turn(self._lock):
            return (self.known() or self.fetch()).commit

    def page(self, path: str, limit: int, begin: Place | None) -> Page:
        """Return changes of a file from a place on, or from the remote's tip on.

        Raises Refused LH2013 where the branch does not have that place any more, and `Failure`.
        """
        with turn(self._lock):
            tip = self.fetch().commit
            if begin and not self.descends(tip, begin.tip):
                raise _gone(begin.tip)
            if not tip:
                return Page((), None)
            place = begin or Place(tip, (tip,))
            return self._walked(lambda graph: read_page(graph, place, path, limit), _EVERYTHING)

    def last_change(self, path: str, tip: str) -> CommitRecord | None:
        """Return the commit up to `tip` that changed a file last, unless that is far back."""
        place = Place(tip, (tip,))
        page = self._walked(lambda graph: read_page(graph, place, path, 1), _EVERYTHING)
        return next(iter(page.records), None)

    def journal(self, reading: Reading, begin: Callable[[], Reader]) -> None:
        """Read what changed a folder; `begin` makes the reader."""
        now = int(self._identity.clock().timestamp())
        with turn(self._lock), _nothing_kept():
            tip = self.fetch().commit if reading.up_to is None else reading.up_to
            if tip:
                most = _EVERYTHING if reading.most is None else reading.most + 1
                self._walked(Journal(tip, reading, begin(), now).read, most)

    def find(self, prefix: str) -> CommitRecord | None:
        """Find a commit by how its id begins, among the nearest of the branch."""

        def read(graph: Graph) -> CommitRecord | None:
            found = graph.named(prefix)
            if not descends(graph, end, found or ""):
                return None
            return record(graph.commit(found)) if found else None

        with turn(self._lock):
            end = self.fetch().commit
            return self._walked(read, MOST_BETWEEN + 1) if end else None

    def noted(self, tip: str, since: Since) -> Sequence[Noted]:
        """Return what the commits up to `tip` tell; raises `Damaged` where it is not known."""

        def read(graph: Graph) -> Sequence[Noted]:
            if not graph.has(tip):
                graph.want(1)
                raise Damaged(f"the clone in {self._path} does not have {tip}")
            return list(map(noted, since.commits(graph, tip)))

        return self._walked(read, since.most + 1)

    def records(self, wanted: Wanted) -> Sequence[CommitRecord]:
        if not wanted.commits:
            return ()
        return self._walked(lambda graph: read_wanted(graph, wanted), MOST_SEARCHED)

    def descends(self, commit: str, ancestor: str) -> bool:
        if commit == ancestor:
            return bool(commit)
        return self._walked(lambda graph: descends(graph, commit, ancestor), MOST_BETWEEN + 1)

    def _after(
        self,
        base: str,
        tip: str,
        seconds: float,
        read: Callable[[Iterator[RawCommit]], list[_Read]],
    ) -> list[_Read]:
        """Read what was committed in the last seconds up to `tip`, but not up to `base`."""
        instant = self._identity.clock().timestamp() - seconds
        since = Since(instant, MOST_SEARCHED, {base})
        return self._walked(lambda graph: read(since.commits(graph, tip)), MOST_SEARCHED)

    def _walked(self, read: Callable[[Graph], _Read], most: int) -> _Read:
        """Read the graph, and read it anew from a deeper clone where it ends too soon.

        What is `most` commits deep is read as it is. Raises `Failure`, `Damaged`.
        """
        with turn(self._lock):
            asked, is_final = 0, False
            while True:
                try:
                    with self._guarded() as repository:
                        _check_tip(repository)
                        ends = read_ends(self._path)
                        return read(Graph(repository, ends, is_final=is_final))
                except TooShallow as end:
                    further = end.depth if end.depth > asked else asked * _STEP
                    asked = min(max(_FIRST_STEP, further), most)
                self._deepen(asked)
                is_final = asked == most or not self._reading().is_shallow

    def _fetched(self) -> Snapshot:
        self._stay_thin()
        with self._connected() as connection:
            tip = self._server.tip(connection)
            if self._tip is not None and self._tip.commit == tip:
                return self._tip
            if not tip:
                return self._without_branch()
            tracked = self._tracked()
            if tracked != tip:
                self._fetch(connection, _FIRST_STEP if tracked else 1)
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

    def _deepen(self, depth: int) -> None:
        """Fetch so many commits below the remote's tip; what is deeper already stays so.

        A clone that cannot be deepened is made anew as deep as that: libgit2 tells the server which
        commits it has, and cannot if one of them is odd.
        """
        for is_last in (False, True):
            try:
                with self._connected() as connection:
                    return self._fetch(connection, depth)
            except Damaged as damage:
                if is_last:
                    raise self._server.unreachable(damage) from damage
        return None

    def _fetch(self, connection: Connection, depth: int) -> None:
        """Fetch into the clone. A whole one stays whole, and nothing is copied from a path."""
        is_local = self._server.remote.is_local
        if is_local and borrow(self._path, self._server.remote.url):
            tip = self._server.tip(connection)
            self._forget_depth()
            self._reading().references.create(TRACKING, tip, force=True)
            return
        is_whole = self._tracked() is not None and not self._reading().is_shallow
        self._server.fetch(connection, depth=0 if is_whole or is_local else depth)
        mend_ends(self._reading(), self._path)
        self._forget_depth()

    def _tracked(self) -> str | None:
        with self._guarded() as repository:
            found = repository.references.get(TRACKING)
            return str(found.target) if found else None

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._guarded() as repository, self._server.connected(repository) as connection:
            yield connection

    @contextmanager
    def _guarded(self) -> Iterator[pygit2.Repository]:
        """Turn what goes wrong with the clone into `Damaged`, and throw the clone away.

        One that an exchange was left with is thrown away as well, and its place is not used again.
        """
        try:
            yield self._reading()
        except Overdue:
            self._handle = None  # the exchange frees it
            self._discard()
            self._left_behind += 1
            raise
        except FOREIGN as error:
            self._discard()
            raise Damaged(f"the clone in {self._path} cannot be used: {error}") from error

    def _forget_depth(self) -> None:
        """Drop the handle: it has read once how shallow its clone is, and a fetch changes that."""
        self._drop_handle()

    def _drop_handle(self) -> None:
        """Close what the handle has open: pygit2 has it in cycles, so it stays for a while."""
        if self._handle is not None:
            self._handle.free()
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
        pygit2.settings.mwindow_size = _WINDOW
        pygit2.settings.mwindow_mapped_limit = _MOST_MAPPED
        if not self._path.exists():
            return pygit2.init_repository(str(self._path), bare=True)
        return pygit2.Repository(str(self._path))

    def _discard(self) -> None:
        self._drop_handle()
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


def _check_tip(repository: pygit2.Repository) -> None:
    """Raise KeyError where the clone has lost what it was made for: that is not a short history."""
    tracked = repository.references.get(TRACKING)
    if tracked and not is_there(repository, tracked.target):
        raise KeyError(f"it does not have its own tip, {tracked.target}")


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Keep libgit2 from remembering objects, of which a long history has many and reads each once.

    The setting is the process's; what another thread reads meanwhile only takes longer.
    """
    pygit2.settings.enable_caching(False)  # noqa: FBT003 - pygit2's
    try:
        yield
    finally:
        pygit2.settings.enable_caching(True)  # noqa: FBT003 - pygit2's


def _gone(commit: str) -> Refused:
    return Refused(
        "LH2013",
        f"The commit {commit} is not in the history of the branch, or far back in it: perhaps"
        " somebody has rewritten the history. Read anew what you want to change or to see.",
    )


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0
