"""Prices that were read long ago: AWS may list others by now. Pure; `now` is an argument."""

from dataclasses import replace
from datetime import datetime

from ledger.documents.prices import OLD
from ledger.fleet import Fleet, prices_path
from ledger.json_files import Violation


def with_old_prices(fleet: Fleet, now: datetime) -> Fleet:
    """Return the fleet with a warning of old prices; an example cannot be kept up to date."""
    prices = fleet.prices
    if prices is None or prices.is_example or not prices.is_old(now):
        return fleet
    sentence = (
        f"these prices were read {(now - prices.read_at).days} days ago, more than {OLD.days}:"
        " `leasehold prices update` reads them again."
    )
    found = Violation("LH1081", prices_path(fleet.name), "/read_at", sentence, "warning")
    return replace(fleet, violations=(*fleet.violations, found))
