"""What a server's refusal of a request to rewrite history tells of it."""

from __future__ import annotations

import pytest

from leasehold.doctor.force_push import Verdict, ask, judged
from ledger.remote import Remote


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("non-fast-forward", Verdict.FORBIDDEN),
        ("pre-receive hook declined", Verdict.FORBIDDEN),
        ("protected branch hook declined", Verdict.FORBIDDEN),
        ("bad ref", Verdict.FORBIDDEN),
        ("TF402455: Pushes to this branch are not permitted; force pushes", Verdict.FORBIDDEN),
        ("failed to update ref", Verdict.TAKEN),
        ("cannot lock ref 'refs/heads/main': is at a but expected b", Verdict.TAKEN),
        ("stale info", Verdict.TAKEN),
        ("fetch first", Verdict.TAKEN),
        ("internal server error", Verdict.UNKNOWN),
    ],
)
def test_a_refusal_tells(words: str, verdict: Verdict) -> None:
    assert judged(words) is verdict


def test_over_ssh_nobody_is_asked() -> None:
    assert ask(Remote("ssh://git@git.example.com/fleet.git"), "1" * 40)[0] is Verdict.UNKNOWN
