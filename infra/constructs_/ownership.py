"""What bounds a policy to one environment of one ledger: the tags that the controller gives.

The project is no part of it: whoever changes `project_prefix` still has the endpoints of before to
end, and the ledger's id says whose they are better than a name that another ledger may have too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.tags import ADOPTABLE_TAG, ENVIRONMENT_TAG, LEDGER_TAG

if TYPE_CHECKING:
    from infra.settings import Settings

REQUEST, RESOURCE = "aws:RequestTag", "aws:ResourceTag"
RESOURCE_LEDGER = f"{RESOURCE}/{LEDGER_TAG}"
RESOURCE_ENVIRONMENT = f"{RESOURCE}/{ENVIRONMENT_TAG}"


def our_tags(settings: Settings, key: str = RESOURCE) -> dict[str, str]:
    """Return a condition: the RESOURCE that is touched has our tags, or the REQUEST gives them."""
    tags = {LEDGER_TAG: settings.ledger_id, ENVIRONMENT_TAG: settings.name}
    return {f"{key}/{tag}": value for tag, value in tags.items()}


def offered_to_us(settings: Settings) -> dict[str, str]:
    """Return a condition: its owner lets this environment adopt it."""
    ours = f"{settings.environment.project_prefix}/{settings.name}"
    return {f"{RESOURCE}/{ADOPTABLE_TAG}": ours}
