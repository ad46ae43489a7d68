"""The console's page and files: where they are, how long they are kept, what a browser lets be."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from gateway.console import policy
from gateway.console.files import CONFIG, FOLDER, Files
from gateway.console.serving import Console
from gateway.console_handler import handler
from gateway.http.call import Call
from ledger.errors import Refused
from ledger.identity_settings import Oidc
from ledger.variables import ENVIRONMENT, IDENTITIES

if TYPE_CHECKING:
    from pathlib import Path

OIDC = {
    "issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a1B2c3D4e",
    "audience": ["client"],
    "scopes": {"platform": ["admin"]},
    "console_client_id": "client",
    "console_sign_in_origin": "https://leases.auth.us-east-1.amazoncognito.com",
}


def console(oidc: dict[str, Any] | None = None) -> Console:
    variables = {IDENTITIES: json.dumps({"oidc": oidc})} if oidc else {}
    return Console("dev", variables)


def call(method: str = "GET", **more: Any) -> Call:  # noqa: ANN401
    return Call(method=method, resource="/console", **more)


def page(served: Console, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return served.page(call(**more)).as_proxy()


def digest_of(served: Console) -> str:
    found = re.search("console/([0-9a-f]{16})/", page(served)["body"])
    assert found
    return found[1]


def file(served: Console, name: str, digest: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    path = {"Digest": digest or digest_of(served), "File": name}
    return served.file(call(**more, path=path)).as_proxy()


class TestThePage:
    def test_is_asked_for_anew_each_time(self) -> None:
        answer = page(console())
        assert answer["statusCode"] == 200
        assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
        assert answer["headers"]["Cache-Control"] == "no-cache"

    def test_is_sent_once_to_who_has_it(self) -> None:
        served = console()
        tag = page(served)["headers"]["ETag"]
        again = page(served, headers={"if-none-match": tag})
        assert (again["statusCode"], again["body"]) == (304, "")
        assert again["headers"]["ETag"] == tag
        assert page(served, headers={"if-none-match": '"other"'})["statusCode"] == 200

    def test_names_its_files_relatively(self) -> None:
        """Below a stage, what begins with a slash would be somewhere else."""
        text = page(console())["body"]
        links = re.findall(r'(?:src|href)="([^"]*)"', text)
        assert links
        assert not [each for each in links if each.startswith("/") or ":" in each]

    def test_has_no_slash_at_its_end(self) -> None:
        answer = page(console(), ends_in_slash=True)
        assert (answer["statusCode"], answer["headers"]["Location"]) == (308, "../console")

    def test_is_told_of_without_being_sent(self) -> None:
        told = page(console(), method="HEAD")
        assert (told["statusCode"], told["body"]) == (200, "")
        assert told["headers"] == page(console())["headers"]


class TestAFile:
    def test_never_changes_at_its_address(self) -> None:
        answer = file(console(), "app.js")
        assert answer["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["headers"]["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer["body"] == (FOLDER / "app.js").read_text(encoding="utf-8")
        assert file(console(), "app.js", method="HEAD")["body"] == ""

    @pytest.mark.parametrize("name", ["nothing.js", "../README.md", "index.html", ""])
    def test_is_one_of_the_folders(self, name: str) -> None:
        with pytest.raises(Refused, match="LH4261"):
            file(console(), name)

    def test_has_to_be_named(self) -> None:
        with pytest.raises(Refused, match="LH4261"):
            console().file(call())

    def test_of_another_version_is_none(self) -> None:
        with pytest.raises(Refused, match="LH4261"):
            file(console(), "app.js", "0" * 16)

    def test_of_no_known_kind_is_not_served(self, tmp_path: Path) -> None:
        for name in ("index.html", "a.js", "a.d.ts", "b/c.css"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        assert set(Files.read({}, tmp_path).by_path) == {"a.js", "b/c.css", CONFIG}

    def test_that_changes_has_another_address(self, tmp_path: Path) -> None:
        (tmp_path / "index.html").write_text("console/__DIGEST__/a.js")
        digests = set()
        for text in ("1", "2"):
            (tmp_path / "a.js").write_text(text)
            digests.add(Files.read({}, tmp_path).digest)
        digests.add(Files.read({"Environment": "dev"}, tmp_path).digest)
        assert len(digests) == 3


class TestTheConfiguration:
    def test_says_that_there_is_no_issuer(self) -> None:
        told = json.loads(file(console(), CONFIG)["body"])
        assert told == {"Environment": "dev", "Oidc": None}

    def test_says_where_people_sign_in(self) -> None:
        told = json.loads(file(console(OIDC), CONFIG)["body"])["Oidc"]
        assert told == {
            "Issuer": OIDC["issuer"],
            "ClientId": "client",
            "SignIn": OIDC["console_sign_in_origin"],
            "Scopes": ["openid", "email", "profile"],
        }

    def test_says_nothing_of_an_issuer_without_a_client(self) -> None:
        without = {key: it for key, it in OIDC.items() if not key.startswith("console")}
        assert json.loads(file(console(without), CONFIG)["body"])["Oidc"] is None


class TestThePolicy:
    def test_allows_nothing_of_anybody_else(self) -> None:
        assert policy.headers(None) == {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
                " require-trusted-types-for 'script'; trusted-types lit-html"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }

    def test_goes_with_every_answer(self) -> None:
        served = console()
        for answer in (page(served), page(served, ends_in_slash=True), file(served, "app.js")):
            assert policy.headers(None).items() <= answer["headers"].items()

    def test_allows_where_people_sign_in(self) -> None:
        allowed = page(console(OIDC))["headers"]["Content-Security-Policy"]
        assert (
            "connect-src 'self' https://cognito-idp.us-east-1.amazonaws.com"
            " https://leases.auth.us-east-1.amazoncognito.com;" in allowed
        )

    def test_names_an_origin_once(self) -> None:
        issuer = Oidc("https://a.example/x", (), {}, "", console_client_id="c")
        assert "connect-src 'self' https://a.example;" in str(policy.headers(issuer))

    @pytest.mark.parametrize("issuer", ["https://a;script-src *", "https://a b/", "javascript:x"])
    def test_cannot_be_widened_by_a_strange_issuer(self, issuer: str) -> None:
        oidc = Oidc(issuer, (), {}, "", console_client_id="c")
        assert policy.headers(oidc) == policy.headers(None)


class TestTheFunction:
    def test_serves_both(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ENVIRONMENT, "dev")
        event = {"httpMethod": "GET", "resource": "/console", "path": "/console"}
        answer = handler(event, None)
        digest = re.search("console/([0-9a-f]{16})/", answer["body"])
        assert digest
        path = {"Digest": digest[1], "File": "style.css"}
        found = handler(
            {**event, "resource": "/console/{Digest}/{File+}", "pathParameters": path}, None
        )
        assert found["headers"]["Content-Type"] == "text/css; charset=utf-8"

    def test_refuses_what_the_page_does_not_know(self) -> None:
        event = {"httpMethod": "GET", "resource": "/console", "path": "/console"}
        answer = handler({**event, "queryStringParameters": {"token": "x"}}, None)
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "LH4115")
