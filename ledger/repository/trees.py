"""Files to git trees and back, straight from the object database, with no work tree.

A handle of pygit2 belongs to one thread at a time: whoever calls this holds the clone's lock.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from sys import intern
from types import MappingProxyType

import pygit2
from pygit2.enums import FileMode

from ledger.snapshot import NotAFile

_ROOM = 1000
_DEEPEST = 16  # folders
_MOST = 200_000  # files in a folder and all below it; git writes the same folder once for many
_WHOLE = 2  # folders, from the one that is read: what lies deeper is read whole or not at all
_LARGEST = 16 * 1024 * 1024  # bytes; what is read as JSON is held to much less
_Item = bytes | NotAFile | pygit2.Oid


class Trees:
    """Reads what is below one folder; no object that it has seen is read again."""

    def __init__(self, under: str) -> None:
        self._under = under
        self._blobs: dict[pygit2.Oid, bytes | NotAFile] = {}
        self._folders: dict[pygit2.Oid, dict[str, _Item]] = {}
        self._counts: dict[tuple[pygit2.Oid, int], int] = {}

    def read(
        self, repository: pygit2.Repository, root: pygit2.Tree
    ) -> tuple[Mapping[str, bytes], Mapping[str, NotAFile]]:
        """Return the files by their paths, and what is no file that can be read."""
        folder = _folder(root, self._under)
        self._counts.clear()
        if isinstance(folder, pygit2.Oid) and self._count(repository, folder, 0) > _MOST:
            folder = NotAFile.HUGE_FOLDER
        if folder is None or isinstance(folder, NotAFile):
            missing = {self._under.rstrip("/"): folder} if folder else {}
            return MappingProxyType({}), MappingProxyType(missing)
        files: dict[str, bytes] = {}
        not_files: dict[str, NotAFile] = {}
        for path, item in self._walk(repository, folder, self._under):
            if isinstance(item, NotAFile):
                not_files[path] = item
            else:
                files[path] = item
        if len(self._blobs) + len(self._folders) > _ROOM + 3 * len(files):
            self._blobs.clear()
            self._folders.clear()
        return MappingProxyType(files), MappingProxyType(not_files)

    def _walk(
        self, repository: pygit2.Repository, folder: pygit2.Oid, prefix: str, depth: int = 0
    ) -> Iterator[tuple[str, bytes | NotAFile]]:
        for name, item in self._in(repository, folder).items():
            if not isinstance(item, pygit2.Oid):
                yield prefix + name, item
            elif depth == _DEEPEST:
                yield prefix + name, NotAFile.DEEP_FOLDER
            elif self._count(repository, item, depth + 1) > _MOST:
                yield prefix + name, NotAFile.HUGE_FOLDER
            else:
                yield from self._walk(repository, item, f"{prefix}{name}/", depth + 1)

    def _count(self, repository: pygit2.Repository, folder: pygit2.Oid, depth: int) -> int:
        """Return how much a walk finds in a folder.

        Each folder is counted once at each depth, however often it stands in others. What is too
        much below an environment's folder counts once there, and hides nothing beside it.
        """
        if depth > _DEEPEST:
            return 1
        if (folder, depth) not in self._counts:
            below = (
                self._count(repository, item, depth + 1) if isinstance(item, pygit2.Oid) else 1
                for item in self._in(repository, folder).values()
            )
            self._counts[folder, depth] = sum(
                1 if each > _MOST and depth < _WHOLE else each for each in below
            )
        return self._counts[folder, depth]

    def _in(self, repository: pygit2.Repository, folder: pygit2.Oid) -> dict[str, _Item]:
        items = self._folders.get(folder)
        if items is None:
            tree = repository[folder].peel(pygit2.Tree)
            items = self._folders[folder] = dict(self._items(repository, tree))
        return items

    def _items(
        self, repository: pygit2.Repository, tree: pygit2.Tree
    ) -> Iterator[tuple[str, _Item]]:
        for item in tree:
            raw_name = item.raw_name or b""
            try:
                yield raw_name.decode(), self._item(repository, item)
            except UnicodeDecodeError:
                yield raw_name.decode(errors="backslashreplace"), NotAFile.ODD_NAME

    def _item(self, repository: pygit2.Repository, item: pygit2.Object) -> _Item:
        match _kind(item):
            case None if isinstance(item, pygit2.Tree):
                return item.id
            case None:
                return self._blob(repository, item.id)
            case not_a_file:
                return not_a_file

    def _blob(self, repository: pygit2.Repository, oid: pygit2.Oid) -> bytes | NotAFile:
        if oid not in self._blobs:
            _, size = repository.odb.read_header(oid)
            self._blobs[oid] = (
                NotAFile.HUGE_FILE if size > _LARGEST else repository[oid].peel(pygit2.Blob).data
            )
        return self._blobs[oid]


def _kind(item: pygit2.Object) -> NotAFile | None:
    """Tell what is neither a file nor a folder: git keeps a link's target as a file's content."""
    if item.filemode == FileMode.LINK:
        return NotAFile.LINK
    return NotAFile.SUBMODULE if item.filemode == FileMode.COMMIT else None


def write_tree(
    repository: pygit2.Repository, before: pygit2.Tree | None, files: Mapping[str, bytes | None]
) -> pygit2.Oid:
    """Write the trees that `files` change and share all others; None deletes a file."""
    builder = repository.TreeBuilder(before) if before is not None else repository.TreeBuilder()
    below: defaultdict[str, dict[str, bytes | None]] = defaultdict(dict)
    for path, content in files.items():
        name, _, rest = path.partition("/")
        if rest:
            below[name][rest] = content
        elif content is not None:
            builder.insert(name, repository.create_blob(content), FileMode.BLOB)
        elif builder.get(name) is not None:
            builder.remove(name)
    for name, inner in below.items():
        _write_folder(repository, builder, name, inner)
    return builder.write()


def _write_folder(
    repository: pygit2.Repository,
    builder: pygit2.TreeBuilder,
    name: str,
    files: Mapping[str, bytes | None],
) -> None:
    folder = builder.get(name)
    before = folder if isinstance(folder, pygit2.Tree) else None
    tree = write_tree(repository, before, files)
    if len(repository[tree].peel(pygit2.Tree)):
        builder.insert(name, tree, FileMode.TREE)
    elif folder is not None:
        builder.remove(name)


def entry(tree: pygit2.Tree, path: str) -> pygit2.Oid | None:
    """Return the id of what is at `path`, or None.

    pygit2 never frees a name by which it was asked: it gets the same one again.
    """
    try:
        return tree[intern(path)].id
    except KeyError:
        return None


def _folder(root: pygit2.Tree, under: str) -> pygit2.Oid | NotAFile | None:
    """Find the folder that is read; it may be something else, or not there."""
    if not under:
        return root.id
    try:
        found = root[intern(under.rstrip("/"))]
    except KeyError:
        return None
    return found.id if isinstance(found, pygit2.Tree) else _kind(found)
