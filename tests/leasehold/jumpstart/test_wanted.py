"""Which definitions of a ledger need a lock, and which are named."""

from __future__ import annotations

import json

import pytest

from leasehold.jumpstart.wanted import Unreadable, Wanted, Which, all_wanted
from ledger.documents import JumpStart
from ledger.snapshot import NotAFile
from tests.leasehold.jumpstart.catalogue import lock
from tests.leasehold.jumpstart.ledger_files import SETTINGS, definition


def found(**files: bytes | NotAFile) -> list[Wanted | Unreadable]:
    entries = {"environments/dev/environment.json": json.dumps(SETTINGS).encode()}
    named = {path.replace("__", "/").replace("_", "."): each for path, each in files.items()}
    return list(all_wanted({**entries, **{f"environments/{k}": v for k, v in named.items()}}))


def test_what_is_wanted_is_said_by_the_definition_and_its_environment() -> None:
    pools = [{"instance_type": "ml.g6.2xlarge"}]
    content = definition("A", model_version="2.*", accept_eula=True, instance_pools=pools)
    source = JumpStart("acme-llm", "2.*", accept_eula=True)
    assert found(dev__A_endpoint_json=content, dev__A_lock_json=lock()) == [
        Wanted("dev", "A", source, "ml.g5.2xlarge", ("ml.g6.2xlarge",), "us-east-1", lock())
    ]


def test_its_files_are_those_of_its_name() -> None:
    [one] = found(dev__A_endpoint_json=definition("A"))
    assert isinstance(one, Wanted)
    assert (one.label, one.file) == ("dev/A", "environments/dev/A.endpoint.json")
    assert (one.lock_file, one.current_lock) == ("environments/dev/A.lock.json", None)


@pytest.mark.parametrize(
    "content",
    [
        definition("A", model_id=None, model={"image": "x"}),
        definition("A", model_id=None, inference_type=5),
        b"{",
        b"[]",
        NotAFile.LINK,
    ],
    ids=["an own container", "a broken one of it", "no JSON", "a list", "a link"],
)
def test_what_serves_no_jumpstart_model_is_left_out(content: bytes | NotAFile) -> None:
    assert found(dev__A_endpoint_json=content) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (definition("A", inference_type=None), "LH1002"),
        (b'{"model_id": "acme-llm"', "LH1001"),
    ],
)
def test_one_that_cannot_be_read_says_why(content: bytes, code: str) -> None:
    [one] = found(dev__A_endpoint_json=content)
    assert isinstance(one, Unreadable)
    assert [each.code for each in one.violations] == [code]


@pytest.mark.parametrize(("settings", "code"), [(b"{", "LH1001"), (NotAFile.LINK, "LH1010")])
def test_without_settings_nobody_knows_the_region(settings: bytes | NotAFile, code: str) -> None:
    [one] = found(test__A_endpoint_json=definition("A"), test__environment_json=settings)
    assert isinstance(one, Unreadable)
    assert [each.code for each in one.violations] == [code]


@pytest.mark.parametrize(
    ("text", "environment", "name", "does"),
    [
        ("dev", "dev", "A", True),
        ("dev", "test", "A", False),
        ("dev/A", "dev", "A", True),
        ("dev/a", "dev", "A", True),
        ("dev/A", "test", "A", False),
        ("dev/A", "dev", "B", False),
        ("A", "dev", "A", True),
        ("a", "test", "A", True),
    ],
)
def test_a_name_is_an_environments_or_a_definitions(
    text: str, environment: str, name: str, *, does: bool
) -> None:
    assert Which(text).covers(environment, name) is does
