"""Requests that become commits: each a pure function of the newest snapshot."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.automatic import first_lease
from ledger.documents import ExistingConfig
from ledger.errors import Refused
from ledger.history import read_changes, trailers
from ledger.holdings import Holding, read_fleet
from ledger.lease import Lease, stamp
from ledger.proposals import Request, addition, extension, release, setting
from ledger.snapshot import Change, CommitRecord, Person, Snapshot, check, is_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.snapshot import Proposal

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANA = Person("Ana", "ana@example.com")
FOLDER = "environments/dev"
ENVIRONMENT = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}


def own(name: str, **fields: object) -> dict[str, object]:
    return {
        "name": name,
        "model": {"image": "image:1"},
        "inference_instance_type": "ml.m5.large",
        "inference_type": "realtime",
        **fields,
    }


def existing(name: str, config: str, **fields: object) -> dict[str, object]:
    return {"name": name, "endpoint_config_name": config, "inference_type": "realtime", **fields}


def until(text: str, **fields: object) -> dict[str, object]:
    return {"expires_at": f"2026-11-23T{text}Z", **fields}


def snapshot(files: Mapping[str, object] | None = None) -> Snapshot:
    """The head of a ledger, given by file name; the environment's settings are there already."""
    everything = {"environment.json": ENVIRONMENT, **(files or {})}
    contents = {
        f"{FOLDER}/{name}": data if isinstance(data, bytes) else json.dumps(data).encode()
        for name, data in everything.items()
    }
    return Snapshot("0" * 40, contents, NOW)


def after(before: Snapshot, change: Change) -> Snapshot:
    files = {**before.files, **change.files}
    return replace(before, files={path: data for path, data in files.items() if data is not None})


def ask(endpoint: str = "demo-A-Endpoint", request_id: str = "r1", **fields: Any) -> Request:  # noqa: ANN401
    return Request("dev", endpoint, ANA, request_id, fields.pop("now", NOW), **fields)


def lease_of(a_snapshot: Snapshot, name: str) -> Lease:
    holding = read_fleet(a_snapshot.files, "dev").find(name)
    assert isinstance(holding, Holding), holding
    assert holding.lease is not None
    return holding.lease


def refused(proposal: Proposal, a_snapshot: Snapshot) -> Refused:
    with pytest.raises(Refused) as caught:
        proposal(a_snapshot)
    return caught.value


A = {"A.endpoint.json": own("A"), "A.lease.json": until("09:50:00")}


# Extensions.


def test_an_extension_changes_the_lease_file_and_says_so_in_the_message() -> None:
    change = extension(ask(reason="demo at noon"), 10)(snapshot(A))
    assert list(change.files) == [f"{FOLDER}/A.lease.json"]
    assert change.message.startswith(
        "lease(dev): extend A by 10 min to 2026-11-23T10:00:00Z\n\n> demo at noon\n\n"
    )
    assert trailers(change.message) == {
        "Lease-Action": "extend",
        "Lease-Endpoint": "demo-A-Endpoint",
        "Lease-Expires": "2026-11-23T10:00:00Z",
        "Lease-Previous": "2026-11-23T09:50:00Z",
        "Requested-By": "Ana <ana@example.com>",
        "Request-Id": "r1",
    }
    assert (change.author, change.request_id) == (ANA, "r1")
    assert stamp(lease_of(after(snapshot(A), change), "A").expires_at) == "2026-11-23T10:00:00Z"


def test_two_extensions_on_successive_snapshots_add_up() -> None:
    once = after(snapshot(A), extension(ask(request_id="r1"), 10)(snapshot(A)))
    twice = after(once, extension(ask(request_id="r2"), 10)(once))
    assert stamp(lease_of(twice, "A").expires_at) == "2026-11-23T10:10:00Z"


def test_asked_again_after_a_conflict_it_counts_from_the_newer_lease() -> None:
    proposal = extension(ask(), 10)
    proposal(snapshot(A))
    newer = snapshot({**A, "A.lease.json": until("11:00:00")})
    assert trailers(proposal(newer).message)["Lease-Expires"] == "2026-11-23T11:10:00Z"


def test_the_same_request_is_applied_once() -> None:
    proposal = extension(ask(), 10)
    once = after(snapshot(A), proposal(snapshot(A)))
    assert is_unchanged(proposal(once), once)


def test_a_request_that_was_applied_keeps_a_hand_written_files_bytes() -> None:
    by_hand = b'{"request_id": "r1",   "expires_at": "2026-11-23T09:50:00Z"}'
    head = snapshot({**A, "A.lease.json": by_hand})
    assert is_unchanged(extension(ask(), 10)(head), head)


def test_an_extension_makes_the_lease_where_there_is_none() -> None:
    head = snapshot({"A.endpoint.json": own("A")})
    change = extension(ask(), 10)(head)
    assert stamp(lease_of(after(head, change), "A").expires_at) == "2026-11-23T09:10:00Z"
    assert "Lease-Previous" not in change.message


def test_an_endpoint_is_found_by_its_definitions_name_too() -> None:
    assert extension(ask("a"), 10)(snapshot(A)).files.keys() == {f"{FOLDER}/A.lease.json"}


def test_the_refusal_at_the_ceiling_names_the_environments_file() -> None:
    failure = refused(extension(ask(), 20_000), snapshot(A))
    assert failure.code == "LH4102"
    assert "environments/dev/environment.json" in failure.message
    assert "is 10030 min" in failure.message


def test_an_unknown_endpoint_is_refused_with_the_way_to_add_it() -> None:
    failure = refused(extension(ask("demo-B-Endpoint"), 10), snapshot(A))
    assert failure.code == "LH4106"
    assert "demo-B-Endpoint" in failure.message
    assert "EndpointConfigName" in failure.message


@pytest.mark.parametrize("kind", ["endpoint", "lease", "lock"])
def test_a_broken_endpoint_is_refused_with_what_is_wrong(kind: str) -> None:
    failure = refused(extension(ask(), 10), snapshot({**A, f"A.{kind}.json": b"{"}))
    assert failure.code == "LH4109"
    assert f"A.{kind}.json: /: it cannot be read as JSON" in failure.message


def test_a_broken_neighbour_is_no_hindrance() -> None:
    head = snapshot({**A, "B.endpoint.json": b"{"})
    assert lease_of(after(head, extension(ask(), 10)(head)), "A").request_id == "r1"


@pytest.mark.parametrize("settings", [None, b"{"])
def test_an_environment_without_readable_settings_is_frozen(settings: bytes | None) -> None:
    path = f"{FOLDER}/environment.json"
    files = {name: data for name, data in snapshot(A).files.items() if name != path}
    head = replace(snapshot(), files={**files, **({path: settings} if settings else {})})
    for proposal in (extension(ask(), 10), release(ask()), addition(ask("new"), "config", 10)):
        failure = refused(proposal, head)
        assert failure.code == "LH4109"
        assert "the environment dev is frozen" in failure.message


ALWAYS_ON = [
    own("A", schedule={"always_on": True}),
    own("A", inference_type="async", async_inference={"s3_output_path": "s3://b/"}),
]


@pytest.mark.parametrize("definition", ALWAYS_ON, ids=["always_on", "async without a schedule"])
def test_what_is_always_on_has_no_meter(definition: dict[str, object]) -> None:
    head = snapshot({"A.endpoint.json": definition})
    for proposal in (extension(ask(), 10), release(ask())):
        failure = refused(proposal, head)
        assert failure.code == "LH4110"
        assert "always on and has no meter" in failure.message
        assert "environments/dev/A.endpoint.json" in failure.message


# Leases until an instant.


def test_a_lease_is_set_to_an_instant_and_the_message_says_so() -> None:
    change = setting(ask(), datetime(2026, 11, 23, 17, tzinfo=UTC))(snapshot(A))
    assert change.message.startswith("lease(dev): set A to 2026-11-23T17:00:00Z\n")
    assert trailers(change.message)["Lease-Action"] == "set"
    assert stamp(lease_of(after(snapshot(A), change), "A").expires_at) == "2026-11-23T17:00:00Z"


def test_asked_again_after_a_conflict_an_instant_stays_what_it_is() -> None:
    proposal = setting(ask(), datetime(2026, 11, 23, 17, tzinfo=UTC))
    newer = snapshot({**A, "A.lease.json": until("11:00:00")})
    for head in (snapshot(A), newer):
        assert trailers(proposal(head).message)["Lease-Expires"] == "2026-11-23T17:00:00Z"


def test_a_lease_that_grew_meanwhile_is_not_cut_by_an_instant() -> None:
    proposal = setting(ask(), datetime(2026, 11, 23, 10, tzinfo=UTC))
    proposal(snapshot(A))
    newer = snapshot({**A, "A.lease.json": until("11:00:00")})
    assert refused(proposal, newer).code == "LH4103"
    shorter = setting(ask(), datetime(2026, 11, 23, 10, tzinfo=UTC), shorten=True)
    assert stamp(lease_of(after(newer, shorter(newer)), "A").expires_at) == "2026-11-23T10:00:00Z"


# Every change.


def test_a_change_says_how_often_its_environment_lets_it_be_pushed() -> None:
    assert extension(ask(), 10)(snapshot(A)).most_pushes is None
    paced = {**ENVIRONMENT, "limits": {"max_pushes_per_minute": 6}}
    head = snapshot({**A, "environment.json": paced})
    new = ask("demo-New-Endpoint")
    for proposal in (extension(ask(), 10), release(ask()), addition(new, "config", 10)):
        assert proposal(head).most_pushes == 6


def test_a_request_with_a_digest_leaves_it_in_the_message_and_no_other_does() -> None:
    change = extension(ask(digest="c0ffee"), 10)(snapshot(A))
    assert trailers(change.message)["Request-Digest"] == "c0ffee"
    assert "Request-Digest" not in extension(ask(), 10)(snapshot(A)).message


# Releases and first leases.


def test_a_release_ends_the_lease_now() -> None:
    change = release(ask())(snapshot(A))
    assert change.message.startswith("lease(dev): release A to 2026-11-23T09:00:00Z\n")
    assert not lease_of(after(snapshot(A), change), "A").is_live(NOW)


def test_a_release_that_is_repeated_is_applied_once() -> None:
    once = after(snapshot(A), release(ask())(snapshot(A)))
    assert is_unchanged(release(ask())(once), once)
    assert refused(release(ask(request_id="r2")), once).code == "LH4105"


def test_a_first_lease_is_granted_by_a_commit_of_its_own() -> None:
    head = snapshot({"A.endpoint.json": own("A", schedule={"initial_provision_minutes": 90})})
    change = first_lease(ask())(head)
    assert change.message.startswith("lease(dev): grant A to 2026-11-23T10:30:00Z\n")
    assert lease_of(after(head, change), "A").is_live(NOW)


def test_a_lease_that_somebody_made_meanwhile_is_left_as_it_is() -> None:
    files = {**A, "A.endpoint.json": own("A", schedule={"initial_provision_minutes": 90})}
    head = snapshot(files)
    assert is_unchanged(first_lease(ask())(head), head)


# Additions.


def test_an_addition_is_a_definition_and_a_lease_in_one_change() -> None:
    change = addition(ask("demo-New-Endpoint"), "their-config", 60)(snapshot())
    assert set(change.files) == {f"{FOLDER}/New.endpoint.json", f"{FOLDER}/New.lease.json"}
    head = after(snapshot(), change)
    holding = read_fleet(head.files, "dev").find("New")
    assert isinstance(holding, Holding)
    assert holding.definition.source == ExistingConfig("their-config")
    assert holding.endpoint_name == "demo-New-Endpoint"
    assert stamp(lease_of(head, "New").expires_at) == "2026-11-23T10:00:00Z"
    assert trailers(change.message)["Lease-Action"] == "grant"


@pytest.mark.parametrize(
    ("endpoint", "stem"),
    [
        ("demo-X-Endpoint", "X"),
        ("demo-my-model-2-Endpoint", "my-model-2"),
        ("other-X-Endpoint", "other-X-Endpoint"),
        ("demo-X", "demo-X"),
        ("demo-Endpoint", "demo-Endpoint"),
        ("demo--Endpoint", "demo--Endpoint"),
        ("demo--X-Endpoint", "demo--X-Endpoint"),
        ("Demo-X-Endpoint", "Demo-X-Endpoint"),
        ("x" * 63, "x" * 63),
    ],
)
def test_an_added_file_is_named_by_the_default_pattern_else_in_full(
    endpoint: str, stem: str
) -> None:
    change = addition(ask(endpoint), "config", 10)(snapshot())
    assert f"{FOLDER}/{stem}.endpoint.json" in change.files
    assert read_fleet(after(snapshot(), change).files, "dev").errors == ()


@pytest.mark.parametrize("name", ["X", "x"])
def test_an_addition_never_overwrites_another_endpoints_files(name: str) -> None:
    head = snapshot({f"{name}.endpoint.json": own(name, endpoint_name="legacy")})
    change = addition(ask("demo-X-Endpoint"), "config", 10)(head)
    assert f"{FOLDER}/demo-X-Endpoint.endpoint.json" in change.files
    assert not set(change.files) & set(head.files)
    assert read_fleet(after(head, change).files, "dev").errors == ()


def test_an_addition_of_what_is_there_on_that_config_extends_it() -> None:
    head = snapshot({"A.endpoint.json": existing("A", "config"), "A.lease.json": until("09:50:00")})
    change = addition(ask(), "config", 10)(head)
    assert change.files.keys() == {f"{FOLDER}/A.lease.json"}
    assert trailers(change.message)["Lease-Action"] == "extend"


def test_an_addition_that_is_repeated_is_applied_once() -> None:
    proposal = addition(ask("demo-New-Endpoint"), "config", 10)
    once = after(snapshot(), proposal(snapshot()))
    assert is_unchanged(proposal(once), once)


@pytest.mark.parametrize(
    ("definition", "code"),
    [(own("A"), "LH4108"), (existing("A", "other"), "LH4108"), (b"{", "LH4109")],
    ids=["own", "other config", "broken"],
)
def test_an_addition_of_what_is_there_otherwise_is_refused(definition: object, code: str) -> None:
    failure = refused(addition(ask(), "config", 10), snapshot({"A.endpoint.json": definition}))
    assert failure.code == code
    assert "environments/dev/A.endpoint.json" in failure.message


BAD_NAMES = [
    "a/b",
    "../../etc/passwd",
    "..",
    ".",
    "",
    "name\n",
    "na\nme",
    "x" * 64,
    "-x",
    "a b",
    "demo-../../x-Endpoint",
    "demo-a/b-Endpoint",
    "é",
    "\ud800",
    "name\0",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_what_is_no_endpoints_name_never_becomes_a_path(name: str) -> None:
    assert refused(addition(ask(name), "config", 10), snapshot()).code == "LH4107"
    assert refused(addition(ask("demo-X-Endpoint"), name, 10), snapshot()).code == "LH4107"


@given(st.text() | st.sampled_from(BAD_NAMES), st.text(min_size=1) | st.just("config"))
def test_whatever_is_asked_for_an_addition_writes_two_valid_files_or_none(
    endpoint: str, config: str
) -> None:
    try:
        change = addition(ask(endpoint), config, 10)(snapshot())
    except Refused:
        return
    check(change, "environments/")
    assert len(change.files) == 2
    assert read_fleet(after(snapshot(), change).files, "dev").errors == ()


@pytest.mark.parametrize(
    "propose",
    [
        lambda request: extension(request, 10),
        release,
        lambda request: addition(replace(request, endpoint="demo-N-Endpoint"), "config", 10),
    ],
    ids=["extend", "release", "add"],
)
@given(reason=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_every_change_is_read_back_from_its_commit(
    propose: Callable[[Request], Proposal], reason: str
) -> None:
    change = propose(ask(reason=reason))(snapshot(A))
    check(change, "environments/")
    record = CommitRecord("c" * 40, change.author, NOW, change.message)
    [read] = read_changes([record])
    assert read.change.request_id == "r1"
    head = after(snapshot(A), change)
    assert read.change.expires_at == lease_of(head, read.change.endpoint_name).expires_at
