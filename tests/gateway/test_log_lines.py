"""The gateway's log: a line for each record, whatever a caller or another server has written."""

from __future__ import annotations

import io
import json
import logging
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.log_lines import logger
from gateway.principal import Principal, Scope
from ledger.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.api import Api

FORGED = "lh_x\nLH4999 forged\r\x85\u2028\u202e\x1b[31m\x00"


@contextmanager
def written(name: str) -> Iterator[io.StringIO]:
    """What a plain handler writes of a logger, as Lambda's does."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(message)s"))
    log, before = logging.getLogger(name), logging.getLogger(name).level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


@given(st.text())
def test_no_text_ends_its_line_or_moves_the_cursor(text: str) -> None:
    with written("leasehold.gateway") as stream:
        logger("leasehold.gateway").info("%s of somebody", text)
    line = stream.getvalue()
    assert line.endswith(" of somebody\n")
    assert re.fullmatch(r"\[INFO\]\t(.*)\n", line)
    assert line[7:-1].isprintable()


@pytest.mark.parametrize("text", ["", "a plain sentence.", "Ænne Brønn \N{SNOWMAN} 猫", r"a\b"])
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_what_is_not_is_written_as_python_escapes_it() -> None:
    assert printable(FORGED) == (r"lh_x\nLH4999 forged\r\x85\u2028\u202e\x1b[31m\x00")
    assert printable("\ud800") == r"\ud800"


def test_a_traceback_is_a_part_of_the_line() -> None:
    with written("leasehold.gateway") as stream:
        try:
            int(FORGED)
        except ValueError:
            logger("leasehold.gateway").exception("It failed.")
    assert stream.getvalue().count("\n") == 1
    assert r"It failed. Traceback (most recent call last):\n  File" in stream.getvalue()


def test_the_gateway_logs_in_no_other_way() -> None:
    folder = Path(__file__).resolve().parents[2] / "gateway"
    with_loggers = {
        file.name for file in folder.rglob("*.py") if "logging.getLogger" in file.read_text()
    }
    assert with_loggers == {"log_lines.py", "legacy_tokens.py"}  # that one calms botocore's
    assert not [
        file.name for file in folder.rglob("*.py") if re.search(r"\bprint\(", file.read_text())
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_hostile_requests_leave_single_lines_without_the_token(quiet_api: Api, method: str) -> None:
    master = Principal("Mia", "mia@example.com", frozenset({Scope.ADMIN}))
    token = quiet_api.token_for(master)
    hostile = quote(FORGED)
    with written("leasehold.gateway") as api, written("leasehold.authorizer") as door:
        for path in ("/prod/endpoint-expiry", f"/prod/invoke/{hostile}", f"/prod/{hostile}"):
            quiet_api.send(
                method,
                json.dumps({"EndpointName": FORGED, FORGED: token}).encode(),
                query={"EndpointName": FORGED, "limit": FORGED, "dry_run": FORGED},
                headers={"Idempotency-Key": "\x85 \xa0", "If-Match": '"\xad"'},
                path=path,
                token=token,
            )
            quiet_api.send(method, b"{}", path=path, token="a.b.c\x85")
    if method == "POST":
        assert r"is at /lh_x\nLH4999 forged\r\x85\u2028\u202e\x1b[31m" in api.getvalue()
    for line in (api.getvalue() + door.getvalue()).splitlines():
        assert re.match(r"\[(INFO|WARNING|ERROR)\]\tLH[0-9]{4} ", line)
        assert not re.match(r".*LH4999 forged$", line)
    for text in (api.getvalue(), door.getvalue()):
        assert token not in text
        assert all(each.isprintable() or each in "\n\t" for each in text)
