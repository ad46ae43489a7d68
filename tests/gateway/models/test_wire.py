"""What a container answers in place of a result reaches the caller, whatever it is."""

from __future__ import annotations

import pytest

from gateway.models.not_running import shown_status
from gateway.models.wire import model_error
from ledger.observed import Noted

PLAIN = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('{"error": "too long"}', "application/json"),
        ("CUDA out of memory", PLAIN),
        ("", PLAIN),
        ("[" * 5000, PLAIN),
        ("9" * 5000, PLAIN),
        ("half of a pair \ud800", PLAIN),
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_a_containers_refusal_is_json_only_where_it_can_be_read_as_such(
    said: str, kind: str
) -> None:
    answer = model_error({"OriginalStatusCode": 422, "OriginalMessage": said}).as_proxy()
    assert (answer["statusCode"], answer["headers"]) == (422, {"Content-Type": kind})
    assert answer["body"] == said.replace("\ud800", "?")


@pytest.mark.parametrize("status", [0, 200, 302, 600, -1])
def test_a_status_that_is_no_errors_becomes_bad_gateway(status: int) -> None:
    assert model_error({"OriginalStatusCode": status}).status == 502


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        (None, "absent"),
        (Noted("Creating"), "Creating"),
        (Noted("Failed"), "Failed"),
        (Noted("InService"), "absent"),  # SageMaker has just said otherwise
    ],
    ids=str,
)
def test_a_status_is_shown_as_it_is_noted(noted: Noted | None, said: str) -> None:
    assert shown_status(noted) == said
