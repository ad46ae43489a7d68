"""Conditions of a proposal, each a pure function of the snapshot and of what is given beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.errors import Refused
from ledger.json_files import dump_json
from ledger.preconditions import AlreadyApplied, check_same, once, unless_changed
from ledger.proposals import Request, extension
from ledger.snapshot import CommitRecord, Person, Snapshot
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from tests.scene import Json

ANA = Person("Ana", "ana@example.com")
ASKED = Request("dev", "demo-A-Endpoint", ANA, "r-1", NOON, digest="c0ffee")


def head(granted: Json | None, commit: str = "0" * 40) -> Snapshot:
    files = {"environments/dev/environment.json": environment(), path("A"): definition("A")}
    if granted is not None:
        files[path("A", "lease")] = granted
    return Snapshot(commit, {name: dump_json(data) for name, data in files.items()}, NOON)


def record(message: str) -> CommitRecord:
    return CommitRecord("c" * 40, ANA, NOON, message)


class TestOnce:
    def test_a_request_that_the_history_does_not_have_is_proposed(self) -> None:
        asked: list[tuple[str, str]] = []

        def find(request_id: str, snapshot: Snapshot) -> None:
            asked.append((request_id, snapshot.commit))

        proposal = once(extension(ASKED, 10), ASKED, find)
        assert proposal(head(None)).request_id == "r-1"
        proposal(head(None, "1" * 40))
        assert asked == [("r-1", "0" * 40), ("r-1", "1" * 40)]

    @pytest.mark.parametrize("trailer", ["Request-Digest: c0ffee", "Requested-By: Ana <a@b>"])
    def test_one_that_it_has_is_told_with_its_commit(self, trailer: str) -> None:
        found = record(f"lease\n\nRequest-Id: r-1\n{trailer}\n")
        with pytest.raises(AlreadyApplied) as told:
            once(extension(ASKED, 10), ASKED, lambda *_: found)(head(None))
        assert told.value.record == found

    def test_even_where_it_would_be_refused_now(self) -> None:
        found = record("lease\n\nRequest-Id: r-1\n")
        with pytest.raises(AlreadyApplied):
            once(extension(ASKED, 10**6), ASKED, lambda *_: found)(head(None))

    def test_an_id_that_was_used_for_something_else_is_refused(self) -> None:
        found = record("lease\n\nRequest-Id: r-1\nRequest-Digest: decade\n")
        with pytest.raises(Refused, match="LH4111"):
            once(extension(ASKED, 10), ASKED, lambda *_: found)(head(None))

    def test_a_request_without_a_digest_is_the_same_as_any(self) -> None:
        check_same(replace(ASKED, digest=None), "lease\n\nRequest-Digest: decade\n")


class TestUnlessChanged:
    def test_the_lease_that_was_seen_may_be_changed(self) -> None:
        now = head(lease(NOON), "1" * 40)
        seen = [head(None), head(lease(NOON))]
        assert unless_changed(extension(ASKED, 10), ASKED, seen)(now).request_id == "r-1"

    @pytest.mark.parametrize("request_id", [None, "other"])
    def test_another_one_is_refused_with_the_commit_that_has_it(
        self, request_id: str | None
    ) -> None:
        """Another request may have set the very same end; it is another lease for all that."""
        seen = [head(None), head(lease(NOON, request_id="r-0"))]
        now = head(lease(NOON, **({"request_id": request_id} if request_id else {})))
        with pytest.raises(Refused, match=f"LH4112.*commit {now.commit}"):
            unless_changed(extension(ASKED, 10), ASKED, seen)(now)

    @pytest.mark.parametrize(
        "seen", [None, [], [head(None)], [head(lease(NOON))]], ids=["any", "none", "same", "other"]
    )
    def test_where_there_is_no_lease_nothing_matches(self, seen: list[Snapshot] | None) -> None:
        with pytest.raises(Refused, match="has no lease"):
            unless_changed(extension(ASKED, 10), ASKED, seen)(head(None))

    def test_a_name_that_nobody_has_matches_nothing(self) -> None:
        nobody = replace(ASKED, endpoint="nobody")
        with pytest.raises(Refused, match=r"LH4112.*has no lease"):
            unless_changed(extension(nobody, 10), nobody, None)(head(lease(NOON)))

    @pytest.mark.parametrize("settings", [b"{", None], ids=["broken", "missing"])
    def test_an_environment_that_cannot_be_read_is_no_missing_lease(
        self, settings: bytes | None
    ) -> None:
        now = head(lease(NOON))
        files = {**now.files, "environments/dev/environment.json": settings}
        broken = replace(now, files={name: data for name, data in files.items() if data})
        with pytest.raises(Refused, match=r"LH4109.*environments/dev/environment\.json"):
            unless_changed(extension(ASKED, 10), ASKED, [now])(broken)

    def test_any_lease_is_one(self) -> None:
        now = head(lease(NOON))
        assert unless_changed(extension(ASKED, 10), ASKED, None)(now).request_id == "r-1"
