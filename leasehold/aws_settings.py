"""How this machine is set up for AWS: clients by it, or a sentence that says what is wrong with it.

A profile that does not exist, a file that cannot be parsed or a program that gives no credentials
is met before the first call. A sandbox's clients are apart from all of that.
"""

from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from controller.aws.clients import PATIENT, session, session_apart
from ledger.errors import Refused


def client(service: Any, region: str, config: Config) -> Any:  # noqa: ANN401  (boto3 types by literals)
    """Make a client by this machine's settings. Raises Refused LH5060 where they do not do."""
    try:
        return _session().client(service, region_name=region, config=config)
    except Refused:
        raise
    except Exception as error:  # whatever files, variables and programs of others lead to
        raise refused(f"{type(error).__name__}: {error}") from error


def session_in(region: str) -> boto3.Session:
    """Make a session of a region by this machine's settings, for code that makes its own clients.

    Its clients give up in time. Raises Refused LH5060 where the settings do not do.
    """
    core = botocore.session.Session()
    core.set_default_client_config(PATIENT)
    try:
        return boto3.Session(botocore_session=core, region_name=region)
    except BotoCoreError as error:
        raise refused(f"{type(error).__name__}: {error}") from error


def client_of_sandbox(service: Any, region: str, config: Config, url: str) -> Any:  # noqa: ANN401
    """Make a client of a sandbox, which takes any credentials and is on this machine."""
    return _session_apart().client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106  (the sandbox takes any)
        config=config.merge(Config(proxies={})),
    )


@cache
def _session() -> boto3.Session:
    """Make the session, with its credentials: a program that gives them is asked now."""
    made = session()
    credentials = made.get_credentials()
    if credentials is None:
        raise refused("there are no credentials")
    credentials.get_frozen_credentials()
    return made


@cache
def _session_apart() -> boto3.Session:
    return session_apart()


def refused(said: str) -> Refused:
    """Say that this machine is not set up for AWS, by what was said of it."""
    return Refused(
        "LH5060",
        f"AWS cannot be asked by the settings of this machine ({said.rstrip(' :.')}): look at"
        " AWS_PROFILE and the other AWS_ variables, and at the files ~/.aws/config and"
        " ~/.aws/credentials; `aws sts get-caller-identity` tries them.",
    )
