"""Which certificates of servers are trusted: the system's, botocore's where it has none, our own.

pygit2 reads the system's when it is imported, and cannot be imported where there are none. So it is
imported here, before anybody else does, and told of none: the system's are read with the first
connection that needs them. What libgit2 has learned it does not forget: a bundle is added to what
is there, for the whole process.
"""

import ssl
import threading
from pathlib import Path
from typing import Any

from ledger.authorities import store
from ledger.errors import Refused

_learning = threading.Lock()
_learned: set[Path | None] = set()  # files; None are the system's certificates


def trust(url: str, ca_bundle: Path | None) -> None:
    """Trust the system's certificates, and those of a file.

    Raises Refused LH2022 for an address that needs the system's where there are none, LH2026 for a
    file that cannot be read.
    """
    if url.casefold().startswith("https:"):
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
    found = store()
    if found is None:
        said = "there are no certificates to know servers by: install ca-certificates."
        raise Refused("LH2022", said)
    if why := _add(found.cafile or None, found.capath or None):
        raise Refused(
            "LH2022",
            f"the certificates in {found.cafile} cannot be read: {why}. Look at SSL_CERT_FILE, or"
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
