"""A survey as values: what is looked at in what order, and what a look that fails costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.clock import CLOCK_TOLERANCE
from controller.planning.collection import Served
from controller.planning.components import ComponentQuestion, Hosted
from controller.planning.existing_config import ConfigSeen
from controller.planning.findings import Findings
from controller.planning.idleness import Use
from controller.planning.observed import Look
from controller.survey import Survey
from ledger.errors import Unavailable
from ledger.holdings import Fleet
from ledger.names import EndpointName, Name
from tests.controller.cases import NAME, NOW, OWNER, ago, fleet_of, remembering, there

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from controller.planning.config_looks import ConfigQuestion
    from controller.planning.findings import Scales
    from controller.planning.looks import Question
    from controller.planning.observed import Observed
    from controller.planning.ownership import Owner
    from ledger.observed import Record

FLEET = fleet_of(
    "A",
    autoscaling={"min_instances": 1, "max_instances": 4},
    schedule={"idle_minutes": 30},
)
SEEN = there("InService", FLEET, modified_at=ago(600))
RECORD = remembering().record
OLD = Artifact(ResourceKind.ENDPOINT_CONFIG, Name("demo-a-0123456789"), Name("A"), Name("arn"))
UNLISTED = EndpointName("demo-b-endpoint")
SAID = Unavailable("LH3001", "AWS is throttling.")


@dataclass
class CountingAccount:
    """An account that counts what it is asked."""

    left: tuple[Artifact, ...] = ()
    used: frozenset[Name] = frozenset()
    use: Use = field(default_factory=Use)
    serving: dict[EndpointName, Served] = field(default_factory=dict)
    asked: set[EndpointName] = field(default_factory=set)
    fails: str = ""
    unread: str = ""
    calls: Counter[str] = field(default_factory=Counter)

    def _count(self, call: str) -> None:
        self.calls[call] += 1
        if self.fails == call:
            raise SAID

    @property
    def component_pages(self) -> int:
        return 1

    def scaling(self, observed: Collection[Observed]) -> Scales:
        self._count("scaling")
        return dict.fromkeys((item.endpoint_name for item in observed), None)

    def uses(self, questions: Collection[Question], now: datetime) -> dict[EndpointName, Use]:
        assert now >= NOW
        self._count("uses")
        return {question.endpoint_name: self.use for question in questions}

    def configs(self, questions: Collection[ConfigQuestion]) -> dict[ConfigQuestion, ConfigSeen]:
        self._count("configs")
        return {each: ConfigSeen(each.config_name, problem=self.unread) for each in questions}

    def components(self, questions: Collection[ComponentQuestion]) -> dict[EndpointName, Hosted]:
        self._count("components")
        return {each.endpoint_name: Hosted(("llama",)) for each in questions}

    def artifacts(self, owner: Owner) -> tuple[Artifact, ...]:
        assert owner == OWNER
        self._count("artifacts")
        return self.left

    def names_in_use(self, observed: Collection[Observed]) -> frozenset[Name]:
        assert list(observed) == [SEEN]
        self._count("names_in_use")
        return self.used

    def tagged(self, owner: Owner) -> dict[EndpointName, Name]:
        assert owner == OWNER
        self._count("tagged")
        return {UNLISTED: Name("B")}

    def served(self, names: Collection[EndpointName]) -> dict[EndpointName, Served]:
        self._count("served")
        self.asked = set(names)
        return {name: self.serving.get(name, Served()) for name in names}


def findings(
    account: CountingAccount, fleet: Fleet = FLEET, record: Record = RECORD, **aws: datetime
) -> Findings:
    look = Look((SEEN,), aws.get("aws_time"))
    return Survey(account).findings(fleet, look, record, NOW)


def test_all_that_could_matter_is_looked_at() -> None:
    account = CountingAccount((OLD,), use=Use(ago(100)))
    found = findings(account, aws_time=NOW + CLOCK_TOLERANCE + timedelta(minutes=1))
    assert found == Findings(
        RECORD,
        {NAME: Use(ago(100))},
        {NAME: None},
        (OLD,),
        "this machine's clock is 6 min behind AWS's",
    )


def test_what_some_endpoint_uses_is_no_leftover() -> None:
    assert findings(CountingAccount((OLD,), frozenset({Name(OLD.name.upper())}))).collectible == ()


def test_nobody_asks_what_is_in_use_where_nothing_is_left_over() -> None:
    account = CountingAccount()
    findings(account)
    assert account.calls == {"scaling": 1, "uses": 1, "artifacts": 1}


def test_without_readable_settings_nothing_is_looked_at() -> None:
    account = CountingAccount((OLD,))
    assert findings(account, Fleet("dev", None)) == Findings(RECORD)
    assert account.calls == {}


def test_where_nothing_is_left_over_nobody_looks_again_until_something_moves() -> None:
    account = CountingAccount()
    survey = Survey(account)
    for _ in range(3):
        survey.findings(FLEET, Look((SEEN,), None), RECORD, NOW)
    assert account.calls["artifacts"] == 1
    survey.findings(FLEET, Look((), None), RECORD, NOW)
    assert account.calls["artifacts"] == 2


def test_where_something_is_left_over_it_is_looked_at_again() -> None:
    account = CountingAccount((OLD,))
    survey = Survey(account)
    for _ in range(2):
        survey.findings(FLEET, Look((SEEN,), None), RECORD, NOW)
    assert account.calls["artifacts"] == 2


def test_a_use_that_was_seen_is_not_asked_for_until_it_could_be_idle_again() -> None:
    account = CountingAccount(use=Use(ago(5)))
    survey = Survey(account)
    for minutes in (0, 10, 27):
        survey.findings(FLEET, Look((SEEN,), None), RECORD, NOW + timedelta(minutes=minutes))
    assert account.calls["uses"] == 1
    survey.findings(FLEET, Look((SEEN,), None), RECORD, NOW + timedelta(minutes=28))
    assert account.calls["uses"] == 2


def test_a_look_that_fails_is_a_trouble_and_leaves_the_use_known() -> None:
    for fails in ("scaling", "artifacts"):
        found = findings(CountingAccount((OLD,), use=Use(ago(100)), fails=fails))
        assert found.troubles == ("LH3001: AWS is throttling.",)
        assert found.collectible == ()
        assert found.uses == {NAME: Use(ago(100))}


def test_leftovers_are_left_alone_where_nobody_can_say_what_is_in_use() -> None:
    account = CountingAccount((OLD,), fails="names_in_use")
    survey = Survey(account)
    for _ in range(2):
        found = survey.findings(FLEET, Look((SEEN,), None), RECORD, NOW)
        assert found.collectible == ()
    assert account.calls["names_in_use"] == 2


@pytest.mark.parametrize("name", [NAME, UNLISTED, EndpointName("demo-a")])
def test_what_an_endpoint_uses_that_is_not_listed_is_no_leftover(name: EndpointName) -> None:
    account = CountingAccount((OLD,), serving={name: Served(frozenset({Name(OLD.name.upper())}))})
    survey = Survey(account)
    for _ in range(2):  # it is no quiet tick
        found = survey.findings(FLEET, Look((SEEN,), None), RECORD, NOW)
        assert found.collectible == ()
        (trouble,) = found.troubles
        assert trouble == (
            f"the endpoint-config {OLD.name} is not collected, for {name} uses it, although"
            " SageMaker's list of endpoints does not say so."
        )
    assert account.asked == {NAME, UNLISTED, EndpointName("demo-A")}


def test_what_an_endpoint_may_use_that_cannot_be_read_is_no_leftover() -> None:
    """And another that nobody could use goes all the same."""
    other = Artifact(ResourceKind.ENDPOINT_CONFIG, Name("x-0123456789"), Name("X"), Name("arn:x"))
    account = CountingAccount((OLD, other), serving={NAME: Served(problem="LH3006: no.")})
    found = findings(account)
    assert found.collectible == (other,)
    (trouble,) = found.troubles
    assert trouble == (
        f"the endpoint-config {OLD.name} is not collected, for whether {NAME} uses it could not be"
        " read. LH3006: no."
    )


def test_a_use_that_nobody_knows_is_a_trouble() -> None:
    unknown = Use(known=False, problem="LH3022: CloudWatch does not say.")
    assert findings(CountingAccount(use=unknown)).troubles == ("LH3022: CloudWatch does not say.",)


def test_a_config_that_nobody_could_read_is_a_trouble_and_is_known_as_such() -> None:
    theirs = fleet_of("A", model=None, inference_instance_type=None, endpoint_config_name="theirs")
    account = CountingAccount(unread="LH3006: AWS does not allow it.")
    found = Survey(account).findings(theirs, Look((), None), RECORD, NOW)
    assert found.troubles == ("LH3006: AWS does not allow it.",)
    assert found.configs == {NAME: ConfigSeen("theirs", problem="LH3006: AWS does not allow it.")}


def test_components_are_asked_about_once_in_a_while_unless_something_ends() -> None:
    account = CountingAccount()
    survey = Survey(account)
    idle = ComponentQuestion(NAME, "studio", before_an_end=False)
    for minutes in (0, 1, 14, 15):
        hosted = survey.hosted((idle,), NOW + timedelta(minutes=minutes))
        assert hosted == {NAME: Hosted(("llama",))}
    assert account.calls["components"] == 2
    survey.hosted((replace(idle, before_an_end=True),), NOW + timedelta(minutes=15))
    assert account.calls["components"] == 3
    assert survey.hosted((), NOW) == {}
    assert account.calls["components"] == 3
