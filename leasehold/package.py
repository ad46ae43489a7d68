"""`leasehold package`: the zips that a deployment's functions are made of, with their sizes."""

import click

from infra.packages.build import MB, Order, build
from infra.packages.contents import ARCHITECTURES, OUTPUT
from infra.packages.python import SUPPORTED, find_python
from leasehold.console import say


@click.command
@click.option(
    "--python",
    "version",
    metavar="VERSION",
    help=f"Runtime of the functions ({', '.join(SUPPORTED)}), a Python of this machine;"
    " by default the one that runs this.",
)
@click.option(
    "--architecture",
    "architectures",
    multiple=True,
    type=click.Choice([*ARCHITECTURES]),
    help="Lambda's machine, by default both; may be given again.",
)
def package(version: str | None, architectures: tuple[str, ...]) -> None:
    """Build the functions' packages into build/lambda, which a deployment takes.

    Needs a checkout of Leasehold and, the first time, a package index. No container.
    """
    python = find_python(version)
    say(f"Building for Python {python.version} into {OUTPUT} ...")
    say(f"{'package':18} {'machine':8} {'MB zipped':>9} {'MB unpacked':>11}  SHA-256")
    for architecture in architectures or ARCHITECTURES:
        for each in build(Order(python=python, architecture=architecture)).packages:
            sizes = f"{each.zip_bytes / MB:9.2f} {each.unpacked_bytes / MB:11.2f}"
            say(f"{each.name:18} {architecture:8} {sizes}  {each.sha256[:12]}")
