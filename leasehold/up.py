"""`leasehold up`: everything on this machine in one process, to try, to show and to test.

A sandbox for AWS, a git server with the example ledger, the gateway, and a controller that ticks.
An entry point: signals end it, and whatever its parts met is told in sentences.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

import click

from controller.reconcile import CONTROLLER, Tick, reconcile
from leasehold import seeds
from leasehold.connection import clock
from leasehold.console import say
from leasehold.home import DEFAULT, Home
from leasehold.narration import Line, Narrator
from leasehold.premises import Premises, Wishes, opened
from leasehold.ticking import keep_ticking, until_stopped
from leasehold.times import clock_face
from leasehold.welcome import welcome
from ledger.holdings import read_fleet

_PATIENCE_SECONDS = 2.0
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
    "--port", type=_PORT, default=8321, show_default=True, help="The gateway's; 0 picks one."
)
@click.option("--git-port", type=_PORT, default=0, help="The git server's; else as before or free.")
@click.option("--aws-port", type=_PORT, default=0, help="The sandbox's; else as before or free.")
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
def up(  # noqa: PLR0913  (click hands over each option by itself)
    *, home: Path, port: int, git_port: int, aws_port: int, tick: float, startup: float
) -> None:
    """Run it all on this machine: a ledger, an AWS sandbox, the gateway and the controller."""
    logging.getLogger().addHandler(_Told(logging.WARNING))
    stopping = until_stopped()
    with opened(Home(home), Wishes(port, git_port, aws_port, startup)) as premises:
        welcome(premises.running)
        with _controller(premises, tick, stopping):
            premises.home.announce(premises.running)
            try:
                stopping.wait()
            finally:
                premises.home.withdraw()
        say("Stopped. The next `leasehold up` goes on from here.")


class _Told(logging.Handler):
    """Tells what a part logs as a warning or worse, in one line instead of a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        why = f": {type(cause).__name__}: {cause}" if cause else ""
        say(
            f"{clock_face(clock())}  {record.levelname.lower().ljust(9)} {record.getMessage()}{why}"
        )


@contextmanager
def _controller(premises: Premises, every: float, stopping: Event) -> Iterator[None]:
    """Tick on a thread of its own until stopped."""
    ledger, environment = premises.ledger(CONTROLLER), premises.running.environment
    settings = read_fleet(ledger.read().files, environment).environment
    cloud = premises.cloud.endpoints(settings.region_name if settings else seeds.REGION)

    def tick() -> Tick:
        return reconcile(ledger, cloud, environment, clock())

    repository = premises.home.repositories / seeds.LEDGER
    narrator = Narrator(clock, partial(_commits, repository))
    work = Thread(
        target=keep_ticking, args=(tick, every, stopping, narrator), name="controller", daemon=True
    )
    work.start()
    try:
        yield
    finally:
        stopping.set()
        work.join(_PATIENCE_SECONDS)


def _commits(repository: Path, since: str, until: str) -> Iterable[Line]:
    """Tell what others committed; what the controller did itself is in the log already."""
    for commit, author, subject in seeds.log_between(repository, since, until):
        if author != CONTROLLER.name:
            yield Line("commit", commit, f"{subject} ({author})")
