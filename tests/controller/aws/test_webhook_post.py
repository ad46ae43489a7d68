"""A POST to an address that a secret names: where it goes, and that it ends in time."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from controller.aws.webhook_post import post
from ledger.deadline import within
from ledger.errors import Failure
from tests.controller.aws.chat_server import PATH, Chat, serving
from tests.ledger.tls import make_authority, tls_before

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = b'{"text": "t", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "t"}}]}'
SECRET = PATH.rpartition("/")[2]


@pytest.fixture
def chat() -> Iterator[Chat]:
    with serving() as served:
        yield served


def found(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let each name be found at these addresses."""
    info = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: info)


def refusal(url: str, *, private_network: bool = False) -> str:
    with pytest.raises(Failure) as failed:
        post(url, BODY, private_network=private_network)
    assert failed.value.code == "LH3050"
    assert SECRET not in str(failed.value)
    return failed.value.message


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1",
        "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_nothing_goes_to_an_address_that_is_not_public(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    found(monkeypatch, address)
    said = refusal(f"https://hooks.example.com{PATH}")
    assert "no public address" in said
    assert "private_network" in said


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "::"])
def test_a_machines_metadata_is_no_private_network_either(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    found(monkeypatch, address)
    assert "no public address" in refusal("https://a.example.com/x", private_network=True)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, "3.3.3.3", "10.0.0.1")
    assert "10.0.0.1" in refusal("https://hooks.example.com/x")


def test_what_was_looked_at_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is found elsewhere the second time leads nowhere."""
    tried = []

    def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
        tried.append(address)
        raise OSError("nobody is there")

    found(monkeypatch, "3.3.3.3")
    monkeypatch.setattr(socket, "create_connection", connect)
    assert "hooks.example.com cannot be reached" in refusal("https://hooks.example.com/x")
    assert tried == [("3.3.3.3", 443)]


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://hooks.example.com/x", "https"),
        ("ftp://hooks.example.com/x", "https"),
        ("file:///etc/passwd", "https"),
        ("hooks.example.com/x", "https"),
        ("https://", "https"),
        ("https://[half/x", "no URL"),
        ("https://a.example.com:port/x", "no URL"),
        ("https://ana:pw@hooks.example.com/x", "user"),
        ("https://hooks.example.com/x\r\nHost: other", "control"),
        ("https://hooks.example.com/a b", "blank"),
        ("", "https"),
    ],
)
def test_what_is_no_such_address_is_refused(url: str, word: str) -> None:
    assert word in refusal(url)


def test_a_server_of_ones_own_network_is_taken_where_that_is_said(chat: Chat) -> None:
    reply = post(chat.url, BODY, private_network=True)
    assert (reply.status, reply.text) == (200, "ok")
    assert "https" in refusal(chat.url)
    assert chat.calls == 1


def test_a_redirect_is_not_followed(chat: Chat) -> None:
    chat.answers = [(302, {"Location": "http://169.254.169.254/latest/meta-data"})]
    assert post(chat.url, BODY, private_network=True).status == 302
    assert chat.calls == 1


def test_a_query_of_the_address_is_sent_along(chat: Chat) -> None:
    assert post(f"{chat.url}?token=1", BODY, private_network=True).text == "no_service"
    assert post(f"http://{urlsplit(chat.url).netloc}", BODY, private_network=True).status == 404


def test_tls_is_for_the_hosts_name_by_an_authority_that_is_trusted(
    chat: Chat, tmp_path: Path
) -> None:
    root = make_authority(tmp_path)
    plain = urlsplit(chat.url).port
    assert plain is not None
    with tls_before(plain, tmp_path) as port:
        trusting = ssl.create_default_context(cadata=root)
        url = f"https://localhost:{port}{PATH}"
        assert post(url, BODY, private_network=True, tls=trusting).status == 200
        assert "CERTIFICATE_VERIFY_FAILED" in refusal(url, private_network=True)
        assert "no public address" in refusal(url)


def test_an_answer_that_never_ends_costs_no_more_than_its_time(chat: Chat) -> None:
    chat.drips = True
    with pytest.raises(Failure, match="did not answer within"):
        post(chat.url, BODY, private_network=True, most_seconds=0.2)


def test_without_time_nothing_is_sent(chat: Chat) -> None:
    with within(0), pytest.raises(Failure, match="no time left"):
        post(chat.url, BODY, private_network=True)
    assert chat.calls == 0


def test_nobody_there_is_said_with_the_host_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = refusal(f"http://127.0.0.1:{port}{PATH}", private_network=True)
    assert said.startswith("127.0.0.1 cannot be reached: ")
