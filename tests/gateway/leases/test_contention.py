"""Many callers at once: nobody's minutes are lost, and nobody's are counted twice."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.http.call import Call
from gateway.http.errors import answer as refusal
from gateway.leases.changes import Changes
from gateway.leases.etags import ETags
from gateway.principal import Principal, Scope
from ledger.committers import GATEWAY
from ledger.errors import Failure
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.writer import Stopwatch
from tests.gateway.api import FALCON
from tests.ledger.forge import Colleague, git
from tests.scene import environment, path

if TYPE_CHECKING:
    from ledger.repository import Committed, Proposal
    from tests.gateway.api import Api
    from tests.scene import Json, Scene

CALLERS = 64
ANA = {"name": "Ana", "email": "ana@example.com", "scopes": "add,extend,read"}
MOVE_THE_HEAD = """
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=Ben GIT_AUTHOR_EMAIL=b@x.y GIT_COMMITTER_NAME=Ben GIT_COMMITTER_EMAIL=b@x.y
git update-ref refs/heads/main "$(git commit-tree -p main -m 'sneaked in' 'main^{tree}')"
"""
CUT_ONCE = "test -e cut && exit 0; touch cut; kill -9 $PPID"


def event(minutes: int = 10, key: str | None = None, **more: Any) -> Json:  # noqa: ANN401
    body = {"EndpointName": FALCON, "minutes": minutes, **more}
    return {
        "httpMethod": "POST",
        "resource": "/endpoint-expiry",
        "headers": {"Idempotency-Key": key} if key else {},
        "requestContext": {"authorizer": ANA},
        "body": json.dumps(body),
    }


@dataclass
class Process:
    """A gateway of its own, as another warm Lambda function is one; called without HTTP."""

    ledger: Repository
    scene: Scene
    _requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        clock, client = (lambda: self.scene.now), self.scene.account.client
        self._handle = build(Dependencies(self.ledger, "dev", clock, client))

    def ask(self, wish: Json) -> tuple[int, Json, Json]:
        with self._lock:
            self._requests += 1
            request_id = f"{id(self)}-{self._requests}"
        context = {**wish["requestContext"], "requestId": request_id}
        answer = self._handle({**wish, "requestContext": context}, None)
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


class Halted(Repository):
    """A process that is held up between its look into the history and its commit."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        self.looked, self.go_on = threading.Event(), threading.Event()

    def commit(self, proposal: Proposal, *, deadline_seconds: float = 20.0) -> Committed:
        self.looked.set()
        assert self.go_on.wait(30)
        return super().commit(proposal, deadline_seconds=deadline_seconds)


def process(scene: Scene) -> Process:
    return Process(scene.open(GATEWAY), scene)


@pytest.fixture
def leased(scene: Scene) -> Scene:
    scene.define("Falcon40B", 60)
    return scene


def log(scene: Scene) -> list[str]:
    lines = git(
        scene.forge.bare,
        *("log", "--committer=Leasehold gateway", "--format=%H", "main"),
        *("--", path("Falcon40B", "lease")),
    )
    return lines.splitlines()


def expires_at(scene: Scene) -> str:
    return str(json.loads(scene.forge.file(path("Falcon40B", "lease")))["expires_at"])


class TestSixtyFourCallers:
    def test_all_get_their_minutes_while_a_person_keeps_pushing(self, api: Api) -> None:
        api.scene.forge.hook("post-receive", "echo push >> pushes")
        done, pushed = threading.Event(), list[str]()
        # Over HTTP, as the gateway pushes: who pushes to the folder itself is always faster.
        colleague = Colleague(api.scene.home / "by-hand", api.scene.forge.url)

        def person() -> None:
            while not done.is_set():
                pushed.append(_pushed_by_hand(colleague, len(pushed)))

        ben = threading.Thread(target=person)
        ben.start()
        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(lambda _: api.extend(minutes=10), range(CALLERS)))
        done.set()
        ben.join(60)

        assert {answer.status for answer in answers} == {200}
        commits = {answer.body["Commit"] for answer in answers}
        assert commits == set(api.log(form="%H"))
        assert len(commits) == CALLERS
        assert len({answer.body["ExpiresAt"] for answer in answers}) == CALLERS
        assert expires_at(api.scene) == "2026-11-23T23:40:00Z"  # 64 times 10 minutes from 13:00
        history = git(api.scene.forge.bare, "log", "--first-parent", "--format=%H", "main")
        assert pushed
        assert set(pushed) <= set(history.splitlines())
        pushes = len((api.scene.forge.bare / "pushes").read_text().split())
        assert pushes - len(pushed) <= CALLERS / 3

    def test_with_six_pushes_a_minute_wait_and_share_them(self, leased: Scene) -> None:
        limits = environment(limits={"max_pushes_per_minute": 6})
        leased.push({"environments/dev/environment.json": limits})
        leased.forge.hook("pre-receive", "echo push >> pushes")
        seconds, turn = [0.0], threading.Lock()

        def sleep(length: float) -> None:
            time.sleep(0.002)
            with turn:
                seconds[0] += length

        gateway = Process(_repository(leased, Stopwatch(lambda: seconds[0], sleep)), leased)
        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(lambda _: gateway.ask(event()), range(3 * CALLERS)))

        pushes = len((leased.forge.bare / "pushes").read_text().split())
        told = [status for status, _, _ in answers]
        assert set(told) == {200}
        assert len(log(leased)) == 3 * CALLERS
        assert 3 <= pushes <= 2 + seconds[0] / 12

    def test_with_one_push_a_minute_those_who_cannot_wait_are_told_so(self, leased: Scene) -> None:
        limits = environment(limits={"max_pushes_per_minute": 1})
        leased.push({"environments/dev/environment.json": limits})
        still = Process(_repository(leased, Stopwatch(lambda: 7.0)), leased)
        assert still.ask(event())[0] == 200
        head = leased.forge.tip
        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(lambda _: still.ask(event()), range(CALLERS)))
        for status, body, headers in answers:
            assert (status, body["code"], headers["Retry-After"]) == (503, "LH4113", "60")
            assert "not committed" in body["error"]
        assert leased.forge.tip == head


class TestAKey:
    def test_whose_copies_both_looked_before_either_was_committed_is_applied_once(
        self, leased: Scene
    ) -> None:
        late = Halted(
            Remote(leased.forge.url),
            leased.home / "halted",
            committer=GATEWAY,
            clock=lambda: leased.now,
        )
        early = process(leased)
        with ThreadPoolExecutor(1) as pool:
            copy = pool.submit(Process(late, leased).ask, event(key="k-1"))
            assert late.looked.wait(30)
            _, first, _ = early.ask(event(key="k-1"))
            early.ask(event(5))  # so that the lease no longer bears the key's own id
            late.read()  # so that no lost race makes the late process look again
            late.go_on.set()
            status, again, _ = copy.result(60)
        assert (status, again) == (200, first)
        assert len(log(leased)) == 2
        assert expires_at(leased) == "2026-11-23T13:15:00Z"

    def test_that_comes_many_times_among_other_requests_is_applied_once(self, api: Api) -> None:
        def ask(number: int) -> tuple[bool, Any]:
            keyed = number % 2 == 0
            answer = api.extend(headers={"Idempotency-Key": "k-1"} if keyed else {})
            assert answer.status == 200, answer.text
            return keyed, answer.body["Commit"]

        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(ask, range(CALLERS)))
        assert len({commit for keyed, commit in answers if keyed}) == 1
        assert len(api.log()) == CALLERS / 2 + 1

    def test_gets_its_first_answer_again_from_another_process(self, leased: Scene) -> None:
        one, other = process(leased), process(leased)
        other.ask(event(7, key="k-0"))
        first = one.ask(event(key="k-1"))
        one.ask(event(5))
        other.ledger.read()
        assert other.ask(event(key="k-1")) == first
        assert len(log(leased)) == 3

    @pytest.mark.parametrize(
        "wish",
        [
            {"minutes": 20},
            {"EndpointName": "demo-Other-Endpoint"},
            {"reason": "another"},
            {"EndpointConfigName": "by-hand"},
        ],
        ids=lambda wish: next(iter(wish)),
    )
    def test_with_another_body_is_refused(self, leased: Scene, wish: Json) -> None:
        leased.define("Other", 60)
        process(leased).ask(event(key="k-1"))
        head = leased.forge.tip
        status, body, _ = process(leased).ask(event(key="k-1", **wish))
        assert (status, body["code"]) == (422, "LH4111")
        assert leased.forge.tip == head

    def test_of_an_extension_cannot_release(self, api: Api) -> None:
        key = {"Idempotency-Key": "k-1"}
        api.extend(headers=key)
        assert (api.release(headers=key).status, len(api.log())) == (422, 1)

    def test_does_not_mind_how_the_body_is_written(self, api: Api) -> None:
        key = {"Idempotency-Key": "k-1"}
        first = api.extend(headers=key)
        body = f'{{"minutes" : 10,\n "EndpointName":"{FALCON}"}}'.encode()
        assert api.send("POST", body, headers=key).body == first.body

    def test_of_an_addition_gets_the_same_answer_with_its_minutes(self, api: Api) -> None:
        body = {"EndpointName": "mine", "EndpointConfigName": "by-hand", "minutes": 30}
        first = api.post(body, headers={"Idempotency-Key": "k-1"})
        api.extend("mine")
        again = api.post(body, headers={"Idempotency-Key": "k-1"})
        assert again.body == first.body
        assert again.body["TimeLeft"] == 30

    def test_whose_push_was_cut_off_is_known_to_every_process(self, leased: Scene) -> None:
        leased.forge.hook("post-receive", CUT_ONCE)
        first = process(leased).ask(event(key="k-1"))
        assert (leased.forge.bare / "cut").exists()
        assert first[0] == 200
        assert process(leased).ask(event(key="k-1")) == first
        assert process(leased).ask(event(20, key="k-1"))[0] == 422
        assert len(log(leased)) == 1


def test_a_request_whose_time_runs_out_is_told_that_nothing_is_committed(leased: Scene) -> None:
    leased.forge.hook("pre-receive", MOVE_THE_HEAD)
    ledger = leased.open(GATEWAY)
    changes = Changes(ledger, "dev", lambda: leased.now, ETags(ledger), deadline_seconds=0.5)
    asked = {"EndpointName": FALCON, "minutes": 10}
    caller = Principal("Ana", "ana@example.com", frozenset({Scope.EXTEND}))
    with pytest.raises(Failure) as told:
        changes.extend(Call(method="POST", resource="/", caller=caller, document=asked))
    answer = refusal(told.value)
    assert answer is not None
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "nothing is committed" in str(answer.body)
    assert log(leased) == []


def _repository(scene: Scene, stopwatch: Stopwatch) -> Repository:
    return Repository(
        Remote(scene.forge.url),
        scene.home / "paced",
        committer=GATEWAY,
        clock=lambda: scene.now,
        stopwatch=stopwatch,
    )


def _pushed_by_hand(colleague: Colleague, number: int) -> str:
    """Do what a person does: pull, commit, push, and from the start when somebody was faster."""
    for _ in range(100):
        colleague.pull()
        commit = colleague.commit({"README.md": f"{number}"}, f"by hand {number}")
        try:
            colleague.push()
        except subprocess.CalledProcessError:
            continue
        return commit
    raise AssertionError("The person never got through.")
