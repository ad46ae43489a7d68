"""`leasehold VERB`: the command line's entry point. It wires the verbs together, nothing else.

Whatever a verb refuses, or meets and does not know, ends here as one sentence with its code on
stderr, and exit status 1.
"""

import errno
import os
import traceback

import click

from leasehold import console, machine
from leasehold.adopt import adopt
from leasehold.claim import claim
from leasehold.converge import plan, reconcile_
from leasehold.doctor import doctor
from leasehold.explain import explain
from leasehold.forecast import forecast_
from leasehold.importing import import_
from leasehold.init import init
from leasehold.leases import extend, log, release
from leasehold.lock import lock
from leasehold.models import models
from leasehold.new import new
from leasehold.next import next_
from leasehold.package import package
from leasehold.prices import prices
from leasehold.report import report
from leasehold.schema import schema
from leasehold.status import status
from leasehold.timeline import timeline
from leasehold.tokens import token
from leasehold.tour import tour
from leasehold.up import up
from leasehold.validate import validate
from leasehold.verify_push import verify_push
from leasehold.where import where
from ledger.errors import Failure, Refused

_CLICKS = (click.ClickException, click.exceptions.Exit, click.Abort)
_TRACEBACK = "LEASEHOLD_TRACEBACK"


class Verbs(click.Group):
    """The verbs in the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's)
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        machine.prepare()
        try:
            return super().invoke(ctx)
        except Failure as failure:
            console.refuse(failure)
        except _CLICKS:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # who read it has enough
            if os.environ.get(_TRACEBACK):
                traceback.print_exc()
            console.refuse(_unforeseen(error))


def _unforeseen(error: Exception) -> Refused:
    match error:
        case OSError(strerror=str(why)):
            where = f"{error.filename} cannot be used" if error.filename else "the system refuses"
            return Refused(
                "LH5061", f"{where} ({why}): look at its permissions, and at the room on the disk."
            )
        case _:
            return Refused(
                "LH5062",
                f"it met something unforeseen ({type(error).__name__}: {error}). Please report"
                f" it, with what {_TRACEBACK}=1 shows when it is run again.",
            )


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="leasehold")
def main() -> None:
    """GitOps for Amazon SageMaker endpoints, with a parking meter on each of them."""


_VERBS = (
    init,
    up,
    tour,
    where,
    status,
    next_,
    explain,
    forecast_,
    extend,
    release,
    log,
    validate,
    models,
    new,
    schema,
    lock,
    verify_push,
    plan,
    reconcile_,
    doctor,
    report,
    timeline,
    prices,
    adopt,
    import_,
    claim,
    package,
    token,
)
for _verb in _VERBS:
    main.add_command(_verb)
