"""`leasehold up`: everything on this machine in one process, to try, to show and to test.

A sandbox for AWS, a git server with the example ledger, the gateway, and a controller that ticks.
What runs them is `serving`, which is imported when it is needed: no other verb needs a sandbox.
"""

from pathlib import Path

import click

from leasehold.state_dir import DEFAULT, StateDir
from ledger.errors import Refused

_PORT = click.IntRange(0, 65535)


@click.command
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    metavar="DIR",
    help="Where everything is kept; the next `up` goes on from there.",
)
@click.option(
    "--port",
    metavar="N",
    type=_PORT,
    default=8321,
    show_default=True,
    help="The gateway's; 0 picks one.",
)
@click.option(
    "--git-port",
    metavar="N",
    type=_PORT,
    default=0,
    help="The git server's; else as before or free.",
)
@click.option(
    "--aws-port", metavar="N", type=_PORT, default=0, help="The sandbox's; else as before or free."
)
@click.option(
    "--tick",
    type=click.FloatRange(min=0.05),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks of the controller.",
)
@click.option(
    "--startup",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long an endpoint of the sandbox takes to start.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name at which something forwards to this machine, such as a codespace; *.NAME is all"
    " below one. May be repeated.",
)
def up(  # noqa: PLR0913  (click hands over each option by itself)
    *,
    home: Path,
    port: int,
    git_port: int,
    aws_port: int,
    tick: float,
    startup: float,
    hosts: tuple[str, ...],
) -> None:
    """Run everything on this machine.

    A ledger in git, a sandbox for AWS, the gateway and the controller, until Ctrl-C.
    """
    try:
        from leasehold import serving  # noqa: PLC0415  (it needs the extra, and half a second)
    except ModuleNotFoundError as error:
        raise Refused(
            "LH5016",
            f"the sandbox is not installed ({error.name} is missing): pip install"
            " 'leasehold[sandbox]'.",
        ) from error
    if wrong := [name for name in hosts if not serving.is_host(name)]:
        raise click.BadParameter(
            f"{wrong[0]!a:.100} is no name of a host: say it without https:// and without a port.",
            param_hint="--allow-host",
        )
    allowed = frozenset(map(str.lower, hosts))
    options = serving.UpOptions(port, git_port, aws_port, startup, allowed)
    serving.serve(StateDir(home), options, tick)
