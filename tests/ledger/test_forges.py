"""Where a forge shows a commit: by the address that git has, and nothing of its password."""

from __future__ import annotations

import pytest

from ledger.forges import commit_url

CODE_COMMIT = "console.aws.amazon.com/codesuite/codecommit/repositories"


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/shop/ledger.git", "https://github.com/shop/ledger/commit/{commit}"),
        (
            "https://bot:hush@github.com/shop/ledger",
            "https://github.com/shop/ledger/commit/{commit}",
        ),
        ("git@github.com:shop/ledger.git", "https://github.com/shop/ledger/commit/{commit}"),
        ("ssh://git@gitlab.com:22/a/b/c.git", "https://gitlab.com/a/b/c/-/commit/{commit}"),
        ("https://gitlab.shop.example/a/b/", "https://gitlab.shop.example/a/b/-/commit/{commit}"),
        ("git@bitbucket.org:shop/ledger.git", "https://bitbucket.org/shop/ledger/commits/{commit}"),
        (
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/ledger",
            f"https://eu-west-1.{CODE_COMMIT}/ledger/commit/{{commit}}?region=eu-west-1",
        ),
        ("https://git-codecommit.eu-west-1.amazonaws.com/ledger", None),
        ("https://git.example.com/shop/ledger.git", None),
        ("https://github.com/ledger.git", None),
        ("http://127.0.0.1:8322/ledger.git", None),
        ("/srv/ledger.git", None),
        ("file:///srv/ledger.git", None),
        ("", None),
    ],
)
def test_a_forge_is_known_by_its_host(remote: str, url: str | None) -> None:
    assert commit_url(remote) == url
