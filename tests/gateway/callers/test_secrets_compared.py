"""Secrets are compared by `hmac.compare_digest`, all candidates of them, and never by `==`.

Nothing here measures time. Tokens are found by DynamoDB, by their digest; see `gateway.tokens`.
"""

from __future__ import annotations

import ast
import base64
import hmac
from pathlib import Path

import pytest

from gateway.callers.token_record import digest
from gateway.webhook.signatures import recognised, sign
from ledger.errors import Refused
from tests.gateway.door import NOON

SECRETS = ("the first secret ", "the second secret", "the third secret ")
# What the names of secrets in the gateway's code are made of.
SECRET_WORDS = {"token", "secret", "proof", "signature", "given", "expected", "presented", "digest"}
GATEWAY = Path(__file__).resolve().parents[3] / "gateway"
# No secrets: what was asked before, as the trailer of a public commit or a name in S3 has it, and
# what the console's files are known by.
PUBLIC = {"requests.py", "async_records.py", "serving.py"}


@pytest.mark.parametrize("right", range(len(SECRETS)))
def test_every_candidate_is_compared_whichever_is_right(
    right: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for headers in (
        sign(SECRETS[right], b"{}", NOON),
        {"X-Gitlab-Token": SECRETS[right]},
        {"X-Hub-Signature-256": sign_body(SECRETS[right])},
        {"X-Hub-Signature": sign_body(SECRETS[right])},
        {"X-Gitea-Signature": sign_body(SECRETS[right]).removeprefix("sha256=")},
        {"Authorization": basic(SECRETS[right])},
    ):
        compared.clear()
        recognised({name.lower(): value for name, value in headers.items()}, b"{}", SECRETS, NOON)
        assert [one == other for one, other in compared] == [n == right for n in range(3)]


def test_nothing_is_believed_that_this_comparison_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hmac, "compare_digest", lambda _one, _other: False)
    for secret in SECRETS:
        for headers in ({"x-gitlab-token": secret}, {"x-hub-signature-256": sign_body(secret)}):
            with pytest.raises(Refused, match="LH4401"):
                recognised(headers, b"{}", SECRETS, NOON)


def sign_body(secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), b"{}", "sha256").hexdigest()


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"azure:{secret}".encode()).decode()


def names(node: ast.AST) -> set[str]:
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    found |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return {word for name in found for word in name.lower().split("_")}


def comparisons(text: str) -> list[str]:
    """Every `==`, `!=` and `in` of which a side is named like a secret."""
    found = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Compare))
    return [
        ast.unparse(node)
        for node in found
        if any(isinstance(how, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for how in node.ops)
        and any(
            isinstance(side, ast.Name | ast.Attribute | ast.Call) and names(side) & SECRET_WORDS
            for side in (node.left, *node.comparators)
        )
    ]


def test_the_search_for_comparisons_finds_one() -> None:
    assert comparisons("if secret == proof: pass") == ["secret == proof"]
    assert comparisons("given in expected") == ["given in expected"]


def test_no_secret_is_compared_otherwise() -> None:
    found = {file.name: comparisons(file.read_text()) for file in GATEWAY.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines and name not in PUBLIC} == {}


def test_what_is_looked_up_is_a_tokens_digest_and_not_the_token() -> None:
    token = "lh_" + "a" * 43
    assert digest(token) != token
    assert token not in digest(token)
    assert len(digest(token)) == 64
