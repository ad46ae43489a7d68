"""Which things of Leasehold's at AWS an environment may claim, and the tags that make them its own.

Pure. The controller never claims: a person does, who is shown what it means, because whatever is
claimed may be ended afterwards.

    tags                                                  verdict
    ----------------------------------------------------  ---------------------------------------
    none of Leasehold's                                   a stranger: adopted, and never claimed
    another ledger's id, and nobody named that ledger     another ledger's
    the environment of another folder of this repository  a sibling's
    no ledger's id, this environment and project          claim
    no ledger's id, another environment or project        claim if a person named it, else others'
    this ledger's id, or the one that a person named      claim; nothing where all tags are right
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from controller.planning.artifact import ResourceKind
from controller.planning.ownership import Owner
from ledger.names import EndpointName, Name
from ledger.tags import ENVIRONMENT_TAG, LEDGER_TAG, NAME_TAG, PROJECT_TAG


@dataclass(frozen=True, slots=True)
class TaggedResource:
    """An endpoint, a config or a model of the account, with its tags."""

    kind: ResourceKind
    name: Name
    arn: Name
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claimant:
    """The environment that claims. `former` is a ledger's id whose things are meant too.

    `definitions` name those that have an endpoint, by the endpoint's name.
    """

    owner: Owner
    definitions: Mapping[EndpointName, Name] = field(default_factory=lambda: MappingProxyType({}))
    former: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The tags that a resource gets; none where it is the claimant's already."""

    resource: TaggedResource
    gives: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A resource that is not claimed, and why."""

    resource: TaggedResource
    reason: str


def judge(claimant: Claimant, item: TaggedResource, *, named: bool) -> Claim | LeftAlone:
    """Say what becomes of a thing that a person named, or that was found by its tags."""
    reason = _obstacle(claimant, item.tags, named=named)
    return LeftAlone(item, reason) if reason else Claim(item, _gives(claimant, item))


def _obstacle(claimant: Claimant, tags: Mapping[str, str], *, named: bool) -> str:
    """Return why it is not claimed, or nothing."""
    ledger, environment = tags.get(LEDGER_TAG), tags.get(ENVIRONMENT_TAG)
    project, owner = tags.get(PROJECT_TAG), claimant.owner
    if ledger is None and environment is None:
        return "it has no tags of Leasehold: `leasehold adopt` is for it"
    if ledger not in (None, owner.ledger_id, claimant.former):
        return f"it belongs to the ledger {ledger}: say --from {ledger} if that was this one's"
    if environment in owner.siblings:
        return f"it belongs to the environment {environment} of this repository"
    is_before = ledger is None and (environment, project) == (owner.environment, owner.project)
    if ledger is None and not is_before and not named:
        return f"its tags say project {project} and environment {environment}: name it to mean it"
    return ""


def _gives(claimant: Claimant, item: TaggedResource) -> Mapping[str, str]:
    definition = None
    if item.kind is ResourceKind.ENDPOINT:
        definition = claimant.definitions.get(EndpointName(item.name))
    wanted = claimant.owner.tags(str(definition or item.tags.get(NAME_TAG, "")))
    return {key: value for key, value in wanted.items() if value and item.tags.get(key) != value}
