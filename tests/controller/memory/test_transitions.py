"""The life of endpoints as a row of ticks remembers it: what is seen and done, and what is news."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from controller.memory.news import news
from controller.memory.transitions import acted, forgotten, noted, refreshed
from controller.plan import plan
from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import ResourceKind
from controller.planning.existing_config import ConfigSeen
from controller.planning.findings import Findings
from ledger.lease import stamp
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from ledger.phases import ABSENT
from tests.controller.cases import (
    CAPACITY,
    DEFECT,
    LIVE,
    NAME,
    NOW,
    Ticks,
    broken_fleet,
    config_of,
    fleet_of,
    target_of,
    there,
    with_lease,
)

if TYPE_CHECKING:
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet

FLEET = fleet_of("A", expires_at=NOW + timedelta(hours=9))
NONE = fleet_of()
CONFIG = config_of(FLEET, FLEET.holdings[0])


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def entry(status: str, **fields: object) -> Entry:
    return Entry("A", status, NOW, **fields)  # type: ignore[arg-type]


def seen(before: Entry, status: str, *, minute: float = 5, **fields: object) -> Entry:
    """What a tick in minute 10 makes of an entry when SageMaker says something else."""
    observed = replace(there(status, FLEET, modified_at=at(minute)), **fields)  # type: ignore[arg-type]
    after = refreshed(Record({NAME: before}), FLEET, [observed], at(10)).entry(NAME)
    assert after is not None
    return after


class TestALife:
    def test_is_told_from_its_creation_to_its_end(self) -> None:
        ticks = Ticks()
        lines: list[str] = []

        def tick(status: str | None, minute: float, since: float = 0) -> None:
            before = ticks.record
            observed = there(status, fleet, modified_at=at(since)) if status else None
            ticks.see(fleet, observed, at(minute))
            lines.extend(news(before, ticks.record))

        fleet = FLEET
        tick(None, 0)
        tick("Creating", 1)
        tick("InService", 2, since=1.5)
        tick("InService", 3, since=1.5)
        fleet = with_lease(FLEET, at(4))
        tick("InService", 4, since=1.5)
        tick("Deleting", 5, since=4)
        tick(None, 6)
        tick(None, 7)
        created = f"leased until {stamp(at(540))}"
        ended = f"lease ended at {stamp(at(4))}"
        # The credit is done in the tick that sees it in service, and is no news of its own.
        assert lines == [
            f"{NAME}: Creating ({created})",
            f"{NAME}: Creating -> InService ({created})",
            f"{NAME}: InService -> Deleting ({ended})",
            f"{NAME}: Deleting -> absent ({ended})",
        ]

    def test_has_the_moments_that_sagemaker_gives(self) -> None:
        assert seen(entry("Creating"), "InService", minute=5.01).since == at(5)

    @pytest.mark.parametrize("minute", [-1, 0, 11], ids=["before", "at", "ahead"])
    def test_has_the_ticks_moment_where_sagemakers_cannot_be(self, minute: float) -> None:
        assert seen(entry("Creating"), "InService", minute=minute).since == at(10)

    def test_that_nobody_of_ours_began_says_so(self) -> None:
        observed = there("InService", FLEET, modified_at=at(-90))
        found = refreshed(Record(), FLEET, [observed], at(0)).entry(NAME)
        first = Entry("A", "InService", at(-90), "seen in SageMaker", config=CONFIG)
        assert found == replace(first, lease_end=at(540))

    def test_that_somebody_else_ended_says_so(self) -> None:
        after = refreshed(Record({NAME: entry("InService", cause="leased")}), FLEET, [], at(10))
        gone = Entry("A", ABSENT, at(10), "seen in SageMaker", lease_end=at(540))
        assert after.entry(NAME) == replace(gone, lease_set_at=at(10))

    @pytest.mark.parametrize(("committed", "set_at"), [(3, 3), (99, 10), (None, 10)])
    def test_knows_when_its_lease_was_set_at_the_latest(
        self, committed: float | None, set_at: float
    ) -> None:
        before = Record({NAME: entry("InService", lease_end=at(30), lease_set_at=at(-90))})
        moment = None if committed is None else at(committed)
        observed = [there("InService", FLEET)]
        after = refreshed(before, FLEET, observed, at(10), committed_at=moment)
        assert after.entries[NAME].lease_set_at == at(set_at)
        again = refreshed(after, FLEET, observed, at(20), committed_at=at(20))
        assert again.entries[NAME].lease_set_at == at(set_at)

    def test_keeps_the_reason_of_what_follows_by_itself(self) -> None:
        updating = entry("Updating", cause="its definition changed")
        assert seen(updating, "InService").cause == "its definition changed"
        assert seen(entry("InService", cause="leased"), "SystemUpdating").cause == (
            "seen in SageMaker"
        )

    def test_is_found_by_its_name_in_any_case(self) -> None:
        shouted = there("InService", FLEET, endpoint_name=NAME.upper())
        assert list(refreshed(Record(), FLEET, [shouted], at(0)).entries) == [NAME]

    def test_goes_on_when_its_definition_spells_its_name_otherwise(self) -> None:
        shouted = EndpointName(NAME.upper())
        before = Record({shouted: entry("InService", starting_since=NOW, cause="leased")})
        after = refreshed(before, FLEET, [there("InService", FLEET)], at(1))
        assert [str(name) for name in after.entries] == [str(NAME)]
        assert after.entries[shouted].cause == "leased"
        assert after.moved(before) == (NAME,)  # its config was seen
        assert [line.split(" (")[0] for line in news(before, after)] == [
            f"{NAME}: InService on {CONFIG}"
        ]


class TestConfigs:
    def test_the_one_before_is_remembered(self) -> None:
        after = seen(entry("Updating", config="a-1"), "InService", config_name="a-2")
        assert (after.config, after.previous_config) == ("a-2", "a-1")

    def test_a_start_on_the_same_config_forgets_no_former_one(self) -> None:
        was = entry(ABSENT, config=CONFIG, previous_config="a-0")
        (action,) = plan(FLEET, [], at(1)).actions
        after = acted(Record({NAME: was}), [action], at(1)).entry(NAME)
        assert after is not None
        assert (after.config, after.previous_config) == (CONFIG, "a-0")


class TestAnUpdate:
    def test_that_arrived_is_over(self) -> None:
        tried = entry("Updating", config="a-1", attempted_config="a-2", failures=2)
        after = seen(tried, "InService", config_name="a-2")
        assert (after.attempted_config, after.update_failure, after.failures) == (None, None, 0)

    def test_that_was_rolled_back_is_remembered_with_its_reason(self) -> None:
        tried = entry("Updating", config="a-1", attempted_config="a-2")
        after = seen(tried, "InService", config_name="a-1", failure_reason=DEFECT)
        assert (after.attempted_config, after.update_failure) == ("a-2", DEFECT)
        assert after.failures == 0

    def test_that_had_no_capacity_is_counted_once(self) -> None:
        tried = entry("Updating", config="a-1", attempted_config="a-2", failures=1)
        failed: dict[str, Any] = {"config_name": "a-1", "failure_reason": CAPACITY}
        after = seen(tried, "InService", **failed)
        assert seen(after, "InService", **failed).failures == after.failures == 2

    def test_that_somebody_else_began_is_noted(self) -> None:
        after = seen(entry("InService"), "Updating", config_name="a-1", pending_config="a-9")
        assert after.attempted_config == "a-9"

    def test_that_is_under_way_has_not_failed_by_an_old_reason(self) -> None:
        tried = entry("Updating", config="a-1", attempted_config="a-2")
        after = seen(tried, "Updating", config_name="a-1", failure_reason=DEFECT)
        assert after.update_failure is None

    def test_that_begins_anew_forgets_why_the_last_one_failed(self) -> None:
        tried = entry("InService", attempted_config="old-2", update_failure=DEFECT)
        observed = there("InService", FLEET, config="old-1")
        (action,) = plan(FLEET, [observed], at(1)).actions
        assert action.verb is Verb.UPDATE
        after = acted(Record({NAME: tried}), [action], at(1)).entry(NAME)
        assert after is not None
        assert (after.status, after.attempted_config) == ("Updating", CONFIG)
        assert after.update_failure is None


class TestFailuresForLackOfCapacity:
    def test_are_counted_in_a_row_until_it_comes_into_service(self) -> None:
        failed = seen(entry("Creating", failures=2), "Failed", failure_reason=CAPACITY)
        assert (failed.failures, failed.cause) == (3, CAPACITY)
        assert seen(entry("Creating", failures=3), "InService").failures == 0

    def test_are_not_counted_again_at_each_look(self) -> None:
        failed = seen(entry("Creating"), "Failed", failure_reason=CAPACITY)
        assert seen(failed, "Failed", failure_reason=CAPACITY).failures == 1

    def test_are_none_where_it_is_defective(self) -> None:
        assert seen(entry("Creating"), "Failed", failure_reason=DEFECT).failures == 0

    def test_are_forgotten_once_nobody_wants_it_any_more(self) -> None:
        ticks = Ticks(Record({NAME: entry("Failed", failures=6, starting_since=NOW)}))
        ended = with_lease(FLEET, at(-120))
        failed = there("Failed", ended, failure=CAPACITY)
        assert ticks.see(ended, failed, at(61)).verb is Verb.DELETE
        ticks.see(ended, None, at(62))
        assert ticks.entry.failures == 0


class TestASuspension:
    held = fleet_of("A", suspended={"reason": "Load test", "until": stamp(at(60))})

    def test_has_a_beginning_from_the_first_tick_that_saw_it(self) -> None:
        ticks = Ticks()
        ticks.see(self.held, there("InService", self.held), at(0))
        action = ticks.see(self.held, there("InService", self.held), at(45))
        assert action.reason == f"suspended until {stamp(at(60))}: Load test (for 45 min so far)"

    def test_of_what_is_not_there_has_one_too(self) -> None:
        ticks = Ticks()
        ticks.see(self.held, None, at(0))
        assert ticks.entry == Entry("A", ABSENT, at(0), suspended_since=at(0))

    def test_ends_with_its_moment_and_with_its_field(self) -> None:
        for fleet, moment in ((self.held, at(60)), (fleet_of("A"), at(5))):
            ticks = Ticks()
            ticks.see(self.held, there("InService", self.held), at(0))
            ticks.see(fleet, there("InService", fleet), moment)
            assert ticks.entry.suspended_since is None


class TestWhatIsGone:
    def test_and_defined_nowhere_is_forgotten(self) -> None:
        record = Record({NAME: entry(ABSENT)})
        assert forgotten(record, plan(NONE, [], at(0)), ()) == Record()

    def test_is_remembered_until_everybody_was_told(self) -> None:
        record = Record({NAME: entry(ABSENT)})
        assert forgotten(record, plan(NONE, [], at(0)), {NAME}) == record

    def test_is_remembered_while_it_is_defined(self) -> None:
        record = Record({NAME: entry(ABSENT)})
        assert forgotten(record, plan(FLEET, [], at(0)), ()) == record

    def test_is_told_as_forgotten(self) -> None:
        said = list(news(Record({NAME: entry(ABSENT)}), Record()))
        assert said == [f"{NAME}: forgotten, it is gone and defined nowhere"]


class TestNews:
    @pytest.mark.parametrize(
        ("changed", "line"),
        [
            ({"config": "a-2"}, "InService on a-2"),
            (
                {"attempted_config": "a-2", "update_failure": "it crashed"},
                "the update to a-2 failed (it crashed)",
            ),
            ({"notices": frozenset({"started:1", "idle"})}, "told idle, started:1"),
            ({"scaled": True}, "InService"),
            ({"tag_keys": frozenset({"team", "owner"})}, "its definition sets owner, team"),
        ],
    )
    def test_without_a_new_status_says_what_else_moved(
        self, changed: dict[str, object], line: str
    ) -> None:
        before, after = entry("InService"), entry("InService", **changed)
        assert list(news(Record({NAME: before}), Record({NAME: after}))) == [f"{NAME}: {line}"]

    def test_of_a_quiet_tick_is_none(self) -> None:
        ticks = Ticks()
        for minute in range(3):
            before = ticks.record
            ticks.see(FLEET, there("InService", FLEET), at(minute))
            assert minute == 0 or list(news(before, ticks.record)) == []


def test_what_failed_to_be_done_is_not_noted_as_done() -> None:
    record = Record({NAME: entry("InService")})
    assert acted(record, [], at(1)) == record


@pytest.mark.parametrize("verb", [Verb.GRANT, Verb.EXTEND, Verb.IDLE, Verb.TAG, Verb.ADOPT])
def test_what_moves_nothing_in_sagemaker_is_no_news(verb: Verb) -> None:
    record = Record({NAME: entry("InService")})
    assert acted(record, [Action(verb, "A", NAME, "because")], at(1)) == record


def test_what_is_done_to_a_config_is_no_news_of_an_endpoint() -> None:
    collect = Action(Verb.COLLECT, "A", Name(CONFIG), "unused", kind=ResourceKind.ENDPOINT_CONFIG)
    assert acted(Record(), [collect], at(1)) == Record()


def test_a_start_that_nobody_wants_any_more_is_over() -> None:
    """Else the next start, weeks later, would be credited from this one on."""
    ticks = Ticks(Record({NAME: entry("Deleting", starting_since=NOW, starting_lease=LIVE)}))
    ticks.see(with_lease(FLEET, at(-600)), None, at(1))
    assert (ticks.entry.starting_since, ticks.entry.starting_lease) == (None, None)


def test_a_plan_without_actions_settles_what_it_does_not_name() -> None:
    empty = Plan("dev", "", ())
    assert forgotten(Record({NAME: entry("InService")}), empty, ()) == Record(
        {NAME: entry("InService")}
    )


class TestAResize:
    wanted = fleet_of("A", inference_instance_count=2)

    def seen(self, status: str, count: int | None = 1) -> Observed:
        return replace(there(status, self.wanted), count=count)

    def begun(self, **fields: object) -> Ticks:
        """It was asked for at 0, and nobody has seen it yet."""
        record = Record({NAME: entry("InService", **fields)})
        (holding,) = self.wanted.holdings
        resize = Action(Verb.RESIZE, "A", NAME, "because", target_of(self.wanted, holding))
        return Ticks(acted(record, [resize], at(0)))

    def test_is_noted_until_it_arrives(self) -> None:
        ticks = self.begun()
        assert (ticks.entry.status, ticks.entry.attempted_count) == ("Updating", 2)
        ticks.see(self.wanted, self.seen("Updating"), at(1))
        assert (ticks.entry.attempted_count, ticks.entry.failures) == (2, 0)
        ticks.see(self.wanted, self.seen("InService", 2), at(2))
        assert (ticks.entry.attempted_count, ticks.entry.failures) == (0, 0)

    @pytest.mark.parametrize("count", [1, None])
    def test_that_came_back_without_it_is_one_failure(self, count: int | None) -> None:
        ticks = self.begun()
        for minute, status in enumerate(["Updating", "RollingBack", "InService", "InService"]):
            ticks.see(self.wanted, self.seen(status, count), at(minute))
        assert (ticks.entry.attempted_count, ticks.entry.failures) == (2, 1)

    def test_that_came_back_before_anybody_looked_is_one_too(self) -> None:
        ticks = self.begun()
        ticks.see(self.wanted, self.seen("InService"), at(1))
        assert ticks.entry.failures == 1

    def test_to_the_same_number_goes_on_counting_and_to_another_begins_anew(self) -> None:
        assert self.begun(attempted_count=2, failures=3).entry.failures == 3
        assert self.begun(attempted_count=4, failures=3).entry.failures == 0


class TestTagsOfADefinition:
    tagged = fleet_of("A", tags={"team": "a"}, owner="ana")

    def keys(self, *steps: tuple[Fleet, dict[str, str]]) -> set[str]:
        """The keys that are known after these definitions and tags were seen."""
        ticks = Ticks(Record({NAME: entry("InService")}))
        for minute, (fleet, tags) in enumerate(steps):
            seen = there("InService", fleet)
            ticks.record = refreshed(
                ticks.record, fleet, [replace(seen, tags={**(seen.tags or {}), **tags})], at(minute)
            )
        return set(ticks.entry.tag_keys)

    def test_are_those_that_are_there_as_it_says(self) -> None:
        assert self.keys((self.tagged, {"team": "a", "owner": "bo", "audit": "1"})) == {"team"}

    def test_are_known_after_they_are_taken_out(self) -> None:
        both = {"team": "a", "owner": "ana"}
        assert self.keys((self.tagged, both), (FLEET, both)) == {"team", "owner"}

    def test_are_known_while_the_index_of_tags_is_late(self) -> None:
        both = {"team": "a", "owner": "ana"}
        assert self.keys((self.tagged, both), (self.tagged, {})) == {"team", "owner"}

    def test_are_forgotten_once_they_are_neither_wanted_nor_there(self) -> None:
        assert self.keys((self.tagged, {"team": "a"}), (FLEET, {}), (FLEET, {"team": "b"})) == set()

    @pytest.mark.parametrize("tags", [None, {"team": "a"}])
    def test_are_not_known_of_what_is_not_ours_or_not_read(
        self, tags: dict[str, str] | None
    ) -> None:
        seen = replace(there("InService", self.tagged), tags=tags)
        assert refreshed(Record(), self.tagged, [seen], at(0)).entries[NAME].tag_keys == frozenset()

    def test_of_a_broken_definition_stay_known(self) -> None:
        known = Record({NAME: entry("InService", tag_keys=frozenset({"team"}))})
        broken = broken_fleet()
        seen = there("InService", FLEET)
        assert refreshed(known, broken, [seen], at(1)).entries[NAME].tag_keys == {"team"}


class TestTheConfigThatAnEndpointTook:
    fleet = fleet_of("A", model=None, inference_instance_type=None, endpoint_config_name="theirs")
    first, second = ConfigSeen("theirs", at(-60)), ConfigSeen("theirs", at(-10))

    def noted(
        self, config: ConfigSeen, status: str = "InService", before: str | None = None
    ) -> str | None:
        """What the record has after a look at the config, of an endpoint that changed at NOW."""
        record = Record({NAME: entry("InService", config_version=before)})
        seen = there(status, self.fleet)
        after = noted(record, Findings(record, configs={NAME: config}), [seen]).entry(NAME)
        assert after is not None
        return after.config_version

    def test_is_noted_when_it_is_seen_first(self) -> None:
        assert self.noted(self.first) == self.first.version
        assert self.noted(self.first, before="former@2026-01-01T00:00:00Z") == self.first.version

    def test_is_not_noted_anew(self) -> None:
        assert self.noted(self.second, before=self.first.version) == self.first.version

    def test_is_not_one_that_was_made_later_or_is_gone_or_not_read(self) -> None:
        for config in (
            ConfigSeen("theirs", at(1)),
            ConfigSeen("theirs"),
            ConfigSeen("theirs", problem="LH3006: no."),
            ConfigSeen("another", at(-60)),
        ):
            assert self.noted(config) is None

    def test_is_not_noted_while_it_may_be_taking_another(self) -> None:
        assert self.noted(self.first, "Updating") is None

    def test_of_what_nobody_recorded_is_no_news(self) -> None:
        findings = Findings(configs={NAME: self.first})
        assert noted(Record(), findings, [there("InService", self.fleet)]) == Record()

    def test_is_forgotten_while_somebody_updates_it(self) -> None:
        before = entry("InService", config="theirs", config_version=self.first.version)
        for pending in ("theirs", "another"):
            after = seen(before, "Updating", config_name="theirs", pending_config=pending)
            assert after.config_version is None

    def test_is_the_one_that_an_update_of_ours_goes_to(self) -> None:
        (holding,) = self.fleet.holdings
        target = replace(target_of(self.fleet, holding), config_version=self.second.version)
        update = Action(Verb.UPDATE, "A", NAME, "because", target)
        record = acted(Record({NAME: entry("InService", config="old-1")}), [update], at(0))
        before = record.entries[NAME]
        for status, config in (("Updating", "old-1"), ("InService", "theirs")):
            before = seen(before, status, config_name=config, pending_config="theirs")
            assert before.config_version == self.second.version

    def test_is_forgotten_with_its_endpoint(self) -> None:
        before = entry("InService", config_version=self.first.version, created_at=at(-30))
        assert seen(before, "InService", created_at=at(-1)).config_version is None
        assert seen(before, "InService", created_at=at(-30)).config_version == self.first.version
