"""What a bot's commit may touch, and what no push may do to a ledger's branches."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from leasehold.push_rules import FileChange, Policy, Push, PushedCommit, offences
from ledger.committers import CONTROLLER, GATEWAY, READER, bot_of
from ledger.documents import dump_existing_config
from ledger.snapshot import Person

BEN = Person("Ben", "ben@example.com")
MAIN = "refs/heads/main"
STATUS = "refs/heads/leasehold/status"
OLD, NEW, NONE = "1" * 40, "2" * 40, "0" * 40
LEASE = "environments/dev/Chat.lease.json"
DEFINITION = "environments/dev/Chat.endpoint.json"
SETTINGS = "environments/dev/environment.json"
ADDED = dump_existing_config("Chat", "demo-Chat-Endpoint", "by-hand")


def commit(
    committer: Person, *changes: FileChange, parents: tuple[str, ...] = (OLD,)
) -> PushedCommit:
    return PushedCommit(NEW, parents, committer, changes)


def change(path: str, after: bytes | None = b"{}", before: bytes | None = None) -> FileChange:
    return FileChange(path, before, after)


def codes(*commits: PushedCommit, ref: str = MAIN, policy: Policy | None = None) -> list[str]:
    push = Push(ref, OLD, NEW, commits=commits)
    return [each.code for each in offences(push, policy or Policy())]


ALLOWED = {
    "a lease": (MAIN, commit(GATEWAY, change(LEASE))),
    "a lease on another branch": ("refs/heads/leases", commit(CONTROLLER, change(LEASE))),
    "an added endpoint": (MAIN, commit(GATEWAY, change(LEASE), change(DEFINITION, ADDED))),
    "an id": (
        MAIN,
        commit(CONTROLLER, change(SETTINGS, b'{"a": 1, "ledger_id": "x"}', b'{"a":1}')),
    ),
    "a record": (STATUS, commit(CONTROLLER, change("dev.json"))),
    "the first record": (STATUS, commit(CONTROLLER, change("dev.json"), parents=())),
    "nothing": (MAIN, commit(GATEWAY)),
    "a person's definition": (MAIN, commit(BEN, change(DEFINITION), change("README.md", None))),
    "the examples": (MAIN, commit(READER, change(DEFINITION))),
    "a person's merge": (MAIN, commit(BEN, change(DEFINITION), parents=(OLD, OLD))),
}
MISDEEDS = {
    "a definition": (MAIN, commit(GATEWAY, change(DEFINITION))),
    "a definition that was there": (
        MAIN,
        commit(GATEWAY, change(LEASE), change(DEFINITION, ADDED, b"{}")),
    ),
    "an added one without its lease": (MAIN, commit(GATEWAY, change(DEFINITION, ADDED))),
    "an added one with another's lease": (
        MAIN,
        commit(GATEWAY, change(DEFINITION, ADDED), change("environments/dev/X.lease.json")),
    ),
    "an added one that says more": (
        MAIN,
        commit(
            GATEWAY,
            change(LEASE),
            change(DEFINITION, json.dumps(json.loads(ADDED) | {"public": True}).encode()),
        ),
    ),
    "one that the controller adds": (
        MAIN,
        commit(CONTROLLER, change(LEASE), change(DEFINITION, ADDED)),
    ),
    "a lease and the settings": (MAIN, commit(GATEWAY, change(LEASE), change(SETTINGS))),
    "a lock": (MAIN, commit(GATEWAY, change("environments/dev/Chat.lock.json"))),
    "a lease that goes": (MAIN, commit(GATEWAY, change(LEASE, None, b"{}"))),
    "a lease of nothing": (MAIN, commit(GATEWAY, FileChange(LEASE, None, b"{}", is_homeless=True))),
    "a link": (MAIN, commit(GATEWAY, FileChange(LEASE, None, b"../x", is_plain=False))),
    "a lease that is none by its name": (
        MAIN,
        commit(GATEWAY, change("environments/dev/Chat.Lease.json")),
    ),
    "a lease in a deeper folder": (
        MAIN,
        commit(GATEWAY, change("environments/dev/x/Chat.lease.json")),
    ),
    "a lease elsewhere": (MAIN, commit(GATEWAY, change("Chat.lease.json"))),
    "leases of two environments": (
        MAIN,
        commit(GATEWAY, change(LEASE), change("environments/prod/Chat.lease.json")),
    ),
    "another id": (
        MAIN,
        commit(CONTROLLER, change(SETTINGS, b'{"ledger_id": "y"}', b'{"ledger_id": "x"}')),
    ),
    "an id and more": (
        MAIN,
        commit(CONTROLLER, change(SETTINGS, b'{"a": 2, "ledger_id": "y"}', b'{"a": 1}')),
    ),
    "an id that is none": (MAIN, commit(CONTROLLER, change(SETTINGS, b'{"a": 1}', b'{"a": 1} '))),
    "settings that are unreadable": (MAIN, commit(CONTROLLER, change(SETTINGS, b"{", b"{}"))),
    "an id that the gateway mints": (
        MAIN,
        commit(GATEWAY, change(SETTINGS, b'{"ledger_id": "x"}', b"{}")),
    ),
    "a merge": (MAIN, commit(GATEWAY, parents=(OLD, OLD))),
    "a record on the ledger's branch": (MAIN, commit(CONTROLLER, change("dev.json"))),
    "a lease on the status branch": (STATUS, commit(CONTROLLER, change(LEASE))),
    "a record that the gateway writes": (STATUS, commit(GATEWAY, change("dev.json"))),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_a_push_may_bring(case: str) -> None:
    ref, brought = ALLOWED[case]
    assert codes(brought, ref=ref) == []


@pytest.mark.parametrize("case", MISDEEDS)
def test_a_bot_does_not_commit(case: str) -> None:
    ref, brought = MISDEEDS[case]
    assert set(codes(brought, ref=ref)) == {"LH5150"}


@pytest.mark.parametrize(
    "claimed",
    [
        Person("Leasehold gateway", "ben@example.com"),
        Person("Ben", "gateway@leasehold.invalid"),
        Person("Ben", "Gateway@Leasehold.Invalid"),
        Person("leasehold  GATEWAY ", "ben@example.com"),
        Person("Leasehold\u200b gateway", "ben@example.com"),
        Person("Leasehold-Gateway.", "ben@example.com"),
        Person("Leaseh\u043eld g\u0430teway", "ben@example.com"),  # of Cyrillic
        Person("Leas\u0435h0Id gate\u051day", "ben@example.com"),
        Person("L\u00e9asehold gatevvay", "ben@example.com"),
        Person("Ben", "g\u0251teway@leasehold.1nvalid."),
    ],
)
def test_whoever_takes_a_bots_name_or_address_is_held_to_its_rules(claimed: Person) -> None:
    assert bot_of(claimed) == "gateway"
    assert codes(commit(claimed, change(DEFINITION))) == ["LH5150"]


@pytest.mark.parametrize(
    "person",
    [
        Person("Leasehold", "leasehold@leasehold.invalid"),
        Person("Gateway", "gateway@example.com"),
        Person("", ""),
        Person("Ben of Leasehold gateways", "ben@leasehold.example.com"),
    ],
)
def test_who_only_sounds_like_one_is_a_person(person: Person) -> None:
    assert bot_of(person) is None


def test_every_commit_of_a_push_is_looked_at() -> None:
    good, bad = commit(GATEWAY, change(LEASE)), commit(GATEWAY, change("README.md"))
    assert codes(good, bad, good, bad) == ["LH5150", "LH5150"]


@pytest.mark.parametrize("ref", [MAIN, STATUS])
def test_no_push_takes_history_from_a_branch_of_the_ledger(ref: str) -> None:
    for push in (Push(ref, OLD, NONE), Push(ref, OLD, NEW, is_rewrite=True)):
        assert [each.code for each in offences(push, Policy())] == ["LH5151"]


def test_a_branch_of_a_persons_own_is_theirs() -> None:
    for push in (
        Push("refs/heads/idea", OLD, NONE),
        Push("refs/heads/idea", OLD, NEW, is_rewrite=True),
    ):
        assert not list(offences(push, Policy()))


def test_the_ledgers_branch_may_have_another_name() -> None:
    push = Push("refs/heads/trunk", OLD, NONE)
    assert [each.code for each in offences(push, Policy("trunk"))] == ["LH5151"]


def test_a_bots_account_commits_in_no_other_name() -> None:
    policy = Policy(bot_accounts=frozenset({"leasehold-bot"}), pusher="Leasehold-Bot")
    assert codes(commit(GATEWAY, change(LEASE)), policy=policy) == []
    assert codes(commit(BEN, change(LEASE)), policy=policy) == ["LH5152"]
    assert codes(commit(BEN, change(DEFINITION)), policy=policy) == ["LH5152", "LH5150"]
    assert codes(commit(GATEWAY, change(LEASE)), ref="refs/tags/x", policy=policy) == ["LH5152"]


def test_nobody_else_commits_in_a_bots_name() -> None:
    policy = Policy(bot_accounts=frozenset({"leasehold-bot"}), pusher="ben")
    assert codes(commit(BEN, change(DEFINITION)), policy=policy) == []
    assert codes(commit(GATEWAY, change(LEASE)), policy=policy) == ["LH5152"]
    brought = replace(commit(GATEWAY, change(LEASE)), is_new=False)
    assert codes(brought, policy=policy) == [], "who merges what a bot has pushed is no bot"
    unknown = Policy(bot_accounts=frozenset({"leasehold-bot"}))
    assert codes(commit(GATEWAY, change(LEASE)), policy=unknown) == ["LH5152"]


def test_a_commit_that_nobody_signed_is_said_to_be_that() -> None:
    unsigned = PushedCommit(NEW, (OLD,), BEN, unproven="it is not signed")
    (offence,) = offences(Push(MAIN, OLD, NEW, commits=(unsigned,)), Policy())
    assert offence.code == "LH5154"
    assert "whether Ben <ben@example.com> made it: it is not signed." in str(offence)
