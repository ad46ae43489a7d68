"""What several definitions claim has who was first, and nothing happens to it for the others."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from ledger.claims import Known, leaves_open, settle
from ledger.errors import Refused
from ledger.holdings import Fleet, read_fleet
from ledger.lease import Lease, stamp
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from ledger.phases import ABSENT

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}
CHAT = EndpointName("chat")


def definition(name: str, **fields: object) -> dict[str, object]:
    source = {"endpoint_config_name": "theirs", "inference_type": "realtime"}
    return {"name": name, **source, **fields}


def at_path(name: str, path: str = "talk") -> dict[str, object]:
    integration = {"type": "api", "properties": {"api_resource_name": path}}
    return definition(name, integration=integration)


def fleet(*definitions: dict[str, object], leased: str = "", **texts: bytes) -> Fleet:
    """Read definitions, of which those whose letters are in `leased` have a lease."""
    files = {"environments/dev/environment.json": json.dumps(SETTINGS).encode()}
    for each in definitions:
        files[f"environments/dev/{each['name']}.endpoint.json"] = json.dumps(each).encode()
    for name in leased:
        lease = json.dumps({"expires_at": stamp(LATER)}).encode()
        files[f"environments/dev/{name}.lease.json"] = lease
    for name, text in texts.items():
        files[f"environments/dev/{name}.endpoint.json"] = text
    return read_fleet(files, "dev")


def on_chat(*names: str, leased: str = "") -> Fleet:
    return fleet(*(definition(name, endpoint_name="chat") for name in names), leased=leased)


def record(**names: str) -> Record:
    """Make a record of endpoints by the names of their definitions."""
    return Record(
        {EndpointName(endpoint): Entry(name, ABSENT, NOW) for endpoint, name in names.items()}
    )


def split(a_fleet: Fleet) -> tuple[list[str], list[str]]:
    return [str(item.name) for item in a_fleet.holdings], [str(it.name) for it in a_fleet.broken]


TAGGED = {CHAT: Name("A")}
ENDPOINT_CASES = {
    "nothing is known": ("", Known(), ([], ["A", "B"])),
    "both are leased": ("AB", Known(), ([], ["A", "B"])),
    "one is leased": ("B", Known(), (["B"], ["A"])),
    "the record knows one": ("B", Known(record(chat="A")), (["A"], ["B"])),
    "the record has other capitals": ("", Known(record(CHAT="a")), (["A"], ["B"])),
    "the record knows neither": ("B", Known(record(chat="C")), (["B"], ["A"])),
    "it is tagged": ("B", Known(record(chat="B"), TAGGED), (["A"], ["B"])),
    "it is tagged otherwise": ("", Known(record(chat="B"), {CHAT: Name("C")}), (["B"], ["A"])),
    "it has no such tag": ("", Known(tagged={CHAT: Name("")}), ([], ["A", "B"])),
}


@pytest.mark.parametrize("case", ENDPOINT_CASES)
def test_an_endpoint_has_who_was_first(case: str) -> None:
    leased, known, expected = ENDPOINT_CASES[case]
    assert split(settle(on_chat("A", "B", leased=leased), known, NOW)) == expected


def test_the_newcomer_is_told_at_its_own_file_whose_it_is() -> None:
    settled = settle(on_chat("A", "B"), Known(tagged=TAGGED), NOW)
    assert str(settled.violations[0]) == (
        "environments/dev/B.endpoint.json: /endpoint_name: 'chat' is the endpoint of"
        " A.endpoint.json already: choose another endpoint_name, or remove one. [LH1004]"
    )
    assert settled.find("chat") is settled.holdings[0]
    with pytest.raises(Refused, match="LH4109: B is frozen"):
        settled.holding("b")


def test_where_nobody_was_first_each_is_told_all_others() -> None:
    told = (str(violation).partition(" is the ")[2] for violation in on_chat(*"ABC").violations)
    assert list(told) == [
        f"endpoint of {others} too: choose another endpoint_name, or remove one. [LH1004]"
        for others in (
            "B.endpoint.json and C.endpoint.json",
            "A.endpoint.json and C.endpoint.json",
            "A.endpoint.json and B.endpoint.json",
        )
    ]


def test_one_of_three_may_be_the_first() -> None:
    assert split(on_chat(*"ABC", leased="B")) == (["B"], ["A", "C"])


def test_the_first_may_be_broken_and_then_nobody_has_it() -> None:
    wrong = definition("A", endpoint_name="chat", colour="red")
    both = fleet(wrong, definition("B", endpoint_name="chat"), leased="B")
    assert split(both) == ([], ["A", "B"])
    settled = settle(both, Known(tagged=TAGGED), NOW)
    assert [sorted({each.code for each in item.violations}) for item in settled.broken] == [
        ["LH1002"],
        ["LH1004"],
    ]


def test_names_that_differ_in_case_alone_are_nobodys_whatever_is_known() -> None:
    both = on_chat("A", "a", leased="A")
    settled = settle(both, Known(tagged=TAGGED), NOW)
    assert split(settled) == ([], ["A", "a"])
    assert {each.pointer for each in settled.violations} == {"/name"}


def test_those_have_no_claim_that_a_third_could_win() -> None:
    settled = settle(on_chat("A", "a", "B"), Known(tagged=TAGGED), NOW)
    assert split(settled) == ([], ["A", "B", "a"])


def test_settling_twice_is_settling_once() -> None:
    known = Known(record(chat="A"))
    once = settle(on_chat("A", "B", leased="B"), known, NOW)
    assert settle(once, known, NOW) == once


def test_other_violations_stay() -> None:
    both = fleet(*(definition(name, endpoint_name="chat") for name in "AB"), C=b"{")
    settled = settle(both, Known(tagged=TAGGED), NOW)
    assert [each.code for each in settled.violations] == ["LH1001", "LH1004"]
    assert settled.unreadable == both.unreadable != ()


def at(path: str, **names: str) -> Record:
    entries = record(**names).entries
    noted = {
        key: Entry(each.name, ABSENT, NOW, api_resource_name=path) for key, each in entries.items()
    }
    return Record(noted)


A_ENDPOINT, B_ENDPOINT = {"demo-A-Endpoint": "A"}, {"demo-B-Endpoint": "B"}
PATH_CASES = {
    "nothing is known": ("", Known(), ([], ["A", "B"])),
    "one is leased": ("B", Known(), (["B"], ["A"])),
    "the record knows one": ("B", Known(record(**A_ENDPOINT)), (["A"], ["B"])),
    "the record knows both": ("B", Known(record(**A_ENDPOINT, **B_ENDPOINT)), (["B"], ["A"])),
    "the record has one at the path": (
        "B",
        Known(Record({**at("talk", **A_ENDPOINT).entries, **at("more", **B_ENDPOINT).entries})),
        (["A"], ["B"]),
    ),
}


@pytest.mark.parametrize("case", PATH_CASES)
def test_a_path_has_who_was_there_first(case: str) -> None:
    leased, known, expected = PATH_CASES[case]
    both = fleet(at_path("A"), at_path("B"), leased=leased)
    assert split(settle(both, known, NOW)) == expected


def test_the_newcomer_at_a_path_is_told_whose_it_is_and_keeps_its_endpoint() -> None:
    settled = fleet(at_path("A"), at_path("B"), leased="A")
    [broken] = settled.broken
    assert broken.endpoint_name == "demo-B-Endpoint"
    assert str(settled.violations[0]).endswith(
        "api_resource_name: /talk is the path of A.endpoint.json already: choose another"
        " api_resource_name. [LH1015]"
    )


def test_who_has_lost_its_endpoint_claims_no_path() -> None:
    newcomer = {**at_path("B"), "endpoint_name": "demo-A-Endpoint"}
    both = fleet(at_path("A"), newcomer, at_path("C", "other"), leased="A")
    assert split(both) == (["A", "C"], ["B"])


# A lease whose file is gone.


def leased_until(end: datetime | None) -> Known:
    return Known(Record({CHAT: Entry("A", "InService", NOW, lease_end=end)}))


@pytest.mark.parametrize(
    ("leased", "end", "lost"),
    [
        ("", LATER, Lease(LATER)),
        ("", NOW, None),
        ("", None, None),
        ("A", LATER, None),
    ],
    ids=["gone", "its end is reached", "never leased", "there"],
)
def test_a_lease_runs_on_although_its_file_is_gone(
    leased: str, end: datetime | None, lost: Lease | None
) -> None:
    [holding] = settle(on_chat("A", leased=leased), leased_until(end), NOW).holdings
    assert holding.lost_lease == lost
    assert holding.running_lease == (holding.lease or lost)


def test_what_is_always_on_has_no_lease_to_lose() -> None:
    always = fleet(definition("A", endpoint_name="chat", schedule={"always_on": True}))
    assert settle(always, leased_until(LATER), NOW) is always


def test_an_endpoint_that_the_record_does_not_know_has_lost_nothing() -> None:
    [holding] = settle(on_chat("A"), Known(), NOW).holdings
    assert holding.lost_lease is None


@pytest.mark.parametrize("minutes", [0, 90])
def test_no_first_lease_is_due_while_a_lost_one_runs(minutes: int) -> None:
    schedule = {"initial_provision_minutes": minutes}
    fresh = fleet(definition("A", endpoint_name="chat", schedule=schedule))
    [lost] = settle(fresh, leased_until(LATER), NOW).holdings
    assert (fresh.holdings[0].first_lease_due, lost.first_lease_due) == (bool(minutes), False)


# When there is something to settle.


@pytest.mark.parametrize(
    ("a_fleet", "name", "expected"),
    [
        (on_chat("A", leased="A"), "A", False),
        (on_chat("A"), "A", True),
        (on_chat("A"), None, True),
        (on_chat("A"), "nobody", False),
        (on_chat("A", "B"), "nobody", True),
        (fleet(definition("A"), leased="A", B=b"{"), "B", False),
        (fleet(definition("A", schedule={"always_on": True})), None, False),
        (Fleet("dev", None), "A", False),
    ],
)
def test_documents_leave_open_what_is_claimed_twice_or_may_have_lost_its_lease(
    a_fleet: Fleet, name: str | None, *, expected: bool
) -> None:
    assert leaves_open(a_fleet, name) is expected
