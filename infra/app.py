"""The composition root: `cdk.json` runs it, or `python -m infra.app -c KEY=VALUE` by hand.

It reads the settings once, makes the stacks of each environment and has cdk-nag check them. It
must not ask AWS anything: a synthesis needs no account, credentials, look-ups or containers.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.controller_stack import ControllerStack
from infra.errors import SettingsError
from infra.feature_flags import feature_flags
from infra.gateway_stack import GatewayStack
from infra.lock_stack import LockStack
from infra.options import of_environment
from infra.settings import clashes, read
from ledger.holdings import ROOT as ENVIRONMENTS

if TYPE_CHECKING:
    from infra.options import Context

CHECKOUT = Path(__file__).resolve().parents[1]


def compose(app: App, folder: Path = CHECKOUT) -> None:
    """Add the stacks of the environments that the app's context names. Raises SettingsError.

    `folder` holds `environments/`, unless the context names another: by `ledger`, or by
    `environments` itself. What is meant for one environment of several has its name before it:
    `prod.domain_name`.
    """
    context = app.node.try_get_context
    files = _ledger(context, folder)
    names = str(context("environment") or "").split(",")
    everything = [read(files, partial(of_environment, name.strip(), context)) for name in names]
    if problems := [*clashes(everything)]:
        raise SettingsError("\n".join(problems))
    for settings in everything:
        ControllerStack(app, settings.named("controller"), settings=settings)
        GatewayStack(app, settings.named("gateway"), settings=settings)
        if settings.options.lock_hours:
            LockStack(app, settings.named("locks"), settings=settings)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def _ledger(context: Context, folder: Path) -> Path:
    if named := context("environments"):
        path = Path(str(named)).resolve()
        if path.name != ENVIRONMENTS:
            raise SettingsError(f"environments: `{named}` is no folder of this name in a ledger.")
        return path.parent
    return Path(str(context("ledger") or folder))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.app", description=__doc__)
    parser.add_argument("-c", "--context", action="append", default=[], metavar="KEY=VALUE")
    context = dict(pair.partition("=")[::2] for pair in parser.parse_args().context)
    outdir = os.environ.get("CDK_OUTDIR", "cdk.out")  # the CDK CLI says here where it will look
    app = App(outdir=outdir, context={**feature_flags(), **context}, analytics_reporting=False)
    try:
        compose(app)
    except SettingsError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
