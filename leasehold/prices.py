"""`leasehold prices`: the list prices of an environment's region, as a file for review.

It reads AWS's price list and writes one file of a clone. Whoever merges it says by which prices
plans, limits and reports go from then on; git has those of every day before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from controller.aws.clients import PATIENT
from controller.aws.prices import PriceList, pricing_region
from controller.price_list import Listed, read_products
from leasehold.clone import into_option
from leasehold.console import dim, note, say
from leasehold.context import Context, clock, connected
from ledger.documents import Prices, dump_prices, parse_prices
from ledger.documents.prices import plain
from ledger.errors import Refused
from ledger.fleet import prices_path
from ledger.holdings import Fleet
from ledger.hosts import Host, Usage
from ledger.json_files import as_sentences

SOURCE = "AWS Price List GetProducts AmazonSageMaker"
_Priced = Mapping[tuple[Usage, str], Decimal]


@click.group
def prices() -> None:
    """Read the list prices that plans, limits and reports go by."""


@prices.command
@connected
@into_option
def update(context: Context, *, into: Path) -> None:
    """Write the environment's prices.json anew from AWS's price list.

    It needs `pricing:GetProducts`. Commit the file: its diff has one line for each price that
    changed.
    """
    fleet = context.fleet(context.repository().read())
    region = fleet.require_settings().region_name
    name = prices_path(fleet.name)
    file = into / name
    before = _before(file, name)
    there = pricing_region(region)
    listed = PriceList(context.cloud.client("pricing", there, PATIENT))
    found = {usage: read_products(listed.products(region, usage), region, usage) for usage in Usage}
    now = clock().replace(microsecond=0)
    made = assembled(found, region, now)
    if before:
        made = replace(made, savings_plan_factor=before.savings_plan_factor)
    _write(file, checked(name, dump_prices(made)))
    say(f"Wrote {file}: {len(made.by_type)} prices of {region} in {made.currency}.")
    for line in changes(before.by_type if before else {}, made.by_type):
        say(line)
    for host in without_price(fleet, made):
        say(f"! {host.instance_type} has no price for {host.usage}, and a definition names it.")
    say(dim("Commit it, and plans, limits and reports go by it."))


def assembled(
    found: Mapping[Usage, Mapping[str, Listed]], region_name: str, now: datetime
) -> Prices:
    """Put a file together. Raises Refused LH5130 where AWS lists nothing, LH5132 for currencies."""
    every = [each for listed in found.values() for each in listed.values()]
    if not found.get(Usage.HOSTING):
        raise Refused(
            "LH5130",
            f"AWS lists no prices of hosting in {region_name}, and those of another region are no"
            " prices of this one: nothing was written. Where AWS publishes them elsewhere, write"
            " them into prices.json by hand.",
        )
    currencies = sorted({each.currency for each in every})
    if len(currencies) > 1:
        raise Refused(
            "LH5132",
            f"AWS's price list has prices of {region_name} in {' and '.join(currencies)}: a file"
            " has one currency, so nothing was written. Please report it.",
        )
    published = [each.published_at for each in every if each.published_at]
    return Prices(
        region_name,
        currencies[0],
        SOURCE,
        now,
        {(each.usage, each.instance_type): each.price for each in every},
        published_at=max(published, default=None),
    )


def changes(before: _Priced, after: _Priced) -> Iterator[str]:
    """Yield what became of each price, one line each; nothing where there were none before."""
    if not before:
        return
    for key in sorted({*before, *after}):
        was, now = before.get(key), after.get(key)
        usage, kind = key
        if was == now:
            continue
        if was is None and now is not None:
            yield f"+ {usage} {kind} {plain(now)}"
        elif was is not None and now is None:
            yield f"- {usage} {kind} {plain(was)}"
        elif was is not None and now is not None:
            yield f"~ {usage} {kind} {plain(was)} -> {plain(now)}"


def without_price(fleet: Fleet, prices: Prices) -> Iterator[Host]:
    """Yield what definitions name and nothing is listed for, each once."""
    wanted = {
        Host(kind, 1, Usage.of(is_async=each.definition.async_inference is not None))
        for each in fleet.holdings
        for kind in (each.definition.instance_type, *each.definition.instance_pools)
        if kind
    }
    yield from (host for host in sorted(wanted) if prices.of(host) is None)


def checked(name: str, content: bytes) -> bytes:
    """Return a file as it is. Raises Refused LH5132 where nobody could read it afterwards."""
    read = parse_prices(name, content)
    if isinstance(read, Prices):
        return content
    raise Refused(
        "LH5132",
        f"AWS's price list has what no prices.json may have ({as_sentences(read[:3])}): nothing was"
        " written. Please report it.",
    )


def _before(file: Path, name: str) -> Prices | None:
    """Read the file that is there; one that cannot be read is written anew."""
    try:
        read = parse_prices(name, file.read_bytes())
    except FileNotFoundError:
        return None
    if isinstance(read, Prices):
        return read
    note(
        f"What is there cannot be read and is written anew ({as_sentences(read[:3])}): where it had"
        " a savings_plan_factor, set it again."
    )
    return None


def _write(file: Path, content: bytes) -> None:
    """Write the file whole. Raises Refused LH5133 where there is no folder for it."""
    if not file.parent.is_dir():
        raise Refused(
            "LH5133", f"there is no folder {file.parent}: run it in a clone of the ledger."
        )
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(content)
    fresh.replace(file)
