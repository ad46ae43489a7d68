"""The folder of a `leasehold up` whose files were damaged: it heals them, or says which and how."""

import json
import os
import shutil
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from leasehold import seeds
from leasehold.state_dir import Running, StateDir
from ledger.errors import Refused
from sandbox.journal import Journal
from tests.leasehold.running import Leasehold, Up

RUNNING = Running("http://a", "http://b", "http://c", "token", "dev")


def _fill(path: Path, content: bytes | None) -> None:
    """Put a file there, or a folder for None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)


@pytest.fixture
def home(tmp_path: Path) -> StateDir:
    """A folder that was served from, without the seconds that this takes."""
    made = StateDir(tmp_path / ".leasehold")
    with made.occupied():
        seeds.ledger_of(made)
        made.keep_ports({"git": 1})
    return made


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("git/ledger.git/refs/heads/main", b"\0\0\0", "LH2004"),
        ("git/ledger.git/refs/heads/main", b"", "LH2004"),
        ("git/ledger.git/refs/heads/leasehold/status", b"\0", "LH2004"),
        ("git/ledger.git/packed-refs", b"\0\0", "LH2004"),
        ("git/ledger.git/HEAD", b"", "LH2003"),
        ("git/ledger.git/config", b"[x", "LH2003"),
        ("account", None, "LH5015"),
        ("account", b"\xe4\xff\n", "LH5015"),
        ("account", b"[]\n", "LH5015"),
        ("account", b'["clock",[1]]\n', "LH5015"),
        ("account", b"[5,{}]\n", "LH5015"),
        ("account", b'["arn:aws:sagemaker:us-east-1:123456789012:endpoint/x",{}]\n', "LH5015"),
        ("token", None, "LH5063"),
        ("ports.json", None, "LH5063"),
        ("token.new", None, "LH5063"),
        ("up.json", None, "LH5063"),
        ("lock", None, "LH5011"),
    ],
)
def test_what_cannot_be_healed_is_named(
    home: StateDir, leasehold: Leasehold, file: str, content: bytes | None, code: str
) -> None:
    _fill(home.path / file, content)
    done = leasehold("up", "--port", "0")
    assert done.returncode == 1
    assert done.stderr.endswith(f"[{code}]\n")
    assert done.stderr.count("\n") == 1
    assert ".leasehold" in done.stderr
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("token", [b"lh_\xe4\n", b"x", b"a\0b\n"])
def test_what_is_only_remembered_is_made_anew(
    home: StateDir, start: Callable[..., Up], token: bytes
) -> None:
    _fill(home.path / "token", token)
    _fill(home.path / "ports.json", b"[]" if len(token) > 1 else b'{"git":99999999,"aws":-1}')
    _fill(home.path / "cache", b"")
    for name in ("HEAD.lock", "packed-refs.lock", "refs/heads/main.lock"):
        lock = home.repositories / seeds.LEDGER / name
        lock.touch()
        os.utime(lock, (1, 1))
    up = start()
    assert up.says["token"].encode() != token.strip()
    assert up.ask("GET")[0] == 200
    up.let_tick(1)
    assert up.stop() == 0
    assert "Traceback" not in up.log.read_text()


def test_a_full_disk_is_named_and_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = StateDir(tmp_path / "home")
    monkeypatch.setattr(seeds, "create_repository", _no_room)
    with home.occupied(), pytest.raises(Refused, match="No space left") as refused:
        seeds.ledger_of(home)
    assert refused.value.code == "LH5064"
    assert home.is_new


def _no_room(_folder: Path, _name: str) -> Path:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "content",
    [b"[]", b"5", b"{", b"\xff", b"{}", b'{"gateway_url": 5}', b"[" * 100000],
)
def test_an_announcement_that_is_none_is_nobodys(tmp_path: Path, content: bytes) -> None:
    home = StateDir(tmp_path / "home")
    with home.occupied():
        home.announce(RUNNING)
        assert home.running() == RUNNING
        (home.path / "up.json").write_bytes(content)
        assert home.running() is None
        numbers = {**json.loads(_announced(home)), "token": 5}
        (home.path / "up.json").write_text(json.dumps(numbers))
        assert home.running() is None


def _announced(home: StateDir) -> bytes:
    home.announce(RUNNING)
    return (home.path / "up.json").read_bytes()


@pytest.mark.parametrize(
    ("content", "ports"),
    [
        (b"[]", {}),
        (b"null", {}),
        (b"\xff", {}),
        (b'{"git": 1, "aws": 0, "gateway": true, "a": -1, "b": 65536, "c": "8"}', {"git": 1}),
    ],
)
def test_ports_that_are_none_are_forgotten(
    tmp_path: Path, content: bytes, ports: dict[str, int]
) -> None:
    (tmp_path / "ports.json").write_bytes(content)
    assert StateDir(tmp_path).ports() == ports


def test_a_cache_that_leads_elsewhere_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    home = StateDir(tmp_path / "home")
    home.path.mkdir()
    (home.path / "cache").symlink_to(tmp_path / "elsewhere")
    with home.occupied():
        assert not (home.path / "cache").is_symlink()
    assert (tmp_path / "elsewhere").is_dir()


def test_a_line_that_the_disk_has_no_room_for_tears_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "account")
    journal.begin([("a", ["1"])])
    file = journal._file

    class Full(FileIO):
        """A file on a disk that takes half of a line."""

        def write(self, line: Any) -> int:  # noqa: ANN401  (FileIO's)
            return super().write(bytes(line)[:4])

    with Full(tmp_path / "account", "ab") as full:
        monkeypatch.setattr(journal, "_file", full)
        with pytest.raises(OSError, match="No space left"):
            journal.write("b", ["2"])
    monkeypatch.setattr(journal, "_file", file)
    journal.write("c", ["3"])
    journal.close()
    assert Journal(tmp_path / "account").read() == {"a": ["1"], "c": ["3"]}


def test_git_that_fails_says_why(home: StateDir, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(home.path)
    monkeypatch.setattr(seeds, "_copy", lambda _source, target: target.mkdir())
    with home.occupied(), pytest.raises(Refused, match="cannot be made") as refused:
        seeds.ledger_of(home)
    assert refused.value.code == "LH5064"
