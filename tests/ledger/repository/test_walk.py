"""The order in which commits are read: git's own, in histories of any shape and with any dates."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import pygit2
import pytest

from ledger.committers import GATEWAY
from ledger.repository import Person, walk
from ledger.repository.graph import Graph
from ledger.repository.walk import Since, Walk
from sandbox.git.server import create_repository
from tests.ledger.forge import BEN, QUIET, git

if TYPE_CHECKING:
    from pathlib import Path

Commit = tuple[int, Person, Sequence[int]]  # when, by whom, and from which others


def made(folder: Path, commits: Sequence[Commit]) -> tuple[Graph, list[str]]:
    """Make a history; the last commit has all of it. Returns the ids in that order."""
    bare = create_repository(folder, "walk.git")
    lines = []
    for number, (date, who, parents) in enumerate(commits):
        lines += [f"commit refs/heads/c{number}", f"mark :{number + 1}"]
        lines += [f"committer {who.name} <{who.email}> {date} +0000", "data 1", "x"]
        verbs = ["from", *["merge"] * len(parents)]
        lines += [f"{verb} :{p + 1}" for verb, p in zip(verbs, parents, strict=False)]
        lines += ["M 100644 inline f", f"data {len(str(number))}", f"{number}", ""]
    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=raw"],
        cwd=bare,
        env=QUIET,
        input="\n".join(lines).encode(),
        check=True,
    )
    ids = [git(bare, "rev-parse", f"c{number}") for number in range(len(commits))]
    return Graph(pygit2.Repository(str(bare)), frozenset(), is_final=True), ids


def woven(seed: int, length: int, *, skewed: bool) -> list[Commit]:
    """Several branches that merge with each other all the time, and in the end into one."""
    dice = random.Random(seed)  # noqa: S311 - dice for a test
    commits: list[Commit] = [(1_000_000, BEN, ())]
    heads = [0]
    for number in range(1, length):
        date = 1_000_000 + number * 60
        if skewed and dice.random() < 0.2:
            date = dice.choice([0, 1, 4_000_000_000, 99_999_999_999_999, date - 5000])
        parents = dice.sample(heads, min(len(heads), dice.choice([1, 1, 1, 2, 3])))
        commits.append((date, BEN, parents))
        heads = [head for head in heads if head not in parents or dice.random() < 0.3]
        heads.append(number)
    commits.append((1_000_000 + length * 60, BEN, heads[-8:]))
    return commits


def in_pages(graph: Graph, tip: str, size: int) -> list[str]:
    found: list[str] = []
    begin: tuple[str, ...] = (tip,)
    while begin:
        page = Walk(graph, begin, most=size)
        found += [commit.name for _, commit in zip(range(size), page, strict=False)]
        begin = page.rest()
    return found


@pytest.mark.parametrize("seed", range(6))
class TestAWalk:
    def test_is_in_the_order_of_git_log(self, tmp_path: Path, seed: int) -> None:
        graph, ids = made(tmp_path, woven(seed, 50, skewed=False))
        by_git = git(tmp_path / "walk.git", "log", "--date-order", "--format=%H", ids[-1])
        walked = [commit.name for commit in Walk(graph, [ids[-1]], most=100)]
        assert walked == by_git.splitlines()

    @pytest.mark.parametrize("ahead", [64, 8])
    def test_shows_each_once_and_none_before_what_was_made_from_it(
        self, tmp_path: Path, seed: int, ahead: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(walk, "_AHEAD", ahead)
        graph, ids = made(tmp_path, woven(seed, 60, skewed=ahead == 64))
        by_git = git(tmp_path / "walk.git", "rev-list", ids[-1]).split()
        for size in (100, 7, 1):
            walked = in_pages(graph, ids[-1], size)
            assert sorted(walked) == sorted(by_git)
            place = {name: number for number, name in enumerate(walked)}
            for name in walked:
                assert all(place[name] < place[parent] for parent in graph.parents(name))


def test_a_branch_of_a_wrong_clock_is_not_left_to_the_end(tmp_path: Path) -> None:
    """Its commits say 1970; they are shown before the one that they were made from."""
    main: list[Commit] = [(1_000_000 + n * 60, BEN, [n - 1] if n else ()) for n in range(300)]
    branch: list[Commit] = [(n, BEN, [150 if n == 0 else 299 + n]) for n in range(5)]
    graph, ids = made(tmp_path, [*main, *branch, (1_100_000, BEN, [299, 304])])
    walked = in_pages(graph, ids[-1], 10)
    assert len(walked) == len(set(walked)) == 306
    branched = [walked.index(name) for name in ids[300:305]]
    assert max(branched) < walked.index(ids[150])
    assert all(later < earlier for earlier, later in pairwise(branched))


def test_what_is_no_commit_is_not_in_the_graph(tmp_path: Path) -> None:
    graph, ids = made(tmp_path, [(1, BEN, ()), (2, BEN, [0])])
    tree = graph.commit(ids[0]).tree
    assert [graph.has(name) for name in (ids[0], tree, ids[0][:9], "", "0" * 40)] == [
        True,
        *[False] * 4,
    ]
    named = [graph.named(prefix) for prefix in (ids[1][:9], tree[:9], "0" * 9, "0", "x")]
    assert named == [ids[1], *[None] * 4]
    with pytest.raises(KeyError):
        graph.commit(tree)


class TestSince:
    def test_a_commit_of_ours_ends_its_line_and_no_other(self, tmp_path: Path) -> None:
        line: list[Commit] = [(100, GATEWAY, ()), (200, GATEWAY, [0]), (900, GATEWAY, [1])]
        other: list[Commit] = [(950, BEN, [0]), (300, BEN, [3]), (960, GATEWAY, [2, 4])]
        graph, ids = made(tmp_path, [*line, *other])
        found = [commit.name for commit in Since(500, 99).commits(graph, ids[-1])]
        assert sorted(found) == sorted([ids[5], ids[2], ids[4], ids[3]])

    def test_what_is_known_ends_it_too(self, tmp_path: Path) -> None:
        graph, ids = made(tmp_path, [(n, GATEWAY, [n - 1] if n else ()) for n in range(9)])
        found = Since(0, 99, {ids[4]}).commits(graph, ids[-1])
        assert [commit.name for commit in found] == ids[:4:-1]

    def test_no_more_than_so_many_are_looked_at(self, tmp_path: Path) -> None:
        graph, ids = made(tmp_path, [(n, GATEWAY, [n - 1] if n else ()) for n in range(9)])
        found = [commit.name for commit in Since(0, 3).commits(graph, ids[-1])]
        assert found == ids[:5:-1]

    def test_a_commit_that_two_lines_reach_counts_for_the_better_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Below five old commits of people it would be given up, and beside them it is young."""
        monkeypatch.setattr(walk, "_SLOP", 3)
        young: list[Commit] = [(900, GATEWAY, ()), (10, BEN, [0])]
        old: list[Commit] = [(20 + n, BEN, [1 + n]) for n in range(2)]
        graph, ids = made(tmp_path, [*young, *old, (950, BEN, [3]), (999, BEN, [4, 1])])
        found = [commit.name for commit in Since(500, 99).commits(graph, ids[-1])]
        assert ids[0] in found
        assert len(found) == len(set(found)) == 6

    def test_an_unknown_commit_has_nothing(self, tmp_path: Path) -> None:
        graph, _ = made(tmp_path, [(1, BEN, ())])
        assert list(Since(0, 9).commits(graph, "0" * 40)) == []


@pytest.mark.parametrize("skewed", [False, True])
def test_what_one_commit_has_and_another_has_not_is_what_git_says(
    tmp_path: Path, *, skewed: bool
) -> None:
    """With wrong dates it may have more, and it never lacks one."""
    graph, ids = made(tmp_path, woven(7, 60, skewed=skewed))
    for base in (*ids[::7], NOBODYS):
        excluded = [] if base == NOBODYS else [f"^{base}"]
        expected = git(tmp_path / "walk.git", "rev-list", ids[-1], *excluded).split()
        found = walk.between(graph, base, ids[-1], 1000)
        assert found is not None
        names = {each.name for each in found}
        assert names >= set(expected)
        assert skewed or names == set(expected)
    assert walk.between(graph, NOBODYS, ids[-1], 10) is None
    assert walk.between(graph, ids[-1], ids[-1], 10) == []


NOBODYS = "0123456789" * 4
