"""Where this system keeps the certificates of authorities, or where botocore does.

It must not know who is asked by them.
"""

import importlib.util
import ssl
from contextlib import suppress
from pathlib import Path


def store() -> ssl.DefaultVerifyPaths | None:
    """Return the system's store, or that of botocore where there is none; None where none is."""
    paths = ssl.get_default_verify_paths()
    if is_store(paths):
        return paths
    known = _botocores()
    return paths._replace(cafile=known, capath=None) if known else None  # type: ignore[arg-type]


def is_store(paths: ssl.DefaultVerifyPaths) -> bool:
    """Tell whether there are certificates."""
    if paths.cafile:
        return True
    with suppress(OSError):
        return bool(paths.capath) and any(Path(paths.capath or "").iterdir())
    return False


def _botocores() -> str | None:
    """Find the certificates that come with botocore, without importing it."""
    found = importlib.util.find_spec("botocore")
    for folder in found.submodule_search_locations or () if found else ():
        if (file := Path(folder) / "cacert.pem").is_file():
            return str(file)
    return None
