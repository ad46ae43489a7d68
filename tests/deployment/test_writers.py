"""Gateways in processes of their own: a leader that is killed, and two hundred callers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.group_commit.processes import Company, body, wish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

PROGRAM = Path(__file__).with_name("writer_process.py")
ROOT = Path(__file__).parents[2]
CALLERS, PROCESSES = 200, 8


@pytest.fixture
def company(scene: Scene) -> Company:
    scene.define("Falcon40B", 60)
    return Company(scene)


@pytest.fixture
def running(company: Company) -> Iterator[Running]:
    with ExitStack() as stack:
        yield Running(company, stack)


class Running:
    def __init__(self, company: Company, stack: ExitStack) -> None:
        self._company = company
        self._stack = stack
        self._number = 0

    def start(self, how: str, what: str) -> subprocess.Popen[str]:
        self._number += 1
        scene = self._company.scene
        folder = scene.home / f"writer-{self._number}"
        process = subprocess.Popen(
            [sys.executable, PROGRAM, scene.forge.url, scene.account.url, folder, how, what],
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        return process


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("what", ["claim", "push", "settle", "release"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_leader_that_is_killed_takes_no_change_with_it(
    company: Company, running: Running, when: str, what: str
) -> None:
    leader = running.start("leader", f"{when} {what}")
    waiting = [company.process(name) for name in ("one", "other")]
    assert line(leader) == "leading\n"
    answers = company.together(*((process, wish()) for process in waiting))
    assert leader.wait(60) == -9
    assert [answer.status for answer in answers] == [200, 200]
    commits = company.log()
    assert {body(answer)["Commit"] for answer in answers} <= set(commits)
    assert len({body(answer)["Commit"] for answer in answers}) == 2
    messages = company.log("%B")
    leaders_own = messages.count("Request-Id: leader")
    assert len(commits) == 2 + leaders_own
    assert leaders_own <= 1


def test_of_two_hundred_callers_nobody_is_lost(company: Company, running: Running) -> None:
    company.count_pushes("echo push >> pushes\nsleep 0.4")
    callers = [running.start("callers", str(CALLERS // PROCESSES)) for _ in range(PROCESSES)]
    assert [line(process) for process in callers] == ["ready\n"] * PROCESSES
    for process in callers:
        print(file=process.stdin, flush=True)
    told: list[Any] = [answer for process in callers for answer in json.loads(line(process))]
    trailers = [text for text in company.log("%B") if text.startswith("Request-Id: ")]
    committed = {text.removeprefix("Request-Id: ") for text in trailers}
    accepted = {name for name, status, _ in told if status == 200}
    refused = {name: answer["code"] for name, status, answer in told if status == 503}
    assert len(accepted) + len(refused) == CALLERS
    assert accepted <= committed
    assert committed - accepted <= {name for name, code in refused.items() if code == "LH4241"}
    assert accepted
    assert len(trailers) == len(committed)
