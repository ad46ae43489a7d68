"""The predecessor's own examples, from `configs.json` to an answer, by the real SageMaker SDK."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from leasehold.cli import main
from tests.jumpstart import specs
from tests.jumpstart.conftest import REGIONS, put
from tests.leasehold.predecessor.account_of import FALCON, FLAN, ROLE, file_of
from tests.ledger.forge import git
from tests.scene import SETTLE, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.scene import Scene

TYPES = ["ml.g5.12xlarge", "ml.g5.8xlarge"]


def realtime(name: str, model_id: str, kind: str, path: str, source: str = "") -> dict[str, Any]:
    properties = {"lambda_src": source} if source else {}
    return {
        "name": name,
        "model_id": model_id,
        "inference_instance_type": "ml.g5.12xlarge",
        "inference_type": "realtime",
        "schedule": {"initial_provision_minutes": 90},
        "integration": {"type": kind, "properties": {**properties, "api_resource_name": path}},
    }


LAMBDA = realtime("Falcon40B", FALCON, "lambda", "falcon", "functions/falcon")
FLAN_LAMBDA = realtime("FlanT5lambda", FLAN, "lambda", "flan", "functions/flan")
DIRECT = realtime("FlanT5api", FLAN, "api", "flanapi")
ASYNC = {
    "name": "FlanT5Async",
    "model_id": FLAN,
    "inference_instance_type": "ml.g5.8xlarge",
    "inference_type": "async",
}
GONE = realtime("Old", "huggingface-llm-falcon-40b-gone", "api", "old")


@pytest.fixture
def fleet(scene: Scene, jumpstart: str) -> Iterator[Scene]:
    """A scene whose ledger is empty. Its account is new, so JumpStart's buckets are made again."""
    shapes = [specs.tarball(FALCON, "1.2.0"), specs.tarball(FLAN, "2.0.1")]
    ours = [{**each, "supported_inference_instance_types": TYPES} for each in shapes]
    for region in REGIONS:
        put(jumpstart, region, specs.objects(open_weights=ours))
    scene.at(datetime.now(UTC).replace(microsecond=0))  # which is what the commands go by
    scene.push({"environments/dev/environment.json": None, "README.md": "The fleet"}, "begin anew")
    yield scene
    for region in REGIONS:
        put(jumpstart, region, specs.objects())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


def imported(scene: Scene, folder: Path, *models: object) -> Path:
    """Import a file into Ben's clone."""
    file = folder / "configs.json"
    file.write_bytes(file_of(*models))
    given = ("--role-arn", ROLE, "--async-output-path", "s3://demo-answers/")
    author = ("--author", "Ana <ana@example.com>")
    clone = scene.ben.home
    scene.ben.pull()
    result = run("import", str(file), "-e", "dev", "--into", str(clone), *given, *author)
    assert result.exit_code == 0, result.output
    return clone


def merge_locks(scene: Scene) -> None:
    git(scene.ben.home, "add", "environments")
    git(scene.ben.home, "commit", "--quiet", "--message", "Lock")
    scene.ben.push()


def test_every_example_is_imported_locked_started_and_answers(fleet: Scene, tmp_path: Path) -> None:
    clone = imported(fleet, tmp_path, LAMBDA, FLAN_LAMBDA, DIRECT, ASYNC)
    fleet.ben.push()
    names = ["Falcon40B", "FlanT5lambda", "FlanT5api"]
    tick = fleet.tick()
    assert {str(each.verb) for each in tick.plan.actions} == {"report"}  # frozen without a lock
    locked = run("lock", "dev", "--into", str(clone))
    assert locked.exit_code == 0, locked.output
    merge_locks(fleet)
    assert run("lock", "--check", "--into", str(clone)).exit_code == 0

    tick = fleet.tick()
    assert told(tick, "demo-FlanT5Async-Endpoint").startswith("create: ")
    for name in names:
        assert told(tick, f"demo-{name}-Endpoint").startswith("keep: lease ended")
        fleet.lease(name, 60)
    fleet.tick()
    fleet.let_pass(seconds=SETTLE)
    runtime = fleet.account.client("sagemaker-runtime")
    for name in names:
        answer = runtime.invoke_endpoint(
            EndpointName=f"demo-{name}-Endpoint", Body=b'{"inputs": "Hello"}'
        )
        assert answer["Body"].read()
    s3 = fleet.account.client("s3")
    s3.create_bucket(Bucket="demo-answers")
    s3.put_object(Bucket="demo-answers", Key="in.json", Body=b'{"text_inputs": "Hello"}')
    place = runtime.invoke_endpoint_async(
        EndpointName="demo-FlanT5Async-Endpoint", InputLocation="s3://demo-answers/in.json"
    )["OutputLocation"]
    assert place.startswith("s3://demo-answers/demo-FlanT5Async-Endpoint/")
    assert fleet.tick().plan.changes == ()
    sent_as_locked(fleet, clone)


def sent_as_locked(scene: Scene, clone: Path) -> None:
    lock = json.loads((clone / "environments/dev/Falcon40B.lock.json").read_bytes())
    name = scene.account.config("demo-Falcon40B-Endpoint")
    model = scene.account.sagemaker.describe_model(ModelName=name)
    container = model["PrimaryContainer"]
    assert (container["Image"], container["Environment"]) == (lock["image"], lock["environment"])
    assert model["EnableNetworkIsolation"] is lock["enable_network_isolation"]
    assert lock["environment"]["SM_NUM_GPUS"] == "4"


def test_an_id_that_is_gone_stays_frozen_and_stops_no_other(fleet: Scene, tmp_path: Path) -> None:
    clone = imported(fleet, tmp_path, DIRECT, GONE)
    both = run("lock", "dev", "--into", str(clone))
    assert both.exit_code == 1
    assert "JumpStart has no model huggingface-llm-falcon-40b-gone" in both.output
    assert FALCON in both.output  # which looks most like it
    assert run("lock", "dev/FlanT5api", "--into", str(clone)).exit_code == 0
    merge_locks(fleet)
    fleet.lease("FlanT5api", 60)
    tick = fleet.tick()
    assert told(tick, "demo-FlanT5api-Endpoint").startswith("create: ")
    assert "frozen until its documents are mended" in told(tick, "demo-Old-Endpoint")


def test_models_and_new_ask_the_sdk(fleet: Scene, tmp_path: Path) -> None:
    clone = imported(fleet, tmp_path, DIRECT)
    listed = run("models", "flan", "--into", str(clone), "--output", "json")
    assert listed.exit_code == 0, listed.output
    (found,) = json.loads(listed.stdout)
    assert (found["model_id"], found["task"]) == (FLAN, "text to text")
    assert found["instance_types"] == [specs.GPU, *TYPES]
    made = run(
        "new", "Chat", "--model-id", FALCON, "--instance-type", TYPES[0], "--into", str(clone)
    )
    assert made.exit_code == 0, made.output
    assert run("lock", "--check", "dev/Chat", "--into", str(clone)).exit_code == 0
    assert os.environ["AWS_ENDPOINT_URL"]  # nothing of this went further than this machine
