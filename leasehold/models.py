"""`leasehold models`: what JumpStart offers in a region, to choose a `model_id` from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from leasehold.clone import into_option
from leasehold.console import dim, note, output_option, say, show_json, show_table
from leasehold.jumpstart import extra
from leasehold.jumpstart.listing import Listed, looked_up, matching
from leasehold.jumpstart.model import Catalogue, NotResolvableError
from leasehold.jumpstart.versions import nearest
from ledger.checkout import documents
from ledger.errors import Refused
from ledger.holdings import environments, read_fleet

_MOST_LOOKED_UP = 40
_MOST_TYPES = 3


@click.command
@click.argument("text", nargs=-1)
@click.option("--region", metavar="NAME", help="AWS region; by default the clone's.")
@into_option
@output_option
def models(text: tuple[str, ...], *, region: str | None, into: Path, output: str) -> None:
    """List JumpStart's models whose id, task or keywords have TEXT, each by its newest version.

    Of many only ids, versions and tasks are shown: say more of the name to see the rest. Needs the
    extra: pip install 'leasehold[jumpstart]'.
    """
    place = region or region_of(into)
    words = [word for each in text for word in each.split()]
    note(f"Loading the SageMaker SDK for the models of {place} ...")
    catalogue = extra.catalogues()(place)
    found = _found(catalogue, words)
    if output == "json":
        show_json([_as_data(each) for each in found])
        return
    if any(each.model or each.problem for each in found):
        headers = ("ID", "VERSION", "TASK", "TYPES", "LICENCE")
        show_table(headers, [_row(each) for each in found], spare=("TASK", "TYPES"))
        for each in found:
            if each.remark:
                say(dim(f"{each.header.model_id}: {each.remark}"))
    else:
        rows = [(each.header.model_id, each.header.version, each.task) for each in found]
        show_table(("ID", "VERSION", "TASK"), rows)
        say(dim(f"{len(found)} models: say more of the name to see types and licences."))


def region_of(clone: Path) -> str:
    """Return the region of a clone's environments. Raises Refused LH5087 where there is not one."""
    try:
        entries = documents(clone)
    except Refused:
        entries = {}
    fleets = [read_fleet(entries, each) for each in environments(entries)]
    regions = {each.environment.region_name for each in fleets if each.environment}
    if len(regions) == 1:
        return regions.pop()
    there = f"the environments here have {', '.join(sorted(regions))}" if regions else "none here"
    raise Refused("LH5087", f"nothing says which region is meant ({there}): say --region NAME.")


def _found(catalogue: Catalogue, words: Sequence[str]) -> list[Listed]:
    """Return what matches. Raises Refused LH5088 where nothing does."""
    try:
        headers = matching(catalogue, words)
        if not headers:
            raise _nothing(catalogue, words)
    except NotResolvableError as error:
        raise Refused("LH5088", error.sentence) from error
    if len(headers) > _MOST_LOOKED_UP:
        return [Listed(each) for each in headers]
    return [looked_up(catalogue, each) for each in headers]


def _nothing(catalogue: Catalogue, words: Sequence[str]) -> Refused:
    known = [each.model_id for each in matching(catalogue, ())]
    near = nearest("-".join(words), known)
    meant = f": did you mean {', '.join(near)}?" if near else "."
    return Refused(
        "LH5088",
        f"JumpStart has no model with {' and '.join(words) or 'any name'} in"
        f" {catalogue.region_name}{meant}",
    )


def _row(item: Listed) -> tuple[str, ...]:
    licence = item.model.eula_url if item.model else None
    version = item.header.version
    return item.header.model_id, version, item.task, _types(item), licence or "-"


def _types(item: Listed) -> str:
    kinds = item.instance_types
    more = len(kinds) - _MOST_TYPES
    shown = ", ".join(kinds[:_MOST_TYPES])
    return f"{shown} and {more} more" if more > 0 else shown or "-"


def _as_data(item: Listed) -> dict[str, Any]:
    return {
        "model_id": item.header.model_id,
        "model_version": item.header.version,
        "task": item.task,
        "instance_types": list(item.instance_types) if item.model else None,
        "default_instance_type": item.model.default_instance_type if item.model else None,
        "eula_url": item.model.eula_url if item.model else None,
        "remark": item.remark or None,
    }
