"""docs/deploy.md from the first command to the last: the CDK's command line on this machine.

What is deployed is deployed to moto's server, which leaves out some types (alarms, the API's stages
and authorizers), so this proves packages, assets, roles, tables and what a destruction leaves. What
was deployed is run: the controller starts an endpoint in the sandbox, and the API is the deployed
functions'. They have no variable but their own, and reach the ledger over TLS by their secret.

One story: each test goes on where the one before has ended.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.deployment.stranger import (
    CDK,
    GUIDE,
    ROOT,
    Stranger,
    blocks,
    release,
    secret,
    stranger,
)
from tests.ledger.forge import git
from tests.scene import REGION, STARTUP

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROLLER, GATEWAY = "demo-dev-controller", "demo-dev-gateway"
TOKENS = "demo-dev-tokens"
ENDPOINT = "demo-Sentiment-Endpoint"


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    assert CDK.exists(), "`make deploytest` installs the CDK's command line: npm ci"
    with stranger(tmp_path_factory.mktemp("stranger")) as made:
        yield made


def test_the_programs_are_there_and_the_packages_built(guide: Stranger) -> None:
    said = guide.follow("1")
    assert '"Account": "123456789012"' in said
    said = guide.follow("2")
    assert (guide.checkout / "build" / "lambda").is_dir()
    assert "controller" in said


def test_a_ledger_and_its_secrets(guide: Stranger) -> None:
    guide.follow("3")
    assert "environments/dev/environment.json" in git(
        guide.forge.bare, "ls-tree", "-r", "--name-only", "main"
    )
    secret(guide)
    guide.follow("4")
    guide.follow("4", 1)
    assert guide.secrets() == {"leasehold/git", "leasehold/webhook"}
    status = git(guide.checkout, "status", "--porcelain")
    assert status == "", "neither secrets nor what is said of a deployment are committed"


def test_an_account_is_bootstrapped_and_lacks_nothing(guide: Stranger) -> None:
    guide.follow("5")
    said = guide.follow("5", 1)
    assert guide.stacks() == {"CDKToolkit"}
    assert " failed" not in said
    assert git(guide.checkout, "status", "--porcelain") == ""


def test_both_stacks_are_deployed_without_a_warning(guide: Stranger) -> None:
    guide.follow("5", 2)
    assert guide.stacks() == {"CDKToolkit", CONTROLLER, GATEWAY}
    assert TOKENS in guide.tables()
    assert len(guide.functions()) == 7
    assert guide.controller()["Runtime"] == "python{}.{}".format(*sys.version_info)


def test_a_token_opens_the_api(guide: Stranger) -> None:
    with guide.api():
        said = guide.follow("6")
    assert "token" in said


def test_the_deployed_code_starts_the_first_endpoint(guide: Stranger) -> None:
    guide.follow("7")
    assert guide.tick() == {ENDPOINT: "grant"}
    assert guide.tick() == {ENDPOINT: "create"}
    assert guide.scene.account.status(ENDPOINT) == "Creating"
    guide.wait(STARTUP)
    assert "InService" in guide.follow("7", 1)


def test_it_is_kept_and_asked_by_the_deployed_api(guide: Stranger) -> None:
    with guide.api():
        said = guide.follow("7", 2)
    extended = json.JSONDecoder().raw_decode(said)[0]
    assert extended["Commit"] == guide.forge.tip
    log = git(guide.forge.bare, "log", "-1", "--format=%an %cn%n%B", "main")
    assert log.startswith("Ana Leasehold gateway")
    assert "first try" in log
    assert "It works" in said


def test_an_upgrade_is_shown_and_then_deployed(guide: Stranger) -> None:
    before = guide.controller()["CodeSha256"]
    module = guide.folder / "origin" / "controller" / "handler.py"
    module.write_text(f"{module.read_text()}\n# another version\n")
    release(guide, "Upgrade")
    said = guide.follow("8")
    assert "Number of stacks with differences: 1" in said
    assert guide.controller()["CodeSha256"] != before
    assert guide.tick() == {ENDPOINT: "keep"}
    guide.folder.joinpath("before").write_text(before)


def test_a_roll_back_runs_what_ran_before_to_the_byte(guide: Stranger) -> None:
    guide.follow("9")
    assert guide.controller()["CodeSha256"] == guide.folder.joinpath("before").read_text()


def test_a_second_environment_is_synthesised_beside_the_first(guide: Stranger) -> None:
    guide.follow("11")
    manifest = json.loads((guide.checkout / "cdk.out" / "manifest.json").read_text())
    regions = {
        name: it["environment"].rpartition("/")[2]
        for name, it in manifest["artifacts"].items()
        if it["type"] == "aws:cloudformation:stack"
    }
    assert regions == {
        CONTROLLER: REGION,
        GATEWAY: REGION,
        "demo-prod-controller": "eu-west-1",
        "demo-prod-gateway": "eu-west-1",
    }
    template = (guide.checkout / "cdk.out" / "demo-prod-controller.template.json").read_text()
    assert "leasehold/prod-git" in template


def test_a_destruction_leaves_the_tokens_and_the_role_for_logs(guide: Stranger) -> None:
    guide.follow("13")
    assert guide.tick() == {ENDPOINT: "delete"}
    guide.wait(STARTUP)
    guide.follow("13", 1)
    assert guide.scene.account.status(ENDPOINT) == "absent"
    assert guide.stacks() == {"CDKToolkit"}
    assert guide.functions() == []
    assert guide.tables() == [TOKENS]
    (role,) = (it for it in guide.roles() if it.startswith("demo-"))
    assert role.startswith(f"{GATEWAY}-ApiRestCloudWatchRole"), "the account's, for logs of APIs"


def test_the_table_that_was_left_is_taken_over(guide: Stranger) -> None:
    guide.follow("13", 2)
    assert guide.stacks() == {"CDKToolkit", CONTROLLER, GATEWAY}


def test_nothing_is_left_that_the_guide_removes(guide: Stranger) -> None:
    guide.follow("13", 3)
    assert guide.stacks() == {"CDKToolkit"}
    assert guide.tables() == []
    assert guide.secrets() == set()
    assert guide.done == [section for section, _ in blocks()]


def test_every_block_of_commands_is_one_that_is_run() -> None:
    text = GUIDE.read_text()
    fences = [line for line in text.splitlines() if line.startswith("```") and line != "```"]
    assert set(fences) == {"```sh", "```json"}
    assert fences.count("```sh") == len([*blocks()])
    assert ROOT / "docs" / "deploy.md" == GUIDE
