"""A call of the gateway as the tour shows it: by curl, or as curl would where there is none."""

import json
import shlex
import shutil
import urllib.request
from typing import Any

from leasehold.tour_shell import TourShell, answer, show
from ledger.errors import Unavailable


def call(shell: TourShell, method: str, query: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """Show a call of /endpoint-expiry, make it, show the answer. Raises Unavailable LH5030."""
    url = f"{shell.running.gateway_url}/endpoint-expiry{query}"
    data = [] if body is None else ["-d", json.dumps(body)]
    show(
        f'curl -X {method} {shlex.quote(url)} -H "Authorization: $TOKEN" {shlex.join(data)}'.strip()
    )
    if shutil.which("curl"):
        curl = ["curl", "--silent", "--show-error", "--fail-with-body", "-X", method, url]
        text = shell.quietly([*curl, "-H", f"Authorization: {shell.running.token}", *data])
    else:
        text = _request(url, method, shell.running.token, data)
    answered: dict[str, Any] = json.loads(text)
    answer(json.dumps(answered, indent=2))
    return answered


def _request(url: str, method: str, token: str, data: list[str]) -> str:
    content = data[1].encode() if data else None
    request = urllib.request.Request(url, content, {"Authorization": token}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310  (our own)
            text: str = response.read().decode()
    except OSError as error:
        raise Unavailable(
            "LH5030", f"the gateway refused the call or did not answer: {error}."
        ) from error
    return text
