"""`leasehold doctor`: what a deployment needs, looked at one by one, each with what mends it.

It changes nothing. One check that cannot be made hides no other.
"""

import json
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
from rich.text import Text

from infra.options import of_environment
from leasehold.console import output_option, say, screen, show_json
from leasehold.context import Context, clock, connecting
from leasehold.doctor import (
    aws_checks,
    deployment_checks,
    git_checks,
    network_checks,
    notice_checks,
)
from leasehold.doctor.finding import BY_CODE, Finding, State, Told, guarded
from leasehold.doctor.subject import CREDENTIALS, DOCUMENTS, LEDGER, READ, SECRET, Named, Subject
from ledger import variables

_WIDEST = 80
_INDENT = 9
_STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "red", State.SKIPPED: "dim"}
_CHOICES = Path("cdk.context.json")
_AWS = "Look at AWS_PROFILE; `aws sts get-caller-identity` tries these credentials."
_RIGHTS = (
    "Look whether this machine reaches AWS, and give whoever runs this the right to look: nothing"
    " else of a deployment needs it."
)
_REPOSITORY = "Try `git ls-remote` with the same address and credentials."

_OPENS = (
    "Put JSON with username and token, or with private_key and known_hosts, into the secret that"
    " --git-secret names."
)
_PUSH = (
    "Let this account push to the branch, past reviews and checks that are for people"
    " (docs/security.md)."
)

_NOTICES = "Read docs/notices.md, which has each line of setting it up."

_Examine = Callable[[Subject], Iterable[Told]]
# What is found out first is told first: later checks need it and do not repeat it.
CHECKS: tuple[tuple[str, _Examine, str], ...] = (
    (LEDGER, git_checks.ledger, "Name the repository with --repository."),
    (SECRET, git_checks.secret, _OPENS),
    (READ, git_checks.readable, _REPOSITORY),
    (DOCUMENTS, git_checks.documents, "Run `leasehold validate` in a clone."),
    ("repository: write", git_checks.writable, _PUSH),
    ("repository: history", git_checks.history, git_checks.PROTECT),
    ("status branch", git_checks.status_branch, "Let this account push to leasehold/status."),
    ("signatures", git_checks.signing, "Read docs/security.md, Signatures."),
    (CREDENTIALS, aws_checks.credentials, _AWS),
    ("clock", network_checks.clock, "Set the clock by a time server."),
    ("certificates", network_checks.certificates, "Look at the address, and at the proxy."),
    ("bootstrap", aws_checks.bootstrap, _RIGHTS),
    ("choices", deployment_checks.choices, _RIGHTS),
    ("concurrency", deployment_checks.concurrency, _RIGHTS),
    ("network", deployment_checks.network, _RIGHTS),
    ("instances", aws_checks.instances, _RIGHTS),
    ("token table", aws_checks.token_table, _RIGHTS),
    ("webhook", network_checks.webhook, "Look at the address of the API."),
    ("links", notice_checks.links, _NOTICES),
    ("channels", notice_checks.channels, _NOTICES),
)


@click.command
@connecting
@click.option(
    "--git-secret",
    envvar=variables.GIT_SECRET,
    metavar="NAME",
    help="Secret in Secrets Manager by which functions open the repository; it is tried."
    " By default git_secret_name of what is deployed.",
)
@click.option(
    "--webhook-secret",
    envvar=variables.WEBHOOK_SECRET,
    metavar="NAME",
    help="Secret that proves webhooks; by default webhook_secret_name of what is deployed.",
)
@click.option(
    "--api-url",
    envvar="LEASEHOLD_API_URL",
    metavar="URL",
    help="Address of the API; by default notifications.api_url.",
)
@click.option(
    "--region",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    metavar="NAME",
    help="Where the secret is, if the environment cannot be read without it.",
)
@click.option(
    "--qualifier",
    default="hnb659fds",
    show_default=True,
    metavar="TEXT",
    help="The CDK bootstrap's, if it is one of your own.",
)
@click.option(
    "--context",
    "-c",
    "choices",
    multiple=True,
    metavar="KEY=VALUE",
    help="What is deployed, as `cdk` is told it, beside what ./cdk.context.json says.",
)
@output_option
def doctor(  # noqa: PLR0913  (click hands over each option by itself)
    open_context: Callable[[], Context],
    *,
    git_secret: str | None,
    webhook_secret: str | None,
    api_url: str | None,
    region: str | None,
    qualifier: str,
    choices: tuple[str, ...],
    output: str,
) -> None:
    """Look at all that a deployment needs, and say what mends what is missing. It changes nothing.

    Exits with 0 when nothing failed (warnings may be there), and else with 1.
    """
    told, unread = _in_file()
    chosen = {**told, **dict(each.partition("=")[::2] for each in choices)}
    named = Named(
        git_secret or _chosen(chosen, "git_secret_name"),
        webhook_secret or _chosen(chosen, "webhook_secret_name"),
        api_url,
        region,
        qualifier,
        chosen,
        unread,
    )
    with tempfile.TemporaryDirectory(prefix="leasehold-", ignore_cleanup_errors=True) as folder:
        findings = _examined(Subject(open_context, named, clock, Path(folder)))
        if output == "json":
            found = list(findings)
            show_json([asdict(each) for each in found])
        else:
            found = list(_said(findings))
    if any(each.state is State.FAILED for each in found):
        raise SystemExit(1)


def _chosen(choices: Mapping[str, object], key: str) -> str | None:
    """Return a name that a deployment is told, for its one environment or for all."""
    environment = str(choices.get("environment") or "").strip()
    found = of_environment(environment, choices.get, key)
    return found.strip() or None if isinstance(found, str) else None


def _in_file() -> tuple[dict[str, object], str]:
    """Return what the CDK's own file says here, or why it says nothing that can be read."""
    try:
        told = json.loads(_CHOICES.read_text())
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, RecursionError) as error:
        return {}, f"{_CHOICES} cannot be read: {error}."
    if not isinstance(told, dict):
        return {}, f"{_CHOICES} is no JSON object, so the CDK would not read it either."
    return told, ""


def _examined(subject: Subject) -> Iterator[Finding]:
    for name, examine, fix in CHECKS:
        by_code = {} if name == CREDENTIALS else BY_CODE
        yield from guarded(name, fix, partial(examine, subject), by_code)


def _said(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Print each finding as it comes, and count them in the end."""
    counts = dict.fromkeys(State, 0)
    for finding in findings:
        counts[finding.state] += 1
        code = f" [{finding.code}]" if finding.code else ""
        state = Text(f"{finding.state:<{_INDENT}}", style=_STYLES[finding.state])
        first, *rest = _wrapped(f"{finding.check}: {finding.sentence}{code}")
        say(Text.assemble(state, first))
        for line in (*rest, *(_wrapped(f"Fix: {finding.fix}") if finding.fix else ())):
            say(" " * _INDENT + line)
        yield finding
    say()
    say(", ".join(f"{count} {state}" for state, count in counts.items() if count) + ".")


def _wrapped(text: str) -> list[str]:
    """Wrap for the screen; what is to be pasted is not broken."""
    width = min(screen().width, _WIDEST) - _INDENT
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
