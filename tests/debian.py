"""Programs that tests run for real and pip cannot install."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def require(program: str, *, package: str) -> Path:
    """Give the program's path; without it the test is skipped, or fails where CI=true."""
    found = shutil.which(program)
    if found is not None:
        return Path(found)
    reason = f"`{program}` is missing: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
