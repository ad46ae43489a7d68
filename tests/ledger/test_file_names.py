"""What may be a definition is never passed over, whatever it is called and wherever it lies."""

from __future__ import annotations

import json

import pytest

from ledger.holdings import Fleet, environments, read_fleet
from ledger.snapshot import NotAFile

SETTINGS: dict[str, object] = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}
CHAT: dict[str, object] = {
    "name": "Chat",
    "endpoint_name": "chat",
    "inference_type": "realtime",
    "endpoint_config_name": "theirs",
}
LEASE: dict[str, object] = {"expires_at": "2026-11-23T10:00:00Z"}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 640\n" % 7
HERE = "environments/dev/"
Content = bytes | NotAFile | dict[str, object]


def fleet(extra: dict[str, Content], *, settings: Content = SETTINGS) -> Fleet:
    """Read an environment with the definition Chat, and with more at whole paths."""
    files = {f"{HERE}environment.json": settings, f"{HERE}Chat.endpoint.json": CHAT, **extra}
    return read_fleet(
        {
            path: json.dumps(content).encode() if isinstance(content, dict) else content
            for path, content in files.items()
        },
        "dev",
    )


NEARLY = [
    "X.endpoint.JSON",
    "X.Endpoint.json",
    "X.ENDPOINT.JSON",
    "X.endpoint.json5",
    "X.endpoint.jsonc",
    "X.endpoint.json.orig",
    "X.endpoint.json.bak",
    "X.endpoint.json.txt",
    "X.endpoint.json.md",
    "X.endpoint.md",
    "X.endpoint.json~",
    ".X.endpoint.json.swp",
    "#X.endpoint.json#",
    "X.endpoint.json ",
    "X.endpoint.json\t",
    "X.endpoint.json\u00a0",
    "X.endpoint.json\u200b",
    "X.endpoint.json\u3000",
    "X.endpoint.json\n",
    "X.endpoint .json",
    "X.endpoint\u200b.json",
    "X\uff0eendpoint\uff0ejson",
    "X.endpoint.j\u0455on",
    "X.endpoint",
    "X.json",
    "X.component.json",
    "X.endpoint.yaml",
    "X.lease.JSON",
    "X.lock.json5",
    ".endpoint.json",
    "endpoint.json",
    ".json",
    "Environment.json",
    "environment.json.orig",
    "README.endpoint.JSON",
    "Prices.json",
    "X",
    "deploy.sh",
    "nlp/X.endpoint.json",
    "nlp/deep/er/X.endpoint.json",
    "nlp/environment.json",
    "nlp/X",
    "X.endpoint.json/X.endpoint.json",
]


@pytest.mark.parametrize("name", NEARLY, ids=ascii)
def test_what_is_nearly_a_documents_name_may_be_a_definition(name: str) -> None:
    read = fleet({HERE + name: CHAT})
    [violation] = read.violations
    assert (violation.code, violation.level) == ("LH1017", "error")
    assert read.unreadable == (violation,)
    assert [item.name for item in read.holdings] == ["Chat"], "it freezes no other"


PLAINLY_NONE = [
    "README.md",
    "README",
    "readme.rst",
    "Notes.MD",
    "notes.txt",
    ".gitkeep",
    ".gitignore",
    ".gitattributes",
    "docs/README.md",
    "docs/.gitkeep",
    ".DS_Store",
    "Thumbs.db",
    ".README.md.swp",
    "README.md~",
]


@pytest.mark.parametrize("name", PLAINLY_NONE)
def test_documentation_and_what_systems_drop_is_passed_over(name: str) -> None:
    read = fleet({HERE + name: b"text"})
    assert (read.violations, read.unreadable) == ((), ())


@pytest.mark.parametrize("name", ["README.md", "notes.txt"])
def test_a_link_that_is_called_documentation_is_passed_over(name: str) -> None:
    assert fleet({HERE + name: NotAFile.LINK}).violations == ()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nlp", NotAFile.LINK),
        ("nlp", NotAFile.SUBMODULE),
        ("README.md", NotAFile.SUBMODULE),
        ("a/b", NotAFile.DEEP_FOLDER),
        ("a", NotAFile.HUGE_FOLDER),
        ("X.endpoint.JSON", NotAFile.LINK),
        ("X\\xff.json", NotAFile.ODD_NAME),
        ("large", NotAFile.HUGE_FILE),
    ],
)
def test_what_is_no_file_may_be_a_definition(name: str, what: NotAFile) -> None:
    read = fleet({HERE + name: what})
    [violation] = read.unreadable
    assert (violation.code, violation.file) == ("LH1018", HERE + name)
    assert violation.sentence.startswith(f"it is {what}, so ")
    assert read.violations == (violation,)


@pytest.mark.parametrize("what", [*NotAFile, POINTER, b"{", b'{"name": "X",}'], ids=repr)
def test_a_definition_that_cannot_be_read_is_broken_and_its_endpoint_a_guess(
    what: NotAFile | bytes,
) -> None:
    read = fleet({f"{HERE}X.endpoint.json": what})
    [broken] = read.broken
    assert broken.is_guess
    assert read.unreadable == broken.violations == read.violations


@pytest.mark.parametrize(
    ("fields", "endpoint"),
    [({"endpoint_name": "told"}, "told"), ({}, "demo-X-Endpoint")],
)
def test_a_definition_that_breaks_its_schema_still_tells_its_endpoint(
    fields: dict[str, object], endpoint: str
) -> None:
    read = fleet({f"{HERE}X.endpoint.json": {"name": "X", "colour": "red", **fields}})
    [broken] = read.broken
    assert (broken.endpoint_name, broken.is_guess, read.unreadable) == (endpoint, False, ())


@pytest.mark.parametrize("colour", [{}, {"colour": "red"}], ids=["readable", "broken"])
def test_a_definition_under_anothers_name_may_be_about_either_default(
    colour: dict[str, object],
) -> None:
    """Somebody renamed the file and forgot the name in it."""
    plain = {key: value for key, value in CHAT.items() if key != "endpoint_name"}
    [broken] = fleet({f"{HERE}X.endpoint.json": {**plain, "name": "Y", **colour}}).broken
    assert broken.is_guess
    [broken] = fleet({f"{HERE}X.endpoint.json": {**CHAT, "name": "Y", "endpoint_name": "y"}}).broken
    assert (broken.endpoint_name, broken.is_guess) == ("y", False)
    [broken] = fleet({f"{HERE}X.endpoint.json": {**plain, "name": "x", **colour}}).broken
    assert (broken.endpoint_name, broken.is_guess) == ("demo-X-Endpoint", False)


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"endpoint_name": 7}'])
def test_what_is_no_definition_at_all_tells_no_endpoint(text: bytes) -> None:
    assert fleet({f"{HERE}X.endpoint.json": text}).broken[0].is_guess


def test_a_guess_takes_nobodys_endpoint() -> None:
    chat = {**CHAT, "endpoint_name": "demo-X-Endpoint"}
    read = fleet({f"{HERE}Chat.endpoint.json": chat, f"{HERE}X.endpoint.json": b"{"})
    [holding], [broken] = read.holdings, read.broken
    assert (holding.name, broken.endpoint_name) == ("Chat", "X")
    assert read.find("demo-X-Endpoint") is holding
    assert read.find("X") is broken


@pytest.mark.parametrize("kind", ["lease", "lock"])
@pytest.mark.parametrize("what", [NotAFile.LINK, POINTER, b"{", b"{}"], ids=repr)
def test_a_lease_or_a_lock_that_cannot_be_read_may_be_a_definition(
    kind: str, what: NotAFile | bytes
) -> None:
    read = fleet({f"{HERE}Chat.{kind}.json": what})
    assert [item.is_guess for item in read.broken] == [False]
    assert read.unreadable == read.violations != ()


@pytest.mark.parametrize("content", [CHAT, b"{"], ids=repr)
def test_a_lease_without_a_definition_that_is_no_lease_may_be_a_definition(
    content: Content,
) -> None:
    read = fleet({f"{HERE}X.lease.json": content})
    assert {item.code for item in read.unreadable} <= {"LH1001", "LH1002"}
    assert read.unreadable
    assert fleet({f"{HERE}X.lease.json": LEASE}).unreadable == ()


@pytest.mark.parametrize("name", ["X.endpoint.json", "X.endpoint.JSON", "X.json"])
@pytest.mark.parametrize("content", [CHAT, NotAFile.LINK], ids=["file", "link"])
def test_what_lies_beside_the_environments_may_be_a_definition_of_each(
    name: str, content: Content
) -> None:
    [violation] = fleet({f"environments/{name}": content}).unreadable
    assert violation.file == f"environments/{name}"


def test_other_environments_are_none_of_its_business() -> None:
    others: dict[str, Content] = {
        "environments/README.md": b"text",
        "environments/live/X.endpoint.JSON": b"{",
        "environments/linked": NotAFile.LINK,
        "docs/X.endpoint.json": b"{",
    }
    assert fleet(others).violations == ()


def test_a_folder_that_is_no_environment_may_hold_a_definition_of_each() -> None:
    read = fleet({"environments/nlp/X.endpoint.json": CHAT, "environments/docs/README.md": b"us"})
    [violation] = read.unreadable
    assert str(violation) == (
        "environments/nlp: /: it has no environment.json, so what is in it is in no environment."
        " [LH1017]"
    )
    assert read.violations == (), "that folder has an error of its own"
    settled = fleet(
        {"environments/nlp/X.endpoint.json": CHAT, "environments/nlp/environment.json": b"{"}
    )
    assert settled.unreadable == ()


def test_what_is_in_place_of_another_environment_may_hold_a_definition_of_each() -> None:
    read = fleet({"environments/nlp": NotAFile.SUBMODULE})
    assert [(each.file, each.code) for each in read.unreadable] == [("environments/nlp", "LH1018")]
    assert read.violations == ()


def test_a_folder_of_documentation_is_no_environment() -> None:
    paths = ("environments/docs/README.md", "environments/dev/environment.json")
    assert environments(dict.fromkeys(paths, b"")) == ("dev",)


@pytest.mark.parametrize("folder", ["environments", "environments/dev"])
@pytest.mark.parametrize("what", [NotAFile.LINK, NotAFile.SUBMODULE])
def test_an_environment_behind_a_link_cannot_be_read(folder: str, what: NotAFile) -> None:
    read = read_fleet({folder: what}, "dev")
    [violation] = read.violations
    assert (read.environment, violation.code, violation.file) == (None, "LH1018", folder)
    assert environments({folder: what}) == (("dev",) if "/" in folder else ())


@pytest.mark.parametrize(
    ("settings", "code"),
    [(NotAFile.LINK, "LH1018"), (NotAFile.SUBMODULE, "LH1018"), (POINTER, "LH1019")],
)
def test_settings_that_git_does_not_have_are_not_missing(settings: Content, code: str) -> None:
    read = fleet({}, settings=settings)
    assert (read.environment, [item.code for item in read.violations]) == (None, [code])


def test_a_file_in_place_of_an_environment_is_none() -> None:
    read = read_fleet({"environments/dev": b"text"}, "dev")
    assert [item.code for item in read.violations] == ["LH1010"]
    assert environments({"environments/dev": b"text"}) == ()


def test_what_cannot_be_seen_in_a_name_is_shown() -> None:
    told = {
        name: fleet({HERE + name: CHAT}).violations[0].file.removeprefix(HERE)
        for name in ("X.endpoint.json ", "X.endpoint.json\u00a0", "É.endpoint.JSON")
    }
    assert list(told.values()) == [
        "X.endpoint.json\\x20",
        "X.endpoint.json\\xa0",
        "É.endpoint.JSON",
    ]
