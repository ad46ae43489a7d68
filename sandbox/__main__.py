"""Runs the sandbox: `python -m sandbox [--port N] [--startup SECONDS] [--state FILE]`.

Prints its URL, then serves until it is interrupted or terminated. Unmodified SDKs and the AWS CLI
use it when AWS_ENDPOINT_URL is that URL; any credentials will do.
"""

import argparse
import signal
from pathlib import Path

from sandbox.callers import is_host
from sandbox.server import Sandbox

_ENDINGS = {signal.SIGINT, signal.SIGTERM}


def main() -> None:
    options = _options()
    # Blocked before any thread starts, and fetched below: no handler can interrupt a lock's holder.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    with Sandbox(
        port=options.port,
        startup_seconds=options.startup,
        state=options.state,
        hosts=frozenset(options.allow_host),
    ) as sandbox:
        print(sandbox.url, flush=True)  # noqa: T201 - the URL is this program's output
        signal.sigwait(_ENDINGS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="An AWS account on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one (default)")
    parser.add_argument(
        "--startup",
        type=float,
        default=3.0,
        metavar="SECONDS",
        help="how long an endpoint is Creating or Updating (default 3)",
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep SageMaker and DynamoDB in this file"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        type=_host,
        metavar="NAME",
        help="a name at which this machine is forwarded; *.NAME is all below one",
    )
    return parser.parse_args()


def _host(name: str) -> str:
    if not is_host(name):
        raise argparse.ArgumentTypeError(f"{name!a} is no name of a host")
    return name.lower()


if __name__ == "__main__":
    main()
