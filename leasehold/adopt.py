"""`leasehold adopt`: the definition of an endpoint that is there already, ready for review.

It writes a file and touches nothing else: the endpoint becomes Leasehold's when the file is merged
and its owner has agreed, by a tag at AWS. Who may merge is not always who may tag.
"""

import shlex
from pathlib import Path

import click

from controller.planning.components import ComponentQuestion, may_host, with_prices
from controller.planning.observed import Existing
from controller.planning.ownership import Owner
from leasehold.clone import into_option
from leasehold.console import dim, say, tell
from leasehold.context import Cloud, Context, connected
from leasehold.overtaken import ADVICE
from ledger.documents import Adoption, ExistingConfig, dump_adoption, parse_definition
from ledger.errors import Refused
from ledger.holdings import Broken, Fleet, Holding, document_path
from ledger.observed import Record
from ledger.phases import Phase, Status, phase_of
from ledger.tags import ADOPTABLE_TAG, ENVIRONMENT_TAG, LEDGER_TAG, PROJECT_TAG


@click.command
@connected
@click.argument("endpoint")
@click.option("--name", help="What to call it; by default the endpoint's own name.")
@click.option(
    "--minutes",
    type=click.IntRange(min=1, max=525600),
    default=60,
    show_default=True,
    help="Length of its first lease.",
)
@into_option
def adopt(context: Context, *, endpoint: str, name: str | None, minutes: int, into: Path) -> None:
    """Write the definition of ENDPOINT, which SageMaker has already.

    Commit the file to adopt the endpoint: it gets Leasehold's tags and a first lease, once its
    owner has agreed by a tag. Where the file is merged already, only that is shown.
    """
    fleet = context.fleet(context.repository().read())
    fleet.require_settings()
    if (defined := fleet.find(endpoint)) and _adopts(defined):
        _show_consent(context, fleet, _found(context, fleet, defined.endpoint_name))
        return
    if defined:
        file = document_path(fleet.name, defined.name, "endpoint")
        raise Refused("LH5006", f"{defined.endpoint_name} is defined already, in {file}.")
    found = _found(context, fleet, endpoint)
    path = _free_path(fleet, name or found.endpoint_name, into)
    content = _definition(name or found.endpoint_name, found, minutes)
    path.write_bytes(content)
    say(f"Wrote {path}.")
    say(dim(f"Commit and push it, and {found.endpoint_name} is leased for {minutes} min."))
    tell(dim(ADVICE))
    _show_components(context, fleet, found)
    _show_consent(context, fleet, found)


def _adopts(item: Holding | Broken) -> bool:
    return isinstance(item, Holding) and item.definition.adopt


def _show_consent(context: Context, fleet: Fleet, found: Existing) -> None:
    """Tell whether the owner of the endpoint has agreed, and how it is done."""
    consent = Owner.of(fleet, fleet.require_settings(), Record()).consent
    if found.tags.get(ADOPTABLE_TAG) == consent:
        say(dim(f"Its owner has agreed: its tag {ADOPTABLE_TAG} says {consent}."))
        return
    say(f"It is not adopted before its owner has agreed, by the tag {ADOPTABLE_TAG}:")
    say(consent_command(context.cloud, fleet.require_settings().region_name, found, consent))


def _show_components(context: Context, fleet: Fleet, found: Existing) -> None:
    """Warn where inference components are on it, or nobody can tell: an end would hold then."""
    if not may_host(found.endpoint_name, found.config_name):
        return
    question = ComponentQuestion(found.endpoint_name, found.config_name)
    answers = context.account(fleet).components((question,))
    hosted = with_prices(answers, fleet.prices)[found.endpoint_name]
    if hosted.problem:
        say(f"Nobody could look whether inference components are on it: {hosted.problem}")
    elif hosted.names:
        say(
            f"! It hosts inference components ({hosted.listed}). Leasehold does not end them: when"
            f" its lease ends, it goes on to cost {hosted.cost} until somebody deletes them, and"
            " idle_minutes does not count for it."
        )


def consent_command(cloud: Cloud, region: str, found: Existing, consent: str) -> str:
    """Return the command that gives the consent, here and now."""
    tag = f"Key={ADOPTABLE_TAG},Value={consent}"
    words = ("sagemaker", "add-tags")
    return aws_command(cloud, region, *words, "--resource-arn", found.arn, "--tags", tag)


def aws_command(cloud: Cloud, region: str, service: str, verb: str, *options: str) -> str:
    """Return a command of AWS's own command line, for the account that is asked here."""
    sandbox = ("--endpoint-url", cloud.sandbox_url) if cloud.sandbox_url else ()
    return shlex.join(["aws", service, verb, *sandbox, "--region", region, *options])


def _found(context: Context, fleet: Fleet, endpoint: str) -> Existing:
    """Find the endpoint. Raises Refused LH5006 where there is none that may be adopted."""
    found = context.account(fleet).find(endpoint)
    if found is None:
        raise Refused(
            "LH5006",
            f"SageMaker has no endpoint {endpoint}. `aws sagemaker list-endpoints` names them.",
        )
    for tag in (LEDGER_TAG, PROJECT_TAG, ENVIRONMENT_TAG):
        if tag in found.tags:
            raise Refused(
                "LH5006",
                f"{found.endpoint_name} is Leasehold's already: its tag {tag} says"
                f" {found.tags[tag]}. If it was this environment's, `leasehold claim"
                f" {found.endpoint_name}` takes it back.",
            )
    if found.config_name is None or phase_of(found.status) is not Phase.SERVING:
        raise Refused(
            "LH5006",
            f"{found.endpoint_name} is {found.status}: adopt it once it is {Status.IN_SERVICE}.",
        )
    return found


def _free_path(fleet: Fleet, name: str, into: Path) -> Path:
    """Choose the file. Raises Refused LH5007 where it cannot be written."""
    path = into / document_path(fleet.name, name, "endpoint")
    if not path.parent.is_dir():
        raise Refused(
            "LH5007", f"there is no folder {path.parent}: run it in a clone of the ledger."
        )
    if path.exists():
        raise Refused("LH5007", f"{path} is there already: choose another --name.")
    return path


def _definition(name: str, found: Existing, minutes: int) -> bytes:
    """Write it. Raises Refused LH5007 for a name that no definition may have."""
    serving = ExistingConfig(found.config_name or "")
    adoption = Adoption(found.is_async, minutes)
    content = dump_adoption(name, found.endpoint_name, serving, adoption)
    checked = parse_definition(f"{name}.endpoint.json", content)
    if isinstance(checked, tuple):
        raise Refused("LH5007", " ".join(str(violation) for violation in checked))
    return content
