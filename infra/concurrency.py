"""How many of the account's concurrent executions a deployment reserves.

The controller has one, so that ticks never overlap. A function that answers without a token has as
many as its open routes could need: whoever floods them takes no more of the account's, and no other
function stands still for it. It imports nothing, for `leasehold doctor` asks it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra.definitions import OwnPath
    from infra.options import Options

CONTROLLER = 1
WEBHOOK = 5  # it answers at once
CONSOLE = 50  # so does this, to pages that ask for all their files together, some thirty each
GATEWAY = 100  # two hundred callers at once, whom the API lets in at ten a second
MODELS = 50  # where a definition's public path is answered by it
PUBLIC_FUNCTION = 10


def has_open_models(paths: Collection[OwnPath]) -> bool:
    """Tell whether a model is asked without a token by the functions that ask all models."""
    return any(path.public and path.source is None for path in paths)


def reserved(options: Options, paths: Collection[OwnPath]) -> int:
    """Return how many executions a deployment has for itself, by its choices and definitions."""
    if not options.reserves:
        return 0
    controller = 0 if options.build_minutes else CONTROLLER
    models = MODELS if has_open_models(paths) else 0
    functions = sum(path.public and path.source is not None for path in paths)
    return controller + WEBHOOK + CONSOLE + GATEWAY + models + functions * PUBLIC_FUNCTION
