"""`leasehold claim` on a real ledger and the sandbox: what it tags, leaves alone, and says."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold.cli import main
from ledger.tags import (
    ADOPTABLE_TAG,
    ENVIRONMENT_TAG,
    LEASE_TAG,
    LEDGER_TAG,
    NAME_TAG,
    PROJECT_TAG,
    RECORD_TAG,
)
from tests.leasehold.running import variables
from tests.ledger.forge import git
from tests.scene import REGION, Account, environment, path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from click.testing import Result

    from tests.scene import Scene

LEDGER, RECORD = "5f2c9a7be01d4386", "record-2"
STATUS = "leasehold/status"
ENDPOINT = "demo-A-Endpoint"
AWS = {"AWS_DEFAULT_REGION": REGION, "AWS_MAX_ATTEMPTS": "1"}


@pytest.fixture
def old(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """An endpoint of before there were ids, whose ledger and record have got theirs since."""
    scene.start("A")
    for arn in arns(scene.account):
        keys = [LEDGER_TAG, RECORD_TAG]
        scene.account.sagemaker.delete_tags(ResourceArn=arn, TagKeys=keys)
    identify(scene, LEDGER)
    note_record(scene, RECORD)
    scene.account.use(monkeypatch, **AWS)
    return scene


def identify(scene: Scene, ledger_id: str | None, **fields: object) -> None:
    settings = environment(ledger_id=ledger_id, **fields)
    scene.push({"environments/dev/environment.json": settings}, "identify")


def note_record(scene: Scene, record_id: str | None) -> None:
    """Give the record on the status branch another id, or none."""
    bare = scene.forge.bare
    record = json.loads(git(bare, "show", f"{STATUS}:dev.json"))
    record.pop("id", None)
    content = json.dumps(record | ({"id": record_id} if record_id else {}))
    blob = git(bare, "hash-object", "-w", "--stdin", given=content)
    tree = git(bare, "mktree", given=f"100644 blob {blob}\tdev.json\n")
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    commit = git(bare, *author, "commit-tree", tree, "-p", STATUS, "-m", "note")
    git(bare, "update-ref", f"refs/heads/{STATUS}", commit)


def record_id(scene: Scene) -> str | None:
    noted = json.loads(git(scene.forge.bare, "show", f"{STATUS}:dev.json"))
    return str(noted["id"]) if "id" in noted else None


def arns(account: Account, endpoint: str = ENDPOINT) -> list[str]:
    """The ARNs of an endpoint, its config and its model."""
    sagemaker = account.sagemaker
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    name = described["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    return [described["EndpointArn"], config["EndpointConfigArn"], model["ModelArn"]]


def tags(scene: Scene, endpoint: str = ENDPOINT) -> list[dict[str, str]]:
    return [scene.account.tags(arn) for arn in arns(scene.account, endpoint)]


def tag(scene: Scene, arn: str, given: Mapping[str, str]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in given.items()]
    scene.account.sagemaker.add_tags(ResourceArn=arn, Tags=listed)


def run(scene: Scene, *arguments: str) -> Result:
    options = ["--repository", scene.forge.url, "--environment", "dev"]
    return CliRunner().invoke(main, ["claim", *options, *arguments])


def claimed(scene: Scene, *arguments: str) -> str:
    result = run(scene, *arguments, "--yes")
    assert result.exit_code == 0, result.output
    return str(result.output)


def refused(scene: Scene, *arguments: str) -> str:
    before = tags(scene)
    result = run(scene, *arguments)
    assert result.exit_code == 1, result.output
    assert tags(scene) == before
    return " ".join(result.stderr.split())


@pytest.mark.parametrize("named", [(), ("A",), (ENDPOINT,), ("DEMO-a-endpoint",)], ids=str)
def test_an_endpoint_its_config_and_its_model_get_the_ids_and_nothing_else(
    old: Scene, named: tuple[str, ...]
) -> None:
    before = tags(old)
    said = claimed(old, *named)
    ids = {LEDGER_TAG: LEDGER, RECORD_TAG: RECORD}
    assert tags(old) == [each | ids for each in before]
    assert said.splitlines()[-1] == "Claimed 3 of 3."
    assert f"{ENDPOINT} has no definition" not in said
    again = claimed(old, *named)
    assert again == "Nothing to claim in dev: 3 of what was found bear its own tags already.\n"


def test_without_a_yes_it_shows_what_it_would_tag_and_changes_nothing(old: Scene) -> None:
    before = tags(old)
    result = run(old)
    assert result.exit_code == 1
    assert "[LH5055]" in result.stderr
    rows = [line.split() for line in result.output.splitlines()]
    assert ["endpoint", ENDPOINT, "ledger,", "record", "-"] in rows
    assert tags(old) == before


@pytest.mark.parametrize(("answer", "code", "ids"), [("n", 1, 0), ("y", 0, 3)])
def test_in_a_terminal_it_asks(
    old: Scene, tmp_path: Path, answer: str, code: int, ids: int
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "leasehold", "claim", "--repository", old.forge.url]
    process = subprocess.Popen(
        [*command, "--environment", "dev"],
        env=variables(tmp_path, **AWS, **old.account.variables),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    said, _ = process.communicate()
    os.close(ours)
    assert process.returncode == code, said
    assert "Give 3 of them these tags?" in said
    assert sum(LEDGER_TAG in each for each in tags(old)) == ids


def test_an_endpoint_without_a_definition_is_shown_with_what_will_become_of_it(
    old: Scene,
) -> None:
    old.push({path("A"): None, path("A", "lease"): None}, "remove A")
    said = claimed(old)
    assert "demo-a-endpoint has no definition: once claimed, a tick deletes it." in said


def test_what_a_rename_left_behind_is_mended(old: Scene) -> None:
    claimed(old)
    identify(old, LEDGER, project_prefix="after")
    note_record(old, "record-3")
    arn = arns(old.account)[0]
    tag(old, arn, {ENVIRONMENT_TAG: "before", NAME_TAG: "B"})
    claimed(old)
    found = old.account.tags(arn)
    assert (found[PROJECT_TAG], found[ENVIRONMENT_TAG], found[RECORD_TAG]) == (
        "after",
        "dev",
        "record-3",
    )
    assert LEASE_TAG in found


def test_another_ledgers_is_refused_until_that_one_is_named(old: Scene) -> None:
    other = "0123456789abcdef"
    for arn in arns(old.account):
        tag(old, arn, {LEDGER_TAG: other})
    assert f"is not claimed: it belongs to the ledger {other}" in refused(old, "A", "--yes")
    said = claimed(old)
    assert said.startswith("Left alone:")
    assert f"say --from {other}" in said
    assert "Nothing to claim in dev" in said
    claimed(old, "--from", other)
    assert {each[LEDGER_TAG] for each in tags(old)} == {LEDGER}


def test_a_borrowed_config_stays_its_owners(old: Scene) -> None:
    account = old.account
    account.make_config("by-hand")
    listed = [{"Key": key, "Value": value} for key, value in OLD_TAGS.items()]
    account.sagemaker.create_endpoint(
        EndpointName="hers", EndpointConfigName="by-hand", Tags=listed
    )
    old.let_pass(seconds=90)
    claimed(old, "hers")
    assert [LEDGER_TAG in each for each in tags(old, "hers")] == [True, False, False]


OLD_TAGS = {PROJECT_TAG: "demo", ENVIRONMENT_TAG: "dev", NAME_TAG: "Hers"}


@pytest.mark.parametrize("offered", [{}, {"team": "x"}, {ADOPTABLE_TAG: "demo/dev"}], ids=str)
def test_a_strangers_is_adopted_and_not_claimed(old: Scene, offered: dict[str, str]) -> None:
    old.account.make_config("by-hand")
    listed = [{"Key": key, "Value": value} for key, value in offered.items()]
    old.account.sagemaker.create_endpoint(
        EndpointName="hers", EndpointConfigName="by-hand", Tags=listed
    )
    assert "`leasehold adopt` is for it. [LH5054]" in refused(old, "hers", "--yes")
    claimed(old)
    assert old.account.endpoint_tags("hers") == offered


def test_a_name_that_sagemaker_does_not_know(old: Scene) -> None:
    assert "SageMaker has no endpoint nobody: check the name. [LH5054]" in refused(
        old, "nobody", "--yes"
    )


def test_without_a_ledgers_id_it_says_who_gives_one(old: Scene) -> None:
    identify(old, None)
    assert "has no ledger_id: `leasehold init dev`" in refused(old, "--yes")


def test_before_any_tick_it_begins_the_record_once_somebody_says_yes(old: Scene) -> None:
    """An upgrade claims first and deploys then, so that nothing is refused in between."""
    note_record(old, None)
    refused(old)
    assert record_id(old) is None
    claimed(old)
    assert {each[RECORD_TAG] for each in tags(old)} == {record_id(old)}


def test_what_aws_refuses_is_told_and_stops_no_other(old: Scene) -> None:
    old.account.order_fault("denied", operation="AddTags")
    result = run(old, "--yes")
    assert result.exit_code == 1
    assert "Claimed 2 of 3." in result.output
    said = " ".join(result.stderr.split())
    assert "AWS does not allow it." in said
    assert "1 of 3 could not be tagged: run it again. [LH5056]" in said
    assert claimed(old).endswith("Claimed 1 of 1.\n")


def test_a_list_that_cannot_be_read_to_its_end_claims_nothing(old: Scene) -> None:
    before = tags(old)
    old.account.order_fault("denied", operation="ListTags")
    result = run(old, "--yes")
    assert result.exit_code == 1
    assert "AWS does not allow it." in result.stderr
    assert tags(old) == before
