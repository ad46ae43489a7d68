"""The verbs against a running `leasehold up`: look, extend, release, read the history."""

import json
import re
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests.leasehold.running import HANGS_SECONDS, Leasehold, Up, variables

REAL = {
    "name": "",
    "model": {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/chat:1.0.0"},
    "inference_instance_type": "ml.m5.large",
    "inference_type": "realtime",
}


def definition(name: str, **fields: object) -> tuple[str, str]:
    """A file of the dev environment: its path, and its text."""
    return f"environments/dev/{name}.endpoint.json", json.dumps({**REAL, "name": name, **fields})


def test_the_examples_with_a_first_lease_are_started_and_the_others_are_not(up: Up) -> None:
    up.await_status("demo-Summarizer-Endpoint", "InService")
    assert not {"demo-Inpainting-Endpoint", "demo-Transcriber-Endpoint"} & up.statuses().keys()


@pytest.mark.parametrize(
    ("path", "asked", "told"),
    [
        ("/falcon", {"inputs": "who is it?"}, [{"generated_text": "who is it?"}]),
        ("/summarizer", {"text_inputs": "in short"}, {"generated_texts": ["in short"]}),
    ],
)
def test_the_examples_answer_at_paths_of_their_own(
    up: Up, path: str, asked: dict[str, str], told: object
) -> None:
    up.await_status("demo-Summarizer-Endpoint", "InService")
    headers = {"Authorization": up.says["token"]}
    url, body = up.says["gateway_url"] + path, json.dumps(asked).encode()
    with urllib.request.urlopen(
        urllib.request.Request(url, body, headers), timeout=HANGS_SECONDS
    ) as answer:
        assert json.load(answer) == told


def test_the_example_of_jumpstart_is_served_by_its_lock(up: Up) -> None:
    up.await_status("demo-Photos-Endpoint", "InService")
    lock = json.loads(up.git("show", "HEAD:environments/dev/Photos.lock.json"))
    sagemaker = up.account.sagemaker
    config = sagemaker.describe_endpoint(EndpointName="demo-Photos-Endpoint")["EndpointConfigName"]
    container = sagemaker.describe_model(ModelName=config)["PrimaryContainer"]
    assert (container["Image"], container["Environment"]) == (lock["image"], lock["environment"])


def test_status_shows_each_endpoint_with_its_lease_and_why(up: Up) -> None:
    done = up.leasehold("status")
    assert done.returncode == 0, done.stderr
    (falcon,) = (line for line in done.stdout.splitlines() if "Falcon40B" in line)
    assert falcon.split()[:3] == ["demo-Falcon40B-Endpoint", "InService", "on"]
    assert re.search(r" in [1-9][0-9]? min ", falcon)  # a busy machine takes its time
    assert "leased until " in falcon
    (transcriber,) = (line for line in done.stdout.splitlines() if "Transcriber" in line)
    name = "demo-Transcriber-Endpoint"
    assert transcriber.split() == [name, "absent", "off", *"------", "no", "lease"]


def test_status_gives_machines_the_same_as_json(up: Up) -> None:
    rows = {row["name"]: row for row in up.leasehold.json("status")}
    falcon = rows["Falcon40B"]
    assert (falcon["sagemaker_status"], falcon["state"]) == ("InService", "on")
    assert datetime.fromisoformat(falcon["lease_expires_at"]) > datetime.now(UTC)


def test_an_extension_is_a_commit_by_the_caller_and_starts_the_endpoint(up: Up) -> None:
    name, minutes, reason = "Inpainting", "20", "the [board] looks at noon"
    done = up.leasehold("extend", name, minutes, "--reason", reason)
    assert done.returncode == 0, done.stderr
    assert "demo-Inpainting-Endpoint: leased until " in done.stdout
    assert "by Ana <ana@example.com>" in done.stdout
    up.await_status("demo-Inpainting-Endpoint", "InService")
    log = up.git("log", "-1", "--format=%an %cn%n%B", "environments/dev/Inpainting.lease.json")
    assert log.startswith("Ana Ana\nlease(dev): extend Inpainting by 20 min to ")
    assert f"> {reason}" in log
    (entry, *_) = up.leasehold.json("log", name)
    assert (entry["author"]["name"], entry["action"], entry["reason"]) == ("Ana", "extend", reason)
    assert entry["commit"][:8] in done.stdout
    assert reason in up.leasehold("log", name).stdout


def test_what_aws_refuses_is_in_the_log_beside_the_leases(up: Up) -> None:
    fault = {"kind": "invalid", "operation": "CreateModel", "times": 1}
    request = urllib.request.Request(
        f"{up.says['aws_endpoint_url']}/sandbox/faults", json.dumps(fault).encode(), method="POST"
    )
    urllib.request.urlopen(request).close()
    up.publish(*definition("Denied", schedule={"initial_provision_minutes": 30}))
    up.await_(lambda: len(up.leasehold.json("log", "Denied")) > 1)
    refusal, grant = up.leasehold.json("log", "Denied", "--limit", "2")
    assert (refusal["action"], grant["action"]) == ("refused", "grant")
    assert "CreateModel: 1 validation error detected" in refusal["reason"]
    shown = up.leasehold("log", "Denied").stdout
    assert "refused" in shown
    assert "AWS refuses the request as it is." in " ".join(shown.split())


def test_a_released_endpoint_leaves_sagemaker(up: Up) -> None:
    up.publish(*definition("Brief", schedule={"initial_provision_minutes": 30}))
    up.await_status("demo-Brief-Endpoint", "InService")
    done = up.leasehold("release", "demo-Brief-Endpoint", "--author", "Ben <ben@example.com>")
    assert "demo-Brief-Endpoint: lease ended at " in done.stdout
    assert "by Ben <ben@example.com>" in done.stdout
    up.await_status("demo-Brief-Endpoint", None)
    actions = [entry["action"] for entry in up.leasehold.json("log", "Brief")]
    assert actions == ["release", "grant"]


def test_the_gateway_answers_with_and_without_the_stage(up: Up) -> None:
    for stage in ("", "/prod"):
        status, lease = up.ask("GET", query="?EndpointName=demo-Falcon40B-Endpoint", stage=stage)
        assert (status, lease["Status"]) == (200, "live")


def test_the_predecessors_call_adds_an_endpoint_on_an_existing_config(up: Up) -> None:
    body = {
        "EndpointName": "Painter",
        "EndpointConfigName": "jumpstart-example-model-inpainting-cfg",
        "minutes": 30,
    }
    status, answer = up.ask("POST", body=body)
    assert status == 200, answer
    up.await_status("Painter", "InService")


def test_a_token_opens_the_gateway_and_a_revoked_one_does_not(up: Up) -> None:
    create = ("token", "create", "--for", "Ben <ben@example.com>", "--days", "2")
    kept, revoked = up.leasehold.json(*create), up.leasehold.json(*create)
    assert "is revoked" in up.leasehold("token", "revoke", revoked["id"]).stdout
    assert up.ask("GET", token=kept["token"])[0] == 200
    assert up.ask("GET", token=revoked["token"])[0] == 401
    listed = {record["id"] for record in up.leasehold.json("token", "list")}
    assert kept["id"] in listed
    assert revoked["id"] not in listed


def test_a_token_ends_after_90_days_and_may_be_for_some_endpoints_alone(up: Up) -> None:
    create = ("token", "create", "--for", "Ben <ben@example.com>", "--only", "demo-falcon*")
    made = up.leasehold.json(*create)
    lives = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lives == timedelta(days=90)
    assert made["only"] == ["demo-falcon*"]
    for name, status in (("Falcon40B", 200), ("Summarizer", 403)):
        asked = up.ask("GET", query=f"?EndpointName={name}", token=made["token"])
        assert asked[0] == status
    assert up.leasehold.json(*create, "--days", "0")["expires_at"] is None
    assert "demo-falcon*" in up.leasehold("token", "list").stdout
    wrong = up.leasehold("token", "create", "--for", "Ben <ben@example.com>", "--only", "a/b")
    assert "LH4232" in wrong.stderr


def test_a_token_is_all_that_a_shell_takes_into_a_variable(up: Up) -> None:
    done = up.leasehold("token", "create", "--for", "Ben <ben@example.com>")
    assert done.stdout.count("\n") == 1
    assert up.ask("GET", token=done.stdout.strip())[0] == 200
    assert "it is not shown again." in done.stderr


def test_a_plan_exits_with_0_where_nothing_is_to_do(up: Up) -> None:
    done = up.leasehold("plan")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to change" in done.stdout


def test_a_plan_exits_with_2_where_changes_are_due(up: Up) -> None:
    done = up.leasehold("plan", "--environment", "prod", "--output", "markdown")
    assert done.returncode == 2
    row = next(line for line in done.stdout.splitlines() if "`Search`" in line)
    assert row.startswith("| **+ start** |")
    assert row.endswith("| always on; no prices |")


def test_a_plan_exits_with_1_where_documents_are_broken(up: Up) -> None:
    path, text = "environments/broken/Chat.endpoint.json", "{}"
    up.publish(path, text)
    done = up.leasehold("plan", "-e", "broken")
    up.publish(path, None)
    assert done.returncode == 1
    assert "environments/broken/environment.json" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("extend", "Falcon40B", "100000"), "LH4102"),
        (("extend", "Nobody", "10"), "LH4106"),
        (("release", "Transcriber"), "LH4105"),
        (("log", "Nobody"), "LH4106"),
        (("plan", "-e", "staging"), "LH5002"),
        (("extend", "Falcon40B", "10", "--author", "Ana"), "LH5003"),
        (("token", "revoke", "ffff"), "LH4205"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_refusal_is_one_sentence_with_its_code(
    up: Up, arguments: tuple[str, ...], code: str
) -> None:
    done = up.leasehold(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("leasehold: ")
    assert done.stderr.endswith(f"[{code}]\n")
    assert done.stderr.count("\n") == 1


def test_without_an_up_and_without_a_repository_a_verb_says_what_to_do(
    leasehold: Leasehold,
) -> None:
    done = leasehold("status")
    assert done.returncode == 1
    assert "LEASEHOLD_REPOSITORY" in done.stderr
    assert done.stderr.endswith("[LH5001]\n")


def test_the_variables_name_the_ledger_and_aws(up: Up, leasehold: Leasehold) -> None:
    done = leasehold(
        "plan",
        LEASEHOLD_REPOSITORY=up.says["git_url"],
        LEASEHOLD_ENVIRONMENT="prod",
        AWS_ENDPOINT_URL=up.says["aws_endpoint_url"],
        AWS_ACCESS_KEY_ID="any",
        AWS_SECRET_ACCESS_KEY="any",
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith("prod at ")


def test_one_reconcile_converges_an_environment_that_no_controller_serves(
    up: Up, leasehold: Leasehold
) -> None:
    home = str(up.folder / ".leasehold")
    done = leasehold("reconcile", "-e", "prod", "--home", home)
    assert done.returncode == 0, done.stderr
    up.await_status("shop-Search-Endpoint", "InService")


def test_a_reconcile_that_goes_on_tells_its_news_and_ends_cleanly(up: Up) -> None:
    command = [sys.executable, "-m", "leasehold", "reconcile", "--every", "0.2", "-e", "dev"]
    process = subprocess.Popen(
        command, cwd=up.folder, env=variables(up.folder), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = next(line for line in process.stdout if "InService demo-Falcon40B-Endpoint\n" in line)
    process.terminate()
    process.communicate(timeout=HANGS_SECONDS)
    assert process.returncode == 0
    assert told
