"""`leasehold package`: the zips that a deployment's functions are made of, with their sizes.

They are made of a checkout, and so is a deployment: what is installed elsewhere has neither the
locks nor the CDK app.
"""

import click

from leasehold.console import say
from ledger.errors import Refused

# As `infra.packages` has them, which is imported when it is needed.
RUNTIMES = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("arm64", "x86_64")


@click.command
@click.option(
    "--python",
    "version",
    metavar="VERSION",
    help=f"Runtime of the functions ({', '.join(RUNTIMES)}), a Python of this machine;"
    " by default the one that runs this.",
)
@click.option(
    "--architecture",
    "architectures",
    multiple=True,
    type=click.Choice(MACHINES),
    help="Lambda's machine, by default both; may be given again.",
)
def package(version: str | None, architectures: tuple[str, ...]) -> None:
    """Build the functions' packages into build/lambda, which a deployment takes.

    Needs a checkout of Leasehold and, the first time, a package index. No container.
    """
    try:
        from infra.packages import build, contents, python  # noqa: PLC0415  (of a checkout alone)
    except ModuleNotFoundError as error:
        raise Refused(
            "LH5230",
            "packages are made of a checkout of Leasehold, and this is an installed one: run `make"
            " package` in a clone of its repository.",
        ) from error
    runtime = python.find_python(version)
    say(f"Building for Python {runtime.version} into {contents.OUTPUT} ...")
    say(f"{'package':18} {'machine':8} {'MB zipped':>9} {'MB unpacked':>11}  SHA-256")
    for architecture in architectures or MACHINES:
        for each in build.build(build.Order(python=runtime, architecture=architecture)).packages:
            sizes = f"{each.zip_bytes / build.MB:9.2f} {each.unpacked_bytes / build.MB:11.2f}"
            say(f"{each.name:18} {architecture:8} {sizes}  {each.sha256[:12]}")
