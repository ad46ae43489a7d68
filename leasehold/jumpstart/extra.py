"""The extra `jumpstart`: the SageMaker SDK, where it is installed, or what to install."""

import re
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from botocore.exceptions import BotoCoreError

from leasehold import aws_settings
from leasehold.jumpstart.model import Catalogues
from ledger.errors import Refused

_OLDEST = (3, 27)
_BEYOND = 4
INSTALL = "pip install 'leasehold[jumpstart]'"
_ADAPTER = "leasehold.jumpstart.sdk"


def catalogues(
    installed: Callable[[str], str] = version, load: Callable[[str], object] = import_module
) -> Catalogues:
    """Load the SageMaker SDK, which takes some seconds. Raises Refused LH5060, LH5070, LH5076."""
    try:
        found = installed("sagemaker")
    except PackageNotFoundError as error:
        raise Refused(
            "LH5070",
            f"the SageMaker SDK, which knows JumpStart's models, is not installed: `{INSTALL}` adds"
            " it, 1 GB with all that it needs.",
        ) from error
    numbers = tuple(int(each) for each in re.findall(r"\d+", found)[:2])
    if not _OLDEST <= numbers < (_BEYOND,):
        raise Refused(
            "LH5076",
            f"sagemaker {found} is installed, and locks need 3.27 or newer, below 4: `{INSTALL}"
            " --upgrade` gets one.",
        )
    try:
        adapter = load(_ADAPTER)
    except ImportError as error:
        raise Refused(
            "LH5070",
            f"the SageMaker SDK is installed and cannot be loaded ({error}): `{INSTALL}"
            " --force-reinstall` mends it.",
        ) from error
    except BotoCoreError as error:  # the SDK looks at this machine's settings as it is imported
        raise aws_settings.refused(f"{type(error).__name__}: {error}") from error
    return adapter.Sdk(found)  # type: ignore[attr-defined, no-any-return]
