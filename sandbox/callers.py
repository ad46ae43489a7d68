"""Who may call a server on loopback: programs of this machine, and no web page of elsewhere.

A browser lets any page send requests to 127.0.0.1, and a page whose name is made to lead there
(DNS rebinding) may read the answers, too. It says so itself: by the name that it asked for, by the
page's origin, and by Sec-Fetch-Site. Programs send the first alone.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?"
# What stands for all below a name has two parts at least: *.dev is everybody's.
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\*(?:\.{_LABEL}){{2,}}")
_OWN = frozenset({"", "same-origin", "none"})  # of Sec-Fetch-Site: "none" is the address bar


def nobody(_origin: str) -> bool:
    return False


def anybody(_origin: str) -> bool:
    return True


@dataclass(frozen=True)
class Callers:
    """What one server admits: pages of which origins, and whether a link may lead to it.

    `hosts` are names besides this machine's own, in lower case, at which somebody forwards to it;
    `*.NAME` is all below one.
    """

    admits: Callable[[str], bool] = nobody
    opens_pages: bool = False
    hosts: frozenset[str] = frozenset()

    def guarding(self, application: "WSGIApplication") -> "WSGIApplication":
        """Return the application; whoever may not call it is answered by a sentence instead."""

        def serve(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            said = self.refusal(environ)
            if said is None:
                return application(environ, start)
            body = json.dumps({"error": said}).encode() + b"\n"
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start("403 Forbidden", headers)
            return [body]

        return serve

    def refusal(self, environ: "WSGIEnvironment") -> str | None:
        """Return why a request is refused, or None."""
        host, origin = environ.get("HTTP_HOST"), environ.get("HTTP_ORIGIN")
        if host is not None and not _is_here(host) and not self._is_forwarded(host):
            return (
                f"This server is for this machine alone, and {host!a:.80} is none of its names:"
                " call it by 127.0.0.1 or localhost. If you forward that name to it, as a"
                " development container or a codespace does, start it with --allow-host and the"
                " name."
            )
        if self.admits(origin or ""):
            return None
        if origin is not None and origin.lower() not in _origins_at(host):
            return f"A web page of {origin!a:.80} may not call this server: call it by a program."
        site = environ.get("HTTP_SEC_FETCH_SITE", "").lower()
        if site not in _OWN and not (self.opens_pages and _follows_a_link(environ)):
            return "A web page of elsewhere may not call this server: call it by a program."
        return None

    def _is_forwarded(self, host: str) -> bool:
        name = _name_of(host)
        return name in self.hosts or any(
            name.endswith(each.removeprefix("*")) for each in self.hosts if each.startswith("*.")
        )


def is_host(name: str) -> bool:
    """Tell whether a name may be given as one that is forwarded here: a `*` stands for a part."""
    return _HOST.fullmatch(name) is not None


def _origins_at(host: str | None) -> tuple[str, ...]:
    return (f"http://{host}".lower(), f"https://{host}".lower()) if host else ()


def _follows_a_link(environ: "WSGIEnvironment") -> bool:
    mode = environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST")
    return environ["REQUEST_METHOD"] == "GET" and mode == ("navigate", "document")


def _is_here(host: str) -> bool:
    """Tell whether a Host header names this machine; the port may be a forwarded one."""
    name = _name_of(host)
    if name == "localhost" or name.endswith(".localhost"):  # which no name server answers
        return True
    try:
        return ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def _name_of(host: str) -> str:
    """Return the name of a Host header, without its port and in lower case."""
    name, colon, port = host.strip().rpartition(":")
    if not colon or not (port.isdigit() or port == "") or host.endswith("]"):
        name = host.strip()
    return name.lower().removesuffix(".")
