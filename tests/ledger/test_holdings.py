"""An environment's files together: a broken one freezes its own endpoint and hides no other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents import ExistingConfig, JumpStart
from ledger.errors import Refused
from ledger.holdings import Broken, Fleet, Holding, environments, fleet_of, read_fleet
from ledger.snapshot import NotAFile, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT: dict[str, Any] = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.27.0"
LEASE = {"expires_at": "2026-11-23T10:00:00Z"}


def own(name: str, **fields: object) -> dict[str, object]:
    return {
        "name": name,
        "model": {"image": "image:1"},
        "inference_instance_type": "ml.m5.large",
        "inference_type": "realtime",
        **fields,
    }


def jumpstart(name: str, **fields: object) -> dict[str, object]:
    return {
        "name": name,
        "model_id": "falcon",
        "inference_instance_type": "ml.g5.12xlarge",
        "inference_type": "realtime",
        **fields,
    }


def lock(**fields: object) -> dict[str, object]:
    return {
        "model_id": "falcon",
        "model_version": "2.1.0",
        "region_name": "us-east-1",
        "instance_type": "ml.g5.12xlarge",
        "image": IMAGE,
        **fields,
    }


def fleet(files: Mapping[str, object], **environment: object) -> Fleet:
    """Read files given by name, as data or as bytes; the environment's is there already."""
    everything = {"environment.json": {**ENVIRONMENT, **environment}, **files}
    return read_fleet(
        {
            f"environments/dev/{name}": data
            if isinstance(data, bytes)
            else json.dumps(data).encode()
            for name, data in everything.items()
        },
        "dev",
    )


def names(items: tuple[Holding, ...] | tuple[Broken, ...]) -> list[str]:
    return [str(item.name) for item in items]


def lines(a_fleet: Fleet) -> list[str]:
    return [str(item).removeprefix("environments/dev/") for item in a_fleet.violations]


# What is put together.


def test_definition_lease_and_lock_make_one_holding() -> None:
    read = fleet({"A.endpoint.json": jumpstart("A"), "A.lease.json": LEASE, "A.lock.json": lock()})
    [holding] = read.holdings
    assert holding.endpoint_name == "demo-A-Endpoint"
    assert holding.lease is not None
    assert holding.lock is not None
    assert read.violations == ()


def test_an_endpoint_name_of_its_own_wins_over_the_default() -> None:
    [holding] = fleet({"A.endpoint.json": own("A", endpoint_name="legacy")}).holdings
    assert holding.endpoint_name == "legacy"


def test_an_endpoint_is_found_by_either_name_ignoring_case() -> None:
    read = fleet({"A.endpoint.json": own("A", endpoint_name="legacy"), "B.endpoint.json": b"{"})
    for wanted in ("a", "A", "LEGACY"):
        assert read.find(wanted) is read.holdings[0]
        assert read.get(wanted) is read.holding(wanted) is read.holdings[0]
    for wanted in ("demo-b-endpoint", "b"):
        assert read.find(wanted) is read.get(wanted) is read.broken[0]
    assert read.find("C") is None


def test_an_endpoints_own_name_is_found_before_a_definition_that_is_called_so() -> None:
    """SageMaker's name is what a caller sees; a definition's is short for it."""
    read = fleet({"A.endpoint.json": own("A"), "B.endpoint.json": own("B", endpoint_name="a")})
    a, b = read.holdings
    assert read.find("A") is b
    assert read.find("demo-A-Endpoint") is a
    crossed = fleet(
        {
            "A.endpoint.json": own("A", endpoint_name="b"),
            "B.endpoint.json": own("B", endpoint_name="a"),
        }
    )
    assert [crossed.get(name).name for name in ("a", "b")] == ["B", "A"]


def test_a_name_that_nobody_has_is_refused_and_cut() -> None:
    read = fleet({"A.endpoint.json": own("A")})
    for look in (read.get, read.holding):
        with pytest.raises(Refused) as refused:
            look("x" * 500)
        sentence = (
            f"LH4106: no endpoint is called {'x' * 80} in dev: check the name. To add it, commit"
            " its definition, or send its EndpointConfigName to POST /endpoint-expiry."
        )
        assert str(refused.value) == sentence


def test_a_snapshots_environment_is_put_together_once() -> None:
    files = {f"environments/{name}/environment.json": b"{" for name in ("dev", "live")}
    snapshot = Snapshot("0" * 40, files, datetime(2026, 11, 23, tzinfo=UTC))
    dev, live = fleet_of(snapshot, "dev"), fleet_of(snapshot, "live")
    assert (dev, live) == (read_fleet(files, "dev"), read_fleet(files, "live"))
    assert fleet_of(snapshot, "dev") is dev


def test_a_broken_one_is_found_and_may_not_be_changed() -> None:
    read = fleet({"A.endpoint.json": b"{"})
    with pytest.raises(Refused, match=r"LH4109: demo-A-Endpoint is frozen until .*A\.endpoint"):
        read.holding("a")


@pytest.mark.parametrize("files", [{}, {"environments/dev/environment.json": b"{"}])
def test_in_an_environment_that_cannot_be_read_nobody_knows_what_is_there(
    files: dict[str, bytes],
) -> None:
    read = read_fleet({**files, "environments/dev/A.endpoint.json": b"{}"}, "dev")
    for look in (read.find, read.get, read.holding):
        with pytest.raises(Refused, match=r"LH4109: the environment dev is frozen: .*environment"):
            look("A")
    with pytest.raises(Refused, match="LH4109"):
        read.require_settings()


def test_the_ceiling_names_the_file_that_rules_it() -> None:
    ceiling = fleet({}, limits={"max_lease_minutes": 60}).ceiling
    assert (ceiling.minutes, ceiling.ruled_by) == (60, "environments/dev/environment.json")


def test_other_environments_and_folders_are_none_of_its_business() -> None:
    files = {
        "environments/dev/environment.json": json.dumps(ENVIRONMENT).encode(),
        "environments/developers/B.endpoint.json": b"{",
        "environments/dev/README.md": b"text",
    }
    assert read_fleet(files, "dev").violations == ()
    assert environments(files) == ("dev", "developers")


def test_an_environment_is_a_folder_below_environments_or_what_is_in_place_of_one() -> None:
    paths = ["environments/README.md", "docs/dev/page.md", "environments/dev/environment.json"]
    files: dict[str, bytes | NotAFile] = dict.fromkeys(paths, b"")
    assert environments(files) == ("dev",)
    deep = {"environments/prod/old/A.endpoint.json": b""}
    linked = {"environments/live": NotAFile.LINK, "environments/A.endpoint.json": NotAFile.LINK}
    assert environments({**files, **deep, **linked}) == ("dev", "live", "prod")


# The predecessor's documented definitions.


def test_the_predecessors_definitions_are_read_with_a_lock() -> None:
    integration = {"lambda_src": "functions/falcon", "api_resource_name": "falcon"}
    read = fleet(
        {
            "Falcon40B.endpoint.json": jumpstart(
                "Falcon40B",
                schedule={"initial_provision_minutes": 90},
                integration={"type": "lambda", "properties": integration},
            ),
            "Falcon40B.lock.json": lock(),
            "FlanT5.endpoint.json": jumpstart(
                "FlanT5",
                integration={"type": "api", "properties": {"api_resource_name": "flan"}},
                public=True,
            ),
            "FlanT5.lock.json": lock(),
            "FlanT5Async.endpoint.json": jumpstart("FlanT5Async", inference_type="async"),
            "FlanT5Async.lock.json": lock(),
        },
        async_output_path="s3://demo-answers/",
    )
    assert read.violations == ()
    falcon, flan, asynchronous = (holding.definition for holding in read.holdings)
    assert falcon.source == JumpStart("falcon")
    assert falcon.schedule.initial_provision_minutes == 90
    assert flan.integration is not None
    assert (flan.integration.type, flan.public) == ("api", True)
    assert asynchronous.schedule.always_on


def test_an_asynchronous_endpoint_needs_a_place_for_its_answers() -> None:
    read = fleet({"A.endpoint.json": own("A", inference_type="async")})
    assert lines(read) == [
        (
            "A.endpoint.json: /async_inference: an asynchronous endpoint needs an s3_output_path"
            " here, or an async_output_path in environment.json. [LH1011]"
        )
    ]


# A broken file freezes its own endpoint only.


@pytest.mark.parametrize("kind", ["endpoint", "lease", "lock"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"a":1,"a":2}'], ids=repr)
def test_a_broken_file_freezes_its_own_endpoint_only(kind: str, content: bytes) -> None:
    files: dict[str, object] = {
        "A.endpoint.json": jumpstart("A"),
        "A.lease.json": LEASE,
        "A.lock.json": lock(),
        "B.endpoint.json": own("B"),
    }
    read = fleet({**files, f"A.{kind}.json": content})
    assert (names(read.broken), names(read.holdings)) == (["A"], ["B"])
    assert {item.file for item in read.violations} == {f"environments/dev/A.{kind}.json"}


def test_violations_of_several_files_are_told_at_once() -> None:
    read = fleet(
        {
            "A.endpoint.json": own("A", public="yes"),
            "A.lease.json": b"{",
            "B.endpoint.json": own("B", inference_instance_count=10.0, colour="red"),
            "C.endpoint.json": own("C"),
        }
    )
    assert lines(read) == [
        (
            "A.lease.json: /: it cannot be read as JSON: line 1, column 2: it ends here and is not"
            " complete. [LH1001]"
        ),
        'A.endpoint.json: /public: "yes" is not of type boolean. [LH1002]',
        (
            "B.endpoint.json: /: colour is not known here; the fields are those of the schema."
            " [LH1002]"
        ),
        "B.endpoint.json: /inference_instance_count: 10.0 is not of type integer. [LH1002]",
    ]
    assert names(read.holdings) == ["C"]


def test_a_frozen_endpoint_keeps_its_own_endpoint_name_where_that_is_readable() -> None:
    broken_lease = {"A.endpoint.json": own("A", endpoint_name="legacy"), "A.lease.json": b"{"}
    assert fleet(broken_lease).broken[0].endpoint_name == "legacy"
    assert fleet({"A.endpoint.json": b"{"}).broken[0].endpoint_name == "demo-A-Endpoint"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "environment.json: /: it is missing: nothing here is managed without it. [LH1010]"),
        (b"[", "environment.json: /: it cannot be read as JSON: "),
    ],
)
def test_without_readable_settings_nothing_is_managed(content: bytes | None, line: str) -> None:
    files = {"environments/dev/A.endpoint.json": json.dumps(own("A")).encode()}
    if content is not None:
        files["environments/dev/environment.json"] = content
    read = read_fleet(files, "dev")
    assert (read.environment, read.holdings, read.broken) == (None, (), ())
    assert lines(read)[0].startswith(line)
    assert read.ceiling.minutes == 0


# What files say of each other.


def test_a_definition_has_the_name_of_its_file() -> None:
    read = fleet({"A.endpoint.json": own("B")})
    assert lines(read) == [
        (
            "A.endpoint.json: /name: it is 'B', but the file is A.endpoint.json: rename one of"
            " them. [LH1003]"
        )
    ]
    assert names(read.broken) == ["A"]


def test_the_name_of_a_file_counts_to_the_letter() -> None:
    (line,) = lines(fleet({"A.endpoint.json": own("a")}))
    assert "it is 'a', but the file is A.endpoint.json: rename one of them." in line


def test_names_that_differ_in_case_only_freeze_both() -> None:
    read = fleet({"Falcon.endpoint.json": own("Falcon"), "falcon.endpoint.json": own("falcon")})
    assert names(read.broken) == ["Falcon", "falcon"]
    assert lines(read) == [
        (
            "Falcon.endpoint.json: /name: another definition is called 'Falcon' too, ignoring case:"
            " rename one. [LH1004]"
        ),
        (
            "falcon.endpoint.json: /name: another definition is called 'falcon' too, ignoring case:"
            " rename one. [LH1004]"
        ),
    ]


def test_endpoint_names_that_differ_in_case_only_freeze_both() -> None:
    read = fleet(
        {
            "A.endpoint.json": own("A", endpoint_name="DEMO-b-endpoint"),
            "B.endpoint.json": own("B"),
            "C.endpoint.json": own("C"),
        }
    )
    assert (names(read.broken), names(read.holdings)) == (["A", "B"], ["C"])
    assert {(item.code, item.pointer) for item in read.violations} == {("LH1004", "/endpoint_name")}


def test_a_clash_adds_to_what_is_wrong_with_a_broken_definition() -> None:
    read = fleet({"A.endpoint.json": own("A"), "a.endpoint.json": b"{"})
    assert [item.code for item in read.broken[1].violations] == ["LH1001", "LH1004"]


@pytest.mark.parametrize(("letters", "codes"), [(49, []), (50, ["LH1005"])])
def test_a_default_endpoint_name_has_sixty_three_letters_at_the_most(
    letters: int, codes: list[str]
) -> None:
    name = "x" * letters  # demo-...-Endpoint adds 14
    read = fleet({f"{name}.endpoint.json": own(name)})
    assert [item.code for item in read.violations] == codes


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"max_instances": 2}, None),
        (
            {"max_instances": 1},
            (
                "/inference_instance_count: 2 is more than environment.json's max_instances, 1."
                " [LH1007]"
            ),
        ),
        ({"allowed_instance_types": ["ml.g5.*", "ml.m5.*"]}, None),
        (
            {"allowed_instance_types": ["ml.g5.*", "ml.c5.large"]},
            (
                "/inference_instance_type: ml.m5.large is none of environment.json's"
                " allowed_instance_types, ml.g5.*, ml.c5.large. [LH1007]"
            ),
        ),
    ],
)
def test_an_environments_limits_hold(limits: dict[str, object], line: str | None) -> None:
    read = fleet({"A.endpoint.json": own("A", inference_instance_count=2)}, limits=limits)
    assert lines(read) == ([f"A.endpoint.json: {line}"] if line else [])


# Locks.


def test_a_jumpstart_id_without_a_lock_names_the_command() -> None:
    assert lines(fleet({"A.endpoint.json": jumpstart("A")})) == [
        (
            "A.endpoint.json: /model_id: it is not resolved yet: run `leasehold lock A` and commit"
            " A.lock.json. [LH1012]"
        )
    ]


def test_a_broken_lock_is_not_called_a_missing_one() -> None:
    read = fleet({"A.endpoint.json": jumpstart("A"), "A.lock.json": b"{"})
    assert [item.code for item in read.violations] == ["LH1001"]


@pytest.mark.parametrize(
    ("definition", "locked"),
    [
        ({}, {"model_id": "flan"}),
        ({}, {"instance_type": "ml.g5.xlarge"}),
        ({}, {"region_name": "eu-central-1"}),
        ({"model_version": "2.0.0"}, {}),
        ({"model_version": "1.*"}, {}),
        ({"instance_pools": [{"instance_type": "ml.g6.12xlarge"}]}, {}),
    ],
    ids=["model", "instance type", "region", "version", "wildcard version", "pool"],
)
def test_a_lock_that_was_made_for_something_else_freezes(
    definition: dict[str, object], locked: dict[str, object]
) -> None:
    read = fleet({"A.endpoint.json": jumpstart("A", **definition), "A.lock.json": lock(**locked)})
    [violation] = read.violations
    assert (violation.code, names(read.broken)) == ("LH1012", ["A"])
    assert "run `leasehold lock A` again" in violation.sentence


@pytest.mark.parametrize(
    ("definition", "pointer"),
    [
        ({"model_id": "flan"}, "/model_id"),
        ({"model_version": "2.2"}, "/model_version"),
        ({"inference_config_name": "tgi"}, "/inference_config_name"),
        ({"inference_instance_type": "ml.g5.xlarge"}, "/inference_instance_type"),
        (
            {"instance_pools": [{"instance_type": "ml.g6.12xlarge"}, {"instance_type": "ml.p5.x"}]},
            "/instance_pools/1/instance_type",
        ),
    ],
)
def test_the_field_that_a_lock_was_not_made_for_is_named(
    definition: dict[str, object], pointer: str
) -> None:
    locked = lock(instance_pools=["ml.g6.12xlarge"], config_name="lmi")
    read = fleet({"A.endpoint.json": jumpstart("A", **definition), "A.lock.json": locked})
    [violation] = read.violations
    assert (violation.code, violation.pointer) == ("LH1012", pointer)
    assert "2.1.0 (lmi) on ml.g5.12xlarge and ml.g6.12xlarge in us-east-1" in violation.sentence


@pytest.mark.parametrize("named", [{}, {"inference_config_name": "lmi"}])
def test_a_lock_of_the_configuration_that_is_meant_is_used(named: dict[str, object]) -> None:
    files = {"A.endpoint.json": jumpstart("A", **named), "A.lock.json": lock(config_name="lmi")}
    assert fleet(files).violations == ()


def test_a_lock_that_names_no_type_is_right_for_any() -> None:
    pools = [{"instance_type": "ml.g6.12xlarge"}]
    locked = {key: value for key, value in lock().items() if key != "instance_type"}
    files = {"A.endpoint.json": jumpstart("A", instance_pools=pools), "A.lock.json": locked}
    assert fleet(files).violations == ()


@pytest.mark.parametrize("version", ["*", "2.*", "2.1", "2.1.0", "2.1.0.0"])
def test_a_lock_of_a_version_that_fits_is_used(version: str) -> None:
    files = {"A.endpoint.json": jumpstart("A", model_version=version), "A.lock.json": lock()}
    assert fleet(files).violations == ()


DRAFT = {"channel_name": "draft_model", "s3_uri": "s3://jumpstart/draft/"}
LICENSED: dict[str, dict[str, object]] = {
    "the model": {"accept_eula": True},
    "a further file": {"additional_model_data_sources": [DRAFT, {**DRAFT, "accept_eula": True}]},
}


@pytest.mark.parametrize("licensed", LICENSED)
@pytest.mark.parametrize("definition", [{}, {"accept_eula": False}], ids=["silent", "no"])
def test_a_licence_that_is_not_accepted_freezes_and_says_where_to_accept_it(
    definition: dict[str, object], licensed: str
) -> None:
    files = {
        "A.endpoint.json": jumpstart("A", **definition),
        "A.lock.json": lock(**LICENSED[licensed]),
    }
    assert lines(fleet(files)) == [
        (
            "A.endpoint.json: /accept_eula: A.lock.json has data under an end-user licence, which"
            " this definition does not accept: read the licence, and set accept_eula to true if you"
            " agree. [LH1016]"
        )
    ]


def test_a_licence_that_has_addresses_names_each_once() -> None:
    draft = {**DRAFT, "eula_url": "https://eula/draft"}
    further = [draft, {**draft, "channel_name": "other"}]
    locked = lock(eula_url="https://eula/main", additional_model_data_sources=further)
    [line] = lines(fleet({"A.endpoint.json": jumpstart("A"), "A.lock.json": locked}))
    assert "does not accept: read https://eula/main and https://eula/draft, and set" in line


@pytest.mark.parametrize(
    ("locked", "code", "field"),
    [
        ({"deprecated": "It ended in May."}, "LH1045", "tolerate_deprecated_model"),
        ({"deprecated": ""}, "LH1045", "tolerate_deprecated_model"),
        ({"vulnerabilities": ["CVE-1"]}, "LH1046", "tolerate_vulnerable_model"),
    ],
)
def test_what_a_definition_tolerates_no_more_freezes_it(
    locked: dict[str, object], code: str, field: str
) -> None:
    files = {"A.endpoint.json": jumpstart("A"), "A.lock.json": lock(**locked)}
    [violation] = fleet(files).violations
    assert (violation.code, violation.pointer) == (code, "/model_version")
    tolerating = {**files, "A.endpoint.json": jumpstart("A", **{field: True})}
    assert fleet(tolerating).violations == ()


@pytest.mark.parametrize("locked", [*LICENSED.values(), {}], ids=[*LICENSED, "no licence"])
def test_a_licence_that_the_definition_accepts_is_in_order(locked: dict[str, object]) -> None:
    files = {"A.endpoint.json": jumpstart("A", accept_eula=True), "A.lock.json": lock(**locked)}
    assert fleet(files).violations == ()


# What has no effect is said, and freezes nothing.


def test_a_lease_without_a_definition_is_a_warning() -> None:
    read = fleet({"A.lease.json": LEASE, "B.endpoint.json": own("B")})
    assert lines(read) == [
        "A.lease.json: /: there is no A.endpoint.json for it, so it has no effect. [LH1008]"
    ]
    assert (read.errors, names(read.holdings)) == ((), ["B"])


@pytest.mark.parametrize("file", ["A.json", "A.Endpoint.json", ".endpoint.json", "endpoint.json"])
def test_a_file_of_no_known_kind_may_be_a_definition(file: str) -> None:
    read = fleet({file: own("A")})
    assert [(item.code, item.level) for item in read.violations] == [("LH1017", "error")]
    assert read.unreadable == read.violations


@pytest.mark.parametrize(
    "schedule",
    [{"idle_minutes": 30}, {"extend_while_active_minutes": 60}, {"lease_starts": "request"}],
    ids=min,
)
def test_a_field_that_is_acted_on_needs_no_warning(schedule: dict[str, object]) -> None:
    read = fleet({"A.endpoint.json": own("A", schedule=schedule)})
    assert (read.violations, names(read.holdings)) == ((), ["A"])


POOLS = [{"instance_type": "ml.m5.xlarge"}, {"instance_type": "ml.g5.xlarge"}]


def test_every_pool_is_of_an_allowed_instance_type() -> None:
    limits = {"allowed_instance_types": ["ml.m5.*"]}
    read = fleet({"A.endpoint.json": own("A", instance_pools=POOLS)}, limits=limits)
    assert lines(read) == [
        (
            "A.endpoint.json: /instance_pools/1/instance_type: ml.g5.xlarge is none of"
            " environment.json's allowed_instance_types, ml.m5.*. [LH1007]"
        )
    ]
    assert names(read.broken) == ["A"]


def test_the_most_instances_hold_for_scaling_too() -> None:
    scaling = {"min_instances": 1, "max_instances": 5}
    files = {"A.endpoint.json": own("A", autoscaling=scaling, inference_instance_count=6)}
    more = "is more than environment.json's max_instances, 4. [LH1007]"
    assert lines(fleet(files, limits={"max_instances": 4})) == [
        f"A.endpoint.json: /autoscaling/max_instances: 5 {more}",
        f"A.endpoint.json: /inference_instance_count: 6 {more}",
    ]
    assert fleet(files, limits={"max_instances": 6}).violations == ()


def test_an_existing_config_needs_neither_lock_nor_instance_type() -> None:
    definition = {"name": "A", "endpoint_config_name": "theirs", "inference_type": "async"}
    [holding] = fleet({"A.endpoint.json": definition}).holdings
    assert holding.definition.source == ExistingConfig("theirs")


# Whatever is in a repository, reading it gives a fleet.

stems = st.sampled_from(["A", "a", "B", "demo-A-Endpoint", "", "x" * 64, "-", "é"])
kinds = st.sampled_from(["endpoint", "lease", "lock", "other"])
contents = st.binary(max_size=20) | st.sampled_from(
    [
        *(json.dumps(data).encode() for data in (own("A"), own("a"), jumpstart("B"), lock())),
        json.dumps(own("B", endpoint_name="demo-A-Endpoint")).encode(),
        json.dumps(LEASE).encode(),
    ]
)


@given(st.dictionaries(st.tuples(stems, kinds), contents), st.none() | st.binary())
def test_arbitrary_files_never_raise_and_no_definition_gets_lost(
    files: dict[tuple[str, str], bytes], settings: bytes | None
) -> None:
    everything = {
        f"environments/dev/{stem}.{kind}.json": data for (stem, kind), data in files.items()
    }
    everything["environments/dev/environment.json"] = settings or json.dumps(ENVIRONMENT).encode()
    read = read_fleet(everything, "dev")
    defined = {stem for stem, kind in files if kind == "endpoint" and stem}
    if read.environment is not None:
        assert {*names(read.holdings), *names(read.broken)} == defined
        assert not {*names(read.holdings)} & {*names(read.broken)}
        assert all(item.violations for item in read.broken)


def at_path(name: str, resource: str) -> dict[str, object]:
    return own(name, integration={"type": "api", "properties": {"api_resource_name": resource}})


def test_of_endpoints_that_share_a_path_all_are_broken_unless_one_was_first() -> None:
    read = fleet({"A.endpoint.json": at_path("A", "chat"), "B.endpoint.json": at_path("B", "chat")})
    assert names(read.broken) == ["A", "B"]
    assert read.violations == read.errors
    place = "endpoint.json: /integration/properties/api_resource_name"
    assert [str(violation).rpartition("dev/")[2] for violation in read.violations] == [
        f"{one}.{place}: /chat is the path of {other}.endpoint.json too: choose another"
        " api_resource_name. [LH1015]"
        for one, other in ("AB", "BA")
    ]


def test_paths_of_their_own_are_no_matter() -> None:
    read = fleet({"A.endpoint.json": at_path("A", "chat"), "B.endpoint.json": at_path("B", "Chat")})
    assert read.violations == ()
