"""Which certificates of servers are trusted: the system's, botocore's where it has none, our own.

libgit2 learns the system's when pygit2 is imported, and pygit2 cannot be imported where there are
none. So whoever imports pygit2 imports this before. What libgit2 has learned it does not forget: a
bundle is added to what is there, for the whole process.
"""

import importlib.util
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ledger.errors import Refused

_learning = threading.Lock()
_learned: set[Path] = set()


def trust(url: str, ca_bundle: Path | None) -> None:
    """Add a file of certificates. Raises Refused LH2022, LH2026 for an address that needs them."""
    if _PROBLEM and url.startswith("https:"):
        raise Refused("LH2022", _PROBLEM)
    if ca_bundle is None or ca_bundle in _learned:
        return
    with _learning:
        try:
            pygit2.settings.set_ssl_cert_locations(str(ca_bundle), None)
        except (pygit2.GitError, ValueError, OSError) as error:
            raise Refused(
                "LH2026", f"the ca_bundle of the git secret cannot be read as PEM: {error}"
            ) from None
        _learned.add(ca_bundle)


def _has_store(paths: ssl.DefaultVerifyPaths) -> bool:
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


def _wrong(paths: ssl.DefaultVerifyPaths) -> str:
    """Say what is wrong with the system's file of certificates; nothing where that can be read."""
    if not paths.cafile:
        return ""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(paths.cafile)
    except OSError as error:  # ssl's own is one
        return (
            f"the certificates in {paths.cafile} cannot be read: {error}. Look at SSL_CERT_FILE,"
            " or install ca-certificates."
        )
    return ""


def _import_pygit2() -> str:
    """Import it, and return what is wrong with the certificates, or nothing."""
    system = ssl.get_default_verify_paths()
    wrong = _wrong(system)
    if _has_store(system) and not wrong:
        import pygit2  # noqa: F401, PLC0415

        return ""
    known = _botocores()
    _import_with(known)
    if known or wrong:
        return wrong
    return "there are no certificates to know servers by: install ca-certificates."


def _import_with(cafile: str | None) -> None:
    """Import pygit2 with other certificates than the system's, or with those of no folder."""
    ask = ssl.get_default_verify_paths
    found: Any = ask()  # typeshed has no paths that are not there
    instead = found._replace(cafile=cafile, capath=None if cafile else str(Path(__file__).parent))
    ssl.get_default_verify_paths = lambda: instead
    try:
        import pygit2  # noqa: F401, PLC0415
    finally:
        ssl.get_default_verify_paths = ask


_PROBLEM = _import_pygit2()

import pygit2  # noqa: E402
