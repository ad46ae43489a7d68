"""Whether an environment is looked for in the region that its endpoints are in. Pure.

SageMaker shows the endpoints of one region only. Under another one those that run would seem to be
gone: they would be started a second time, and run on in the first region with nobody to end them.
"""

from ledger.fleet import Fleet, environment_path
from ledger.json_files import Violation
from ledger.observed import Record
from ledger.phases import Phase

_MOST_NAMED = 3


def in_its_region(fleet: Fleet, record: Record, works_in: str) -> Fleet:
    """Return the fleet, or a frozen one where its settings name a region that is not the right one.

    `works_in` is the region that this controller can see.
    """
    settings = fleet.environment
    if settings is None:
        return fleet
    region, before = settings.region_name, record.region_name
    running = [
        str(name)
        for name, entry in record.entries.items()
        if entry.phase is not Phase.ABSENT and not entry.foreign
    ]
    if running and before not in (None, region):
        named = ", ".join(sorted(running)[:_MOST_NAMED])
        more = f" and {len(running) - _MOST_NAMED} more" if len(running) > _MOST_NAMED else ""
        sentence = (
            f"it was {before}, and {named}{more} run there. Change it back and release them; once"
            f" they are gone, it may be {region}."
        )
    elif region != works_in:
        sentence = (
            f"it is {region}, and this controller works in {works_in}: deploy it in {region}, or"
            " change it back."
        )
    else:
        return fleet
    file = environment_path(fleet.name)
    violation = Violation("LH1021", file, "/region_name", sentence)
    return Fleet(fleet.name, None, violations=(violation,), siblings=fleet.siblings)
