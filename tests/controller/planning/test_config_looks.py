"""Which configs of others a tick looks at: those that could change its plan, and few at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.planning.config_looks import (
    FRESH,
    IN_TURN,
    ConfigLook,
    ConfigQuestion,
    config_looks,
    configs_due,
)
from controller.planning.existing_config import ConfigSeen, Hosting
from ledger.observed import Record
from tests.controller.cases import BUSY, ENDED, NAME, NOW, ago, fleet_of, there

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from controller.planning.observed import Observed
    from ledger.holdings import Fleet
    from ledger.names import EndpointName

THEIRS: dict[str, Any] = {
    "model": None,
    "inference_instance_type": None,
    "endpoint_config_name": "theirs",
}
LIMITED: dict[str, object] = {"allowed_instance_types": ["ml.g5.*"]}
ON = fleet_of("A", **THEIRS)
ASKED = ConfigQuestion(NAME, "theirs", with_tags=True)
TURN = ConfigQuestion(NAME, "theirs")
G5, P4D = (Hosting("main", (kind,), 1) for kind in ("ml.g5.xlarge", "ml.p4d.24xlarge"))


def due(
    fleet: Fleet, *observed: Observed, known: dict[EndpointName, ConfigLook] | None = None
) -> tuple[ConfigQuestion, ...]:
    return configs_due(fleet, observed, Record(), known or {}, NOW)


def look(
    at: datetime = NOW,
    *,
    modified_at: datetime | None = NOW,
    name: str = "theirs",
    hosting: Hosting = G5,
    tags: dict[str, str] | None = None,
) -> ConfigLook:
    return ConfigLook(at, ConfigSeen(name, ago(600), (hosting,), tags), modified_at)


class TestAConfigThatIsAboutToBeUsed:
    def test_is_looked_at_with_its_tags(self) -> None:
        assert due(ON) == (ASKED,)
        assert due(ON, there("InService", ON, config="another")) == (ASKED,)

    @pytest.mark.parametrize("age", [FRESH, FRESH * 100])
    def test_is_looked_at_again_before_it_is(self, age: timedelta) -> None:
        assert due(ON, known={NAME: look(NOW - age, tags={})}) == (ASKED,)

    def test_is_not_where_that_was_done_a_moment_ago(self) -> None:
        assert due(ON, known={NAME: look(tags={})}) == ()

    def test_is_where_nobody_asked_for_its_tags_or_it_was_another_one(self) -> None:
        assert due(ON, known={NAME: look()}) == (ASKED,)
        assert due(ON, known={NAME: look(name="former", tags={})}) == (ASKED,)

    def test_is_not_while_nobody_wants_it(self) -> None:
        off = fleet_of("A", expires_at=ENDED, **THEIRS)
        assert due(off) == ()
        assert due(fleet_of("A")) == ()
        assert due(replace(ON, environment=None)) == ()

    @pytest.mark.parametrize("status", [*BUSY, "Dreaming"])
    def test_is_not_while_nothing_can_be_changed(self, status: str) -> None:
        assert due(ON, there(status, ON, config="another")) == ()

    def test_and_may_not_be_is_looked_at_in_turn(self) -> None:
        names = [f"A{number}" for number in range(IN_TURN + 2)]
        fleet = fleet_of(*names, limits=LIMITED, **THEIRS)
        known = {
            holding.endpoint_name: look(ago(number), hosting=P4D, tags={})
            for number, holding in enumerate(fleet.holdings)
        }
        asked = [question.endpoint_name for question in due(fleet, known=known)]
        assert asked == [f"demo-{name}-Endpoint" for name in reversed(names[2:])]


class TestTheConfigOfWhatServes:
    serving = there("InService", ON)

    def test_is_looked_at_in_turn_without_its_tags(self) -> None:
        assert due(ON, self.serving) == (TURN,)
        assert due(ON, self.serving, known={NAME: look()}) == (TURN,)

    @pytest.mark.parametrize("status", [*BUSY, "Failed", "OutOfService"])
    def test_is_not_looked_at_in_any_other_status(self, status: str) -> None:
        assert due(ON, there(status, ON)) == ()

    def test_is_looked_at_at_once_where_it_moved_and_else_the_oldest_first(self) -> None:
        names = [f"A{number}" for number in range(IN_TURN + 3)]
        fleet = fleet_of(*names, **THEIRS)
        observed = [
            there("InService", fleet, endpoint_name=holding.endpoint_name, name=holding.name)
            for holding in fleet.holdings
        ]
        known = {
            holding.endpoint_name: look(ago(number))
            for number, holding in enumerate(fleet.holdings)
        }
        moved = fleet.holdings[0].endpoint_name
        known[moved] = replace(known[moved], modified_at=ago(5))
        asked = [question.endpoint_name for question in due(fleet, *observed, known=known)]
        expected = [names[0], *reversed(names[-IN_TURN:])]
        assert asked == [f"demo-{name}-Endpoint" for name in expected]


class TestWhatIsRemembered:
    def test_is_what_was_found_of_which_version_of_the_endpoint(self) -> None:
        seen = ConfigSeen("theirs", ago(5))
        found = config_looks({}, {TURN: seen}, ON, [there("InService", ON)], NOW)
        assert found == {NAME: ConfigLook(NOW, seen, NOW)}
        assert config_looks({}, {ASKED: seen}, ON, [], NOW)[NAME].modified_at is None

    def test_is_kept_until_its_definition_names_another_or_goes(self) -> None:
        before = {NAME: look()}
        assert config_looks(before, {}, ON, [], NOW) == before
        assert config_looks(before, {}, fleet_of(), [], NOW) == {}
        other = fleet_of("A", **{**THEIRS, "endpoint_config_name": "other"})
        assert config_looks(before, {}, other, [], NOW) == {}
