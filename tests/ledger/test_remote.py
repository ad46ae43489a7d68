from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.remote import Remote, SshKey, Timeouts, Token, is_branch

KEY = SshKey("git", Path("id"), None, Path("known_hosts"))


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/fleet.git",
        "https://git.example.com:8443/team/fleet",
        "ssh://git@git.example.com:2222/fleet.git",
        "git@git.example.com:team/fleet.git",
        "git.example.com:team/fleet.git",
        "http://127.0.0.1:8080/fleet.git",
        "http://[::1]:8080/fleet.git",
        "http://localhost/fleet.git",
        "git://127.0.0.1/fleet.git",
    ],
)
def test_an_address_of_a_server_may_be_written_to(url: str) -> None:
    Remote(url).check_writable()


@pytest.mark.parametrize("url", ["/srv/fleet.git", "./fleet", "..", "file:///srv/fleet.git"])
def test_a_path_may_be_read_and_never_written_to(url: str) -> None:
    remote = Remote(url)

    with pytest.raises(Refused, match="can only be read") as refusal:
        remote.check_writable()
    assert refusal.value.code == "LH2002"


@pytest.mark.parametrize(
    "url",
    [
        "https://ana:s3cret@git.example.com/fleet.git",
        "https://s3cret@git.example.com/fleet.git",
        "ssh://git:s3cret@git.example.com/fleet.git",
        "http://s3cret@127.0.0.1/fleet.git",
        "https://git.example.com/fleet.git?access_token=s3cret",
    ],
)
def test_a_secret_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Refused) as refusal:
        Remote(url)

    assert refusal.value.code == "LH2001"
    assert "s3cret" not in str(refusal.value)
    assert "git.example.com" in str(refusal.value) or "127.0.0.1" in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("http://git.example.com/fleet.git", "not protected"),
        ("git://git.example.com/fleet.git", "not protected"),
        ("http://127.0.0.1.example.com/fleet.git", "not protected"),
        ("ftp://git.example.com/fleet.git", "https and ssh are understood"),
        ("git+ssh://git@git.example.com/fleet.git", r"starts with git\+ssh:"),
        ("codecommit::eu-west-1://fleet", "starts with codecommit:"),
        ("git@[::1]:fleet.git", "brackets.*ssh://"),
        ("ext::sh -c touch", "not a URL|can only be read|control character|space"),
        ("--upload-pack=touch", "not the address"),
        ("", "not the address"),
        ("https://git.example.com:port/fleet.git", "not a URL"),
        ("https://git.example.com/a b", "space"),
        ("https://git.example.com/a\nb", "space"),
    ],
)
def test_an_address_that_is_unsafe_is_refused_with_the_reason(url: str, because: str) -> None:
    with pytest.raises(Refused, match=because) as refusal:
        Remote(url).check_writable()

    assert refusal.value.code in ("LH2001", "LH2002")


@pytest.mark.parametrize(
    ("url", "asker"),
    [
        ("https://git.example.com/f.git", "https://GIT.example.com:443/moved.git"),
        ("http://localhost:80/f.git", "https://localhost/f.git"),
        ("git@git.example.com:f.git", "ssh://git@git.example.com/f.git"),
        ("git@git.example.com:f.git", "git@git.example.com:f.git"),
        ("ssh://git.example.com:22/f.git", "ssh://git.example.com/f.git"),
        ("https://[2001:db8::1]/f.git", "https://2001:db8::1/f.git"),
        ("https://[2001:db8::1]:8443/f.git", "https://2001:db8::1:8443/f.git"),
        ("ssh://git@[2001:db8::1]:22/f.git", "ssh://git@2001:db8::1/f.git"),
        ("ssh://git@[2001:db8::1]:2222/f.git", "ssh://git@[2001:db8::1]:2222/f.git"),
    ],
)
def test_the_server_itself_may_ask_for_credentials(url: str, asker: str) -> None:
    Remote(url).check_asker(asker)


@pytest.mark.parametrize(
    "asker",
    [
        "https://git.example.com.evil.example/f.git",
        "https://git.example.com:8443/f.git",
        "http://git.example.com/f.git",
        "ssh://git.example.com/f.git",
        "https://git.example.com@evil.example/f.git",
        "https://2001:db8::1/f.git",
    ],
)
def test_nobody_else_may(asker: str) -> None:
    with pytest.raises(Refused) as refusal:
        Remote("https://git.example.com/f.git").check_asker(asker)
    assert refusal.value.code == "LH2046"


def test_a_secret_in_an_address_of_no_known_kind_is_not_repeated() -> None:
    with pytest.raises(Refused) as refusal:
        Remote("ftp://ana:s3cret@git.example.com/fleet.git")
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "branch",
    ["", "-f", "a..b", "a b", "a/", "/a", "a.lock", "a:b", "a//b", "a/.b", "refs:", "a\n", "HEAD"],
)
def test_a_branch_that_git_would_not_take_is_refused(branch: str) -> None:
    with pytest.raises(Refused, match="not the name of a branch"):
        Remote("https://git.example.com/fleet.git", branch)


@pytest.mark.parametrize(
    "branch",
    ["main", "release/1.2", "fix/#42", "user@home/x", "feat/größe", "o'brien", "a=b", "a&b", "x,y"],
)
def test_a_branch_may_have_any_name_that_git_takes(branch: str) -> None:
    assert Remote("https://git.example.com/fleet.git", branch).branch == branch


@given(st.text("ab.@{}/~^:?*[]\\ \x7f\x01\n-#é'%=!,&()+_|<>$;\"`", max_size=6), st.data())
@settings(max_examples=150, deadline=None)
def test_git_itself_says_which_names_are_branches(name: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name, f"{name}.lock", f"{name}/x", f"HEAD{name}"]))
    asked = ["git", "check-ref-format", "--branch", name]
    asked = ["git", "check-ref-format", f"refs/heads/{name}"] if name == "@" else asked
    taken = subprocess.run(asked, capture_output=True, check=False).returncode == 0
    if "@{" not in name:  # which --branch reads as a question
        assert is_branch(name) == taken
    else:
        assert not is_branch(name)


def test_credentials_must_fit_the_address() -> None:
    with pytest.raises(Refused, match="A token is for https"):
        Remote("git@git.example.com:fleet.git", credentials=Token("ana", "t"))
    with pytest.raises(Refused, match="An SSH key is for ssh"):
        Remote("https://git.example.com/fleet.git", credentials=KEY)


@pytest.mark.parametrize(("connect", "server"), [(0, 1), (1, 0), (-1, 1)])
def test_a_server_is_never_waited_for_without_end(connect: int, server: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Timeouts(connect, server)


@given(secret=st.text("abcdefghijklmnop0123456789", min_size=8))
def test_no_secret_is_printed(secret: str) -> None:
    token = Remote("https://git.example.com/f.git", credentials=Token("ana", f"!{secret}!"))
    key = SshKey("git", Path("id"), None, Path("hosts"), passphrase=f"!{secret}!")

    assert f"!{secret}!" not in repr(token)
    assert f"!{secret}!" not in repr(key)
