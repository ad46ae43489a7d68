"""`leasehold tour`: the whole story in under a minute, each step observed and not just told.

    a clone, a commit that adds an endpoint, a push    the controller starts it
    a curl that extends its lease                      a commit by the caller
    a git log of the lease                             who, when, why
    a curl that releases it                            SageMaker has it no longer

An entry point. A step that does not come about ends the tour with a sentence and exit status 1.
"""

import json
import time

import click
from botocore.exceptions import ClientError
from rich.text import Text

from leasehold import tour_shell
from leasehold.console import say
from leasehold.curl import call
from leasehold.tour_shell import TourShell, answer, await_, show
from leasehold.welcome import EXAMPLE
from ledger.errors import Unavailable

NAME = "Translator"
ENDPOINT = f"demo-{NAME}-Endpoint"
_DEFINITION = f"environments/dev/{NAME}.endpoint.json"
_LEASE = f"environments/dev/{NAME}.lease.json"
_DOCUMENT = {
    "$schema": "../../schema/endpoint.schema.json",
    "name": NAME,
    "model": {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/translator:1.0.0"},
    "inference_instance_type": "ml.g5.xlarge",
    "inference_type": "realtime",
    "schedule": {"initial_provision_minutes": 30},
}
_START_SECONDS = 60.0
_REGION = "us-east-1"  # of the example ledger, by `seeds`, which needs a sandbox
_DESCRIBE = f"aws sagemaker describe-endpoint --endpoint-name {ENDPOINT} --query EndpointStatus"


@click.command
def tour() -> None:
    """Watch it work, in half a minute.

    A commit adds an endpoint, a curl extends its lease, git log says who did and why.
    """
    begin = time.monotonic()
    _title("Start everything on this machine, in a folder of its own")
    show("leasehold up")
    with tour_shell.opened() as shell:
        running = shell.running
        answer(f"gateway {running.gateway_url}\nledger  {running.git_url}")
        answer(f"AWS     {running.aws_endpoint_url}")
        _await_examples(shell)
        _commit_a_definition(shell)
        _see_it_start(shell)
        _extend(shell)
        _read_the_history(shell)
        _release(shell)
    say()
    took = time.monotonic() - begin
    say(Text(f"That was Leasehold, in {took:.0f} s. Now yours: leasehold up", style="bold green"))


def _await_examples(shell: TourShell) -> None:
    """Let the first leases of the examples be committed: a push right before them would lose."""
    await_("the examples start", _START_SECONDS, lambda: _status(shell, EXAMPLE) is not None)


def _commit_a_definition(shell: TourShell) -> None:
    _title("An endpoint is a file in git: clone the ledger, add one, push")
    shell.run(["git", "clone", "--quiet", shell.running.git_url, "ledger"])
    answer(" ".join(sorted(path.name for path in shell.clone.glob("environments/dev/*"))))
    document = json.dumps(_DOCUMENT, indent=2)
    (shell.clone / _DEFINITION).write_text(document + "\n")
    show(f"cat {_DEFINITION}")
    answer(document)
    shell.run(["git", "add", _DEFINITION])
    shell.run(["git", "commit", "--quiet", "-m", f"Add {NAME}"])
    shell.push()


def _see_it_start(shell: TourShell) -> None:
    _title("The controller grants its first lease and starts it")
    took = await_(f"{ENDPOINT} is InService", _START_SECONDS, lambda: _status(shell) == "InService")
    show(_DESCRIBE)
    answer(f'"InService"   after {took:.0f} s')


def _extend(shell: TourShell) -> None:
    _title("Ten minutes more: one curl, answered with the new expiry and its commit")
    body = {"EndpointName": ENDPOINT, "minutes": 10, "reason": "demo at noon"}
    before = _lease_end(shell)
    given = call(shell, "POST", "", body)
    after = _lease_end(shell)
    if not before < after == given.get("ExpiresAt"):
        raise Unavailable(
            "LH5030",
            f"the extension did not arrive: the lease ended at {before}, and ends at {after} now.",
        )


def _read_the_history(shell: TourShell) -> None:
    _title("Who kept it alive, when and why? Ask git")
    shell.run(["git", "pull", "--quiet"])
    history = shell.run(["git", "log", "-1", _LEASE])
    if f"Lease-Endpoint: {ENDPOINT}" not in history or "Lease-Action: extend" not in history:
        raise Unavailable("LH5030", "git log does not show the extension.")


def _release(shell: TourShell) -> None:
    _title("Done early? Give it back, and SageMaker has it no longer")
    call(shell, "DELETE", f"?EndpointName={ENDPOINT}", None)
    await_(f"{ENDPOINT} is gone", _START_SECONDS, lambda: _status(shell) is None)
    show(_DESCRIBE)
    answer(f"Could not find endpoint {ENDPOINT!r}.")


def _status(shell: TourShell, endpoint: str = ENDPOINT) -> str | None:
    sagemaker = shell.cloud.client("sagemaker", _REGION)
    try:
        return str(sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"])
    except ClientError as error:
        if "Could not find endpoint" in str(error):
            return None
        raise Unavailable("LH5030", f"AWS refused: {error}.") from error


def _lease_end(shell: TourShell) -> str:
    """Read the end of the lease from the ledger itself, past the gateway that changes it."""
    shell.quietly(["git", "pull", "--quiet"])
    return str(json.loads((shell.clone / _LEASE).read_bytes())["expires_at"])


def _title(text: str) -> None:
    say()
    say(Text(f"# {text}", style="bold cyan"))
