"""What SageMaker did, from versions of a record; and what nobody could note."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.accounting.account import books
from ledger.accounting.reading import LedgerReader, StatusReader
from ledger.accounting.service import Gap, Watched
from ledger.accounting.spans import Span, without
from ledger.accounting.steps import Step, Steps, played
from ledger.accounting.tariff import Tariff
from ledger.committers import CONTROLLER
from ledger.hosts import Host
from ledger.names import Name
from ledger.phases import Phase
from ledger.snapshot import CommitRecord, Person
from tests.ledger.accounting.test_month import DEFINED, at, entry, lease, prices, second

if TYPE_CHECKING:
    from collections.abc import Iterator

A = Name("Chat")


def watched(*versions: tuple[float, Any]) -> Watched:
    found = Watched()
    for hour, entries in reversed(versions):
        found.add(second(hour), entries)
    return found


def lived(found: Watched, until: float = 100) -> list[tuple[float, float, Phase]]:
    pieces = found.lives(second(until)).get(A, [])
    zero = second(0)
    return [((it.begin - zero) / 3600, (it.end - zero) / 3600, it.phase) for it in pieces]


def test_one_that_is_forgotten_ends_there() -> None:
    found = watched((1, {"e": entry("InService", 1, 1)}), (5, {}), (9, {}))
    assert lived(found) == [(1, 5, Phase.SERVING)]


def test_a_status_begins_when_sagemaker_says_and_hosts_when_they_were_noted() -> None:
    found = watched((2, {"e": entry("InService", 1, 1)}), (5, {"e": entry("InService", 1, 3)}))
    assert lived(found) == [(1, 5, Phase.SERVING), (5, 100, Phase.SERVING)]
    (_, second_piece) = found.lives(second(100))[A]
    assert second_piece.hosts == (Host("ml.a.large", 3),)


def test_instances_that_were_found_out_later_were_there_before() -> None:
    found = watched(
        (1, {"e": entry("Creating", 1, None)}),
        (2, {"e": entry("InService", 2, None)}),
        (3, {"e": entry("InService", 2, 2)}),
        (4, {"e": entry("Updating", 4, None)}),
        (5, {"e": entry("InService", 5, 1)}),
        (6, {"e": entry("absent", 6, None)}),
    )
    hosts = [each.hosts for each in found.lives(second(9))[A]]
    two, one = (Host("ml.a.large", 2),), (Host("ml.a.large", 1),)
    assert hosts == [two, two, two, None, one, None]


def test_what_is_somebody_elses_is_left_out() -> None:
    assert lived(watched((1, {"e": {**entry("InService", 1, 1), "foreign": True}}))) == []


def test_an_entry_that_cannot_be_read_is_none() -> None:
    found = watched((1, {"e": entry("InService", 1, 1)}), (4, {"e": "broken"}), (6, {"e": {}}))
    assert lived(found) == [(1, 4, Phase.SERVING)]


def test_what_cannot_be_read_and_what_is_late_are_gaps() -> None:
    found = watched(
        (1, {"e": entry("InService", 1, 1)}),
        (3, None),
        (5, {"e": entry("InService", 1, 1)}),
        (9, {"e": entry("absent", 8, None)}),
        (11, None),
    )
    assert found.gaps(second(0), second(20)) == [
        Gap(second(0), second(1), "nothing was noted yet"),
        Gap(second(3), second(5), "the record of that time cannot be read"),
        Gap(second(8), second(9), "what moved was noted late"),
        Gap(second(11), second(20), "the record of that time cannot be read"),
    ]
    assert lived(found) == [(1, 8, Phase.SERVING), (8, 100, Phase.ABSENT)]


def test_a_reader_of_the_record_knows_a_broken_version_from_one_that_was_begun() -> None:
    reader = StatusReader(second(2), "dev")
    versions: list[tuple[float, str, bytes | None]] = [
        (9, "dev.json", b"{"),
        (8, "dev.json", b"[]"),
        (7, "prod.json", b"{}"),
        (6, "dev.json", b'{"id": "x"}'),
        (5, "dev.json", None),
    ]
    assert all(reader(second(hour), {file: (None, content)}) for hour, file, content in versions)
    assert not reader(second(1), {"dev.json": (None, b"{}")})
    reasons = {gap.reason for gap in reader.watched.gaps(second(2), second(20))}
    assert reasons == {"the record of that time cannot be read"}


def test_two_changes_that_did_not_know_of_each_other_buy_each_second_once() -> None:
    steps = Steps()
    for step in (Step(5, 10, 14, "Ben"), Step(2, 10, 20, "Ana"), Step(0, None, 10, "Ana")):
        steps.add(step)
    lease_ = played(steps)
    assert [tuple(each) for each in lease_.bought] == [(0, 20, "Ana")]


def read(  # noqa: PLR0917  (a commit has so much)
    reader: LedgerReader,
    hour: float,
    file: str,
    before: bytes | None,
    after: bytes | None,
    action: str,
) -> bool:
    record = CommitRecord("c", CONTROLLER, at(hour), f"x\n\nLease-Action: {action}\n")
    return reader(second(hour), {file: (before, after)}, lambda: record)


def test_what_leasehold_does_by_itself_has_names_of_its_own() -> None:
    reader = LedgerReader(second(0), {})
    ends = [None, lease(10), lease(11), lease(12), lease(9)]
    actions = ["grant", "credit", "extend", "other"]
    for number in (3, 2, 1, 0):
        read(reader, number, "Chat.lease.json", ends[number], ends[number + 1], actions[number])
    bought = [(each.buyer, each.end) for each in reader.leases[A].bought]
    assert bought == [("first lease", second(9))]
    reader = LedgerReader(second(0), {})
    for number in (2, 1, 0):
        read(reader, number, "Chat.lease.json", ends[number], ends[number + 1], actions[number])
    assert [each.buyer for each in reader.leases[A].bought] == [
        "first lease",
        "start credit",
        "kept in use",
    ]


def test_files_that_cannot_be_read_change_nothing() -> None:
    now = {"Chat.endpoint.json": DEFINED, "prices.json": prices("2"), "README.md": b""}
    reader = LedgerReader(second(0), now)
    read(reader, 9, "Chat.endpoint.json", b"{", DEFINED, "")
    read(reader, 8, "Chat.endpoint.json", DEFINED, b"{", "")
    read(reader, 7, "Chat.lease.json", lease(9), b"{", "extend")
    read(reader, 6, "Chat.lock.json", None, b"{}", "")
    read(reader, 5, "prices.json", b"{", prices("2"), "")
    assert [each is not None for _, each in reader.definitions[A]] == [True, True]
    assert reader.leases == {}
    assert [each is not None for _, each in reader.tariff.versions] == [False, True]
    assert Tariff().at(0) is None


def test_reading_ends_when_all_that_lasted_is_known() -> None:
    reader = LedgerReader(second(10), {"Chat.lease.json": lease(30)})
    assert read(reader, 9, "Other.endpoint.json", None, DEFINED, "")
    assert read(reader, 8, "Chat.lease.json", lease(20), lease(30), "extend")
    assert not read(reader, 7, "Chat.lease.json", lease(8), lease(20), "extend")


def test_versions_that_cannot_be_read_are_counted_by_their_file() -> None:
    reader = LedgerReader(second(0), {})
    read(reader, 9, "Chat.endpoint.json", DEFINED, b"{", "")
    read(reader, 8, "Chat.lease.json", lease(9), b"{", "extend")
    read(reader, 7, "prices.json", prices("2"), b"{", "")
    read(reader, 6, "Chat.lock.json", None, b"{", "")
    read(reader, 5, "Chat.lease.json", b"{", None, "release")
    read(reader, 4, "Chat.lease.json", b"{", lease(9), "extend")
    counted = [(file, list(each)) for file, each in reader.unread.items()]
    assert [file for file, _ in counted] == ["Chat.endpoint.json", "Chat.lease.json", "prices.json"]
    assert all(commits == ["c"] for _, commits in counted)


def test_an_entry_that_cannot_be_read_is_a_gap() -> None:
    found = watched(
        (1, {"e": entry("InService", 1, 1)}),
        (4, {"e": "broken", "f": {}}),
        (6, {"e": None}),
        (7, {"e": entry("InService", 1, 1)}),
        (8, {}),
    )
    assert found.gaps(second(1), second(9)) == [
        Gap(second(4), second(6), "what was noted of f cannot be read"),
        Gap(second(4), second(7), "what was noted of e cannot be read"),
    ]


def test_a_first_lease_names_who_wrote_its_definition() -> None:
    reader = LedgerReader(second(0), {})
    ana, ben = Person("Ana", "ana@example.com"), Person("Ben", "ben@example.com")

    def defined(hour: float, person: Person, before: bytes | None, after: bytes) -> bool:
        record = CommitRecord("c", person, at(hour), "define")
        return reader(second(hour), {"Chat.endpoint.json": (before, after)}, lambda: record)

    assert defined(6, ben, DEFINED, DEFINED + b" ")
    read(reader, 5, "Chat.lease.json", None, lease(9), "grant")
    assert not defined(-1, ana, None, DEFINED), "who wrote it was all that was still to come"
    (bought,) = reader.leases[A].bought
    assert bought.buyer == "first lease (Ana <ana@example.com>)"


def test_who_wrote_a_definition_is_looked_for_no_further_than_that() -> None:
    reader = LedgerReader(second(4), {})
    read(reader, 5, "Chat.lease.json", None, lease(6), "grant")
    assert read(reader, 3, "Other.endpoint.json", None, DEFINED, "")
    assert not read(reader, 2, "Chat.endpoint.json", None, DEFINED, "")
    assert list(reader.definitions) == [A]


def test_one_that_cannot_be_read_is_defined_all_the_same() -> None:
    reader = LedgerReader(second(4), {"Chat.endpoint.json": b"{"})
    assert reader.definitions == {A: []}
    (book,) = books({}, {}, reader.definitions)
    assert book.defined == [(-(2**62), 2**62)]
    assert book.owners == [((-(2**62), 2**62), "nobody")]


def test_a_lease_without_a_definition_leases_nothing() -> None:
    reader = LedgerReader(second(0), {})
    read(reader, 5, "Chat.lease.json", None, lease(9), "")
    (book,) = books({}, reader.leases, reader.definitions)
    assert not book.bought


def test_who_wrote_a_definition_long_ago_says_nothing_of_what_it_said_since() -> None:
    mine = DEFINED.replace(b"team-nlp", b"team-new")
    reader = LedgerReader(second(4), {"Chat.endpoint.json": mine, "Chat.lease.json": lease(6)})
    assert read(reader, 3, "Chat.endpoint.json", DEFINED, mine, "")
    assert read(reader, 2, "Chat.lease.json", None, lease(6), "grant")
    assert not read(reader, 1, "Chat.endpoint.json", None, DEFINED, "")
    ((_, definition_),) = reader.definitions[A]
    assert definition_ is not None
    assert definition_.owner == "team-new@example.com"


def test_what_was_given_back_twice_is_bought_again_from_both() -> None:
    steps = Steps()
    for step in (
        Step(3, 2, 4, "Ben"),
        Step(2, 3, 2, "Ana"),
        Step(1, 4, 3, "Ana"),
        Step(0, None, 4, "Ana"),
    ):
        steps.add(step)
    assert [tuple(each) for each in played(steps).handed] == [(2, 2, 3)]


def test_what_was_handed_back_far_ahead_is_not_looked_at_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each release leaves some time ahead that nobody buys: the next one extends less far."""
    looked = 0

    def counted(*spans: list[Span]) -> Iterator[Span]:
        nonlocal looked
        looked += 1
        return without(*spans)

    monkeypatch.setattr("ledger.accounting.steps.without", counted)
    steps, count = Steps(), 2000
    for number in range(count):
        steps.add(Step(2 * count - 2 * number, 9999 + number, 2 * count - 2 * number, "Ana"))
        steps.add(Step(2 * count - 2 * number - 1, None, 9999 + number, "Ben"))
    handed = list(played(steps).handed)
    assert sum(end - begin for _, begin, end in handed) == 9999 - 2
    assert looked < 2 * count


@pytest.mark.parametrize(
    "until", ["2026-11-01T09:00:00", "2026-11-01T09:00:00+02:00", 5, "never", None]
)
def test_an_end_that_no_lease_may_have_changes_nothing(until: object) -> None:
    reader = LedgerReader(second(0), {})
    odd = json.dumps({"expires_at": until}).encode()
    read(reader, 6, "Chat.lease.json", lease(8), odd, "")
    read(reader, 5, "Chat.lease.json", None, lease(8), "")
    assert [(each.begin, each.end) for each in reader.leases[A].bought] == [(second(5), second(8))]
    assert list(reader.unread) == ["Chat.lease.json"]


def test_a_status_since_no_known_moment_is_none() -> None:
    odd = {**entry("InService", 1, 1), "since": "2026-11-01T01:00:00"}
    assert lived(watched((1, {"e": odd}))) == []


def test_prices_of_another_region_price_nothing() -> None:
    env, other = (json.dumps({"region_name": f"{each}-1"}).encode() for each in ("us-east", "eu"))
    reader = LedgerReader(second(0), {"prices.json": prices("2"), "environment.json": env})
    read(reader, 6, "environment.json", other, env, "")
    read(reader, 4, "environment.json", b"{", other, "")
    read(reader, 3, "environment.json", b'{"region_name": 5}', b"{", "")
    tariff = reader.tariff
    assert [bool(tariff.at(second(hour))) for hour in (0, 3, 4, 5, 6)] == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(("old", "new"), [("chat", "Chat"), ("Chat", "chat")])
def test_a_name_that_is_spelled_anew_stays_one_endpoint(old: str, new: str) -> None:
    reader = LedgerReader(second(0), {f"{new}.endpoint.json": DEFINED})
    move = {f"{old}.endpoint.json": (DEFINED, None), f"{new}.endpoint.json": (None, DEFINED)}
    record = CommitRecord("c", Person("Ana", "ana@example.com"), at(5), "rename")
    assert reader(second(5), dict(sorted(move.items())), lambda: record)
    read(reader, 3, f"{old}.lease.json", None, lease(9), "")
    (book,) = books({}, reader.leases, reader.definitions)
    assert [(each.begin, each.end) for each in book.bought] == [(second(3), second(9))]
    assert [owner for _, owner in book.owners] == ["team-nlp@example.com"]


MOVED = {
    "Chat.endpoint.json": (DEFINED, None),
    "Chat.lease.json": (lease(20), None),
    "Talk.endpoint.json": (None, DEFINED),
    "Talk.lease.json": (None, lease(20)),
}
ANA, BEN = Person("Ana", "ana@example.com"), Person("Ben", "ben@example.com")


@pytest.mark.parametrize("since", [0, 12])
@pytest.mark.parametrize(
    ("author", "action", "buyer"),
    [(ANA, "extend", "Ana <ana@example.com>"), (CONTROLLER, "grant", f"first lease ({BEN.name}")],
)
def test_a_lease_that_is_moved_stays_who_bought_it(
    since: float, author: Person, action: str, buyer: str
) -> None:
    now = {"Talk.endpoint.json": DEFINED, "Talk.lease.json": lease(20)}
    reader = LedgerReader(second(since), now)
    commits: list[tuple[float, Person, str, Any]] = [
        (10, BEN, "", MOVED),
        (5, author, f"Lease-Action: {action}\n", {"Chat.lease.json": (None, lease(20))}),
        (1, BEN, "", {"Chat.endpoint.json": (None, DEFINED)}),
        (0, BEN, "", {"Other.endpoint.json": (None, DEFINED)}),
    ]
    for hour, person, action_, files in commits:
        record = CommitRecord("c", person, at(hour), f"x\n\n{action_}")
        if not reader(second(hour), files, lambda record=record: record):  # type: ignore[misc]
            break
    (book,) = [each for each in books({}, reader.leases, reader.definitions) if each.name == "Talk"]
    (bought,) = book.bought
    assert bought.buyer.startswith(buyer)
    assert (bought.begin, bought.end) == (second(10), second(20))
    old = [each for each in books({}, reader.leases, reader.definitions) if each.name == "Chat"]
    assert all(each.end <= second(10) for book in old for each in book.bought if since == 0)
