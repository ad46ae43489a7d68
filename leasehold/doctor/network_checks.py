"""What lies between this machine, AWS, the git host and the API: clocks, certificates, the way."""

import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from controller.planning.clock import CLOCK_TOLERANCE
from leasehold.doctor.finding import NotKnown, Told, failed, ok, skipped, warning
from leasehold.doctor.subject import Subject
from leasehold.server_time import said_by
from ledger.errors import Failure
from ledger.lease import duration

_PATIENCE_SECONDS = 5
_NOTICEABLE = timedelta(seconds=30)
_SOON = timedelta(days=14)
_MOST_BYTES = 64 * 1024


def clock(subject: Subject) -> Iterator[Told]:
    """Compare with AWS and with the git server: by this clock leases end."""
    compared = False
    for whose, ahead in _differences(subject):
        compared = True
        side = "ahead of" if ahead > timedelta() else "behind"
        sentence = f"This machine's clock is {duration(abs(ahead))} {side} {whose}."
        fix = "Set the clock by a time server: `timedatectl set-ntp true`."
        if abs(ahead) > CLOCK_TOLERANCE:
            yield failed("LH5169", f"{sentence} Nothing ends by such a clock.", fix)
        elif abs(ahead) > _NOTICEABLE:
            yield warning("LH5169", sentence, fix)
        else:
            yield ok(f"This machine's clock agrees with {whose}.")
    if not compared:
        yield skipped("Neither AWS nor the git server said the time.")


def _differences(subject: Subject) -> Iterator[tuple[str, timedelta]]:
    try:
        caller = subject.caller()
    except (Failure, NotKnown):  # the check of credentials says so
        caller = None
    if caller and caller.answered_at:
        yield "AWS's", caller.asked_at - caller.answered_at
    if (said := said_by(subject.context().remote.url)) is not None:
        yield "the git server's", subject.clock() - said


def certificates(subject: Subject) -> Iterator[Told]:
    """Tell whether the git host proves who it is by the store that Python and libgit2 look at."""
    url = urlsplit(subject.context().remote.url)
    if url.scheme != "https" or url.hostname is None:
        yield skipped("The repository is not reached by HTTPS: for SSH, known hosts count.")
        return
    paths = ssl.get_default_verify_paths()
    store = paths.cafile or paths.capath or "no file"
    try:
        ends = _proven_until(url.hostname, url.port or 443)
    except ssl.SSLCertVerificationError as error:
        yield failed(
            "LH5170",
            f"{url.hostname} is not proven by {store}: {error.verify_message}.",
            "Append the certificate of its authority to that store, and name the whole file in"
            " SSL_CERT_FILE; a deployment has it as `ca_bundle` in the git secret.",
        )
        return
    left = ends - subject.clock()
    if left < _SOON:
        sentence = f"The certificate of {url.hostname} ends in {duration(left)}."
        yield warning("LH5170", sentence, "Have whoever runs the host renew it.")
        return
    yield ok(f"{url.hostname} is proven by {store} until {ends:%Y-%m-%d}.")


def _proven_until(host: str, port: int) -> datetime:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=_PATIENCE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def webhook(subject: Subject) -> Iterator[Told]:
    """Send what proves nothing: whoever refuses it as that is there, and was asked nothing else."""
    base = subject.named.api_url or subject.context().gateway_url or subject.settings().api_url
    if not base:
        yield skipped("Nothing says where the API is: set notifications.api_url, or say --api-url.")
        return
    url = f"{base.split('?')[0].rstrip('/')}/webhooks/git"
    code, said = _refusal(url)
    match code:
        case "LH4401":
            yield ok(f"{url} hears, and believes nobody without a proof.")
        case "LH4404" | "LH4405" | "LH4406":
            yield warning(
                "LH5171",
                f"{url} hears, and has no secret that proves a call: {said}",
                "Deploy with -c webhook_secret_name=NAME. Until then each minute has its tick.",
            )
        case _:
            yield failed(
                "LH5171",
                f"{url} is not answered by Leasehold's gateway: {said}",
                "Take the address that `cdk deploy` printed as ApiUrl, with its stage.",
            )


def _refusal(url: str) -> tuple[str, str]:
    """Return the code and the sentence of an answer; no code for what is none of ours."""
    request = urllib.request.Request(  # noqa: S310  (an address of http or https)
        url, b"{}", headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
            return "", f"it answered {answer.status}."
    except urllib.error.HTTPError as error:
        with error:
            text = error.read(_MOST_BYTES)
        return _read(text, error.code)
    except (OSError, ValueError) as error:
        return "", f"{error}."


def _read(text: bytes, status: int) -> tuple[str, str]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    match document:
        case {"code": str(code), "error": str(sentence)}:
            return code, sentence
    return "", f"it answered {status}."
