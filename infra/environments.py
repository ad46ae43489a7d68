"""The environments that a context names, and what is wrong with it before they are read.

What is meant for one environment of several has its name before it: `prod.domain_name`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from infra.context import wrong_keys, wrong_names, wrong_values
from infra.errors import SettingsError
from infra.options import of_environment
from infra.settings import clashes, known_environments, read
from ledger.holdings import ROOT as ENVIRONMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra.settings import Settings


def read_all(context: Mapping[str, object], folder: Path) -> list[Settings]:
    """Read the environments that a context names. Raises SettingsError.

    `folder` holds `environments/`, unless the context names another: by `ledger`, or by
    `environments` itself.
    """
    named = context.get("environment")
    _refuse((*wrong_values(context), *wrong_names(str(named or ""))))
    files = _ledger(context, folder)
    _refuse(wrong_keys(context, _known(context, files)))
    names = [each.strip() for each in str(named or "").split(",")]
    everything = [read(files, partial(of_environment, name, context.get)) for name in names]
    _refuse(clashes(everything))
    return everything


def _known(context: Mapping[str, object], files: Path) -> tuple[str, ...]:
    try:
        return known_environments(files)
    except SettingsError as error:
        by = next((key for key in ("environments", "ledger") if context.get(key)), "")
        raise SettingsError(f"{by}: {error}" if by else str(error)) from error


def _refuse(problems: Iterable[str]) -> None:
    if found := [*problems]:
        raise SettingsError("\n".join(found))


def _ledger(context: Mapping[str, object], folder: Path) -> Path:
    if named := context.get("environments"):
        if context.get("ledger"):
            raise SettingsError(
                "ledger: environments names a folder of a ledger already. Take one of them away."
            )
        path = Path(str(named)).expanduser().resolve()
        if path.name != ENVIRONMENTS:
            raise SettingsError(
                f"environments: `{named}` is no folder of this name in a ledger. Name the folder"
                f" that is called {ENVIRONMENTS}, or the one above it as ledger."
            )
        return path.parent
    return Path(str(context.get("ledger") or folder)).expanduser()
