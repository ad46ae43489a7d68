"""Files to git trees and back, straight from the object database, with no work tree.

A handle of pygit2 belongs to one thread at a time: whoever calls this holds the clone's lock.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pygit2
from pygit2.enums import FileMode

_ROOM = 1000


class Trees:
    """Reads the files below one folder; no object that it has seen is read again."""

    def __init__(self, under: str) -> None:
        self._under = under
        self._blobs: dict[pygit2.Oid, bytes] = {}
        self._folders: dict[pygit2.Oid, dict[str, bytes | pygit2.Oid]] = {}

    def read(self, repository: pygit2.Repository, root: pygit2.Tree) -> Mapping[str, bytes]:
        folder = _folder(root, self._under)
        files = dict(self._walk(repository, folder, self._under)) if folder else {}
        if len(self._blobs) + len(self._folders) > _ROOM + 3 * len(files):
            self._blobs.clear()
            self._folders.clear()
        return MappingProxyType(files)

    def _walk(
        self, repository: pygit2.Repository, folder: pygit2.Oid, prefix: str
    ) -> Iterator[tuple[str, bytes]]:
        items = self._folders.get(folder)
        if items is None:
            items = self._folders[folder] = dict(self._items(repository[folder].peel(pygit2.Tree)))
        for name, item in items.items():
            if isinstance(item, bytes):
                yield prefix + name, item
            else:
                yield from self._walk(repository, item, f"{prefix}{name}/")

    def _items(self, tree: pygit2.Tree) -> Iterator[tuple[str, bytes | pygit2.Oid]]:
        for item in tree:
            if isinstance(item, pygit2.Tree):
                yield str(item.name), item.id
            elif isinstance(item, pygit2.Blob):
                if item.id not in self._blobs:
                    self._blobs[item.id] = item.data
                yield str(item.name), self._blobs[item.id]


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
    """Return the id of what is at `path`, or None."""
    try:
        return tree[path].id
    except KeyError:
        return None


def _folder(root: pygit2.Tree, under: str) -> pygit2.Oid | None:
    if not under:
        return root.id
    try:
        found = root[under.rstrip("/")]
    except KeyError:
        return None
    return found.id if isinstance(found, pygit2.Tree) else None
