"""One file at a time: what it means, and every sentence about what is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.documents import (
    Autoscaling,
    Container,
    Definition,
    Environment,
    ExistingConfig,
    JumpStart,
    Lock,
    ModelData,
    ModelPackage,
    Suspension,
    VariantSettings,
    Vpc,
    dump_existing_config,
    dump_lease,
    parse_definition,
    parse_environment,
    parse_lease,
    parse_lock,
)
from ledger.documents.channels import ChatTopic, ChatWebhook, OwnerMail
from ledger.documents.definition import MAX_DEFINITION_BYTES
from ledger.json_files import Violation, check
from ledger.lease import Lease
from ledger.names import Name
from ledger.schedule import Schedule, Window

FILE = "environments/dev/Falcon40B.endpoint.json"
FALCON = {
    "name": "Falcon40B",
    "model_id": "huggingface-llm-falcon-40b-instruct-bf16",
    "inference_instance_type": "ml.g5.12xlarge",
    "inference_type": "realtime",
}
OWN = {
    "name": "Summarizer",
    "model": {"image": "1.dkr.ecr.us-east-1.amazonaws.com/summarizer:1"},
    "inference_instance_type": "ml.m5.large",
    "inference_type": "realtime",
}
WORKDAYS = {"days": ["mon", "tue"], "start": "09:00", "end": "17:00"}
LOCK = {
    "model_id": "m",
    "model_version": "1.0.0",
    "region_name": "us-east-1",
    "image": "i",
}
ENVIRONMENT = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}
ONE_SOURCE = (
    "LH1002 : it needs exactly one of model_id, model, model_package_arn or endpoint_config_name."
)
INSTANCE_TYPE = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
YEAR_1 = "0001-01-01T00:00:00Z"
BEFORE_ANY = "is before the year 2000, and so before any endpoint."
BEFORE_ANY = "is before the year 2000, and so before any endpoint."
TAG = r"^(?![aA][wW][sS]:|[lL][eE][aA][sS][eE][hH][oO][lL][dD]:)[\w\s.:/=+@-]{1,128}$"
PARSERS = {
    "endpoint": parse_definition,
    "lease": parse_lease,
    "lock": parse_lock,
    "environment": parse_environment,
}


def encoded(data: object) -> bytes:
    return json.dumps(data).encode()


def definition(data: dict[str, Any]) -> Definition:
    parsed = parse_definition(FILE, encoded(data))
    assert isinstance(parsed, Definition), parsed
    return parsed


def wrong(data: object) -> list[str]:
    """Give the lines that a definition is answered with, without the file in front."""
    content = data if isinstance(data, bytes) else encoded(data)
    parsed = parse_definition(FILE, content)
    assert isinstance(parsed, tuple)
    assert all(item.file == FILE for item in parsed)
    return [f"{item.code} {item.pointer}: {item.sentence}" for item in parsed]


# What a definition means.


def test_a_definition_says_what_to_serve_and_the_rest_has_defaults() -> None:
    falcon = definition(FALCON)
    assert falcon.source == JumpStart("huggingface-llm-falcon-40b-instruct-bf16", "*")
    assert (falcon.instance_count, falcon.endpoint_name, falcon.public) == (1, None, False)
    assert not falcon.schedule.always_on


def test_an_own_container_is_read_with_all_its_settings() -> None:
    model = {
        "image": "image:1",
        "model_data_source": {"s3_uri": "s3://b/m.tar.gz", "compression_type": "Gzip"},
        "environment": {"A": "1"},
        "enable_network_isolation": True,
        "model_data_download_timeout_seconds": 600,
        "container_startup_health_check_timeout_seconds": 300,
    }
    assert definition({**OWN, "model": model}).source == Container(
        image="image:1",
        model_data=ModelData("s3://b/m.tar.gz", "S3Prefix", "Gzip"),
        environment={"A": "1"},
        network_isolation=True,
        variant=VariantSettings(600, 300),
    )


def test_a_model_package_and_an_existing_config_are_told_apart() -> None:
    base = {"name": "X", "inference_type": "realtime"}
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/summarizer/3"
    package = {**base, "model_package_arn": arn, "inference_instance_type": "ml.m5.large"}
    assert definition(package).source == ModelPackage(arn)
    assert definition({**base, "endpoint_config_name": "c"}).source == ExistingConfig("c")
    options = {"environment": {"A": "1"}, "enable_network_isolation": False}
    assert definition({**package, "model_package": options}).source == ModelPackage(
        arn, {"A": "1"}, network_isolation=False
    )


def test_a_vpc_is_of_what_leasehold_makes() -> None:
    vpc = {"security_group_ids": ["sg-1"], "subnets": ["subnet-1", "subnet-2"]}
    assert definition({**OWN, "vpc_config": vpc}).vpc == Vpc(("sg-1",), ("subnet-1", "subnet-2"))
    assert definition(OWN).vpc is None


def test_windows_are_read_with_their_zone() -> None:
    windows = [WORKDAYS, {"days": ["sat"], "start": "18:00", "end": "24:00"}]
    schedule = definition({**OWN, "schedule": {"timezone": "Asia/Kathmandu", "windows": windows}})
    assert str(schedule.schedule.zone) == "Asia/Kathmandu"
    assert schedule.schedule.windows == (
        Window(frozenset({"mon", "tue"}), time(9), time(17)),
        Window(frozenset({"sat"}), time(18), None),
    )


def test_an_asynchronous_endpoint_without_a_schedule_has_no_meter() -> None:
    assert definition({**OWN, "inference_type": "async"}).schedule.always_on
    metered = {**OWN, "inference_type": "async", "schedule": {"initial_provision_minutes": 5}}
    assert not definition(metered).schedule.always_on


def test_a_byte_order_mark_is_no_reason_to_stop() -> None:
    parsed = parse_definition(FILE, b"\xef\xbb\xbf" + encoded(FALCON))
    assert isinstance(parsed, Definition)


# What cannot be read at all.


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"{", "line 1, column 2: it ends here and is not complete"),
        (b'{"name": "A",}', "line 1, column 13: the comma before } is one too many"),
        (b'{"name": "A", "name": "B"}', "the key 'name' stands twice in one object"),
        (b'{"tags": {"a": "1", "a": "2"}}', "the key 'a' stands twice"),
        (b'{"inference_instance_count": NaN}', "NaN is not JSON"),
        (b'{"inference_instance_count": -Infinity}', "-Infinity is not JSON"),
        (b'{"inference_instance_count": ' + b"9" * 5000 + b"}", "4300 digits"),
        (b"\xff\xfe{\x00}\x00", "byte 1 is not UTF-8"),
        (b'{"owner": "\\ud800"}', "half a character"),
        (b" " * (MAX_DEFINITION_BYTES + 1), f"at most {MAX_DEFINITION_BYTES} are read"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"tags": ' + b"[" * 33 + b"]" * 33 + b"}", "nested too deeply"),
        (b'{"autoscaling": {"target_value": 1e999}}', "a number in it is too large"),
        (b"<<<<<<< HEAD\n{}\n", "line 1, column 1: '<<<<<<<' is not expected"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_what_is_no_json_is_one_violation_of_the_whole_file(content: bytes, words: str) -> None:
    [line] = wrong(content)
    assert line.startswith("LH1001 : it cannot be read as JSON: ") or "nested too deeply" in line
    assert words in line


@pytest.mark.parametrize("begin", [b"", b'{"name": ', b'{"tags": {"a": '])
def test_deep_nesting_is_a_violation_at_every_depth(begin: bytes) -> None:
    """Also where Python can still read it and what shows it cannot: there are few such depths."""
    for depth in range(850, 1000):
        assert wrong(begin + b"[" * depth + b"]" * depth + b"}" * begin.count(b"{"))


def test_of_many_keys_that_are_not_known_a_few_are_told() -> None:
    keys = {f"k{number}": 1 for number in range(5_000)}
    [*_, line] = [each for each in wrong(keys) if "not known" in each]
    assert line.endswith("and 4995 more are not known here; the fields are those of the schema.")


@pytest.mark.parametrize("key", ["a b", "a\u2028b", "\x1b[31m", "\u202e", "x" * 100], ids=ascii)
def test_a_key_that_is_no_word_is_shown_as_json(key: str) -> None:
    [line] = [each for each in wrong({key: 1}) if "not known" in each]
    assert line.startswith('LH1002 : "')
    assert line.isprintable()
    assert len(line) < 150


# What has the wrong shape.


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ([], ["LH1002 : [] is not of type object.", ONE_SOURCE]),
        ("text", ['LH1002 : "text" is not of type object.', ONE_SOURCE]),
        (
            {},
            [
                "LH1002 : inference_instance_type is missing.",
                ONE_SOURCE,
                "LH1002 : name and inference_type are missing.",
            ],
        ),
        (
            {**FALCON, "model": OWN["model"]},
            [ONE_SOURCE],
        ),
        (
            {**FALCON, "colour": "red", "size": 1},
            ["LH1002 : colour and size are not known here; the fields are those of the schema."],
        ),
        (
            {**FALCON, "inference_instance_count": 10.0},
            ["LH1002 /inference_instance_count: 10.0 is not of type integer."],
        ),
        (
            {**FALCON, "inference_instance_count": True},
            ["LH1002 /inference_instance_count: true is not of type integer."],
        ),
        (
            {**FALCON, "inference_instance_count": "1"},
            ['LH1002 /inference_instance_count: "1" is not of type integer.'],
        ),
        (
            {**FALCON, "inference_instance_count": 0},
            ["LH1002 /inference_instance_count: 0 is less than 1."],
        ),
        (
            {**FALCON, "inference_type": "batch"},
            ['LH1002 /inference_type: "batch" is not one of realtime or async.'],
        ),
        (
            {**FALCON, "inference_instance_type": "g5"},
            [
                (f'LH1002 /inference_instance_type: "g5" does not match {INSTANCE_TYPE};'
                " an example: ml.g5.12xlarge.")
            ],
        ),
        (
            {**FALCON, "schedule": {"initial_provision_minutes": 10**12}},
            [
                ("LH1002 /schedule/initial_provision_minutes: 1000000000000 is more than"
                " 525600.")
            ],
        ),
        (
            {**FALCON, "schedule": {"windows": [WORKDAYS]}},
            ["LH1002 /schedule: 'timezone' is a dependency of 'windows'."],
        ),
        (
            {**OWN, "model": {"image": "i", "model_data_url": "s3://b/k",
                              "model_data_source": {"s3_uri": "s3://b/k"}}},
            ["LH1002 /model: model_data_url and model_data_source exclude each other."],
        ),
        (
            {**OWN, "integration": {"type": "lambda", "properties": {"api_resource_name": "a"}}},
            ["LH1002 /integration/properties: lambda_src is missing."],
        ),
        (
            {**OWN, "integration": {"type": "api", "properties": {"api_resource_name": "invoke"}}},
            [
                ('LH1002 /integration/properties/api_resource_name: "invoke" is taken, as are'
                " console, describeexecution, endpoint-expiry, extend-link, fleet, invoke,"
                " invoke-result, me, reconcile, startexecution and webhooks.")
            ],
        ),
        (
            {**FALCON, "tags": {"a": 1}},
            ["LH1002 /tags/a: 1 is not of type string."],
        ),
        (
            {**FALCON, "tags": {"a/b~c": 1}},
            [
                f'LH1002 /tags: "a/b~c" does not match {TAG}.',
                "LH1002 /tags/a~1b~0c: 1 is not of type string.",
            ],
        ),
    ],
)  # fmt: skip
def test_every_violation_has_its_place_and_a_sentence(data: object, lines: list[str]) -> None:
    assert wrong(data) == lines


def test_all_violations_of_a_file_are_told_at_once() -> None:
    assert wrong({**FALCON, "name": "-", "public": "no", "owner": ""}) == [
        'LH1002 /name: "-" does not match ^[a-zA-Z0-9](-*[a-zA-Z0-9])*$; an example: Falcon40B.',
        'LH1002 /owner: "" is shorter than 1.',
        'LH1002 /public: "no" is not of type boolean.',
    ]


def test_a_long_value_is_cut_in_the_sentence() -> None:
    [line] = wrong({**FALCON, "public": "x" * 500})
    assert len(line) < 150


@pytest.mark.parametrize("tag", ["aws:x", "AWS:x", "leasehold:project", "Leasehold:name"])
def test_reserved_tags_are_not_the_definitions_to_set(tag: str) -> None:
    [line] = wrong({**FALCON, "tags": {tag: "mine"}})
    assert line.startswith(f'LH1002 /tags: "{tag}" does not match')


def test_a_tag_differs_from_owner_by_more_than_case() -> None:
    both = {**FALCON, "owner": "ana", "tags": {"Owner": "ben", "owner": "ana"}}
    [line] = wrong(both)
    assert line.startswith("LH1014 /tags/Owner: owner is a tag too")
    assert definition({**FALCON, "tags": {"Owner": "ben"}}).tags == {"Owner": "ben"}


@pytest.mark.parametrize("field", ["name", "endpoint_name", "inference_instance_type"])
def test_a_line_feed_at_the_end_of_a_name_is_no_part_of_it(field: str) -> None:
    [line] = wrong({**FALCON, field: "ml.m5.large\n" if "type" in field else "Falcon40B\n"})
    assert line.startswith(f"LH1002 /{field}: ")


# What a schema cannot say.


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        ("Mars/Olympus", "is no IANA time zone; write one such as Europe/Berlin or UTC."),
        ("../../etc/passwd", "is no IANA time zone; write one such as Europe/Berlin or UTC."),
        ("europe/berlin", "is no IANA time zone; write Europe/Berlin."),
        (
            "EST",
            "is an abbreviation and names no place; write America/New_York or America/Panama.",
        ),
        (
            "+1",
            (
                "is a fixed offset, which has no daylight saving; write the Region/City key of the"
                " place, such as Europe/Berlin, or UTC."
            ),
        ),
    ],
)
def test_what_is_no_time_zone_is_answered_with_one(zone: str, sentence: str) -> None:
    schedule = {"timezone": zone, "windows": [WORKDAYS]}
    [line] = wrong({**FALCON, "schedule": schedule})
    assert line == f"LH1006 /schedule/timezone: {zone!r} {sentence}"


def test_a_window_without_length_is_refused() -> None:
    windows = [WORKDAYS, {"days": ["mon"], "start": "09:00", "end": "09:00"}]
    assert wrong({**FALCON, "schedule": {"timezone": "UTC", "windows": windows}}) == [
        "LH1006 /schedule/windows/1/end: start and end are the same; a full day is 00:00 to 24:00."
    ]


@pytest.mark.parametrize("end", ["24:01", "9:00", "25:00", "17:00:00", "17:00\n", "1\uff17:00"])
def test_a_time_of_day_has_two_digits_each(end: str) -> None:
    window = {**WORKDAYS, "end": end}
    [line] = wrong({**FALCON, "schedule": {"timezone": "UTC", "windows": [window]}})
    assert line.startswith("LH1002 /schedule/windows/0/end: ")


# Fields that go with some others only, and values that contradict each other.

ASYNC = {**OWN, "inference_type": "async"}
EXISTING = {"name": "A", "endpoint_config_name": "theirs", "inference_type": "realtime"}
SCALED = {"min_instances": 1, "max_instances": 4}


def pools(*kinds: str) -> list[dict[str, str]]:
    return [{"instance_type": kind} for kind in kinds]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(
            {**OWN, "schedule": {"always_on": True, "idle_minutes": 30}},
            ["LH1002 /schedule/idle_minutes: 30 does not go with the rest: leave it out."],
            id="always on, and stopped when idle",
        ),
        pytest.param(
            {**OWN, "schedule": {"always_on": True, "extend_while_active_minutes": 60}},
            [
                (
                    "LH1002 /schedule/extend_while_active_minutes:"
                    " 60 does not go with the rest: leave it out."
                )
            ],
            id="always on, and extended",
        ),
        pytest.param(
            {**OWN, "schedule": {"idle_minutes": 4}},
            ["LH1002 /schedule/idle_minutes: 4 is less than 5."],
            id="idle before CloudWatch knows",
        ),
        pytest.param(
            {**OWN, "schedule": {"lease_starts": "later", "max_creating_minutes": 1441}},
            [
                'LH1002 /schedule/lease_starts: "later" is not one of ready or request.',
                "LH1002 /schedule/max_creating_minutes: 1441 is more than 1440.",
            ],
            id="starts",
        ),
        pytest.param(
            {**OWN, "autoscaling": {"min_instances": 0, "max_instances": 4}},
            ["LH1002 /autoscaling/min_instances: 0 is less than 1."],
            id="a real-time endpoint that sleeps",
        ),
        pytest.param(
            {**OWN, "autoscaling": {"min_instances": 3, "max_instances": 2}},
            ["LH1014 /autoscaling/min_instances: min_instances is above max_instances."],
            id="more than the most",
        ),
        pytest.param(
            {**OWN, "autoscaling": {**SCALED, "target_value": 0}},
            ["LH1002 /autoscaling/target_value: 0 is less than or equal to the minimum of 0."],
            id="nothing to do for an instance",
        ),
        pytest.param(
            {**OWN, "autoscaling": {"max_instances": 2}},
            ["LH1002 /autoscaling: min_instances is missing."],
            id="half of a scaling",
        ),
        pytest.param(
            {
                **EXISTING,
                "autoscaling": SCALED,
                "instance_pools": pools("ml.g5.xlarge"),
                "instance_provision_timeout_seconds": 600,
            },
            [
                (
                    'LH1002 /autoscaling: {"min_instances": 1, "max_instances": 4}'
                    " does not go with the rest: leave it out."
                ),
                (
                    'LH1002 /instance_pools: [{"instance_type": "ml.g5.xlarge"}]'
                    " does not go with the rest: leave it out."
                ),
                (
                    "LH1002 /instance_provision_timeout_seconds:"
                    " 600 does not go with the rest: leave it out."
                ),
            ],
            id="hosting of a config that is somebody else's",
        ),
        pytest.param(
            {**OWN, "instance_pools": pools("ml.m5.large", "ml.m5.xlarge")},
            [
                (
                    "LH1014 /instance_pools: inference_instance_type is tried first already:"
                    " name only the others here."
                )
            ],
            id="a pool that is the first choice",
        ),
        pytest.param(
            {**OWN, "instance_pools": [], "instance_provision_timeout_seconds": 299},
            [
                "LH1002 /instance_pools: [] is shorter than 1.",
                "LH1002 /instance_provision_timeout_seconds: 299 is less than 300.",
            ],
            id="no pools",
        ),
        pytest.param(
            {**OWN, "instance_pools": pools(*"abcde")},
            [
                (
                    'LH1002 /instance_pools: [{"instance_type": "a"}, {"instance_type": "b"},'
                    ' {"instan... is longer than 4.'
                ),
                *(
                    f'LH1002 /instance_pools/{number}/instance_type: "{kind}" does not match'
                    f" {INSTANCE_TYPE}; an example: ml.g5.24xlarge."
                    for number, kind in enumerate("abcde")
                ),
            ],
            id="pools of no type",
        ),
        pytest.param(
            {**OWN, "on_remove": "keep", "adopt": "yes"},
            [
                'LH1002 /adopt: "yes" is not of type boolean.',
                'LH1002 /on_remove: "keep" is not one of delete or retain.',
            ],
            id="words",
        ),
        pytest.param(
            {**OWN, "suspended": {"until": "2026-11-24T08:00:00Z"}},
            ["LH1002 /suspended: reason is missing."],
            id="suspended for no reason",
        ),
        pytest.param(
            {**OWN, "suspended": {"reason": "Audit", "until": "2026-02-31T08:00:00Z"}},
            ["LH1002 /suspended/until: 2026-02-31T08:00:00Z is no date of the calendar."],
            id="suspended until 31 February",
        ),
        pytest.param(
            {**OWN, "suspended": {"reason": "Audit", "until": YEAR_1}},
            [f"LH1002 /suspended/until: {YEAR_1} {BEFORE_ANY}"],
            id="suspended until the year 1",
        ),
        pytest.param(
            {**OWN, "suspended": {"reason": " "}},
            [
                (
                    'LH1002 /suspended/reason: " " does not match \\S; an example: Load test by the'
                    " platform team."
                )
            ],
            id="suspended for a blank",
        ),
    ],
)
def test_what_does_not_go_together_has_its_place_and_a_sentence(
    data: object, lines: list[str]
) -> None:
    assert wrong(data) == lines


@pytest.mark.parametrize(
    "data",
    [
        {**OWN, "autoscaling": SCALED},
        {**ASYNC, "autoscaling": {"min_instances": 0, "max_instances": 1}},
        {**OWN, "instance_pools": pools("ml.m5.xlarge", "ml.m5.2xlarge")},
        {**OWN, "schedule": {"always_on": False, "idle_minutes": 5}},
        {**EXISTING, "adopt": True, "on_remove": "retain", "suspended": {"reason": "Audit"}},
    ],
    ids=["scaled", "asleep", "pools", "metered", "existing"],
)
def test_what_goes_together_is_accepted(data: object) -> None:
    assert isinstance(parse_definition("f", encoded(data)), Definition)


def test_the_new_fields_are_read() -> None:
    read = definition(
        {
            **ASYNC,
            "instance_pools": pools("ml.m5.xlarge", "ml.m5.2xlarge"),
            "instance_provision_timeout_seconds": 600,
            "autoscaling": {"min_instances": 0, "max_instances": 4, "scale_in_cooldown_seconds": 0},
            "on_remove": "retain",
            "adopt": True,
            "suspended": {"reason": "Audit", "until": "2026-11-24T08:00:00Z"},
            "schedule": {
                "idle_minutes": 30,
                "extend_while_active_minutes": 60,
                "lease_starts": "request",
                "max_creating_minutes": 90,
            },
        }
    )
    until = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert read.instance_pools == ("ml.m5.xlarge", "ml.m5.2xlarge")
    assert read.provision_timeout_seconds == 600
    assert read.autoscaling == Autoscaling(0, 4, 5.0, 0, 300)
    assert (read.on_remove, read.adopt) == ("retain", True)
    assert read.suspended == Suspension("Audit", until)
    assert read.schedule == Schedule(
        idle_minutes=30,
        extend_while_active_minutes=60,
        lease_starts="request",
        max_creating_minutes=90,
    )


def test_what_a_definition_does_not_say_is_as_safe_as_it_was() -> None:
    read = definition(OWN)
    assert (read.on_remove, read.adopt, read.suspended) == ("delete", False, None)
    assert (read.instance_pools, read.autoscaling) == ((), None)
    assert (read.schedule.lease_starts, read.schedule.max_creating_minutes) == ("ready", 60)


@pytest.mark.parametrize(
    ("kind", "target"), [(OWN, 100.0), (ASYNC, 5.0)], ids=["realtime", "async"]
)
def test_scaling_has_the_target_that_fits_its_kind(kind: dict[str, Any], target: float) -> None:
    scaling = definition({**kind, "autoscaling": SCALED}).autoscaling
    assert scaling is not None
    assert scaling.target_value == target


def test_a_suspension_holds_until_the_second_that_it_names() -> None:
    until = datetime(2026, 11, 24, 8, tzinfo=UTC)
    suspended = Suspension("Audit", until)
    assert suspended.holds(until - timedelta(seconds=1))
    assert not suspended.holds(until)
    assert Suspension("Audit").holds(until)


# Leases.


def test_a_lease_is_read_to_the_second_in_utc() -> None:
    content = encoded({"expires_at": "2026-11-23T10:00:00Z", "request_id": "r1"})
    expected = Lease(datetime(2026, 11, 23, 10, tzinfo=UTC), request_id="r1")
    assert parse_lease("f", content) == expected


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-02-30T10:00:00Z", "2026-02-30T10:00:00Z is no date of the calendar."),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z is no date of the calendar."),
        ("2026-11-23T10:00:60Z", "2026-11-23T10:00:60Z is no date of the calendar."),
        ("2026-11-23T10:00:00", '"2026-11-23T10:00:00" does not match'),
        ("2026-11-23T10:00:00+01:00", '"2026-11-23T10:00:00+01:00" does not match'),
        ("2026-11-23T10:00:00.5Z", '"2026-11-23T10:00:00.5Z" does not match'),
        ("2026-11-23T10:00:00Z\n", '"2026-11-23T10:00:00Z\\n" does not match'),
        (1795428000, "1795428000 is not of type string."),
    ],
)
@pytest.mark.parametrize("key", ["expires_at", "off_until"])
def test_an_instant_that_is_none_is_a_violation(key: str, value: object, sentence: str) -> None:
    parsed = parse_lease("f", encoded({"expires_at": "2026-11-23T10:00:00Z", key: value}))
    assert isinstance(parsed, tuple)
    [violation] = parsed
    assert violation.pointer == f"/{key}"
    assert violation.sentence.startswith(sentence)


instants = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
request_ids = st.from_regex(r"[a-zA-Z0-9._:-]{1,64}", fullmatch=True)


@given(st.builds(Lease, instants, st.none() | instants, st.none() | request_ids))
def test_a_lease_that_is_written_is_read_back(lease: Lease) -> None:
    content = dump_lease(lease)
    assert parse_lease("f", content) == lease
    assert content.endswith(b"}\n")
    assert content == dump_lease(lease)


# Locks and environments.


def test_a_lock_has_the_container_that_a_model_id_means() -> None:
    lock = {
        **LOCK,
        "accept_eula": True,
        "model_data_source": {"s3_uri": "s3://b/m/"},
        "additional_model_data_sources": [
            {"channel_name": "draft", "s3_uri": "s3://b/d/", "accept_eula": True}
        ],
    }
    parsed = parse_lock("f", encoded(lock))
    assert isinstance(parsed, Lock)
    assert isinstance(parsed.container, Container)
    assert parsed.container.model_data == ModelData("s3://b/m/")
    assert parsed.container.accept_eula
    draft = ModelData("s3://b/d/", accept_eula=True)
    assert parsed.container.additional_model_data == {"draft": draft}


def test_a_lock_has_the_package_that_a_model_id_means() -> None:
    arn = "arn:aws:sagemaker:us-east-1:865070037744:model-package/m-v4"
    lock = {key: value for key, value in LOCK.items() if key != "image"}
    said = {
        "model_package_arn": arn,
        "environment": {"A": "1"},
        "container_startup_health_check_timeout_seconds": 600,
        "volume_size_gb": 256,
        "eula_url": "https://eula",
    }
    parsed = parse_lock("f", encoded({**lock, **said}))
    assert isinstance(parsed, Lock)
    variant = VariantSettings(startup_timeout_seconds=600, volume_size_gb=256)
    assert parsed.container == ModelPackage(arn, {"A": "1"}, False, variant)  # noqa: FBT003
    assert parsed.licences == ("https://eula",)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"image": None}, "LH1002 : it needs exactly one of image or model_package_arn."),
        (
            {"model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/m"},
            "LH1002 : it needs exactly one of image or model_package_arn.",
        ),
        (
            {
                "image": None,
                "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/m",
                "model_data_source": {"s3_uri": "s3://b/m/"},
            },
            (
                'LH1002 /model_data_source: {"s3_uri": "s3://b/m/"} does not go with the rest:'
                " leave it out."
            ),
        ),
    ],
)
def test_a_lock_has_an_image_or_a_package(fields: dict[str, object], line: str) -> None:
    said = {key: value for key, value in {**LOCK, **fields}.items() if value is not None}
    found = parse_lock("f", encoded(said))
    assert isinstance(found, tuple)
    assert [f"{each.code} {each.pointer}: {each.sentence}" for each in found] == [line]


def test_an_environment_has_defaults_for_what_it_does_not_say() -> None:
    parsed = parse_environment("f", encoded(ENVIRONMENT))
    assert isinstance(parsed, Environment)
    assert (parsed.max_lease_minutes, parsed.max_orphans) == (10080, 3)
    assert (parsed.requests_per_minute, parsed.invocations_per_minute) == (120, None)
    assert (parsed.allowed_instance_types, parsed.lead_minutes) == (("*",), (60, 15))
    assert parsed.endpoint_name("Falcon40B") == "demo-Falcon40B-Endpoint"


def test_an_environments_limits_are_read() -> None:
    limits = {
        "max_lease_minutes": 60,
        "allowed_instance_types": ["ml.m5.*"],
        "max_instances": 2,
        "requests_per_minute": 30,
        "invocations_per_minute": 600,
    }
    parsed = parse_environment(
        "f",
        encoded(
            {
                **ENVIRONMENT,
                "limits": limits,
                "notifications": {"lead_minutes": []},
                "prune": {"max_orphans": 0},
            }
        ),
    )
    assert isinstance(parsed, Environment)
    assert (parsed.max_lease_minutes, parsed.max_instances) == (60, 2)
    assert (parsed.requests_per_minute, parsed.invocations_per_minute) == (30, 600)
    assert (parsed.allowed_instance_types, parsed.lead_minutes) == (("ml.m5.*",), ())
    assert parsed.max_orphans == 0


def test_where_an_environments_notices_go_is_read() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:chat"
    notifications = {
        "api_url": "https://a.example.com/prod",
        "timezone": "Europe/Berlin",
        "links": {"secret_name": "leasehold/links"},
        "channels": [
            {"format": "slack", "secret_name": "leasehold/slack"},
            {"format": "slack", "secret_name": "leasehold/chat", "private_network": True},
            {"format": "amazon-q", "topic_arn": topic},
            {"format": "mail", "from": "leasehold@example.com"},
        ],
    }
    parsed = parse_environment("f", encoded({**ENVIRONMENT, "notifications": notifications}))
    assert isinstance(parsed, Environment)
    assert (str(parsed.zone), parsed.link_secret) == ("Europe/Berlin", "leasehold/links")
    assert parsed.channels == (
        ChatWebhook("leasehold/slack"),
        ChatWebhook("leasehold/chat", private_network=True),
        ChatTopic(topic),
        OwnerMail("leasehold@example.com"),
    )
    names = [each.name for each in parsed.channels]
    assert [name.rpartition("-")[0] for name in names] == ["slack", "slack", "amazon-q", "mail"]
    assert len(set(names)) == 4  # none of them says where it is


@pytest.mark.parametrize(
    ("notifications", "lines"),
    [
        ({"timezone": "Mars"}, ["LH1006 /notifications/timezone"]),
        ({"links": {"secret_name": "a"}}, ["LH1002 /notifications"]),
        ({"channels": [{}]}, ["LH1002 /notifications/channels/0"]),
        ({"channels": [{"format": "slack"}]}, ["LH1002 /notifications/channels/0"]),
        (
            {
                "channels": [
                    {"format": "slack", "secret_name": "https://hooks.slack.com/services/1"}
                ]
            },
            ["LH1002 /notifications/channels/0/secret_name"],
        ),
        (
            {"channels": [{"format": "mail", "from": "me@example.com", "secret_name": "a"}]},
            ["LH1002 /notifications/channels/0/secret_name"],
        ),
        (
            {"channels": [{"format": "mail", "from": "not an address"}]},
            ["LH1002 /notifications/channels/0/from"],
        ),
        (
            {"channels": [{"format": "amazon-q", "topic_arn": "chat"}]},
            ["LH1002 /notifications/channels/0/topic_arn"],
        ),
    ],
)
def test_a_channel_that_cannot_be_is_told_of(
    notifications: dict[str, Any], lines: list[str]
) -> None:
    found = parse_environment("f", encoded({**ENVIRONMENT, "notifications": notifications}))
    assert isinstance(found, tuple)
    assert sorted({f"{each.code} {each.pointer}" for each in found}) == lines


def test_the_definition_that_an_addition_writes_can_be_read() -> None:
    content = dump_existing_config("X", "demo-X-Endpoint", "config")
    parsed = parse_definition("f", content)
    assert parsed == Definition(
        name=Name("X"), source=ExistingConfig("config"), endpoint_name="demo-X-Endpoint"
    )


# Whatever is in a file, reading it gives a document or violations.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
documents = st.sampled_from([FALCON, OWN, LOCK, ENVIRONMENT, {"expires_at": ""}])
fields = st.sampled_from(
    [
        *(FALCON | OWN | LOCK | ENVIRONMENT),
        *("expires_at", "off_until", "schedule", "tags", "async_inference", "integration"),
        *("limits", "notifications", "prune", "additional_model_data_sources", "$schema"),
    ]
)


def assert_document_or_violations(kind: str, content: bytes) -> None:
    parsed = PARSERS[kind]("f", content)
    if isinstance(parsed, tuple):
        assert parsed
        for item in parsed:
            assert isinstance(item, Violation)
            assert item.sentence.endswith(".")
            str(item).encode()


@given(st.sampled_from(sorted(PARSERS)), st.binary())
@example("endpoint", b"\x00")
def test_arbitrary_bytes_never_raise(kind: str, content: bytes) -> None:
    assert_document_or_violations(kind, content)


@given(st.sampled_from(sorted(PARSERS)), json_values)
@example("lease", {"expires_at": "\ud800"})
def test_arbitrary_json_never_raises(kind: str, value: object) -> None:
    assert_document_or_violations(kind, encoded(value))


@given(st.sampled_from(sorted(PARSERS)), documents, st.dictionaries(fields, json_values))
def test_a_document_with_some_fields_changed_never_raises(
    kind: str, base: dict[str, object], changes: dict[str, object]
) -> None:
    assert_document_or_violations(kind, encoded({**base, **changes}))


def test_async_settings_without_async_inference_are_refused() -> None:
    assert wrong({**FALCON, "async_inference": {"s3_output_path": "s3://answers/"}}) == [
        'LH1002 /inference_type: "realtime" does not go with the rest; it has to be "async".'
    ]


VPC = {"security_group_ids": ["sg-1"], "subnets": ["subnet-1"]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            {**OWN, "model_package": {"environment": {}}},
            'LH1002 /model_package: {"environment": {}} does not go with the rest: leave it out.',
        ),
        (
            {"name": "X", "inference_type": "realtime", "endpoint_config_name": "c"}
            | {"vpc_config": VPC},
            "does not go with the rest: leave it out.",
        ),
        ({**OWN, "vpc_config": {"subnets": ["a"]}}, "/vpc_config: security_group_ids is missing"),
        ({**OWN, "vpc_config": {**VPC, "subnets": []}}, "/vpc_config/subnets"),
        ({**OWN, "vpc_config": {**VPC, "subnets": [f"s-{n}" for n in range(17)]}}, "/subnets"),
        ({**OWN, "vpc_config": {**VPC, "security_group_ids": ["sg 1"]}}, "does not match"),
        ({**OWN, "vpc_config": {**VPC, "subnets": ["a", "a"]}}, "has an item twice"),
    ],
)
def test_the_options_of_a_source_go_with_it_alone(data: dict[str, Any], said: str) -> None:
    assert any(said in line for line in wrong(data)), wrong(data)


def test_a_field_with_a_typo_names_the_one_that_is_meant() -> None:
    content = {**OWN, "inference_instnace_type": "ml.g5.xlarge"}
    assert check("f", content, "endpoint")[0].sentence == (
        "inference_instnace_type is not known here; the fields are those of the schema: perhaps"
        " inference_instance_type is meant."
    )
