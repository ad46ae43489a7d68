"""Who is believed to be the repository: proofs of GitHub, of GitLab, of anybody with the secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.webhook.signatures import recognised, sign
from ledger.errors import Refused

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
OLD, NEW = "the-former-secret", "the-present-secret"
SECRETS = (NEW, OLD)
BODY = b'{"ref": "refs/heads/main"}'
# The example that GitHub's documentation gives for testing.
GITHUB_SECRET, GITHUB_BODY = "It's a Secret to Everybody", b"Hello, World!"
GITHUB_PROOF = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def dated(secret: str = NEW, at: datetime = NOON, body: bytes = BODY) -> dict[str, str]:
    return lower(sign(secret, body, at))


def is_refused(headers: dict[str, str], body: bytes = BODY) -> bool:
    with pytest.raises(Refused) as caught:
        recognised(headers, body, SECRETS, NOON)
    assert caught.value.code == "LH4401"
    assert not {NEW, OLD, *headers.values()} & set(caught.value.message.split())
    return True


class TestGitHub:
    def test_is_recognised_by_the_example_of_its_documentation(self) -> None:
        headers = {"x-hub-signature-256": GITHUB_PROOF}
        assert recognised(headers, GITHUB_BODY, [GITHUB_SECRET], NOON)

    def test_is_refused_when_one_byte_of_the_body_differs(self) -> None:
        headers = {"x-hub-signature-256": GITHUB_PROOF}
        with pytest.raises(Refused, match="LH4401"):
            recognised(headers, GITHUB_BODY + b"!", [GITHUB_SECRET], NOON)

    def test_is_known_again_whatever_its_delivery_is_called(self) -> None:
        """The delivery's id is not signed: whoever sends a call again can exchange it."""
        marks = {
            recognised(
                {"x-hub-signature-256": GITHUB_PROOF, "x-github-delivery": delivery},
                GITHUB_BODY,
                [GITHUB_SECRET],
                NOON,
            )
            for delivery in ("first", "second")
        }
        assert len(marks) == 1


class TestGitLab:
    @pytest.mark.parametrize("secret", SECRETS)
    def test_sends_the_secret_itself(self, secret: str) -> None:
        recognised({"x-gitlab-token": secret}, BODY, SECRETS, NOON)

    def test_is_known_again_by_its_event_and_body(self) -> None:
        def mark(event: str, body: bytes = BODY) -> str | None:
            headers = {"x-gitlab-token": NEW, "x-gitlab-event-uuid": event}
            return recognised(headers, body, SECRETS, NOON)

        assert mark("e-1") == mark("e-1")
        assert len({mark("e-1"), mark("e-2"), mark("e-1", b"{}")}) == 3

    def test_is_not_known_again_where_it_names_no_event(self) -> None:
        assert recognised({"x-gitlab-token": NEW}, BODY, SECRETS, NOON) is None


class TestAnybodyElse:
    @pytest.mark.parametrize("secret", SECRETS)
    def test_signs_the_time_and_the_body(self, secret: str) -> None:
        assert recognised(dated(secret), BODY, SECRETS, NOON)

    @pytest.mark.parametrize("minutes", [-5, 5])
    def test_may_be_five_minutes_off(self, minutes: int) -> None:
        assert recognised(dated(at=NOON + timedelta(minutes=minutes)), BODY, SECRETS, NOON)

    @pytest.mark.parametrize("seconds", [-301, 301])
    def test_is_refused_beyond_that(self, seconds: int) -> None:
        assert is_refused(dated(at=NOON + timedelta(seconds=seconds)))

    def test_cannot_put_another_time_on_an_old_proof(self) -> None:
        old = dated(at=NOON - timedelta(hours=1))
        assert is_refused({**old, "x-leasehold-timestamp": str(int(NOON.timestamp()))})

    @pytest.mark.parametrize(
        "seconds", ["", "now", "-1", "1e9", "9" * 5000, "99999999999", "\u0661\u0662", " 1"]
    )
    def test_is_refused_with_a_time_that_is_none(self, seconds: str) -> None:
        assert is_refused({**dated(), "x-leasehold-timestamp": seconds})

    def test_is_known_again_by_what_it_signed(self) -> None:
        assert recognised(dated(), BODY, SECRETS, NOON) == recognised(
            dated(), BODY, SECRETS, NOON + timedelta(minutes=1)
        )
        later = NOON + timedelta(seconds=1)
        assert recognised(dated(), BODY, SECRETS, NOON) != recognised(
            dated(at=later), BODY, SECRETS, NOON
        )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-gitlab-token": "the-presentsecret"},
        {"x-gitlab-token": "\ud800"},
        {"x-gitlab-token": "geheimnis\u00e4\u00f6\u00fc"},
        {"x-gitlab-token": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "sha256=" + "0" * 64},
        {"x-hub-signature-256": NEW},
        {"x-hub-signature": "sha1=" + "0" * 40},
        {"x-leasehold-signature": "sha256=" + "0" * 64},
    ],
    ids=str,
)
def test_without_a_proof_nobody_is_believed(headers: dict[str, str]) -> None:
    assert is_refused(headers)


def test_a_proof_by_a_secret_that_is_gone_counts_no_more() -> None:
    with pytest.raises(Refused, match="LH4401"):
        recognised(dated(OLD), BODY, [NEW], NOON)


def test_a_right_token_beside_a_wrong_signature_counts_for_nothing() -> None:
    assert is_refused({"x-gitlab-token": NEW, "x-leasehold-signature": "sha256=" + "0" * 64})


def test_without_a_secret_nobody_is_believed() -> None:
    with pytest.raises(Refused, match="LH4401"):
        recognised({"x-gitlab-token": ""}, BODY, [], NOON)
