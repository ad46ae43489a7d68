"""The app as a whole: it passes the checks that a deployment passes, and needs nobody for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.documents import with_ledger_id
from tests.infra.conftest import ENVIRONMENT, synthesise, write
from tests.infra.synthesis import HANDLERS, QUIET, Synthesis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]
PACKAGE_CACHE = (
    Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
)  # else it is unpacked anew

NO_SOCKETS_IN_NODE = """
require('fs').writeFileSync(process.env.WITNESS, 'loaded');
const refuse = () => { throw new Error('the synthesis used the network'); };
require('net').Socket.prototype.connect = refuse;
require('dns').lookup = refuse;
require('dgram').Socket.prototype.send = refuse;
"""
NO_SOCKETS_IN_PYTHON = """
import runpy, socket
def refuse(*arguments):
    raise OSError("the synthesis used the network")
socket.socket.connect = socket.socket.sendto = socket.getaddrinfo = refuse
runpy.run_module("infra.app", run_name="__main__", alter_sys=True)
"""


def test_no_role_may_do_everything_of_anything(synthesis: Synthesis) -> None:
    roles = [
        name
        for name, role in synthesis.resources("AWS::IAM::Role").items()
        if "ManagedPolicyArns" not in role["Properties"]  # API Gateway's own, for its logs
    ]
    assert len(roles) >= len(HANDLERS)
    for role in roles:
        actions = {action for it in synthesis.statements_of(role) for action in it.actions}
        assert actions
        assert [action for action in actions if "*" in action] == []


def test_each_function_has_a_role_of_its_own(synthesis: Synthesis) -> None:
    functions = synthesis.properties("AWS::Lambda::Function")
    assert len({json.dumps(function["Role"]) for function in functions}) == len(functions)


@pytest.mark.parametrize(("name", "handler"), HANDLERS.items())
def test_each_function_runs_code_that_is_there(
    synthesis: Synthesis, task: Callable[[str], Path], name: str, handler: str
) -> None:
    assert synthesis.function(name)["Handler"] == handler
    module, _, function = handler.rpartition(".")
    code = (task(name) / f"{module.replace('.', '/')}.py").read_text()
    assert re.search(rf"^def {function}\(", code, re.MULTILINE)


def test_no_stack_needs_another_to_be_there(synthesis: Synthesis) -> None:
    """Either can be deployed, replaced and destroyed alone: an export would forbid it."""
    for template in synthesis.templates():
        text = template.read_text()
        assert not re.search("Fn::ImportValue|Fn::GetStackOutput|Export", text)


def test_cdk_nag_has_nothing_to_say(synthesis: Synthesis, built: Synthesis) -> None:
    assert synthesis.findings() == built.findings() == []


def test_a_finding_of_cdk_nag_stops_the_synthesis(
    node: Path, checkout: Path, context: Mapping[str, str], tmp_path: Path
) -> None:
    from aws_cdk import App, Stack  # noqa: PLC0415  # starts node
    from aws_cdk.aws_sns import Topic  # noqa: PLC0415

    from infra.app import compose  # noqa: PLC0415

    app = App(outdir=str(tmp_path), context=context)
    compose(app, checkout)
    Topic(Stack(app, "careless"), "Unencrypted")
    with pytest.raises(RuntimeError, match="AwsSolutions"):
        app.synth()


def test_the_app_is_synthesised_without_account_credentials_or_network(
    node: Path, context: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "refuse.js").write_text(NO_SOCKETS_IN_NODE)
    files = tmp_path / "ledger"
    shutil.copytree(ROOT / "environments", files / "environments")
    settings = files / "environments" / "dev" / "environment.json"
    settings.write_bytes(with_ledger_id(settings.read_bytes(), "5f2c9a7be01d4386"))
    run = run_app(node, tmp_path, {**context, "environment": "dev", "ledger": str(files)})
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "witness").read_text() == "loaded"
    synthesis = Synthesis(tmp_path / "cdk.out")
    assert len(synthesis.templates()) == 2
    assert synthesis.findings() == []


def test_a_wrong_setting_is_answered_by_a_sentence(
    node: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from infra.app import main  # noqa: PLC0415  # starts node

    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["infra.app", "-c", "environment=nowhere"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == "There is no environment `nowhere`. Choose one of: dev, prod."
    assert not (tmp_path / "manifest.json").exists()


def test_an_environment_without_a_ledgers_id_is_answered_by_the_command_that_gives_one(
    node: Path, context: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "refuse.js").write_text(NO_SOCKETS_IN_NODE)
    run = run_app(node, tmp_path, {**context, "environment": "dev"})
    assert run.returncode == 1
    assert run.stderr.strip() == (
        "environments/dev/environment.json: it has no ledger_id, by which AWS knows what the"
        " controller may touch. Run `leasehold init dev` in your clone of the ledger, then commit"
        " and push."
    )


def run_app(
    node: Path, folder: Path, context: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the app as a person does, in an environment that has nothing but a PATH to node."""
    chosen = [argument for key, value in context.items() for argument in ("-c", f"{key}={value}")]
    return subprocess.run(
        [sys.executable, "-c", NO_SOCKETS_IN_PYTHON, *chosen],
        cwd=ROOT,
        env={
            **QUIET,
            "PATH": str(node.parent),
            "HOME": str(folder),
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(PACKAGE_CACHE),
            "CDK_OUTDIR": str(folder / "cdk.out"),
            "NODE_OPTIONS": f"--require {folder / 'refuse.js'}",
            "WITNESS": str(folder / "witness"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_environments_of_two_regions_are_one_app(
    node: Path, context: Mapping[str, str], tmp_path: Path
) -> None:
    """Each has what is said of it alone, and else what is said of all."""
    write(tmp_path, ENVIRONMENT)
    other = tmp_path / "environments" / "far"
    other.mkdir()
    far = {**ENVIRONMENT, "region_name": "us-east-1", "ddb_auth_table_name": "far-tokens"}
    far |= {"notifications": {}, "ledger_id": "00000000000000aa"}
    (other / "environment.json").write_text(json.dumps(far))
    said = {
        **context,
        "environment": "live, far",
        "environments": str(tmp_path / "environments"),
        "far.reserved_concurrency": "off",
        "far.git_secret_name": "far/git",
    }
    synthesise(tmp_path / "nowhere", tmp_path / "out", said)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    regions = {
        name: artifact["environment"].rpartition("/")[2]
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert regions == {
        "shop-live-controller": "eu-central-1",
        "shop-live-gateway": "eu-central-1",
        "shop-far-controller": "us-east-1",
        "shop-far-gateway": "us-east-1",
    }
    texts = {name: (tmp_path / "out" / f"{name}.template.json").read_text() for name in regions}
    assert "ReservedConcurrentExecutions" in texts["shop-live-controller"]
    assert "ReservedConcurrentExecutions" not in texts["shop-far-controller"]
    assert "far/git" in texts["shop-far-gateway"]
    assert "far/git" not in texts["shop-live-gateway"]


def test_what_two_environments_cannot_both_have_is_refused_before_any_is_deployed(
    node: Path, context: Mapping[str, str], tmp_path: Path
) -> None:
    from infra.errors import SettingsError  # noqa: PLC0415

    write(tmp_path, ENVIRONMENT)
    other = tmp_path / "environments" / "next"
    other.mkdir()
    (other / "environment.json").write_text(json.dumps(ENVIRONMENT))
    said = {**context, "environment": "live,next", "execution_role": "new"}
    said["domain_name"] = "leases.example.com"
    said["certificate_arn"] = "arn:aws:acm:eu-central-1:123456789012:certificate/1f-2e"
    with pytest.raises(SettingsError) as refused:
        synthesise(tmp_path, tmp_path / "out", said)
    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "domain_name",
        "ddb_auth_table_name",
        "execution_role",
    ]
    assert "`leases.example.com` would be made for live and for next." in lines[0]


def test_a_folder_that_is_not_called_environments_is_refused(
    node: Path, context: Mapping[str, str], checkout: Path, tmp_path: Path
) -> None:
    from infra.errors import SettingsError  # noqa: PLC0415

    with pytest.raises(SettingsError, match="is no folder of this name in a ledger"):
        synthesise(checkout, tmp_path, {**context, "environments": str(checkout)})
