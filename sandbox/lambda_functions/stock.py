"""What Lambda's Python has beside the standard library: boto3, and nothing of this environment.

The packages are those that are installed here, each a link in a folder of its own.
"""

from importlib.metadata import distribution
from pathlib import Path

BOTO3 = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
RUNTIME_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")


def link_stock(folder: Path, *names: str) -> None:
    """Make `folder`, with the top-level modules of these installed packages in it."""
    folder.mkdir()
    for name in names:
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or () if _is_module(file.parts[0])}:
            (folder / top).symlink_to(str(installed.locate_file(top)))


def _is_module(top: str) -> bool:
    return top not in ("..", "__pycache__") and not top.endswith((".dist-info", ".egg-info"))
