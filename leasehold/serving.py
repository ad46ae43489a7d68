"""What `leasehold up` does until it is stopped: serve, tick, and tell what happens.

An entry point: signals end it, and whatever its parts met is told in sentences.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

from controller.coalesce import TickSignal
from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies, Tick, reconcile
from controller.survey import Survey
from leasehold import seeds
from leasehold.console import say
from leasehold.context import clock
from leasehold.local_stack import Hooks, LocalStack, UpOptions, opened
from leasehold.machine import forget_account
from leasehold.narration import Line, Narrator
from leasehold.state_dir import StateDir
from leasehold.ticking import keep_ticking, until_stopped
from leasehold.times import clock_face
from leasehold.welcome import welcome
from ledger.committers import CONTROLLER
from ledger.holdings import fleet_of
from sandbox.callers import is_host

__all__ = ["UpOptions", "is_host", "serve"]

_PATIENCE_SECONDS = 2.0


def serve(home: StateDir, options: UpOptions, every: float) -> None:
    """Run everything until SIGINT or SIGTERM; the announcement is there while it is ready."""
    variables = dict(os.environ)
    forget_account()
    logging.getLogger().addHandler(_LogLines(logging.WARNING))
    stopping, wake = until_stopped(), TickSignal()
    with opened(home, options, Hooks(wake.set, variables)) as stack:
        welcome(stack.running, home.path, stack.moved)
        with _controller(stack, every, stopping, wake):
            home.announce(stack.running)
            try:
                stopping.wait()
            finally:
                home.withdraw()
    say("Stopped. The next `leasehold up` goes on from here.")


class _LogLines(logging.Handler):
    """Tells what a part logs as a warning or worse, in one line instead of a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        why = f": {type(cause).__name__}: {cause}" if cause else ""
        say(
            f"{clock_face(clock())}  {record.levelname.lower().ljust(9)} {record.getMessage()}{why}"
        )


@contextmanager
def _controller(
    stack: LocalStack, every: float, stopping: Event, wake: TickSignal
) -> Iterator[None]:
    """Tick on a thread of its own until stopped."""
    ledger, environment = stack.ledger(CONTROLLER), stack.running.environment
    settings = fleet_of(ledger.read(), environment).environment
    region = settings.region_name if settings else seeds.REGION
    account, notifier = stack.cloud.account(region), stack.cloud.notifier(region, stack.link_keys)
    logbook = Logbook(stack.status())
    dependencies = Dependencies(ledger, account, Survey(account), logbook, notifier)

    def tick() -> Tick:
        return reconcile(dependencies, environment, clock())

    repository = stack.home.repositories / seeds.LEDGER
    narrator = Narrator(clock, partial(_commits, repository))
    work = Thread(
        target=keep_ticking,
        args=(tick, every, stopping, narrator, wake),
        name="controller",
        daemon=True,
    )
    work.start()
    try:
        yield
    finally:
        stopping.set()
        wake.set()
        work.join(_PATIENCE_SECONDS)


def _commits(repository: Path, since: str, until: str) -> Iterable[Line]:
    """Tell what others committed; what the controller did itself is in the log already."""
    for commit, author, subject in seeds.log_between(repository, since, until):
        if author != CONTROLLER.name:
            yield Line("commit", commit, f"{subject} ({author})")
