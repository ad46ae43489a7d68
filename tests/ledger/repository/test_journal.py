"""What changed a folder, newest first: each commit once, along all parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from ledger.repository.journal import one_difference
from tests.ledger.forge import git

if TYPE_CHECKING:
    from ledger.repository import Journaled
    from ledger.repository.journal import Reader
    from tests.scene import Scene

NAMES = st.from_regex(r"[A-C]{1,3}( 100644 )?(\.lease|\.endpoint)\.json", fullmatch=True)
IDS = st.binary(min_size=20, max_size=20) | st.just(b"100644 A.lease.json\0")
Folder = dict[str, bytes]


def stored(folder: Folder) -> bytes:
    """A folder as git stores it."""
    return b"".join(b"100644 " + name.encode() + b"\0" + folder[name] for name in sorted(folder))


@given(st.dictionaries(NAMES, IDS, min_size=1, max_size=5), st.data())
@example({"A.lease.json": b"\0" * 20, "B.lease.json": b"\0" * 20}, None)
def test_one_changed_lease_is_found_and_nothing_else_is_taken_for_one(
    before: Folder, data: st.DataObject | None
) -> None:
    assert one_difference(stored(before), stored(before)) is None
    if data is None:
        return
    after = dict(before)
    for name in data.draw(st.lists(st.sampled_from(sorted(before)), max_size=2)):
        after[name] = data.draw(IDS)
    changed = [name for name in before if before[name] != after[name]]
    told = one_difference(stored(before), stored(after))
    if told is not None:
        name, old, new = told
        assert changed == [name]
        assert (old, new) == (before[name], after[name])
    elif len(changed) == 1 and " " not in "".join(before):
        assert not changed[0].endswith(".lease.json")


def read(scene: Scene, enough: int = 99) -> list[tuple[str, dict[str, bool]]]:
    found: list[tuple[str, dict[str, bool]]] = []

    def reader(each: Journaled) -> bool:
        files = {name: after is not None for name, (_, after) in each.files.items()}
        found.append((each.record.message.strip(), files))
        return len(found) < enough

    scene.repository.journal("environments/dev", lambda: reader)
    return found


def test_a_merge_changes_nothing_and_both_sides_are_read(scene: Scene) -> None:
    ben = scene.ben
    scene.push({"environments/dev/A.lease.json": "1"}, "first")
    git(ben.home, "checkout", "--quiet", "-b", "side")
    ben.commit({"environments/dev/B.lease.json": "1"}, "aside")
    git(ben.home, "checkout", "--quiet", "main")
    ben.commit({"environments/dev/A.lease.json": "2", "README.md": "x"}, "second")
    ben.commit({"README.md": "y"}, "elsewhere")
    git(ben.home, "merge", "--quiet", "--no-edit", "side")
    git(ben.home, "push", "--quiet", "origin", "main")
    scene.push({"environments/dev/A.lease.json": None}, "gone")
    found = read(scene)
    assert found[0] == ("gone", {"A.lease.json": False})
    assert sorted(found[1:3]) == [
        ("aside", {"B.lease.json": True}),
        ("second", {"A.lease.json": True}),
    ]
    assert found[3:] == [("first", {"A.lease.json": True}), ("begin", {"environment.json": True})]
    assert read(scene, enough=2) == found[:2]


def test_so_many_commits_are_looked_at_up_to_one_that_was_read(scene: Scene) -> None:
    for number in range(4):
        scene.push({"environments/dev/A.lease.json": str(number)}, f"A {number}")
    scene.push({"README.md": "x"}, "elsewhere")
    snapshot = scene.repository.read()
    scene.push({"environments/dev/A.lease.json": "later"}, "later")
    found: list[str] = []

    def begin() -> Reader:
        found.clear()
        return reader

    def reader(each: Journaled) -> bool:
        found.append(each.record.message.strip())
        return True

    scene.repository.journal("environments/dev", begin, up_to=snapshot, most=3, likely=2)
    assert found == ["A 3", "A 2"]  # the third is no change of the folder
