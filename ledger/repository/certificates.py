"""Which certificates of servers are trusted: the system's, botocore's where it has none, our own.

pygit2 reads the system's when it is imported, and cannot be imported where there are none. So it is
imported here, before anybody else does, and told of none: the system's are read with the first
connection that needs them. What libgit2 has learned it does not forget: a bundle is added to what
is there, for the whole process.
"""

import importlib.util
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ledger.errors import Refused

_learning = threading.Lock()
_learned: set[Path | None] = set()  # files; None are the system's certificates


def trust(url: str, ca_bundle: Path | None) -> None:
    """Trust the system's certificates, and those of a file.

    Raises Refused LH2022 for an address that needs the system's where there are none, LH2026 for a
    file that cannot be read.
    """
    if url.startswith("https:"):
        _learn(None)
    if ca_bundle is not None:
        _learn(ca_bundle)


def _learn(bundle: Path | None) -> None:
    if bundle in _learned:
        return
    with _learning:
        if bundle in _learned:
            return
        if bundle is None:
            _add_systems()
        elif why := _add(str(bundle), None):
            raise Refused("LH2026", f"the ca_bundle of the git secret cannot be read as PEM: {why}")
        _learned.add(bundle)


def _add_systems() -> None:
    store = ssl.get_default_verify_paths()
    if not _is_store(store):
        if not (known := _botocores()):
            said = "there are no certificates to know servers by: install ca-certificates."
            raise Refused("LH2022", said)
        store = store._replace(cafile=known, capath="")
    if why := _add(store.cafile or None, store.capath or None):
        raise Refused(
            "LH2022",
            f"the certificates in {store.cafile} cannot be read: {why}. Look at SSL_CERT_FILE, or"
            " install ca-certificates.",
        )


def _add(file: str | None, folder: str | None) -> str:
    """Add certificates to what libgit2 knows; return why that cannot be done, or nothing."""
    settings: Any = pygit2.settings  # which take None, but for their types
    try:
        settings.set_ssl_cert_locations(file, folder)
    except (pygit2.GitError, ValueError, OSError) as error:
        return str(error)
    return ""


def _is_store(paths: ssl.DefaultVerifyPaths) -> bool:
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


def _import_pygit2() -> None:
    """Import it with the certificates of a folder that has none."""
    ask = ssl.get_default_verify_paths
    found: Any = ask()  # typeshed has no paths that are not there
    nothing = found._replace(cafile=None, capath=str(Path(__file__).parent))
    ssl.get_default_verify_paths = lambda: nothing
    try:
        import pygit2  # noqa: F401, PLC0415
    finally:
        ssl.get_default_verify_paths = ask


_import_pygit2()

import pygit2  # noqa: E402
