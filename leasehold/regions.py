"""The regions that botocore knows, without asking AWS."""

from difflib import get_close_matches
from functools import cache

from botocore.loaders import create_loader

from ledger.documents import Environment
from ledger.fleet import environment_path
from ledger.json_files import Violation

_NEAREST = 3
_PSEUDO = "-global"  # how a partition's services without a region are called


def wrong_region(environment: str, settings: Environment) -> tuple[Violation, ...]:
    """Say where a region does not exist, or a role cannot be one of the region's partition."""
    region, file = settings.region_name, environment_path(environment)
    known = _partitions()
    if region not in known:
        near = get_close_matches(region, sorted(known), n=_NEAREST)
        meant = f": did you mean {', '.join(near)}?" if near else "."
        sentence = f"AWS has no region {region}, as far as botocore knows{meant}"
        return (Violation("LH1027", file, "/region_name", sentence),)
    partition = known[region]
    if (told := settings.execution_role_arn.split(":")[1]) != partition:
        sentence = f"it is of the partition {told}, and {region} belongs to {partition}."
        return (Violation("LH1027", file, "/execution_role_arn", sentence),)
    return ()


@cache
def _partitions() -> dict[str, str]:
    """Return the partition of each region."""
    loader = create_loader()
    found = {
        region: partition["id"]
        for partition in loader.load_data("partitions")["partitions"]
        for region in partition["regions"]
    }
    # The list of endpoints has regions that the list of partitions lacks, and the reverse.
    found |= {
        region: partition["partition"]
        for partition in loader.load_data("endpoints")["partitions"]
        for region in partition["regions"]
    }
    return {region: name for region, name in found.items() if not region.endswith(_PSEUDO)}
