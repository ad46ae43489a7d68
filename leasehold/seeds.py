"""What a fresh `leasehold up` starts with: the example ledger, and what its endpoints need in AWS.

What is there already is kept: a ledger as it is, and an account but for what it lacks.
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
from leasehold.project import ROOT
from leasehold.state_dir import StateDir
from ledger.committers import READER
from ledger.errors import Refused
from ledger.tags import ADOPTABLE_TAG
from sandbox.git.server import create_repository, drop_left_locks

LEDGER = "ledger.git"
ENVIRONMENT = "dev"
REGION = "us-east-1"
BUCKETS = ("demo-models", "demo-requests", "demo-answers")
CONFIGS = ("demo-inpainting-config", "jumpstart-example-model-inpainting-cfg")
BY_HAND = "ana-experiment"  # an endpoint that is nobody's, whose owner lets dev adopt it
_FOLDERS = ("environments", "schema")


def ledger_of(home: StateDir) -> Path:
    """Return the ledger's repository; a home that is made just now gets one with the examples.

    It is put in its place when it is complete. Whatever became of it later, it is never made anew:
    raises Refused LH2003, LH2004 or LH5004 with what is missing and how to get it back.
    """
    repository = home.repositories / LEDGER
    if home.is_new:
        try:
            _make(home, repository)
        except FileNotFoundError:
            raise  # there is no git
        except (OSError, subprocess.CalledProcessError) as error:
            raise Refused(
                "LH5064",
                f"the ledger {repository} cannot be made ({_words(error)}): look at the room on the"
                " disk and at the folder's permissions.",
            ) from error
    else:
        drop_left_locks(repository)
        _check(repository, home.path)
    return repository


def _make(home: StateDir, repository: Path) -> None:
    with tempfile.TemporaryDirectory(
        prefix="new-", dir=home.path, ignore_cleanup_errors=True
    ) as folder:
        fresh = create_repository(Path(folder), LEDGER)
        _fill(fresh)
        fresh.rename(repository)


def _words(error: OSError | subprocess.CalledProcessError) -> str:
    """Return what git or the system says."""
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr or b""
        words = said if isinstance(said, str) else said.decode(errors="replace")
        return words.strip() or f"git ended with {error.returncode}"
    return error.strerror or "a file cannot be written"


def _fill(repository: Path) -> None:
    """Put the examples into a bare repository as its first commit."""
    with tempfile.TemporaryDirectory(prefix="leasehold-") as folder:
        for name in _FOLDERS:
            _copy(ROOT / name, Path(folder) / name)
        here = (f"--work-tree={folder}",)
        index = {"GIT_INDEX_FILE": str(Path(folder) / ".index")}
        _git(repository, *here, "add", *_FOLDERS, variables=index)
        _git(
            repository, *here, "commit", "--quiet", "-m", "Begin with the examples", variables=index
        )


def _check(repository: Path, home: Path) -> None:
    """Refuse a ledger that got lost or damaged: an empty one would end everything that runs."""
    anew = f"or delete {home} to begin anew with an empty account"
    if not repository.exists():
        raise Refused(
            "LH2004",
            f"the ledger {repository} is gone, and an account is left that was made from it: bring"
            f" it back from a clone (`git clone --bare CLONE {repository}`), {anew}.",
        )
    if not _git(repository, "rev-parse", "--git-dir", check=False):
        raise Refused(
            "LH2003",
            f"the ledger {repository} cannot be read as a git repository: mend it (`git --git-dir"
            f" {repository} fsck` says more; its HEAD is `ref: refs/heads/main`), {anew}.",
        )
    if not _git(repository, "rev-parse", "--quiet", "--verify", "main^{commit}", check=False):
        raise Refused(
            "LH2004",
            f"the ledger {repository} has no branch main any more: push it from a clone (`git push"
            f" {repository} main`; `git --git-dir {repository} fsck --lost-found` names the commits"
            f" that are left), {anew}.",
        )
    if broken := _broken_refs(repository):
        raise Refused(
            "LH2004",
            f"the ledger {repository} has references that cannot be read: delete"
            f" {' and '.join(str(repository / each) for each in broken)}, and push them again from"
            f" a clone that has them, {anew}.",
        )
    if _git(repository, "cat-file", "-t", "main:environments", check=False) != "tree":
        raise Refused(
            "LH5004",
            f"the branch main of the ledger {repository} has no folder environments/ any more: run"
            f" `git revert` in a clone for the commit that took it away and push that, {anew}.",
        )


def _broken_refs(repository: Path) -> list[str]:
    """Name what git serves to nobody, and what makes every fetch of the rest fail."""
    said = _run(repository, "for-each-ref", check=False).stderr.splitlines()
    marks = ("ignoring broken ref ", "ignoring dangling symref ")
    return [line.partition(mark)[2].strip() for line in said for mark in marks if mark in line]


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
            f"the example documents are not installed ({source}): install Leasehold anew.",
        )
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lease.json", ".*"))


def _git(
    repository: Path,
    *arguments: str,
    check: bool = True,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return what git says of a bare repository, without the caller's own settings."""
    return _run(repository, *arguments, check=check, variables=variables).stdout.strip()


def _run(
    repository: Path,
    *arguments: str,
    check: bool = True,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> "subprocess.CompletedProcess[str]":
    settings = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
        **as_variables(READER),
        **variables,
    }
    return subprocess.run(  # noqa: S603  (the arguments above)
        ["git", f"--git-dir={repository}", *arguments],  # noqa: S607  (as the server finds it)
        env=settings,
        capture_output=True,
        text=True,
        errors="replace",
        check=check,
    )
