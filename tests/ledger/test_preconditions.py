"""Conditions of a proposal, each a pure function of the snapshot and of what is given beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.errors import Refused
from ledger.json_files import dump_json
from ledger.preconditions import AlreadyApplied, check_same, once, unless_changed
from ledger.proposals import Request, extension
from ledger.snapshot import CommitRecord, Person, Snapshot
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.scene import Json

ANA = Person("Ana", "ana@example.com")
ASKED = Request("dev", "demo-A-Endpoint", ANA, "r-1", NOON, digest="c0ffee")


def head(granted: Json | None, commit: str = "0" * 40) -> Snapshot:
    files = {"environments/dev/environment.json": environment(), path("A"): definition("A")}
    if granted is not None:
        files[path("A", "lease")] = granted
    return Snapshot(commit, {name: dump_json(data) for name, data in files.items()}, NOON)


LEASE_PATH, DEFINITION_PATH = path("A", "lease"), path("A")
FOUND = "lease\n\nLease-Endpoint: demo-A-Endpoint\nRequest-Id: r-1\nRequest-Digest: c0ffee\n"
ADDED = FOUND.replace("Request-Id", "Lease-Action: grant\nRequest-Id")


def record(
    message: str = FOUND, *files: str, reverted_by: str = "", commit: str = "c" * 40
) -> CommitRecord:
    changed = frozenset(files or (LEASE_PATH,))
    return CommitRecord(commit, ANA, NOON, message, changed, reverted_by)


@dataclass
class Told:
    """A history that has these commits, newest first, and perhaps one that changed the lease."""

    records: Sequence[CommitRecord] = ()
    changed: CommitRecord | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answers(self, request_id: str, snapshot: Snapshot) -> Sequence[CommitRecord]:
        self.asked.append((request_id, snapshot.commit))
        return self.records

    def last_change(self, path: str, snapshot: Snapshot) -> CommitRecord | None:
        assert (path, snapshot.commit) == (LEASE_PATH, "0" * 40)
        return self.changed

    def at(self, commit: str) -> Snapshot:
        return head(None, commit)


class TestOnce:
    def test_a_request_that_the_history_does_not_have_is_proposed(self) -> None:
        past = Told()
        proposal = once(extension(ASKED, 10), ASKED, past)
        assert proposal(head(None)).request_id == "r-1"
        proposal(head(None, "1" * 40))
        assert past.asked == [("r-1", "0" * 40), ("r-1", "1" * 40)]

    @pytest.mark.parametrize("minutes", [10, 10**6], ids=["granted", "refused now"])
    def test_one_that_it_has_is_told_with_its_commit(self, minutes: int) -> None:
        with pytest.raises(AlreadyApplied) as told:
            once(extension(ASKED, minutes), ASKED, Told([record()]))(head(None))
        assert told.value.record == record()

    def test_of_several_the_first_is_the_answer(self) -> None:
        first = record(commit="1" * 40)
        with pytest.raises(AlreadyApplied, match="1111"):
            once(extension(ASKED, 10), ASKED, Told([record(), first]))(head(None))

    @pytest.mark.parametrize(
        "planted",
        [
            record("lease\n\nRequest-Id: r-1\n"),
            record(FOUND, "README.md"),
            record(FOUND, path("B", "lease")),
            record(FOUND, DEFINITION_PATH),
            record(FOUND.replace("c0ffee", "decade"), path("B", "lease")),
            record(ADDED, LEASE_PATH),
            record(ADDED, DEFINITION_PATH),
        ],
        ids=["no digest", "no lease", "another lease", "the definition", "both", "half", "half"],
    )
    def test_what_only_looks_like_it_is_passed_over(self, planted: CommitRecord) -> None:
        now = head(lease(NOON))
        assert once(extension(ASKED, 10), ASKED, Told([planted]))(now).request_id == "r-1"
        past = Told([planted, record(commit="1" * 40)])
        with pytest.raises(AlreadyApplied, match="1111"):
            once(extension(ASKED, 10), ASKED, past)(now)

    def test_an_addition_is_one_that_wrote_both_files(self) -> None:
        added = record(ADDED, LEASE_PATH, DEFINITION_PATH)
        with pytest.raises(AlreadyApplied):
            once(extension(ASKED, 10), ASKED, Told([added]))(head(None))

    def test_an_endpoint_that_is_gone_had_its_files_where_they_were_then(
        self,
    ) -> None:
        nobody = replace(head(None), files={"environments/dev/environment.json": b"{}"})
        with pytest.raises(AlreadyApplied):
            once(extension(ASKED, 10), ASKED, Told([record()]))(nobody)

    def test_a_commit_without_the_endpoint_answers_nothing_for_it(self) -> None:
        asked = replace(ASKED, endpoint="demo-B-Endpoint")
        with pytest.raises(Refused, match="LH4106"):
            once(extension(asked, 10), asked, Told([record()]))(head(None))

    def test_an_id_that_was_used_for_something_else_is_refused(self) -> None:
        found = record(FOUND.replace("c0ffee", "decade"))
        with pytest.raises(Refused, match="LH4111"):
            once(extension(ASKED, 10), ASKED, Told([found]))(head(None))

    def test_one_that_was_reverted_is_told_with_both_commits(self) -> None:
        reverted = record(reverted_by="d" * 40)
        with pytest.raises(Refused, match=f"LH4117.*{'c' * 40}.*{'d' * 40}.*new key"):
            once(extension(ASKED, 10), ASKED, Told([reverted]))(head(None))
        past = Told([record(commit="1" * 40), reverted])
        with pytest.raises(AlreadyApplied, match="1111"):
            once(extension(ASKED, 10), ASKED, past)(head(None))

    def test_a_request_without_a_digest_is_the_same_as_any(self) -> None:
        check_same(replace(ASKED, digest=None), "lease\n\nRequest-Digest: decade\n")


class TestAnIdThatTheLeaseItselfHas:
    NOW = head(lease(NOON, request_id="r-1"))

    def past(self, **ago: float) -> Told:
        return Told(changed=replace(record(), committed_at=NOON - timedelta(**ago)))

    def test_is_known_and_too_old_where_the_lease_changed_long_ago(self) -> None:
        with pytest.raises(Refused, match=f"LH4118.* 3 days ago, by commit {'c' * 40}.*24 hours"):
            once(extension(ASKED, 10), ASKED, self.past(days=3))(self.NOW)

    def test_is_known_where_nobody_can_tell_how_old_it_is(self) -> None:
        with pytest.raises(Refused, match=r"LH4118.* more than 24 hours ago\."):
            once(extension(ASKED, 10), ASKED, Told())(self.NOW)

    def test_says_nothing_where_somebody_put_it_there_lately(self) -> None:
        change = once(extension(ASKED, 10), ASKED, self.past(hours=23))(self.NOW)
        assert change.files[LEASE_PATH] != self.NOW.files[LEASE_PATH]

    def test_of_another_lease_or_a_broken_one_says_nothing(self) -> None:
        other = head(lease(NOON, request_id="r-2"))
        assert once(extension(ASKED, 10), ASKED, Told())(other).request_id == "r-1"
        broken = replace(self.NOW, files={**self.NOW.files, LEASE_PATH: b"{"})
        with pytest.raises(Refused, match="LH4109"):
            once(extension(ASKED, 10), ASKED, Told())(broken)


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
