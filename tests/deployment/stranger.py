"""Somebody with Node, Python and no account, who follows docs/deploy.md on this machine.

In AWS's place stand moto's server, and the sandbox for SageMaker and what belongs to it; in the git
host's, a server with a certificate of an authority of its own. The checkout is a clone, its `.venv`
this run's Python, and `npm ci` has been done before.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.http.routes import METHODS
from infra.constructs_.gateway_functions import BY_MODELS
from sandbox.api_gateway.authorizer import TokenAuthorizer
from sandbox.api_gateway.rest_api import ApiGateway, RestApi, Route
from sandbox.git.server import GitServer
from tests.conftest import staged
from tests.infra.packaged import HERE, Stock, unpack
from tests.infra.synthesis import QUIET
from tests.leasehold.aws_cli import answering
from tests.leasehold.test_doctor import Account as Quotas
from tests.leasehold.test_doctor import serving
from tests.ledger.forge import Forge, hosted
from tests.ledger.tls import make_authority, tls_before
from tests.scene import REGION, Account, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lambda_service import Lambda

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "deploy.md"
CDK = ROOT / "node_modules" / ".bin" / "cdk"
ACCOUNT = "123456789012"
ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
EXAMPLE_HOST = "https://git.example.com"
LOGIN = ("leasehold", "t0ken")
# What the sandbox answers, for moto's server knows too little of it.
SANDBOXES = (
    *("SAGEMAKER", "SAGEMAKER_RUNTIME", "CLOUDWATCH", "APPLICATION_AUTO_SCALING"),
    "RESOURCE_GROUPS_TAGGING_API",
)
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
CURL = """#!/bin/bash
# What is asked of API Gateway is asked of the functions that were deployed.
for word in "$@"; do
  if [[ $word == https://*.execute-api.* ]]; then
    word="http://127.0.0.1:$API_PORT/prod/${word#https://*/*/}" # moto knows no stage
  fi
  words+=("$word")
done
exec /usr/bin/curl --silent --show-error "${words[@]}"
"""
# moto has no change sets that know exports, nor the values that a parameter had.
NPX = """#!/bin/bash
case "$*" in
  "cdk deploy"*) set -- "$@" --method direct --previous-parameters=false ;;
  "cdk diff"*) set -- "$@" --method template ;;
esac
exec {npx} "$@"
"""
NPM = """#!/bin/sh
[ "$1" = ci ] || exec {npm} "$@"
test -x node_modules/.bin/cdk
"""


def blocks() -> Iterator[tuple[str, str]]:
    """Yield the guide's commands, each block with the number of its section."""
    section = ""
    for part in re.split(r"^(?=## |```)", GUIDE.read_text(), flags=re.MULTILINE):
        if part.startswith("## "):
            section = part.split()[1].rstrip(".")
        elif part.startswith("```sh\n"):
            yield section, part.removeprefix("```sh\n")


@dataclass
class Stranger:
    """`scene` has the sandbox; `moto` is AWS else. `done` are the guide's blocks, by section."""

    folder: Path
    scene: Scene
    moto: Account
    forge: Forge
    authority: str
    stock: Stock
    api_port: int = 0
    quotas_url: str = ""
    done: list[str] = field(default_factory=list)

    @property
    def checkout(self) -> Path:
        return self.folder / "leasehold"

    def follow(self, section: str, which: int = 0) -> str:
        """Run a block of a section; blocks go in the guide's order, and none is left out."""
        listed = [*blocks()]
        place = [number for number, (each, _) in enumerate(listed) if each == section][which]
        assert len(self.done) == place, f"section {section} is not what comes next"
        self.done.append(section)
        return self.run(self._here(listed[place][1]))

    def _here(self, text: str) -> str:
        """Put this machine in the place of the guide's examples."""
        host = self.forge.url.removesuffix("/fleet.git")
        machine = f'"environment": "dev",\n  "architecture": "{HERE}",'
        return text.replace(EXAMPLE_HOST, host).replace('"environment": "dev",', machine)

    def run(self, block: str) -> str:
        state = self.folder / "state"
        state.touch()
        kept = 'declare -p API_URL TOKEN LEASEHOLD_REPOSITORY 2>/dev/null >"$STATE" || true'
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f'. "$STATE"\n{block}\n{kept}'],
            cwd=self.checkout,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        with (self.folder / "log").open("a") as log:
            log.write(f"{block}\n{done.stdout}\n{done.stderr}\n")
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def variables(self) -> dict[str, str]:
        sandboxes = {f"AWS_ENDPOINT_URL_{each}": self.scene.account.url for each in SANDBOXES}
        asked = ("LAMBDA", "SERVICE_QUOTAS")  # of a doctor
        home = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
        return {
            **QUIET,
            **KEYS,
            **sandboxes,
            **{f"AWS_ENDPOINT_URL_{each}": self.quotas_url for each in asked},
            "AWS_ENDPOINT_URL": self.moto.url,
            "AWS_REGION": REGION,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "STATE": str(self.folder / "state"),
            "API_PORT": str(self.api_port),
            "SSL_CERT_FILE": self.authority,
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(home),
            "ARGS": f"--architecture {HERE}",
            # Nobody is there to be asked.
            "CDK_REQUIRE_APPROVAL": "never",
            "CDK_FORCE": "true",
            "CDK_NOTICES": "false",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }

    # -- what is in the account

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self.moto.client(service)

    def stacks(self) -> set[str]:
        listed = self.client("cloudformation").describe_stacks()["Stacks"]
        return {stack["StackName"] for stack in listed}

    def tables(self) -> list[str]:
        return list(self.client("dynamodb").list_tables()["TableNames"])

    def secrets(self) -> set[str]:
        listed = self.client("secretsmanager").list_secrets()["SecretList"]
        return {each["Name"] for each in listed}

    def roles(self) -> list[str]:
        listed = self.client("iam").list_roles()["Roles"]
        return [it["RoleName"] for it in listed if not it["RoleName"].startswith("cdk-")]

    def functions(self) -> list[dict[str, Any]]:
        return list(self.client("lambda").list_functions()["Functions"])

    def function(self, handler: str, variable: str = "") -> dict[str, Any]:
        """Return a deployed function by what it runs, and by a variable that it alone is told."""
        (found,) = (
            it
            for it in self.functions()
            if it["Handler"] == handler
            and (not variable or variable in it["Environment"]["Variables"])
        )
        return found

    def controller(self) -> dict[str, Any]:
        return self.function("controller.handler.handler")

    def code(self, function: Mapping[str, Any]) -> bytes:
        """Return the zip that a deployed function has, from where the CDK has put it."""
        s3 = self.client("s3")
        for item in s3.list_objects_v2(Bucket=ASSETS)["Contents"]:
            body: bytes = s3.get_object(Bucket=ASSETS, Key=item["Key"])["Body"].read()
            if base64.b64encode(hashlib.sha256(body).digest()).decode() == function["CodeSha256"]:
                return body
        raise AssertionError(f"{function['FunctionName']} has code that nobody has published")

    @contextmanager
    def started(self, function: Mapping[str, Any]) -> Iterator[Lambda]:
        """Run a deployed function: its own code, and the variables that it was deployed with."""
        digest = hashlib.sha256(function["CodeSha256"].encode()).hexdigest()[:12]
        task = self.folder / "tasks" / digest
        if not task.exists():
            archive = self.folder / f"{digest}.zip"
            archive.write_bytes(self.code(function))
            unpack(archive, task)
        variables = {
            **function["Environment"]["Variables"],
            **KEYS,
            "AWS_ENDPOINT_URL": self.scene.account.url,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.moto.url,
            "AWS_ENDPOINT_URL_DYNAMODB": self.moto.url,
            "AWS_DEFAULT_REGION": REGION,
        }
        with self.stock.started(task, function["Handler"], variables) as running:
            yield running

    def tick(self) -> dict[str, str]:
        """Have the deployed controller tick, and return what it did with which endpoint."""
        with self.started(self.controller()) as controller:
            answer = controller.invoke({"source": "aws.events"}).answer
        (self.folder / "last-tick.json").write_text(json.dumps(answer, indent=2))
        return {it["endpoint_name"]: it["action"] for it in answer["actions"]}

    def wait(self, seconds: float) -> None:
        """Let SageMaker have had so much time."""
        self.scene.account.ask("POST", "/clock", {"advance_seconds": seconds + 1})

    @contextmanager
    def api(self) -> Iterator[None]:
        """Serve the API by the functions that were deployed for it."""
        gateway = self.function("gateway.handler.handler", "LEASEHOLD_CHANGE_TABLE")
        models = self.function("gateway.handler.handler", "LEASEHOLD_STATE_MACHINE")
        door = self.function("gateway.authorizer_handler.handler")
        with ExitStack() as stack:
            asked, models_asked, doors = (
                _handler(stack.enter_context(self.started(each)))
                for each in (gateway, models, door)
            )
            routes = tuple(
                Route(
                    each.method,
                    each.resource,
                    models_asked if each.operation in BY_MODELS else asked,
                    each.scope is not None,
                )
                for each in METHODS
            )
            api = ApiGateway(
                RestApi(routes, authorizer=TokenAuthorizer(doors, clock=_now)), clock=_now
            )
            with api:
                self.api_port = int(api.url.rpartition(":")[2])
                yield


def _now() -> datetime:
    return datetime.now(UTC)


def _handler(running: Lambda) -> Any:  # noqa: ANN401
    return lambda event, _context: running.invoke(event).answer


@contextmanager
def stranger(folder: Path) -> Iterator[Stranger]:
    """Give a machine on which nothing has been done yet."""
    with ExitStack() as stack:
        scene = stack.enter_context(staged(folder / "scene"))
        scene.at(_now())
        scene.account.ask("POST", "/clock", {"running": True})  # functions have the machine's own
        moto = Account(stack.enter_context(moto_server()))
        bare = hosted(folder / "git", "fleet.git")
        server = stack.enter_context(GitServer(bare.parent, credentials=dict([LOGIN])))
        authority = folder / "authority.pem"
        authority.write_text(make_authority(folder))
        port = stack.enter_context(tls_before(int(server.url.rpartition(":")[2]), folder))
        made = Stranger(
            folder,
            scene,
            moto,
            Forge(bare, f"https://127.0.0.1:{port}/fleet.git"),
            str(authority),
            Stock.make(folder / "runtime"),
            quotas_url=stack.enter_context(serving(Quotas())),
        )
        _check_out(made)
        _furnish(made, stack.enter_context(answering(moto.client, made.checkout)))
        yield made


def _check_out(made: Stranger) -> None:
    """Make a clone of this checkout, with what has been changed in it and is not committed yet."""
    origin = made.folder / "origin"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, origin / name)
            shutil.copymode(ROOT / name, origin / name)
    plain_git(origin, "init", "--quiet", "--initial-branch=main")
    release(made, "Begin")
    plain_git(made.folder, "clone", "--quiet", str(origin), str(made.checkout))
    (made.checkout / "node_modules").symlink_to(ROOT / "node_modules")
    (made.checkout / ".git" / "info" / "exclude").write_text(
        "node_modules\n"
    )  # a link is no folder
    wheels = ROOT / "build" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (made.checkout / "build").mkdir()
    (made.checkout / "build" / "wheels").symlink_to(wheels)


def release(made: Stranger, message: str) -> None:
    """Commit what is in the repository that the checkout is a clone of."""
    person = ("-c", "user.name=Maintainer", "-c", "user.email=maintainer@example.com")
    plain_git(made.folder / "origin", "add", "--all")
    plain_git(made.folder / "origin", *person, "commit", "--quiet", "--message", message)


def plain_git(folder: Path, *words: str) -> None:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", *words], cwd=folder, env={**settings, "PATH": os.environ["PATH"]}, check=True
    )


def _furnish(made: Stranger, aws: str) -> None:
    """Put programs where they are found, and settings into a home."""
    environment = made.checkout / ".venv"
    python = f'PYTHONPATH={made.checkout} exec {sys.executable} "$@"'
    leasehold = python.replace(' "$@"', ' -m leasehold "$@"')
    for path, text in {
        made.folder / "bin" / "aws": aws,
        made.folder / "bin" / "curl": CURL,
        made.folder / "bin" / "npm": NPM.format(npm=shutil.which("npm")),
        made.folder / "bin" / "npx": NPX.format(npx=shutil.which("npx")),
        environment / "bin" / "python": f"#!/bin/sh\n{python}\n",
        environment / "bin" / "leasehold": f"#!/bin/sh\n{leasehold}\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    (environment / ".deploy-installed").touch()
    home = made.folder / "home"
    home.mkdir()
    host = made.forge.url.removesuffix("/fleet.git")
    (home / "credentials").write_text(host.replace("https://", f"https://{':'.join(LOGIN)}@"))
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ana\n\temail = ana@example.com\n[init]\n\tdefaultBranch = main\n"
        f"[http]\n\tsslCAInfo = {made.authority}\n"
        f"[credential]\n\thelper = store --file={home / 'credentials'}\n"
    )


def secret(made: Stranger) -> None:
    """Write the file that the guide asks for."""
    username, token = LOGIN
    told = {
        "username": username,
        "token": token,
        "ca_bundle": Path(made.authority).read_text(),
    }
    (made.checkout / "secret.json").write_text(json.dumps(told))


@contextmanager
def moto_server() -> Iterator[str]:
    """Start moto's server. By 127.0.0.1 it would take a template's address for a bucket's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("moto_server")
    with subprocess.Popen([str(program), "-H", "127.0.0.1", "-p", str(port)]) as server:
        try:
            while not is_listening(port):
                assert server.poll() is None
                time.sleep(0.1)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()


def is_listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
