"""Which requests a server on loopback takes: those of programs, and of its own pages."""

import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

import pytest

from sandbox.callers import Callers, anybody, is_host
from sandbox.git.server import GitServer
from sandbox.server import Sandbox

PROGRAMS = Callers()
PAGES = Callers(opens_pages=True)
NAMED = Callers(frozenset({"https://app.example.com"}).__contains__)


def asked(method: str = "POST", **headers: str) -> dict[str, str]:
    named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return {"REQUEST_METHOD": method, "HTTP_HOST": "127.0.0.1:8321", **named}


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:8321", "127.9.9.9:1", "localhost", "localhost:8321"),
        *("LOCALHOST.:80", "[::1]", "[::1]:8321", "demo-models.localhost:1", "127.0.0.1:"),
    ],
)
def test_this_machine_has_many_names(host: str) -> None:
    assert PROGRAMS.refusal(asked(host=host)) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8321", "127.0.0.1.evil.example", "localhost.evil.example"),
        *("", "10.0.0.1:8321", "[fe80::1]:80", "127.0.0.1, evil.example", "127.0.0.1:80@evil:1"),
        *("evillocalhost", "0.0.0.0:8321", "127.0.0.1:x", "\x1b[31m"),
    ],
)
def test_a_name_that_was_made_to_lead_here_is_none(host: str) -> None:
    said = PROGRAMS.refusal(asked(host=host))
    assert said is not None
    assert said.isprintable()
    assert "none of its names: call it by 127.0.0.1" in said


def test_a_program_of_old_times_names_no_host() -> None:
    assert PROGRAMS.refusal({"REQUEST_METHOD": "GET"}) is None


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1", ""]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_page_of_elsewhere_may_not_call(method: str, origin: str) -> None:
    said = PROGRAMS.refusal(asked(method, origin=origin))
    assert said == f"A web page of {origin!r} may not call this server: call it by a program."
    assert PAGES.refusal(asked(method, origin=origin)) == said
    assert Callers(anybody).refusal(asked(method, origin=origin)) is None


def test_a_page_of_its_own_may() -> None:
    assert PROGRAMS.refusal(asked(origin="http://127.0.0.1:8321")) is None
    forwarded = asked(host="localhost:443", origin="https://localhost:443")
    assert PROGRAMS.refusal(forwarded | {"HTTP_SEC_FETCH_SITE": "same-origin"}) is None
    assert PROGRAMS.refusal({"REQUEST_METHOD": "GET", "HTTP_ORIGIN": "http://None"}) is not None


def test_a_page_that_is_named_may() -> None:
    page = asked(origin="https://app.example.com", sec_fetch_site="cross-site")
    assert NAMED.refusal(page) is None
    assert NAMED.refusal(asked(origin="https://evil.example")) is not None
    assert NAMED.refusal(page | {"HTTP_HOST": "evil.example"}) is not None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_a_page_that_hides_its_origin_may_not(site: str) -> None:
    assert PROGRAMS.refusal(asked("GET", sec_fetch_site=site)) is not None
    link = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert PROGRAMS.refusal(asked("GET", sec_fetch_site=site, **link)) is not None
    assert PAGES.refusal(asked("GET", sec_fetch_site=site, **link)) is None
    assert PAGES.refusal(asked("POST", sec_fetch_site=site, **link)) is not None
    framed = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    assert PAGES.refusal(asked("GET", sec_fetch_site=site, **framed)) is not None


def test_the_address_bar_may() -> None:
    assert PROGRAMS.refusal(asked("GET", sec_fetch_site="none")) is None


def test_no_page_resets_an_account() -> None:
    with Sandbox() as sandbox:
        for header in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            request = urllib.request.Request(
                f"{sandbox.url}/sandbox/reset", b"", header, method="POST"
            )
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            with refused.value as answer:
                assert answer.code == HTTPStatus.FORBIDDEN
        with urllib.request.urlopen(f"{sandbox.url}/sandbox") as answer:
            assert answer.status == HTTPStatus.OK


FORWARDED = Callers(hosts=frozenset({"box.example.com", "*.app.github.dev"}))


@pytest.mark.parametrize(
    "host",
    [
        *("box.example.com", "Box.Example.com.", "box.example.com:443", "127.0.0.1:8321"),
        *("fluffy-8321.app.github.dev", "FLUFFY-8321.app.github.dev:443", "localhost"),
    ],
)
def test_a_name_that_is_forwarded_here_is_one_where_somebody_said_so(host: str) -> None:
    assert FORWARDED.refusal(asked(host=host)) is None
    assert FORWARDED.refusal(asked(host=host, origin=f"https://{host}")) is None
    said = FORWARDED.refusal(asked(host=host, origin="https://evil.app.github.dev"))
    assert said is not None
    assert "may not call this server" in said


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "example.com", "a.box.example.com", "app.github.dev"),
        *("evilapp.github.dev", "app.github.dev.evil.example", "box.example.com.evil", ""),
    ],
)
def test_all_other_names_are_refused_and_told_of_the_option(host: str) -> None:
    said = FORWARDED.refusal(asked(host=host))
    assert said is not None
    assert "start it with --allow-host" in said


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("box", True),
        ("box.example.com", True),
        ("*.app.github.dev", True),
        ("*.dev", False),
        ("*", False),
        ("a.*.dev", False),
        ("https://box", False),
        ("box:80", False),
        ("box/x", False),
        ("", False),
        ("-box", False),
        ("box.", False),
        ("b\nx", False),
    ],
)
def test_what_may_be_named_as_a_host(name: str, *, fits: bool) -> None:
    assert is_host(name) is fits


def test_all_servers_take_it(tmp_path: Path) -> None:
    with Sandbox(startup_seconds=1, hosts=frozenset({"box.example"})) as sandbox:
        for host, status in (("box.example", 200), ("other.example", 403)):
            request = urllib.request.Request(f"{sandbox.url}/sandbox/calls", headers={"Host": host})
            assert _status(request) == status
    with GitServer(tmp_path, hosts=frozenset({"box.example"})) as server:
        for host, refused in (("box.example", False), ("other.example", True)):
            request = urllib.request.Request(f"{server.url}/x.git", headers={"Host": host})
            assert (_status(request) == HTTPStatus.FORBIDDEN) is refused


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
