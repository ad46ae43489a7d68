"""Which configs and models are left over: a fleet of one, and then any fleet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.collection import collectible, suspects, unused
from controller.planning.observed import Observed
from ledger.documents import Container, Definition, Environment, Suspension
from ledger.holdings import Broken, Fleet, Holding
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from tests.controller.cases import BUSY, SETTLED

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SETTINGS = Environment("demo", "us-east-1", "arn:aws:iam::123456789012:role/demo")
ENDPOINT = EndpointName("demo-Falcon")
FALCON_, EAGLE = Name("Falcon"), Name("Eagle")
OLD, BEFORE, NOW = "demo-Falcon-00000000aa", "demo-Falcon-00000000bb", "demo-Falcon-00000000cc"
HOLDING = Holding(Definition(FALCON_, Container("registry/falcon:1")), ENDPOINT)
WANTED = {FALCON_: NOW}


def config(name: str, owner: str = "Falcon") -> Artifact:
    arn = Name(f"endpoint-config/{name.lower()}")
    return Artifact(ResourceKind.ENDPOINT_CONFIG, Name(name.lower()), Name(owner), arn)


def model(name: str, owner: str = "Falcon") -> Artifact:
    return Artifact(
        ResourceKind.MODEL, Name(name.lower()), Name(owner), Name(f"model/{name.lower()}")
    )


def fleet(*items: Holding | Broken) -> Fleet:
    holdings = tuple(item for item in items if isinstance(item, Holding))
    broken = tuple(item for item in items if isinstance(item, Broken))
    return Fleet("dev", SETTINGS, holdings, broken)


def serving(status: str = "InService", on: str = NOW, **fields: str) -> Observed:
    tags = {"leasehold:name": "Falcon"}
    return Observed(ENDPOINT, status, NOON, on, tags=tags, **fields)  # type: ignore[arg-type]


def record(current: str = NOW, previous: str | None = BEFORE) -> Record:
    entry = Entry("Falcon", "InService", NOON, config=current, previous_config=previous)
    return Record({ENDPOINT: entry})


FALCON = fleet(HOLDING)
LEFT = [config(OLD), model(OLD), config(BEFORE), model(BEFORE), config(NOW), model(NOW)]


class TestADefinitionThatChangedTwice:
    def test_leaves_its_oldest_config(self) -> None:
        assert collectible(LEFT, FALCON, [serving()], record(), WANTED) == (config(OLD),)

    def test_leaves_the_model_once_no_config_of_its_name_is_left(self) -> None:
        assert collectible(LEFT[1:], FALCON, [serving()], record(), WANTED) == (model(OLD),)

    def test_leaves_it_also_while_it_is_off(self) -> None:
        assert collectible(LEFT, FALCON, [], record(), WANTED) == (config(OLD),)

    def test_keeps_what_it_runs_on_until_it_runs_on_what_is_wanted(self) -> None:
        """Off, and changed meanwhile: what it last ran on is the way back from the next start."""
        off = record(current=BEFORE, previous=OLD)
        assert collectible(LEFT, FALCON, [], off, WANTED) == ()

    @pytest.mark.parametrize("status", sorted({*BUSY, *SETTLED, "Dreaming"} - {"InService"}))
    def test_keeps_all_while_the_endpoint_is_anything_but_in_service(self, status: str) -> None:
        assert collectible(LEFT, FALCON, [serving(status)], record(), WANTED) == ()

    def test_keeps_all_while_another_config_is_under_way(self) -> None:
        there = serving(pending_config=OLD)
        assert collectible(LEFT, FALCON, [there], record(), WANTED) == ()

    def test_keeps_all_while_suspended(self) -> None:
        held = replace(HOLDING.definition, suspended=Suspension("an audit"))
        fleet_held = fleet(replace(HOLDING, definition=held))
        assert collectible(LEFT, fleet_held, [serving()], record(), WANTED) == ()

    def test_keeps_all_while_broken(self) -> None:
        broken = fleet(Broken(FALCON_, ENDPOINT, ()))
        assert collectible(LEFT, broken, [], record(), {}) == ()

    def test_keeps_all_while_nobody_knows_what_it_wants(self) -> None:
        assert collectible(LEFT, FALCON, [serving()], record(), {}) == ()

    def test_keeps_all_while_its_endpoint_is_not_recorded(self) -> None:
        assert collectible(LEFT, FALCON, [serving()], Record(), WANTED) == ()

    def test_keeps_all_where_the_record_was_lost(self) -> None:
        assert collectible(LEFT, FALCON, [], Record(is_new=True), WANTED) == ()

    def test_keeps_all_without_settings(self) -> None:
        unreadable = replace(FALCON, environment=None)
        assert collectible(LEFT, unreadable, [serving()], record(), WANTED) == ()


class TestADefinitionThatIsGone:
    def test_leaves_all_its_configs_once_its_endpoint_is_gone(self) -> None:
        configs = (config(OLD), config(BEFORE), config(NOW))
        assert collectible(LEFT, fleet(), [], record(), {}) == configs

    def test_leaves_its_models_after_them(self) -> None:
        models = [model(OLD), model(BEFORE), model(NOW)]
        assert collectible(models, fleet(), [], record(), {}) == tuple(models)

    @pytest.mark.parametrize("status", ["InService", "Deleting", "Failed"])
    def test_leaves_nothing_while_its_endpoint_is_there(self, status: str) -> None:
        assert collectible(LEFT, fleet(), [serving(status)], record(), {}) == ()

    def test_leaves_nothing_to_another_one_that_took_over_its_endpoint(self) -> None:
        """Renamed: same endpoint, same digests, another owner from now on."""
        renamed = Holding(replace(HOLDING.definition, name=EAGLE), ENDPOINT)
        found = collectible(LEFT, fleet(renamed), [], record(), {EAGLE: NOW})
        assert found == (config(OLD),)


class TestWhatIsNeverCollected:
    def test_is_what_is_not_named_for_its_content(self) -> None:
        by_hand = [config("demo-falcon-by-hand"), model("llama-7b"), config("0123456789")]
        assert collectible(by_hand, fleet(), [], record(), {}) == ()

    def test_is_what_names_no_definition(self) -> None:
        assert collectible([config(OLD, owner="")], fleet(), [], record(), {}) == ()

    def test_is_what_another_endpoint_of_ours_is_about_to_use(self) -> None:
        theirs = [config(OLD, owner="Eagle"), config(BEFORE, owner="Eagle")]
        there = serving("Updating", pending_config=OLD)
        alone = record(previous=None)
        assert collectible(theirs, FALCON, [there], alone, WANTED) == (theirs[1],)

    def test_is_what_an_endpoint_of_somebody_else_uses(self) -> None:
        candidates = collectible(LEFT, fleet(), [], record(), {})
        assert unused(candidates, {Name(BEFORE)}) == (config(OLD), config(NOW))


def endpoint(name: str) -> EndpointName:
    return EndpointName(f"demo-{name}")


digests = st.sampled_from([f"{number:010x}" for number in range(4)])
names = st.sampled_from(["A", "B", "C"])
config_names = st.builds(lambda name, digest: f"demo-{name}-{digest}", names, digests)
maybe_config = st.none() | config_names
all_artifacts = st.lists(
    st.builds(lambda make, name, owner: make(name, owner), st.sampled_from([config, model]),
              config_names, names),
    unique=True,
)  # fmt: skip
holdings = st.lists(names, unique=True).map(
    lambda found: [
        Holding(Definition(Name(name), Container("registry/a:1")), endpoint(name)) for name in found
    ]
)
endpoints = st.lists(
    st.builds(
        lambda name, status, on, pending: Observed(
            endpoint(name),
            status,
            NOON,
            on,
            tags={"leasehold:name": name},
            pending_config=pending,
        ),
        names,
        st.sampled_from([*BUSY, *SETTLED]),
        maybe_config,
        maybe_config,
    ),
    unique_by=lambda item: item.endpoint_name,
)
entries = st.dictionaries(
    names.map(endpoint),
    st.builds(
        lambda on, before: Entry("A", "InService", NOON, config=on, previous_config=before),
        maybe_config,
        maybe_config,
    ),
)
targets = st.fixed_dictionaries(dict.fromkeys("ABC", config_names))


@given(all_artifacts, holdings, endpoints, entries, targets)
def test_nothing_that_is_wanted_used_or_the_way_back_is_ever_collected(
    artifacts: list[Artifact],
    held: list[Holding],
    observed: list[Observed],
    recorded: dict[EndpointName, Entry],
    wishes: dict[str, str],
) -> None:
    wanted = {item.name: wishes[str(item.name)] for item in held}
    found = collectible(artifacts, fleet(*held), observed, Record(recorded), wanted)
    needed = set(wanted.values())
    for item in observed:
        needed |= {item.config_name, item.pending_config} - {None}  # type: ignore[arg-type]
    for holding in held:
        if entry := recorded.get(holding.endpoint_name):
            needed |= {entry.config, entry.previous_config} - {None}  # type: ignore[arg-type]
    assert not {item.name for item in found} & set(map(Name, needed))
    assert set(found) <= set(artifacts)
    busy = {item.endpoint_name for item in observed if item.status != "InService"}
    assert not {endpoint(item.definition_name) for item in found} & busy


@given(all_artifacts, endpoints, entries)
def test_a_model_is_never_collected_before_its_config(
    artifacts: list[Artifact], observed: list[Observed], recorded: dict[EndpointName, Entry]
) -> None:
    found = collectible(artifacts, fleet(), observed, Record(recorded), {})
    configs = {item.name for item in artifacts if item.kind is ResourceKind.ENDPOINT_CONFIG}
    assert all(
        item.kind is ResourceKind.ENDPOINT_CONFIG or item.name not in configs for item in found
    )


@given(all_artifacts, entries)
def test_of_a_fleet_that_is_gone_nothing_is_left_after_two_rounds(
    artifacts: list[Artifact], recorded: dict[EndpointName, Entry]
) -> None:
    for _ in range(2):
        found = set(collectible(artifacts, fleet(), [], Record(recorded), {}))
        artifacts = [item for item in artifacts if item not in found]
    assert artifacts == []


class TestWhoCouldUseACandidate:
    """Endpoints that SageMaker's list may leave out; a name from an ARN is in lower case."""

    item = config("demo-Falcon-00000000aa")

    def names(
        self,
        item: Artifact | None = None,
        fleet_: Fleet | None = None,
        record_: Record | None = None,
        tagged: dict[EndpointName, Name] | None = None,
        observed: tuple[Observed, ...] = (),
    ) -> set[str]:
        found = suspects(
            item or self.item, fleet_ or fleet(), observed, record_ or Record(), tagged or {}
        )
        return {str(name).lower() for name in found}

    default = "demo-falcon-endpoint"

    def test_is_the_one_that_it_is_named_for_and_its_definitions_default(self) -> None:
        assert self.names() == {"demo-falcon", self.default}
        assert self.names(config("demo-Falcon-00000000aa", owner="")) == {"demo-falcon"}

    def test_is_the_endpoint_of_its_definition_now_also_while_that_is_broken(self) -> None:
        for item in (
            Holding(HOLDING.definition, EndpointName("moved")),
            Broken(FALCON_, EndpointName("moved"), ()),
        ):
            assert self.names(fleet_=fleet(item)) == {"demo-falcon", self.default, "moved"}

    def test_is_one_whose_long_name_begins_so(self) -> None:
        long = EndpointName("x" * 60)
        cut = config(f"{'x' * 52}-00000000aa")
        other = Holding(replace(HOLDING.definition, name=EAGLE), long)
        entry = Entry("Eagle", "InService", NOON)
        for found in (
            self.names(cut, fleet(other)),
            self.names(cut, record_=Record({long: entry})),
        ):
            assert found == {"x" * 52, self.default, long}

    @pytest.mark.parametrize("field", ["config", "previous_config", "attempted_config"])
    def test_is_one_that_the_record_has_seen_on_it(self, field: str) -> None:
        fields: dict[str, str] = {field: OLD}
        entry = Entry("Eagle", "InService", NOON, **fields)  # type: ignore[arg-type]
        known = Record({EndpointName("elsewhere"): entry})
        assert self.names(record_=known) == {"demo-falcon", self.default, "elsewhere"}

    def test_is_one_that_the_record_has_for_its_definition(self) -> None:
        known = Record({EndpointName("elsewhere"): Entry("falcon", "absent", NOON)})
        assert "elsewhere" in self.names(record_=known)
        known = Record({EndpointName("elsewhere"): Entry("Eagle", "absent", NOON)})
        assert "elsewhere" not in self.names(record_=known)

    def test_is_one_that_has_our_tags_and_is_not_listed_or_has_its_definitions(self) -> None:
        tagged = {
            EndpointName("listed"): EAGLE,
            EndpointName("unlisted"): EAGLE,
            EndpointName("its-own"): FALCON_,
        }
        listed = tuple(
            Observed(EndpointName(name), "InService", NOON) for name in ("Listed", "Its-own")
        )
        found = self.names(tagged=tagged, observed=listed)
        assert found == {"demo-falcon", self.default, "unlisted", "its-own"}

    def test_is_known_without_settings(self) -> None:
        assert self.names(fleet_=replace(fleet(), environment=None)) == {"demo-falcon"}
