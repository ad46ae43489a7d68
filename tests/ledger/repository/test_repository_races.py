"""Thirty writers at once. Every acknowledged change is in the history exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ledger.errors import Refused
from tests.ledger.forge import LEASE, Colleague, Forge, add, change, git, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.repository import Change, Repository, Snapshot

WRITERS = 30
PROCESS = """
import sys
from pathlib import Path
from tests.ledger.forge import add, opened
url, cache, name = sys.argv[1:]
repository = opened(url, Path(cache))
repository.read()
print("ready", flush=True)
sys.stdin.readline()
for number in range(3):
    print(repository.commit(add(1, f"{name}-{number}"), deadline_seconds=60).commit, flush=True)
"""


def at_once(writers: list[Callable[[], None]]) -> None:
    barrier = threading.Barrier(len(writers))
    failures: list[BaseException] = []

    def run(writer: Callable[[], None]) -> None:
        barrier.wait()
        try:
            writer()
        except BaseException as failure:  # noqa: BLE001 - the test shows it
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert failures == []
    assert not any(thread.is_alive() for thread in threads)


def assert_each_is_there_once(forge: Forge, acknowledged: list[str]) -> None:
    history = git(forge.bare, "log", "--first-parent", "--format=%H", "main").splitlines()
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= set(history)
    doubled = [subject for subject, times in Counter(forge.subjects()).items() if times > 1]
    assert doubled == []
    assert git(forge.bare, "fsck", "--strict", "--no-dangling") == ""


def test_thirty_callers_of_one_repository_share_pushes_and_lose_nothing(
    repository: Repository, forge: Forge
) -> None:
    forge.hook("post-receive", "echo push >> pushes")
    acknowledged: list[str] = []

    def writer(number: int) -> None:
        acknowledged.append(repository.commit(add(1, f"r-{number}")).commit)

    at_once([lambda n=n: writer(n) for n in range(WRITERS)])  # type: ignore[misc]

    assert forge.file(LEASE) == str(WRITERS)
    assert len(acknowledged) == WRITERS
    assert len(forge.subjects()) == WRITERS + 1
    assert_each_is_there_once(forge, acknowledged)
    assert len((forge.bare / "pushes").read_text().split()) <= WRITERS / 3


def test_each_caller_gets_its_own_commit_and_the_files_as_of_it(
    repository: Repository, forge: Forge
) -> None:
    def writer(number: int) -> None:
        committed = repository.commit(add(1, f"r-{number}"))
        assert committed.change.request_id == f"r-{number}"
        subject = git(forge.bare, "log", "-1", "--format=%s", committed.commit)
        assert subject == f"add 1 for r-{number}"
        content = git(forge.bare, "show", f"{committed.commit}:{LEASE}")
        assert committed.snapshot.files[LEASE] == content.encode()

    at_once([lambda n=n: writer(n) for n in range(10)])  # type: ignore[misc]

    assert forge.file(LEASE) == "10"


def test_a_proposal_that_raises_fails_alone(repository: Repository, forge: Forge) -> None:
    def decline(number: int) -> Callable[[Snapshot], Change]:
        def proposal(snapshot: Snapshot) -> Change:
            if number % 3 == 0:
                raise Refused("LH4999", f"no to {number}")
            if number % 3 == 1:
                raise ZeroDivisionError
            return add(1, f"r-{number}")(snapshot)

        return proposal

    def writer(number: int) -> None:
        if number % 3 == 0:
            with pytest.raises(Refused, match=f"no to {number}$"):
                repository.commit(decline(number))
        elif number % 3 == 1:
            with pytest.raises(ZeroDivisionError):
                repository.commit(decline(number))
        else:
            repository.commit(decline(number))

    at_once([lambda n=n: writer(n) for n in range(WRITERS)])  # type: ignore[misc]

    assert forge.file(LEASE) == str(WRITERS // 3)
    assert len(forge.subjects()) == WRITERS // 3 + 1


def test_thirty_repositories_with_a_clone_each_lose_nothing(forge: Forge, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    repositories = [opened(forge.url, tmp_path / f"cache-{n}") for n in range(WRITERS)]
    for repository in repositories:
        repository.read()

    def writer(number: int) -> None:
        committed = repositories[number].commit(add(1, f"r-{number}"), deadline_seconds=60)
        acknowledged.append(committed.commit)

    at_once([lambda n=n: writer(n) for n in range(WRITERS)])  # type: ignore[misc]

    assert forge.file(LEASE) == str(WRITERS)
    assert len(acknowledged) == WRITERS
    assert_each_is_there_once(forge, acknowledged)


def test_processes_threads_and_a_person_at_the_command_line_lose_nothing(
    forge: Forge, colleague: Colleague, tmp_path: Path
) -> None:
    acknowledged: list[str] = []
    shared = opened(forge.url, tmp_path / "shared")

    def process(number: int) -> None:
        arguments = [forge.url, str(tmp_path / f"process-{number}"), f"p-{number}"]
        with subprocess.Popen(
            [sys.executable, "-c", PROCESS, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            output, _ = child.communicate("go\n", timeout=80)
        assert child.returncode == 0
        acknowledged.extend(output.split()[1:])

    def thread(number: int) -> None:
        for turn in range(3):
            committed = shared.commit(add(1, f"t-{number}-{turn}"), deadline_seconds=60)
            acknowledged.append(committed.commit)

    def person() -> None:
        acknowledged.extend(_pushed(colleague, f"definition {number}") for number in range(5))

    at_once(
        [
            person,
            *(lambda n=n: process(n) for n in range(3)),
            *(lambda n=n: thread(n) for n in range(6)),
        ]
    )

    assert forge.file(LEASE) == str(3 * 3 + 6 * 3)
    assert len(acknowledged) == 3 * 3 + 6 * 3 + 5
    assert_each_is_there_once(forge, acknowledged)


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_of_writers_leaves_each_file_at_its_sum(
    forge: Forge, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed makes the run repeatable
    repositories = [opened(forge.url, tmp_path / f"cache-{n}") for n in range(3)]
    files = [f"environments/e{n}/E.lease.json" for n in range(3)]
    plan = [(chance.choice(repositories), chance.choice(files), n) for n in range(12)]

    def writer(repository: Repository, file: str, number: int) -> None:
        repository.commit(add(1, f"r-{number}", file), deadline_seconds=60)

    at_once([lambda entry=entry: writer(*entry) for entry in plan])  # type: ignore[misc]

    expected = Counter(file for _, file, _ in plan)
    assert {file: int(forge.file(file)) for file in expected} == expected


def test_two_who_create_and_delete_the_same_file_leave_one_order(
    repository: Repository, forge: Forge
) -> None:
    file = "environments/dev/Toggled.lease.json"

    def toggle(request_id: str) -> Callable[[Snapshot], Change]:
        return lambda snapshot: change(
            {file: None if file in snapshot.files else "here"}, f"toggle {request_id}", request_id
        )

    at_once([lambda n=n: repository.commit(toggle(f"r-{n}")) and None for n in range(10)])  # type: ignore[misc]

    assert len(forge.subjects()) == 11
    assert file not in repository.read().files


def _pushed(colleague: Colleague, message: str) -> str:
    """Do what a person does: pull, commit, push, and from the start when somebody was faster."""
    for _ in range(60):
        colleague.pull()
        commit = colleague.commit({"README.md": message}, message)
        try:
            colleague.push()
        except subprocess.CalledProcessError:
            continue
        return commit
    raise AssertionError("The person never got through.")
