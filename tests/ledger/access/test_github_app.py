"""A GitHub App: its key proves it, and its tokens are renewed before they end."""

from __future__ import annotations

import builtins
import json
import ssl
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization

from ledger.access.forms import GITHUB, GitHubApp
from ledger.access.github_app import InstallationTokens
from ledger.access.source import SecretSource
from ledger.deadline import within
from ledger.errors import Failure, Refused, Unavailable
from ledger.remote import Token
from sandbox.git.server import GitServer
from tests.ledger.access.github import GitHub, pem, private_key
from tests.ledger.forge import NOON, add, opened, seeded
from tests.ledger.stalling import Stalling
from tests.ledger.tls import make_authority

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(clock: Clock) -> Iterator[GitHub]:
    with GitHub(clock) as running:
        yield running


@pytest.fixture
def app(github: GitHub) -> GitHubApp:
    return GitHubApp("12", "345", pem(private_key()), github.url)


def test_a_token_is_used_for_fifty_minutes(app: GitHubApp, github: GitHub, clock: Clock) -> None:
    tokens = InstallationTokens(app, "", clock)
    for minutes in (0, 10, 39):
        clock.now = NOON + timedelta(minutes=minutes)
        assert tokens.current() == Token("x-access-token", "ghs_1")
    clock.now = NOON + timedelta(minutes=50)
    assert tokens.current() == Token("x-access-token", "ghs_2")
    tokens.forget()
    assert tokens.current() == Token("x-access-token", "ghs_3")
    assert len(github.minted) == 3


def test_a_clock_that_is_set_back_renews_the_token(app: GitHubApp, clock: Clock) -> None:
    tokens = InstallationTokens(app, "", clock)
    tokens.current()
    clock.now = NOON - timedelta(hours=1)
    assert tokens.current().token == "ghs_2"


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        ({"private_key": pem(private_key(2))}, "401"),
        ({"app_id": "13"}, "401"),
        ({"installation_id": "1"}, "404"),
        ({"private_key": "s3cret"}, "PEM"),
        ({"private_key": ""}, "PEM"),
    ],
    ids=["another key", "another app", "not installed", "no key", "nothing"],
)
def test_what_github_refuses_needs_a_person(
    app: GitHubApp, clock: Clock, wrong: dict[str, Any], because: str
) -> None:
    with pytest.raises(Refused, match=because) as caught:
        InstallationTokens(replace(app, **wrong), "", clock).current()
    assert caught.value.code == "LH2024"
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "instead",
    [
        (500, {}, b"oops\x1b[2J\n"),
        (429, {}, b""),
        (403, {"X-RateLimit-Remaining": "0"}, b'{"message": "no more"}'),
        (403, {"Retry-After": "60"}, b"{}"),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}'),
        (502, {}, b"<html>Unicorn</html>"),
        (201, {}, b"no json"),
        (201, {}, b"[]"),
        (201, {}, b'{"token": "two\\nlines"}'),
        (302, {"Location": "http://127.0.0.1:1/elsewhere"}, b""),
    ],
    ids=[
        "error",
        "too often",
        "403",
        "later",
        "secondary",
        "HTML",
        "no JSON",
        "a list",
        "no token",
        "elsewhere",
    ],
)
def test_what_github_cannot_do_now_may_be_tried_again(
    app: GitHubApp, github: GitHub, clock: Clock, instead: tuple[int, dict[str, str], bytes]
) -> None:
    github.instead = instead
    tokens = InstallationTokens(app, "", clock)
    with pytest.raises(Unavailable) as caught:
        tokens.current()
    assert caught.value.code == "LH2025"
    assert caught.value.message.isprintable()
    github.instead = None
    assert tokens.current().token == "ghs_1"


def test_an_old_token_is_used_while_github_cannot_renew_it(
    app: GitHubApp, github: GitHub, clock: Clock
) -> None:
    tokens = InstallationTokens(app, "", clock)
    tokens.current()
    github.instead = (500, {}, b"")
    clock.now = NOON + timedelta(minutes=55)
    assert tokens.current().token == "ghs_1"
    clock.now = NOON + timedelta(minutes=59)
    with pytest.raises(Unavailable):
        tokens.current()


def test_a_failing_renewal_is_not_tried_for_each_connection(
    app: GitHubApp, github: GitHub, clock: Clock
) -> None:
    tokens = InstallationTokens(app, "", clock)
    tokens.current()
    github.instead = (500, {}, b"")
    for second in (0, 1, 59, 60, 61):
        clock.now = NOON + timedelta(minutes=51, seconds=second)
        assert tokens.current().token == "ghs_1"
    assert github.asked == 3
    github.instead = None
    clock.now = NOON + timedelta(minutes=53)
    assert tokens.current().token == "ghs_2"


def test_a_token_that_ends_earlier_is_renewed_earlier(
    app: GitHubApp, github: GitHub, clock: Clock
) -> None:
    ends = (NOON + timedelta(minutes=12)).isoformat().replace("+00:00", "Z")
    github.instead = (201, {}, json.dumps({"token": "brief", "expires_at": ends}).encode())
    tokens = InstallationTokens(app, "", clock)
    for minutes in (0, 9):
        clock.now = NOON + timedelta(minutes=minutes)
        assert tokens.current().token == "brief"
    github.instead = None
    clock.now = NOON + timedelta(minutes=10)
    assert tokens.current().token == "ghs_1"


@pytest.mark.parametrize("ends", ["soon", None, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00", 7])
def test_an_end_that_says_nothing_is_an_hour_away(
    app: GitHubApp, github: GitHub, clock: Clock, ends: object
) -> None:
    github.instead = (201, {}, json.dumps({"token": "one", "expires_at": ends}).encode())
    tokens = InstallationTokens(app, "", clock)
    tokens.current()
    github.instead = None
    clock.now = NOON + timedelta(minutes=49)
    assert tokens.current().token == "one"


@pytest.mark.parametrize(
    "instead",
    [
        (404, {}, b"<!DOCTYPE html><title>Page not found</title>"),
        (302, {"Location": "/login"}, b""),
        (200, {}, b"<!DOCTYPE html><title>Sign in</title>"),
    ],
    ids=["not found", "to sign in", "a page"],
)
def test_a_page_in_place_of_the_api_names_the_apis_address(
    app: GitHubApp, github: GitHub, clock: Clock, instead: tuple[int, dict[str, str], bytes]
) -> None:
    github.instead = instead
    with pytest.raises(Failure, match=r"https://HOST/api/v3: look at api_url\.$") as caught:
        InstallationTokens(app, "", clock).current()
    assert "DOCTYPE" not in caught.value.message
    tokens = InstallationTokens(replace(app, api_url="http://127.0.0.1:1"), "", clock)
    with pytest.raises(Unavailable, match="cannot be asked"):
        tokens.current()


@pytest.mark.parametrize("broken", ["AAAA", "", "A" * 63])
def test_certificates_that_are_none_are_refused(app: GitHubApp, clock: Clock, broken: str) -> None:
    bundle = f"-----BEGIN CERTIFICATE-----\n{broken}\n-----END CERTIFICATE-----\n"
    with pytest.raises(Refused, match="ca_bundle") as caught:
        InstallationTokens(app, bundle, clock)
    assert caught.value.code == "LH2026"


def test_github_is_known_by_a_bundle_with_comments_and_by_botocores(
    app: GitHubApp, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ssl.get_default_verify_paths()._replace(cafile=None, capath=None)  # type: ignore[arg-type]
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    loaded = []
    load = ssl.SSLContext.load_verify_locations

    def noting(
        context: ssl.SSLContext, cafile: str | None = None, *, cadata: str | None = None
    ) -> None:
        load(context, cafile, cadata=cadata)
        loaded.append(Path(cafile).name if cafile else "the bundle")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noting)
    InstallationTokens(app, f"# Für uns\n{make_authority(tmp_path)}", clock)
    assert loaded == ["cacert.pem", "the bundle"]


def test_githubs_own_api_needs_no_other_address(
    app: GitHubApp, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InstallationTokens, "_ask", lambda *_: [])
    with pytest.raises(Unavailable, match=r"https://api\.github\.com .* without a token\.$"):
        InstallationTokens(replace(app, api_url=GITHUB), "", clock).current()


def test_a_suspended_installation_is_said_in_githubs_words(
    app: GitHubApp, github: GitHub, clock: Clock
) -> None:
    said = b'{"message": "This installation has been suspended", "documentation_url": "x"}'
    github.instead = (403, {}, said)
    with pytest.raises(Refused, match=r"403 This installation has been suspended$") as caught:
        InstallationTokens(app, "", clock).current()
    assert caught.value.code == "LH2024"


def test_a_key_of_either_form_signs(app: GitHubApp, clock: Clock) -> None:
    kept = private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    tokens = InstallationTokens(replace(app, private_key=kept.decode()), "", clock)
    assert tokens.current().token == "ghs_1"


def test_what_does_not_speak_http_may_be_tried_again(clock: Clock) -> None:
    with Stalling(begin=b"SSH-2.0-OpenSSH_9.2\r\n\x1b[2J") as server:
        app = GitHubApp("12", "345", pem(private_key()), server.url)
        with pytest.raises(Unavailable, match="cannot be asked for a token") as caught:
            InstallationTokens(app, "", clock).current()
    assert caught.value.message.isprintable()


def test_a_server_out_of_reach_may_be_tried_again(app: GitHubApp, clock: Clock) -> None:
    away = replace(app, api_url="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot be asked for a token"):
        InstallationTokens(away, "", clock).current()


def test_a_missing_package_is_named(
    app: GitHubApp, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:  # noqa: ANN401
        if name == "jwt":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "jwt")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Refused, match=r"leasehold\[github-app\]"):
        InstallationTokens(app, "", clock).current()


def test_a_revoked_token_is_renewed_while_a_repository_is_read(
    app: GitHubApp, clock: Clock, tmp_path: Path
) -> None:
    hosted, users = tmp_path / "hosted", {"x-access-token": "ghs_1"}
    hosted.mkdir()
    told = {"app_id": 12, "installation_id": 345, "private_key": app.private_key}
    secret = json.dumps(told | {"api_url": app.api_url})
    seconds = [0.0]
    source = SecretSource(lambda: secret, tmp_path / "access", clock, lambda: seconds[0])
    with GitServer(hosted, credentials=users) as server:
        forge = seeded(hosted, "fleet.git", server.repository_url("fleet.git"))
        repository = opened(forge.url, tmp_path / "cache", credentials=source)
        repository.read()
        users["x-access-token"], seconds[0] = "ghs_2", 60.0
        repository.commit(add(1, "r-1"))


def test_a_key_that_is_rotated_fails_nothing(
    app: GitHubApp, github: GitHub, clock: Clock, tmp_path: Path
) -> None:
    told = {"app_id": 12, "installation_id": 345, "api_url": app.api_url}
    texts = [json.dumps(told | {"private_key": pem(private_key(2))})]
    seconds = [0.0]
    source = SecretSource(lambda: texts[0], tmp_path, clock, lambda: seconds[0])
    for _ in range(3):  # GitHub is not asked for each caller
        with pytest.raises(Refused, match="401"):
            source.access()
    assert github.asked == 1
    texts[0], seconds[0] = json.dumps(told | {"private_key": app.private_key}), 5.0
    assert source.access().credentials == Token("x-access-token", "ghs_1")
    texts[0], seconds[0] = json.dumps(told | {"private_key": pem(private_key(2))}), 60.0
    assert source.access().credentials == Token("x-access-token", "ghs_1")
    clock.now = NOON + timedelta(minutes=50)
    github.instead = (401, {}, b'{"message": "Bad credentials"}')
    with pytest.raises(Refused, match="401 Bad credentials"):
        source.access()
    github.instead, seconds[0] = None, 66.0
    texts[0] = json.dumps(told | {"private_key": f"{app.private_key}\n"})
    assert source.access().credentials == Token("x-access-token", "ghs_2")


def test_a_server_that_trickles_is_given_up(clock: Clock) -> None:
    with Stalling(begin=b"HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n{") as server:
        tokens = InstallationTokens(
            GitHubApp("12", "345", pem(private_key()), server.url), "", clock
        )
        with within(0.3), pytest.raises(Unavailable) as failed:
            tokens.current()
    assert failed.value.code == "LH2025"
    assert "did not answer in time" in failed.value.message
