"""What bounds a policy to one project and environment: the tags that the controller gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.tags import ENVIRONMENT_TAG, PROJECT_TAG

if TYPE_CHECKING:
    from infra.settings import Settings

REQUEST, RESOURCE = "aws:RequestTag", "aws:ResourceTag"


def our_tags(settings: Settings, key: str = RESOURCE) -> dict[str, str]:
    """Return a condition: the RESOURCE that is touched has our tags, or the REQUEST gives them."""
    tags = {PROJECT_TAG: settings.environment.project_prefix, ENVIRONMENT_TAG: settings.name}
    return {f"{key}/{tag}": value for tag, value in tags.items()}
