"""A whole move, by the commands of docs/migrate.md: nothing that runs is ever out of service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.callers.tokens import TokenTable
from ledger.documents import parse_environment, parse_lease
from ledger.identity_settings import Identities
from ledger.lease import stamp
from tests.debian import require
from tests.gateway.api import deployed
from tests.leasehold.aws_cli import answering
from tests.leasehold.predecessor.account_of import FLAN, file_of, model
from tests.leasehold.predecessor.deployed import TICK, TOKENS, Deployed, in_minutes
from tests.scene import REGION, ROLE, SETTLE, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "migrate.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", GUIDE, flags=re.DOTALL | re.MULTILINE)
RULE_OFF, IMPORT, AGREE, MERGE, CALL, TOKENS_MOVED, SECOND_STEP = BLOCKS
TEAM = [f"team-{number}" for number in range(9)]
FALCON_ENDPOINT = "demo-Falcon40B-Endpoint"


@dataclass
class Mover:
    """A person with a shell, who follows the guide."""

    scene: Scene
    folder: Path
    aws: str
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tools = self.folder / "bin"
        tools.mkdir(parents=True)
        lock = f'exec {sys.executable} -m tests.leasehold.predecessor.locked "$PWD"'
        leasehold = f'exec {sys.executable} -m leasehold "$@"'
        for name, text in {
            "aws": self.aws,
            "leasehold": f'#!/bin/sh\nif [ "$1" = lock ]; then {lock}; fi\n{leasehold}\n',
        }.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        (self.folder / "gitconfig").write_text("[user]\n\tname = Ana\n\temail = a@example.com\n")
        shutil.copytree(self.scene.ben.home, self.folder / "my-ledger")

    def run(self, block: str) -> str:
        ours = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=self.folder,
            env={
                **ours,
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
                "LEASEHOLD_REPOSITORY": self.scene.forge.url,
                **self.scene.account.variables,
                "AWS_DEFAULT_REGION": REGION,
                "ROLE_ARN": ROLE,
                **self.variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@dataclass
class Watch:
    """What the account was asked since the move began, and that all of this serves."""

    scene: Scene
    serving: list[str]
    asked: Counter[str] = field(default_factory=Counter)

    def look(self) -> None:
        self.asked.update(self.scene.account.calls())
        statuses = self.scene.account.statuses()
        runtime = self.scene.account.client("sagemaker-runtime")
        for name in self.serving:
            assert statuses[name] in {"InService", "Updating"}, name
            if "Async" not in name:
                runtime.invoke_endpoint(EndpointName=name, Body=b'{"inputs": "still there?"}')

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.scene.tick()
            self.look()
            self.scene.let_pass(seconds=60)
            self.look()


@pytest.fixture
def mover(scene: Scene, tmp_path: Path) -> Iterator[Mover]:
    """A ledger with nothing in it, and somebody who moves into it."""
    scene.push({"environments/dev/environment.json": None, "README.md": "The fleet"}, "begin anew")
    with answering(scene.account.client) as aws:
        yield Mover(scene, tmp_path / "mover", aws)


def settled(scene: Scene, now: datetime) -> tuple[Deployed, list[str]]:
    """The predecessor with fourteen meters and an asynchronous endpoint; what of it runs."""
    scene.at(now - timedelta(seconds=SETTLE))
    old = Deployed(scene.account)
    running = [old.realtime("Falcon40B", in_minutes(now, 180)), old.asynchronous("FlanT5Async")]
    running += [old.added(name, in_minutes(now, 60 + at)) for at, name in enumerate(TEAM)]
    old.realtime("FlanT5", in_minutes(now, -600), starts=False)
    # These stand behind the first ten of Parameter Store: the predecessor forgot them.
    running.append(old.added("zz-forgotten", in_minutes(now, -60)))
    running.append(old.added("zz-short", in_minutes(now, 25)))
    old.keep("zz-damaged", "", None)
    scene.at(now)
    return old, running


def configs() -> bytes:
    function = {"lambda_src": "functions/falcon", "api_resource_name": "falcon"}
    return file_of(
        model(integration={"type": "lambda", "properties": function}, async_api_enabled=True),
        model("FlanT5", model_id=FLAN),
        model("FlanT5Async", model_id=FLAN, inference_type="async", schedule=None),
        ddb_auth_table_name="AuthTable",
    )


def test_a_whole_move_stops_nothing_for_a_second(scene: Scene, mover: Mover) -> None:
    require("curl", package="curl")
    now = datetime.now(UTC).replace(microsecond=0)  # which is what the commands go by
    old, running = settled(scene, now)
    (mover.folder / "configs.json").write_bytes(configs())
    watch = Watch(scene, running)
    scene.account.calls()

    mover.run(RULE_OFF)
    assert not old.is_ticking
    said = mover.run(IMPORT)
    assert f"The predecessor's rule ({TICK}) is switched off already." in said
    assert "its 2 tokens stay valid" in said
    watch.look()

    planned = mover.run(AGREE)
    adopted = len(running) - 1
    assert f"Plan: {adopted} to adopt, 1 for a person to look at, 1 kept." in planned
    mover.run(MERGE)
    watch.tick(3)
    assert_adopted(scene, running)
    assert told(scene.tick(), "zz-forgotten").startswith("report: it is not adopted, for it would")

    scene.lease("zz-forgotten", 30)
    watch.tick(2)
    assert scene.account.endpoint_tags("zz-forgotten")["leasehold:environment"] == "dev"
    assert scene.tick().plan.changes == ()

    extended(scene, mover, in_minutes(now, 190))
    moved_tokens(scene, mover)
    watch.tick(2)

    mover.run(SECOND_STEP)
    watch.tick(4)
    assert not any(watch.asked[each] for each in ("DeleteEndpoint", "CreateEndpoint"))
    assert watch.asked["UpdateEndpoint"] == 2  # Falcon and the asynchronous one
    assert scene.account.config(FALCON_ENDPOINT).startswith(f"{FALCON_ENDPOINT}-")
    assert output_of(scene, "demo-FlanT5Async-Endpoint") == output_of_old(scene)

    # It ends as the predecessor's parameter said, and what is on its old config starts again.
    watch.serving = [FALCON_ENDPOINT, "demo-FlanT5Async-Endpoint", *TEAM]
    scene.at(in_minutes(now, 26))
    watch.tick()
    assert scene.account.status("zz-short") == "absent"
    assert watch.asked["DeleteEndpoint"] == 1


def assert_adopted(scene: Scene, running: list[str]) -> None:
    for name in running:
        tags = scene.account.endpoint_tags(name)
        assert ("leasehold:ledger" in tags) is (name != "zz-forgotten"), name


def extended(scene: Scene, mover: Mover, until: datetime) -> None:
    """Extend by the new API, with a token of the old table."""
    legacy = Identities(legacy_token_table="AuthTable")
    server, _ = deployed(scene, identities=legacy)
    with server:
        mover.variables |= {"API_URL": f"{server.url}/prod", "OLD_TOKEN": TOKENS[0]}
        answer = json.loads(mover.run(CALL))
    assert answer["ExpiresAt"] == stamp(until)
    lease = parse_lease("", scene.forge.file("environments/dev/Falcon40B.lease.json").encode())
    assert not isinstance(lease, tuple)
    assert lease.expires_at == until


def moved_tokens(scene: Scene, mover: Mover) -> None:
    settings = parse_environment("", scene.forge.file("environments/dev/environment.json").encode())
    assert not isinstance(settings, tuple)
    table = TokenTable(scene.account.client("dynamodb"), settings.ddb_auth_table_name)
    table.ensure_table()
    mover.run(TOKENS_MOVED)
    assert all(table.find(token, scene.now) for token in TOKENS)


def output_of(scene: Scene, endpoint: str) -> object:
    config = scene.account.config(endpoint)
    described = scene.account.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    return described["AsyncInferenceConfig"]


def output_of_old(scene: Scene) -> object:
    (name,) = (
        each
        for each in scene.account.configs()
        if "FlanT5Async-" in each[:40] and each[:8] == "Endpoint"
    )
    described = scene.account.sagemaker.describe_endpoint_config(EndpointConfigName=name)
    return described["AsyncInferenceConfig"]
