"""What an endpoint runs on: known from the record, its definition or its config, else unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from controller.memory.news import news
from controller.memory.transitions import refreshed
from controller.planning.config_looks import ConfigLook, ConfigQuestion
from controller.planning.existing_config import SERVERLESS, ConfigSeen, Hosting
from controller.planning.findings import Findings
from controller.planning.hosts import (
    MOST_LOOKS,
    hosting_looks,
    hosts_due,
    hosts_of_config,
    with_hosts,
)
from controller.planning.observed import Capacity
from ledger.budget import asked_for
from ledger.hosts import Host, Hosts, Usage, as_data, describe, read_hosts
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from tests.controller.cases import NAME, NOW, ago, fleet_of, there

if TYPE_CHECKING:
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet

OURS = fleet_of("A", inference_instance_count=2)
THEIRS = fleet_of("A", model=None, inference_instance_type=None, endpoint_config_name="theirs")
G5, G6, P4D = "ml.g5.xlarge", "ml.g6.xlarge", "ml.p4d.24xlarge"


def seen_in(fleet: Fleet, *capacities: Capacity, status: str = "InService") -> Observed:
    item = there(status, fleet, modified_at=ago(10))
    return replace(item, capacities=capacities)


def on(count: int | None, variant: str = "AllTraffic") -> Capacity:
    return Capacity(variant, count)


def config(*hosting: Hosting, made: float = 60) -> ConfigSeen:
    return ConfigSeen("theirs", ago(made), hosting)


def found(
    item: Observed, fleet: Fleet, seen: ConfigSeen | None = None, known: Hosts | None = None
) -> Hosts | None:
    """What the record says after one look."""
    entry = Entry("A", item.status, ago(10), config=item.config_name, hosts=known)
    findings = Findings(hostings={NAME: seen} if seen else {})
    after = with_hosts(Record({NAME: entry}), fleet, findings, [item]).entry(NAME)
    assert after is not None
    return after.hosts


class TestWhatIsOurs:
    def test_is_counted_as_sagemaker_counts_it(self) -> None:
        assert found(seen_in(OURS, on(5)), OURS) == (Host(G5, 5),)

    def test_begins_with_what_its_definition_says(self) -> None:
        assert found(seen_in(OURS, status="Creating"), OURS) == (Host(G5, 2),)

    def test_goes_on_with_the_type_that_was_noted(self) -> None:
        older = replace(seen_in(OURS, on(3)), config_name="demo-A-Endpoint-0123456789")
        assert found(older, OURS) is None
        assert found(older, OURS, known=(Host(G6, 1),)) == (Host(G6, 3),)

    def test_may_sleep(self) -> None:
        item = replace(seen_in(OURS, on(0)), is_async=True)
        assert found(item, OURS) == (Host(G5, 0, Usage.ASYNC),)

    @pytest.mark.parametrize("status", ["Failed", "Deleting"])
    def test_has_none_where_nothing_is_billed(self, status: str) -> None:
        before = Entry("A", "InService", ago(20), config="x", hosts=(Host(G5, 2),))
        item = there(status, OURS, modified_at=ago(5))
        after = refreshed(Record({NAME: before}), OURS, [item], NOW)
        assert with_hosts(after, OURS, Findings(), [item]).entries[NAME].hosts is None

    def test_forgets_its_type_with_its_config(self) -> None:
        before = Entry("A", "InService", ago(20), config="x-1", hosts=(Host(P4D, 1),))
        after = refreshed(Record({NAME: before}), OURS, [seen_in(OURS, on(2))], NOW)
        assert after.entries[NAME].hosts is None


class TestPools:
    def test_are_what_sagemaker_says(self) -> None:
        pools = Capacity("AllTraffic", 3, ((G5, 1), (G6, 2), (P4D, 0)))
        assert found(seen_in(THEIRS, pools), THEIRS) == (Host(G5, 1), Host(G6, 2))

    def test_that_sleep_are_at_zero_of_the_first(self) -> None:
        pools = Capacity("AllTraffic", 0, ((G6, 0), (G5, 0)))
        assert found(seen_in(THEIRS, pools), THEIRS) == (Host(G6, 0),)


class TestWhatSomebodyElseConfigured:
    def test_is_unknown_until_its_config_was_looked_at(self) -> None:
        item = seen_in(THEIRS, on(1, "main"))
        assert found(item, THEIRS) is None
        assert found(item, THEIRS, config(Hosting("main", (P4D,), 1, 1))) == (Host(P4D, 1),)

    def test_has_variants_each_on_its_own_type(self) -> None:
        item = seen_in(THEIRS, on(1, "a"), on(2, "b"), on(1, "c"))
        hosting = (Hosting(name, (kind,), 9) for name, kind in (("a", G5), ("b", G6), ("c", G5)))
        assert found(item, THEIRS, config(*hosting)) == (Host(G5, 2), Host(G6, 2))

    @pytest.mark.parametrize(
        ("capacities", "seen"),
        [
            ((on(1, "b"),), config(Hosting("a", (G5,), 1))),
            ((on(None, "a"),), config(Hosting("a", (G5,), 1))),
            ((on(1, "a"),), config(Hosting("a", (G5,), 1), made=5)),
            ((on(1, "a"),), ConfigSeen("theirs", problem="LH3006: no.")),
            ((on(1, "a"),), ConfigSeen("another", ago(60), (Hosting("a", (G5,), 1),))),
        ],
        ids=["another variant", "no count", "made anew since", "not read", "another config"],
    )
    def test_is_unknown_where_nobody_can_tell(
        self, capacities: tuple[Capacity, ...], seen: ConfigSeen
    ) -> None:
        assert found(seen_in(THEIRS, *capacities), THEIRS, seen) is None

    def test_of_several_types_stands_until_somebody_looks(self) -> None:
        known = (Host(G5, 1), Host(G6, 1))
        assert found(seen_in(THEIRS, on(4, "a"), on(4, "b")), THEIRS, known=known) == known

    def test_may_have_no_instances_at_all(self) -> None:
        item = seen_in(THEIRS, Capacity("main", is_serverless=True))
        assert found(item, THEIRS) == ()
        starting = seen_in(THEIRS, status="Creating")
        assert found(starting, THEIRS, config(Hosting("main", (SERVERLESS,), 0))) == ()


class TestALook:
    def due(self, item: Observed, fleet: Fleet, looks: dict[EndpointName, ConfigLook]) -> bool:
        entry = Entry("A", item.status, ago(10), config=item.config_name)
        asked = hosts_due(fleet, [item], Record({NAME: entry}), looks, NOW)
        assert asked in ((), (ConfigQuestion(NAME, str(item.config_name)),))
        return bool(asked)

    def test_is_due_for_what_is_unknown_alone(self) -> None:
        assert self.due(seen_in(THEIRS, on(1)), THEIRS, {})
        assert not self.due(seen_in(OURS, on(1)), OURS, {})
        assert not self.due(seen_in(THEIRS, status="Failed"), THEIRS, {})
        assert not self.due(seen_in(THEIRS, Capacity("a", 1, ((G5, 1),))), THEIRS, {})

    @pytest.mark.parametrize(
        ("minutes", "seen", "modified", "is_due"),
        [
            (1, config(Hosting("a", (G5,), 1)), 10, False),
            (99, config(Hosting("a", (G5,), 1)), 10, False),
            (1, config(Hosting("a", (G5,), 1)), 30, True),
            (1, ConfigSeen("theirs"), 10, False),
            (61, ConfigSeen("theirs"), 10, True),
            (1, ConfigSeen("another", ago(60)), 10, True),
        ],
        ids=["just now", "long ago", "it moved", "not there", "an hour later", "another config"],
    )
    def test_is_not_taken_twice(
        self, minutes: float, seen: ConfigSeen, modified: float, *, is_due: bool
    ) -> None:
        looks = {NAME: ConfigLook(ago(minutes), seen, ago(modified))}
        assert self.due(seen_in(THEIRS, on(1)), THEIRS, looks) is is_due

    def test_is_taken_of_a_few_with_each_tick(self) -> None:
        items = [
            replace(seen_in(THEIRS, on(1)), endpoint_name=EndpointName(f"e-{number}"))
            for number in range(1000)
        ]
        assert len(hosts_due(THEIRS, items, Record(), {}, NOW)) == MOST_LOOKS

    def test_is_remembered_as_long_as_it_says_something(self) -> None:
        item = seen_in(THEIRS, on(1))
        question, seen = ConfigQuestion(NAME, "theirs"), config(Hosting("a", (G5,), 1))
        gone = ConfigQuestion(EndpointName("gone"), "theirs")
        looks = hosting_looks({}, {question: seen, gone: seen}, [item], NOW)
        assert looks == {NAME: ConfigLook(NOW, seen, item.modified_at)}
        assert hosting_looks(looks, {}, [item], NOW + timedelta(days=1)) == looks
        assert hosting_looks(looks, {}, [], NOW) == {}


def test_a_change_is_news_in_words() -> None:
    before = Record({NAME: Entry("A", "InService", NOW, hosts=(Host(G5, 1),))})
    said = [
        list(news(before, Record({NAME: replace(before.entries[NAME], hosts=hosts)})))
        for hosts in ((Host(G5, 3),), (), None)
    ]
    assert said == [
        [f"{NAME}: InService with 3 x ml.g5.xlarge"],
        [f"{NAME}: InService with no instances"],
        [f"{NAME}: InService with instances unknown"],
    ]


def test_hosts_are_written_and_read_back() -> None:
    hosts = (Host(G5, 2), Host(G6, 0, Usage.ASYNC))
    assert read_hosts(as_data(hosts)) == hosts
    assert describe(hosts) == "2 x ml.g5.xlarge and 0 x ml.g6.xlarge"


@pytest.mark.parametrize(
    "data",
    [
        None,
        "x",
        [1],
        [{}],
        [{"instance_type": "", "count": 1, "usage": "Hosting"}],
        [{"instance_type": G5, "count": True, "usage": "Hosting"}],
        [{"instance_type": G5, "count": -1, "usage": "Hosting"}],
        [{"instance_type": G5, "count": 1, "usage": "Training"}],
    ],
)
def test_what_is_no_list_of_hosts_is_unknown(data: object) -> None:
    assert read_hosts(data) is None


def test_what_is_asked_for_is_known_before_it_runs() -> None:
    (ours,), (theirs,) = OURS.holdings, THEIRS.holdings
    assert asked_for(ours.definition) == (Host(G5, 2),)
    assert asked_for(theirs.definition) is None
    seen = config(Hosting("a", (P4D,), 4, 2))
    assert hosts_of_config(seen, is_async=True) == (Host(P4D, 2, Usage.ASYNC),)
    assert hosts_of_config(ConfigSeen("theirs"), is_async=False) is None
    assert hosts_of_config(None, is_async=False) is None
