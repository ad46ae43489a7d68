"""One POST to an address that a secret names, such as a chat's incoming webhook.

It goes to a public address by https, follows no redirect, and ends in time however slowly the other
side answers. The name is looked up once, and what it is found to be is what is connected to, so no
second look-up can lead elsewhere. The address is a secret: no sentence has more of it than its
host.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import SplitResult, urlsplit

from ledger.deadline import left
from ledger.errors import Failure, Refused, Unavailable
from ledger.printable import in_line

CODE = "LH3050"
MOST_SECONDS = 5.0
_MOST_READ = 512
_SHOWN = 80
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class _Request:
    url: SplitResult
    host: str
    port: int
    private_network: bool
    body: bytes = b""
    seconds: float = MOST_SECONDS
    tls: ssl.SSLContext | None = None


def post(
    url: str,
    body: bytes,
    *,
    private_network: bool = False,
    most_seconds: float = MOST_SECONDS,
    tls: ssl.SSLContext | None = None,
) -> Reply:
    """Send JSON. Raises Failure LH3050 for an address that is not allowed, or no answer in time."""
    seconds = left(most_seconds)
    request = _request(url, private_network=private_network)
    if seconds <= 0:
        raise Unavailable(CODE, "There was no time left to send it.")
    asking = replace(request, body=body, seconds=seconds, tls=tls)
    answers: SimpleQueue[Reply | Failure] = SimpleQueue()
    # A name's look-up has no time-out, and one of a socket begins anew with each byte.
    Thread(target=lambda: answers.put(_sent(asking)), daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        said = f"{asking.host} did not answer within {seconds:.0f} s."
        raise Unavailable(CODE, said) from None
    if isinstance(answer, Failure):
        raise answer
    return answer


def host_of(url: str, *, private_network: bool = False) -> str:
    """Return the host to which something would be sent. Raises Failure LH3050 where nothing is."""
    request = _request(url, private_network=private_network)
    try:
        _looked_up(request)
    except (OSError, ValueError) as error:
        raise Unavailable(CODE, f"{request.host} is not found: {in_line(str(error))}.") from error
    return request.host


def _request(url: str, *, private_network: bool) -> _Request:
    """Take an address apart. Raises Refused for one that is not allowed."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused(CODE, "The webhook's secret is no URL.") from None
    secure = parts.scheme == "https"
    if not host or not (secure or (private_network and parts.scheme == "http")):
        raise Refused(
            CODE,
            "The webhook's secret is no https URL. Plain http is taken where the channel says"
            " private_network.",
        )
    if parts.username is not None or not url.strip().isprintable() or " " in url.strip():
        raise Refused(CODE, "The webhook's URL has a user's name, a blank or a control character.")
    return _Request(parts, host, port or (443 if secure else 80), private_network)


def _sent(request: _Request) -> Reply | Failure:
    try:
        return _send(request)
    except Failure as failure:
        return failure
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = in_line(f"{type(error).__name__}: {error}")
        return Unavailable(CODE, f"{request.host} cannot be reached: {reason:.200}.")


def _send(request: _Request) -> Reply:
    connection = _connection(request, _looked_up(request))
    try:
        path = request.url.path or "/"
        target = f"{path}?{request.url.query}" if request.url.query else path
        headers = {"Content-Type": "application/json; charset=utf-8"}
        connection.request("POST", target, request.body, headers)
        answer = connection.getresponse()
        text = answer.read(_MOST_READ).decode(errors="replace")
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)
    finally:
        connection.close()


def _looked_up(request: _Request) -> str:
    """Return the address of a host. Raises Refused where one of its addresses is not allowed."""
    found = socket.getaddrinfo(request.host, request.port, type=socket.SOCK_STREAM)
    texts = [str(each[4][0]) for each in found]
    for text in texts:
        if not _is_allowed(ipaddress.ip_address(text), private_network=request.private_network):
            raise Refused(
                CODE,
                f"{request.host} is at {text}, which is no public address: nothing is sent there."
                " A server of your own network is taken where the channel says private_network.",
            )
    return texts[0]


def _is_allowed(address: _Address, *, private_network: bool) -> bool:
    """Tell whether something may be sent there; the metadata of a machine never is."""
    address = _meant(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or private_network


def _meant(address: _Address) -> _Address:
    """Return the address of version 4 that one of version 6 stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _connection(request: _Request, address: str) -> http.client.HTTPConnection:
    """Return a connection to this very address that speaks to the host by its name."""
    if request.url.scheme == "http":
        plain = http.client.HTTPConnection(request.host, request.port, timeout=request.seconds)
        plain.sock = socket.create_connection((address, request.port), request.seconds)
        return plain
    context = request.tls or ssl.create_default_context()
    secure = http.client.HTTPSConnection(
        request.host, request.port, timeout=request.seconds, context=context
    )
    raw = socket.create_connection((address, request.port), request.seconds)
    try:
        secure.sock = context.wrap_socket(raw, server_hostname=request.host)
    except BaseException:
        raw.close()
        raise
    return secure


def said(text: str) -> str:
    """Return the begin of what the other side answered, as a part of a line."""
    return in_line(" ".join(text.split()))[:_SHOWN]
