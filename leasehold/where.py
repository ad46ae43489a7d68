"""`leasehold where KEY`: one thing that a running `leasehold up` has, for use in scripts."""

from dataclasses import fields
from pathlib import Path

import click

from leasehold.context import home_option, running_in
from leasehold.state_dir import Running


@click.command
@click.argument("key", type=click.Choice([field.name for field in fields(Running)]))
@home_option("The folder of the running `leasehold up`.")
def where(key: str, home: Path) -> None:
    """Print an address, the token or the environment of a running `leasehold up`."""
    click.echo(getattr(running_in(home), key))
