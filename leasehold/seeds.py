"""What a fresh `leasehold up` starts with: the example ledger, and what its endpoints need in AWS.

Everything here may be done again on what is there already.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from leasehold.context import Cloud
from leasehold.git_author import as_variables
from ledger.committers import READER
from ledger.errors import Refused
from ledger.tags import ADOPTABLE_TAG

LEDGER = "ledger.git"
ENVIRONMENT = "dev"
REGION = "us-east-1"
BUCKETS = ("demo-models", "demo-answers")
CONFIGS = ("demo-inpainting-config", "jumpstart-example-model-inpainting-cfg")
BY_HAND = "ana-experiment"  # an endpoint that is nobody's, whose owner lets dev adopt it
_PROJECT = Path(__file__).resolve().parent.parent
_FOLDERS = ("environments", "schema")


def seed_ledger(repository: Path) -> None:
    """Put the examples into a bare repository as its first commit; one with a commit is kept."""
    if _git(repository, "rev-parse", "--quiet", "--verify", "main", check=False):
        return
    with tempfile.TemporaryDirectory(prefix="leasehold-") as folder:
        for name in _FOLDERS:
            _copy(_PROJECT / name, Path(folder) / name)
        here = (f"--work-tree={folder}",)
        index = {"GIT_INDEX_FILE": str(Path(folder) / ".index")}
        _git(repository, *here, "add", *_FOLDERS, variables=index)
        _git(
            repository, *here, "commit", "--quiet", "-m", "Begin with the examples", variables=index
        )


def log_between(repository: Path, since: str, until: str) -> list[tuple[str, str, str]]:
    """List the commits between two, oldest first: short id, author, subject."""
    wanted = ("log", "--reverse", "--format=%h%x00%an%x00%s", f"{since}..{until}")
    lines = _git(repository, *wanted, check=False).splitlines()
    parts = (line.split("\0") for line in lines)
    return [(part[0], part[1], part[2]) for part in parts if len(part) == 3]  # noqa: PLR2004


def seed_account(cloud: Cloud) -> None:
    """Make the buckets, and the configs and the endpoint that belong to nobody's definition."""
    sagemaker, s3 = cloud.client("sagemaker", REGION), cloud.client("s3", REGION)
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
    for config in CONFIGS:
        _unless_there(
            sagemaker.create_model,
            ModelName=config,
            PrimaryContainer={
                "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/inpainting:1.0.0"
            },
            ExecutionRoleArn="arn:aws:iam::123456789012:role/demo-sagemaker",
        )
        _unless_there(
            sagemaker.create_endpoint_config,
            EndpointConfigName=config,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": config,
                    "InstanceType": "ml.g5.xlarge",
                    "InitialInstanceCount": 1,
                }
            ],
        )

    _unless_there(
        sagemaker.create_endpoint,
        EndpointName=BY_HAND,
        EndpointConfigName=CONFIGS[0],
        Tags=[{"Key": ADOPTABLE_TAG, "Value": f"demo/{ENVIRONMENT}"}],
    )


def _unless_there(create: Any, **request: Any) -> None:  # noqa: ANN401  (a method of boto3's)
    with suppress(ClientError):  # it is there; a real fault shows when an endpoint needs it
        create(**request)


def _copy(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise Refused(
            "LH5014",
            f"the example documents are not installed ({source}): run it from a checkout.",
        )
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lease.json", ".*"))


def _git(
    repository: Path,
    *arguments: str,
    check: bool = True,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Run git on a bare repository, without the caller's own settings."""
    settings = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **as_variables(READER),
        **variables,
    }
    done = subprocess.run(  # noqa: S603  (the arguments above)
        ["git", f"--git-dir={repository}", *arguments],  # noqa: S607  (as the server finds it)
        env=settings,
        capture_output=True,
        text=True,
        check=check,
    )
    return done.stdout.strip()
