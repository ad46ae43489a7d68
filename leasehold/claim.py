"""`leasehold claim`: endpoints that are Leasehold's at AWS become this environment's own.

Nothing else does that. A controller ends only what bears its ledger's and its record's id; what
was tagged before there were such ids, by a ledger that was restored or copied, or before a rename,
waits for a person who has looked at it.
"""

import sys
from collections.abc import Iterable, Sequence

import click
from rich.text import Text

from controller.aws.tagged_resources import TaggedResources
from controller.memory.logbook import Logbook
from controller.planning.artifact import ResourceKind
from controller.planning.claiming import Claim, Claimant, LeftAlone, TaggedResource, judge
from controller.planning.ownership import Owner
from leasehold.console import Cell, complain, dim, say, show_table
from leasehold.context import Context, connected
from ledger.errors import Failure, Refused
from ledger.holdings import Fleet, environment_path
from ledger.names import Name
from ledger.observed import Record
from ledger.tags import ENVIRONMENT_TAG, LEDGER_TAG, TAG_PREFIX

_HELD = (ResourceKind.ENDPOINT, ResourceKind.ENDPOINT_CONFIG, ResourceKind.MODEL)


@click.command
@connected
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--from",
    "former",
    metavar="LEDGER_ID",
    help="Also what bears this ledger's id: one that was copied or restored.",
)
@click.option("--yes", is_flag=True, help="Do not ask: for pipelines.")
def claim(context: Context, *, names: tuple[str, ...], former: str | None, yes: bool) -> None:
    """Take over endpoints that Leasehold tagged, with their configs and models.

    By default all that bear the tags of this environment and no other ledger's. It shows which tags
    they get, and asks; nothing but tags is changed.
    """
    fleet = context.fleet(context.repository().read())
    logbook = Logbook(context.status())
    claimant = _claimant(fleet, logbook.read(fleet.name), former)
    resources = _tagged_resources(context, fleet)
    judged = _named(resources, fleet, claimant, names) if names else _all(resources, claimant)
    claims = [each for each in judged if isinstance(each, Claim) and each.gives]
    _show_left_alone([each for each in judged if isinstance(each, LeftAlone)])
    if not claims:
        own = sum(isinstance(each, Claim) for each in judged)
        say(f"Nothing to claim in {fleet.name}: {own} of what was found bear its own tags already.")
        return
    _show(claims, claimant)
    if not yes:
        _ask(claims)
    logbook.begin(fleet.name)  # no tick may have done that yet: an upgrade claims before it deploys
    _give(resources, claims)


def _claimant(fleet: Fleet, record: Record, former: str | None) -> Claimant:
    """Say who claims. Raises Refused LH5053 where the ledger has no id yet."""
    settings = fleet.require_settings()
    if settings.ledger_id is None:
        raise Refused(
            "LH5053",
            f"{environment_path(fleet.name)} has no ledger_id: `leasehold init {fleet.name}` in"
            " your clone gives it one, to be committed and pushed.",
        )
    definitions = {item.endpoint_name: item.name for item in fleet.items}
    return Claimant(Owner.of(fleet, settings, record), definitions, former)


def _tagged_resources(context: Context, fleet: Fleet) -> TaggedResources:
    region = fleet.require_settings().region_name
    cloud = context.cloud
    return TaggedResources(
        cloud.client("sagemaker", region), cloud.client("resourcegroupstaggingapi", region)
    )


def _all(resources: TaggedResources, claimant: Claimant) -> list[Claim | LeftAlone]:
    owner = claimant.owner
    values = [(ENVIRONMENT_TAG, owner.environment)]
    values += [(LEDGER_TAG, each) for each in (owner.ledger_id, claimant.former) if each]
    found = resources.tagged(values)
    judged = [judge(claimant, each, named=False) for each in found]
    return sorted(judged, key=lambda each: _HELD.index(each.resource.kind))


def _named(
    resources: TaggedResources, fleet: Fleet, claimant: Claimant, names: Iterable[str]
) -> list[Claim | LeftAlone]:
    """Judge what was named. Raises Refused LH5054 where one of it cannot be claimed."""
    judged: list[Claim | LeftAlone] = []
    for name in names:
        item = fleet.find(name)
        found = resources.used_by(item.endpoint_name if item else name)
        if not found:
            raise Refused("LH5054", f"SageMaker has no endpoint {name:.80}: check the name.")
        endpoint, *parts = (judge(claimant, each, named=True) for each in found)
        if isinstance(endpoint, LeftAlone):
            raise Refused("LH5054", f"{name:.80} is not claimed: {endpoint.reason}.")
        # A config or model without our tags is borrowed, and stays so.
        judged += [endpoint, *(each for each in parts if _is_leaseholds(each.resource))]
    return list({each.resource.arn: each for each in judged}.values())


def _is_leaseholds(item: TaggedResource) -> bool:
    return LEDGER_TAG in item.tags or ENVIRONMENT_TAG in item.tags


def _show(claims: Sequence[Claim], claimant: Claimant) -> None:
    show_table(
        ("WHAT", "NAME", "GETS", "HAD"),
        [(each.resource.kind, _shown(each, claimant), *_tags(each)) for each in claims],
    )
    homeless = [
        str(each.resource.name)
        for each in claims
        if each.resource.kind is ResourceKind.ENDPOINT
        and each.resource.name not in claimant.definitions
    ]
    say()
    for name in homeless:
        say(Text(f"{name} has no definition: once claimed, a tick deletes it.", style="yellow"))


def _shown(claim: Claim, claimant: Claimant) -> str:
    """Return the name as the definition spells it; an ARN has it in lower case."""
    spelled = {Name(each): str(each) for each in claimant.definitions}
    return spelled.get(claim.resource.name, str(claim.resource.name))


def _tags(claim: Claim) -> tuple[Cell, Cell]:
    before = claim.resource.tags
    gets = ", ".join(sorted(key.removeprefix(TAG_PREFIX) for key in claim.gives))
    had = ", ".join(sorted(before[key] for key in claim.gives if key in before))
    return gets, had or dim("-")


def _show_left_alone(left: Sequence[LeftAlone]) -> None:
    if left:
        say("Left alone:")
        show_table(
            ("WHAT", "NAME", "WHY"),
            [(each.resource.kind, str(each.resource.name), each.reason) for each in left],
        )
        say()


def _ask(claims: Sequence[Claim]) -> None:
    """Go on if a person says so. Raises Refused LH5055 where there is none, or they do not."""
    if not sys.stdin.isatty():
        raise Refused(
            "LH5055",
            "nothing is claimed, for there is no terminal to ask in: say --yes once you have looked"
            " at what it would tag.",
        )
    if not click.confirm(f"Give {len(claims)} of them these tags?"):
        raise Refused("LH5055", "nothing is claimed.")


def _give(resources: TaggedResources, claims: Sequence[Claim]) -> None:
    """Tag one by one; the failure of one stops no other. Raises Refused LH5056 after the last."""
    failed = 0
    for each in claims:
        try:
            resources.give(each.resource, each.gives)
        except Failure as failure:
            failed += 1
            named = f"{each.resource.kind} {each.resource.name}: {failure.message}"
            complain(type(failure)(failure.code, named))
    say(f"Claimed {len(claims) - failed} of {len(claims)}.")
    if failed:
        raise Refused("LH5056", f"{failed} of {len(claims)} could not be tagged: run it again.")
