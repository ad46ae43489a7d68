"""Leases of a commit that is planned, brought up to date: they move on while a branch is worked on.

    the commit has                              the ledger's branch has    what counts
    ------------------------------------------  -------------------------  -----------------
    a lease that the branch once had            another one since          the branch's
    a definition without a lease                a lease                    the branch's
    any other lease, or no definition           whatever it has            the commit's own

So a merge would have it: a branch that nobody touched since yesterday neither ends what was
extended today, nor starts what was released.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from ledger.errors import Failure
from ledger.holdings import ROOT, document_path
from ledger.repository import Journaled, Repository
from ledger.snapshot import Snapshot

_MOST = 5000  # commits that are read back
_LEASE = ".lease.json"


def with_current_leases(ledger: Repository, environment: str, planned: Snapshot) -> Snapshot:
    """Return a commit with the leases that count, by the history of the ledger's branch.

    Where that cannot be read, it has its own.
    """
    with suppress(Failure):
        return _merged(ledger, environment, planned, ledger.read())
    return planned


def _merged(ledger: Repository, environment: str, planned: Snapshot, head: Snapshot) -> Snapshot:
    folder = f"{ROOT}/{environment}/"
    current = {
        path.removeprefix(folder): content
        for path, content in head.files.items()
        if path.startswith(folder) and path.endswith(_LEASE)
    }
    own = {name: planned.files.get(f"{folder}{name}") for name in current}
    differs = {name: own[name] for name in current if own[name] != current[name]}
    missing = {name for name, content in differs.items() if content is None}
    reader = _Past({name: each for name, each in differs.items() if each is not None})
    if reader.left:
        ledger.journal(folder.rstrip("/"), reader.begin, up_to=head, most=_MOST)
    moved = {
        f"{folder}{name}": current[name]
        for name in (*missing, *reader.past)
        if document_path(environment, name.removesuffix(_LEASE), "endpoint") in planned.files
    }
    return replace(planned, files={**planned.files, **moved}) if moved else planned


class _Past:
    """Finds which contents files once had; begins anew whenever a clone had to be deepened."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self.left, self.past = set(contents), set[str]()

    def begin(self) -> "_Past":
        self.left, self.past = set(self._contents), set()
        return self

    def __call__(self, each: Journaled) -> bool:
        for name in self.left & each.files.keys():
            before, _ = each.files[name]
            if before == self._contents[name]:
                self.past.add(name)
        self.left -= self.past
        return bool(self.left)
