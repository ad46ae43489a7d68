"""The composition root: `cdk.json` runs it, or `python -m infra.app -c KEY=VALUE` by hand.

It reads the settings once, makes the stacks of each environment and has cdk-nag check them. It
must not ask AWS anything: a synthesis needs no account, credentials, look-ups or containers.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.controller_stack import ControllerStack
from infra.environments import read_all
from infra.errors import SettingsError
from infra.feature_flags import feature_flags
from infra.gateway_stack import GatewayStack
from infra.lock_stack import LockStack

CHECKOUT = Path(__file__).resolve().parents[1]


def compose(app: App, folder: Path = CHECKOUT) -> None:
    """Add the stacks of the environments that the app's context names. Raises SettingsError."""
    for settings in read_all(app.node.get_all_context(), folder):
        ControllerStack(app, settings.named("controller"), settings=settings)
        GatewayStack(app, settings.named("gateway"), settings=settings)
        if settings.options.lock_hours:
            LockStack(app, settings.named("locks"), settings=settings)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


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
