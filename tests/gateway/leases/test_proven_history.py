"""`GET /endpoint-expiry/history` and `leasehold log` say whether a name is proven."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold.cli import main
from ledger.committers import CONTROLLER, GATEWAY
from ledger.observed import Applied, Record, write
from ledger.proposals import Request, extension
from ledger.remote import Remote
from ledger.repository import Change, Repository
from ledger.signatures import signing_key
from tests.ledger.forge import ANA
from tests.ledger.signing import keygen, public

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.api import Api

BOTS = "environments/dev/bots.allowed_signers"


@pytest.fixture
def proven(api: Api, tmp_path: Path) -> Api:
    """An extension by a gateway that signs, and then one by a gateway that does not."""
    key = keygen(tmp_path)
    api.scene.push({BOTS: f"*@leasehold.invalid {public(key)}\n"})
    signing = Repository(
        Remote(api.scene.forge.url),
        tmp_path / "signing",
        committer=GATEWAY,
        clock=lambda: api.scene.now,
        sign=signing_key(key.read_text()).sign,
    )
    signing.commit(extension(Request("dev", "Falcon40B", ANA, "r-1", api.scene.now), 10))
    api.scene.let_pass(minutes=1)
    api.extend(minutes=10)
    return api


def test_the_api_says_it(proven: Api) -> None:
    answer = proven.read("demo-Falcon40B-Endpoint", path="/prod/endpoint-expiry/history")
    assert [each["Proven"] for each in answer.body] == [False, True]


def test_the_command_line_says_it(proven: Api) -> None:
    arguments = ["log", "--repository", proven.scene.forge.url, "Falcon40B"]
    shown = CliRunner().invoke(main, arguments).stdout.splitlines()
    assert ["(not proven)" in each for each in shown[1:]] == [True, False]
    data = json.loads(CliRunner().invoke(main, [*arguments, "--output", "json"]).stdout)
    assert [each["proven"] for each in data] == [False, True]


def note(api: Api, verify: str, commit: str) -> None:
    """Note on the status branch what was applied, as the controller does."""
    at = api.scene.now
    applied = Applied(commit, (), at, None, verify)  # type: ignore[arg-type]
    files = write("dev", Record(), applied)
    api.scene.open_status().commit(lambda _: Change(files, "note", CONTROLLER, "r-note"))


@pytest.mark.parametrize(("verify", "says"), [("none", True), ("warn", True), ("enforce", False)])
def test_keys_that_nobody_has_proven_prove_no_name(
    api: Api, tmp_path: Path, verify: str, *, says: bool
) -> None:
    kept, mine = keygen(tmp_path, "kept"), keygen(tmp_path, "mine")
    api.scene.push({BOTS: f"*@leasehold.invalid {public(kept)}\n"})
    note(api, verify, api.scene.forge.tip)
    api.scene.push({BOTS: f"*@leasehold.invalid {public(mine)}\n"})
    forging = Repository(
        Remote(api.scene.forge.url),
        tmp_path / "forging",
        committer=GATEWAY,
        clock=lambda: api.scene.now,
        sign=signing_key(mine.read_text()).sign,
    )
    forging.commit(extension(Request("dev", "Falcon40B", ANA, "r-1", api.scene.now), 10))
    answer = api.read("demo-Falcon40B-Endpoint", path="/prod/endpoint-expiry/history")
    assert [each["Proven"] for each in answer.body] == [says]
    arguments = ["log", "--repository", api.scene.forge.url, "Falcon40B", "--output", "json"]
    data = json.loads(CliRunner().invoke(main, arguments).stdout)
    assert [each["proven"] for each in data] == [says]


def test_where_the_proven_commit_is_gone_nobody_can_tell(proven: Api) -> None:
    note(proven, "enforce", "1" * 40)
    answer = proven.read("demo-Falcon40B-Endpoint", path="/prod/endpoint-expiry/history")
    assert [each["Proven"] for each in answer.body] == [None, None]


def test_where_nobody_can_verify_it_is_not_known(
    proven: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ledger.signatures.keys", None)
    monkeypatch.delattr("ledger.signatures.keys", raising=False)
    answer = proven.read("demo-Falcon40B-Endpoint", path="/prod/endpoint-expiry/history")
    assert [each["Proven"] for each in answer.body] == [False, None], (
        "what has no signature needs no verifying"
    )
