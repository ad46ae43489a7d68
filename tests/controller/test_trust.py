"""A ledger whose commits have to be signed: what nobody proves starts, changes and ends nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from controller.reconcile import look
from leasehold.as_of import AsOf
from ledger.committers import CONTROLLER, GATEWAY
from ledger.errors import Refused
from ledger.observed import read_applied
from ledger.proposals import Request, extension
from ledger.remote import Remote
from ledger.repository import Person, Repository, clone
from ledger.settings import STATUS_BRANCH
from ledger.signatures import signing_key
from tests.ledger.forge import ANA, git
from tests.ledger.signing import keygen, public
from tests.scene import SETTLE, definition, environment, lease, path, told

if TYPE_CHECKING:
    from pathlib import Path

    from controller.tick import Tick
    from tests.scene import Scene

CHAT, FALCON = "demo-Chat-Endpoint", "demo-Falcon40B-Endpoint"
PEOPLE, BOTS = (f"environments/dev/{name}.allowed_signers" for name in ("people", "bots"))
SETTINGS = "environments/dev/environment.json"


class SignedLedger:
    """A scene in which Ben signs, and the controller and the gateway have a key."""

    def __init__(self, scene: Scene, folder: Path, verify: str) -> None:
        self.scene = scene
        self.folder = folder
        self.ben, self.bot = keygen(folder, "ben.key"), keygen(folder, "bot.key")
        scene.repository = self.open(CONTROLLER)
        home = scene.ben.home
        for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(self.ben))):
            git(home, "config", name, value)
        scene.push(
            {
                SETTINGS: environment(verify=verify),
                PEOPLE: f"ben@example.com {public(self.ben)}\n",
                BOTS: f"*@leasehold.invalid {public(self.bot)}\n",
            },
            "ask for signatures",
        )
        assert scene.tick().troubles == ()

    def open(self, committer: Person) -> Repository:
        return Repository(
            Remote(self.scene.forge.url),
            self.folder / f"signed-{committer.email}",
            committer=committer,
            clock=lambda: self.scene.now,
            sign=signing_key(self.bot.read_text()).sign,
        )

    def push(self, files: dict[str, Any], message: str = "change", *, signed: bool = True) -> str:
        git(self.scene.ben.home, "config", "commit.gpgsign", str(signed).lower())
        return self.scene.push(files, message)

    def start(self, name: str, minutes: float = 60) -> None:
        until = lease(self.scene.now + timedelta(minutes=minutes))
        self.push({path(name): definition(name), path(name, "lease"): until})
        self.scene.tick()
        self.scene.let_pass(seconds=SETTLE)

    def applied(self) -> str:
        git(self.scene.forge.bare, "rev-parse", STATUS_BRANCH)
        note = read_applied(self.scene.open_status().read().files, "dev")
        assert note is not None
        return note.commit

    def statuses(self) -> dict[str, str]:
        return self.scene.account.statuses()


@pytest.fixture
def ledger(scene: Scene, tmp_path: Path) -> SignedLedger:
    return SignedLedger(scene, tmp_path, "enforce")


def is_told(tick: Tick, commit: str) -> bool:
    return any("LH2042" in each and commit in each for each in tick.troubles)


def test_what_is_signed_counts(ledger: SignedLedger) -> None:
    ledger.start("Falcon40B")
    assert ledger.statuses() == {FALCON: "InService"}
    tick = ledger.scene.tick()
    assert tick.troubles == ()
    assert ledger.applied() == ledger.scene.forge.tip


def test_what_nobody_signed_starts_nothing(ledger: SignedLedger) -> None:
    before = ledger.scene.forge.tip
    until = lease(ledger.scene.now + timedelta(hours=1))
    commit = ledger.push(
        {path("Chat"): definition("Chat"), path("Chat", "lease"): until}, signed=False
    )
    for _ in range(2):  # told as long as it is so
        tick = ledger.scene.tick()
        assert is_told(tick, commit)
        assert f"counts up to {before[:8]}" in tick.troubles[0]
    assert ledger.statuses() == {}
    assert ledger.applied() == before


def test_it_changes_and_removes_nothing(ledger: SignedLedger) -> None:
    ledger.start("Falcon40B")
    config = ledger.scene.account.config(FALCON)
    changed = definition("Falcon40B", inference_instance_type="ml.g5.2xlarge")
    ledger.push({path("Falcon40B"): changed}, signed=False)
    ledger.scene.tick()
    assert ledger.scene.account.config(FALCON) == config
    ledger.push({path("Falcon40B"): None, path("Falcon40B", "lease"): None}, signed=False)
    ledger.scene.tick()
    assert ledger.statuses() == {FALCON: "InService"}


def test_leases_end_meanwhile(ledger: SignedLedger) -> None:
    ledger.start("Falcon40B")
    ledger.push({path("Chat"): definition("Chat")}, signed=False)
    ledger.scene.let_pass(hours=2)
    tick = ledger.scene.tick()
    assert told(tick, FALCON).startswith("delete")
    assert ledger.statuses() == {FALCON: "Deleting"}


def test_but_none_that_the_head_has_prolonged(ledger: SignedLedger) -> None:
    ledger.start("Falcon40B")
    ledger.push({path("Chat"): definition("Chat")}, signed=False)
    asked = Request("dev", "Falcon40B", ANA, "r-1", ledger.scene.now)
    ledger.open(GATEWAY).commit(extension(asked, 120))
    ledger.scene.let_pass(hours=2)
    ledger.scene.tick()
    assert ledger.statuses() == {FALCON: "InService"}


def test_a_commit_does_not_judge_itself(ledger: SignedLedger) -> None:
    other = keygen(ledger.folder, "other.key")
    until = lease(ledger.scene.now + timedelta(hours=1))
    chat = {path("Chat"): definition("Chat"), path("Chat", "lease"): until}
    commit = ledger.push({SETTINGS: environment(verify="none"), **chat}, signed=False)
    assert is_told(ledger.scene.tick(), commit)
    git(ledger.scene.ben.home, "config", "user.signingkey", str(other))
    ledger.push({PEOPLE: f"ben@example.com {public(other)}\n"})
    tick = ledger.scene.tick()
    assert len([each for each in tick.troubles if "LH2042" in each]) == 2
    assert ledger.statuses() == {}


def test_a_key_that_is_added_by_who_may_counts_from_then_on(ledger: SignedLedger) -> None:
    other = keygen(ledger.folder, "other.key")
    ledger.push(
        {PEOPLE: f"ben@example.com {public(ledger.ben)}\nben@example.com {public(other)}\n"}
    )
    git(ledger.scene.ben.home, "config", "user.signingkey", str(other))
    ledger.push({path("Chat"): definition("Chat")})
    assert ledger.scene.tick().troubles == ()
    assert ledger.applied() == ledger.scene.forge.tip


@pytest.mark.parametrize("is_first", [True, False])
def test_a_key_that_is_taken_away_counts_no_longer(ledger: SignedLedger, *, is_first: bool) -> None:
    """Not even for a commit that the same tick finds, and that would let it in again."""
    lost = keygen(ledger.folder, "lost.key")
    kept = f"ben@example.com {public(ledger.ben)}\n"
    both = f"{kept}ben@example.com {public(lost)}\n"
    ledger.push({PEOPLE: both})
    ledger.scene.tick()
    if not is_first:
        ledger.push({"note": "x"})
    ledger.push({PEOPLE: kept}, "it is lost")
    before = ledger.scene.forge.tip
    git(ledger.scene.ben.home, "config", "user.signingkey", str(lost))
    commit = ledger.push({PEOPLE: both, path("Chat"): definition("Chat")}, "whoever found it")
    assert is_told(ledger.scene.tick(), commit)
    assert ledger.applied() == before


@pytest.mark.parametrize("where", ["in the merge", "below it"])
def test_no_order_of_parents_brings_such_a_key_back(ledger: SignedLedger, where: str) -> None:
    lost = keygen(ledger.folder, "lost.key")
    kept = f"ben@example.com {public(ledger.ben)}\n"
    both = f"{kept}ben@example.com {public(lost)}\n"
    home = ledger.scene.ben.home
    ledger.push({PEOPLE: both})
    ledger.scene.tick()
    base = ledger.scene.forge.tip
    taken = ledger.push({PEOPLE: kept}, "it is lost")
    if where == "below it":
        git(home, "config", "user.signingkey", str(lost))
        taken = ledger.scene.ben.commit({PEOPLE: both}, "whoever found it")
        git(home, "config", "user.signingkey", str(ledger.ben))
    tree = git(home, "rev-parse", f"{base}^{{tree}}")
    key = f"user.signingkey={lost if where == 'in the merge' else ledger.ben}"
    parents = ("-p", base, "-p", taken)
    commit = git(home, "-c", key, "commit-tree", "-S", *parents, "-m", "merge", tree)
    git(home, "push", "--quiet", "origin", f"{commit}:main")
    tick = ledger.scene.tick()
    assert is_told(tick, commit if where == "in the merge" else taken)
    assert ledger.applied() == base


def test_what_nobody_proves_takes_no_key_away(ledger: SignedLedger) -> None:
    commit = ledger.push({PEOPLE: "# nobody\n"}, signed=False)
    assert is_told(ledger.scene.tick(), commit)
    kept = f"ben@example.com {public(ledger.ben)}\n"
    ledger.push({PEOPLE: kept}, f"put it back\n\nVouches-For: {commit}")
    assert ledger.scene.tick().troubles == ()
    assert ledger.applied() == ledger.scene.forge.tip


def test_a_key_that_somebody_puts_back_counts_again(ledger: SignedLedger) -> None:
    other = keygen(ledger.folder, "other.key")
    kept = f"ben@example.com {public(ledger.ben)}\n"
    both = f"{kept}ben@example.com {public(other)}\n"
    home = ledger.scene.ben.home
    ledger.push({PEOPLE: both})
    ledger.scene.tick()
    before = ledger.scene.forge.tip
    git(home, "checkout", "--quiet", "-B", "side")
    git(home, "config", "user.signingkey", str(other))
    ledger.scene.ben.commit({"note": "before it is taken away"}, "side")
    git(home, "config", "user.signingkey", str(ledger.ben))
    ledger.scene.ben.commit({PEOPLE: kept}, "take it away")
    ledger.scene.ben.commit({PEOPLE: both}, "put it back")
    git(home, "config", "user.signingkey", str(other))
    ledger.scene.ben.commit({"note": "after that"}, "side")
    git(home, "checkout", "--quiet", "-B", "main", before)
    git(home, "merge", "--quiet", "--no-ff", "--message", "merge", "side")
    ledger.scene.ben.push()
    assert ledger.scene.tick().troubles == ()
    assert ledger.applied() == ledger.scene.forge.tip


def test_a_merge_answers_for_what_it_brings_only_where_that_is_signed(ledger: SignedLedger) -> None:
    home, before = ledger.scene.ben.home, ledger.scene.forge.tip
    git(ledger.scene.forge.bare, "config", "receive.denyNonFastForwards", "false")
    for signed in (False, True):
        git(home, "config", "commit.gpgsign", str(signed).lower())
        git(home, "checkout", "--quiet", "-B", "side", before)
        side = ledger.scene.ben.commit({path("Chat"): json.dumps(definition("Chat"))}, "side")
        git(home, "config", "commit.gpgsign", "true")
        git(home, "checkout", "--quiet", "-B", "main", before)
        git(home, "merge", "--quiet", "--no-ff", "--message", f"merge {signed}", "side")
        git(home, "push", "--quiet", "--force", "origin", "HEAD:main")
        tick = ledger.scene.tick()
        assert is_told(tick, side) is not signed
        assert (ledger.applied() == before) is not signed


def test_whoever_may_sign_may_vouch(ledger: SignedLedger) -> None:
    before = ledger.scene.forge.tip
    commit = ledger.push({path("Chat"): definition("Chat")}, signed=False)
    ledger.push({"note": "x"}, f"mine\n\nVouches-For: {commit}", signed=False)
    assert is_told(ledger.scene.tick(), commit)
    last = ledger.scene.forge.tip
    assert ledger.applied() == before
    ledger.push({}, f"looked at\n\nVouches-For: {commit}\nvouches-for:{last.upper()} ")
    assert ledger.scene.tick().troubles == ()
    assert ledger.applied() == ledger.scene.forge.tip


def test_a_bots_key_signs_for_no_person(ledger: SignedLedger) -> None:
    git(ledger.scene.ben.home, "config", "user.signingkey", str(ledger.bot))
    commit = ledger.push({path("Chat"): definition("Chat")})
    assert is_told(ledger.scene.tick(), commit)


def test_what_the_controller_commits_counts(ledger: SignedLedger) -> None:
    granted = definition("Chat", schedule={"initial_provision_minutes": 30})
    ledger.push({path("Chat"): granted})
    ledger.scene.tick()
    assert ledger.scene.forge.subjects()[-1].startswith("lease(dev): grant Chat")
    ledger.scene.tick()
    assert ledger.statuses() == {CHAT: "Creating"}


def test_where_nothing_can_be_verified_ends_go_on(
    ledger: SignedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.start("Falcon40B")
    ledger.push({path("Chat"): definition("Chat")})
    monkeypatch.setitem(sys.modules, "ledger.signatures.keys", None)
    monkeypatch.delattr("ledger.signatures.keys", raising=False)
    ledger.scene.let_pass(hours=2)
    tick = ledger.scene.tick()
    assert "package cryptography is missing" in tick.troubles[0]
    assert ledger.statuses() == {FALCON: "Deleting"}


def test_with_warn_everything_counts_and_is_told_once(scene: Scene, tmp_path: Path) -> None:
    ledger = SignedLedger(scene, tmp_path, "warn")
    until = lease(scene.now + timedelta(hours=1))
    commit = ledger.push(
        {path("Chat"): definition("Chat"), path("Chat", "lease"): until}, signed=False
    )
    tick = scene.tick()
    assert is_told(tick, commit)
    assert "counts all the same" in tick.troubles[0]
    assert ledger.statuses() == {CHAT: "Creating"}
    assert scene.tick().troubles == ()


def test_with_none_nobody_looks(scene: Scene, tmp_path: Path) -> None:
    ledger = SignedLedger(scene, tmp_path, "none")
    ledger.push({path("Chat"): definition("Chat")}, signed=False)
    assert scene.tick().troubles == ()
    assert ledger.applied() == scene.forge.tip


def test_a_plan_of_one_commit_judges_none(ledger: SignedLedger) -> None:
    ledger.push({path("Chat"): definition("Chat")}, signed=False)
    as_of = AsOf(ledger.scene.repository.read())
    planned = look(replace(ledger.scene.dependencies, ledger=as_of), "dev", ledger.scene.now)
    assert planned.troubles == ()
    assert [each.name for each in planned.plan.actions] == ["Chat"]


def test_a_head_that_went_back_is_no_new_commit(ledger: SignedLedger) -> None:
    before = ledger.scene.forge.tip
    ledger.push({path("Chat"): definition("Chat")})
    ledger.scene.tick()
    git(ledger.scene.forge.bare, "update-ref", "refs/heads/main", before)
    tick = ledger.scene.tick()
    assert not any("LH2042" in each for each in tick.troubles)
    assert any("does not descend" in each for each in tick.troubles)


def test_a_history_without_the_proven_commit_proves_nothing(ledger: SignedLedger) -> None:
    ledger.start("Falcon40B")
    git(ledger.scene.forge.bare, "config", "receive.denyNonFastForwards", "false")
    home, before = ledger.scene.ben.home, ledger.scene.forge.tip
    made = git(home, "commit-tree", "-m", "anew", git(home, "rev-parse", "HEAD^{tree}"))
    git(home, "push", "--quiet", "--force", "origin", f"{made}:main")
    ledger.folder /= "another process"
    ledger.scene.repository = ledger.open(CONTROLLER)
    ledger.scene.let_pass(hours=2)
    with pytest.raises(Refused, match=f"{before}, up to which") as refusal:
        ledger.scene.tick()
    assert refusal.value.code == "LH2047"
    assert ledger.statuses() == {FALCON: "InService"}
    git(ledger.scene.forge.bare, "update-ref", "refs/heads/main", before)
    ledger.scene.tick()
    assert ledger.statuses() == {FALCON: "Deleting"}


def test_more_than_can_be_read_is_not_proven(
    ledger: SignedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clone, "MOST_BETWEEN", 1)
    before = ledger.scene.forge.tip
    for number in range(2):
        ledger.push({"note": str(number)})
    tick = ledger.scene.tick()
    assert "too many commits" in tick.troubles[0]
    assert ledger.applied() == before
