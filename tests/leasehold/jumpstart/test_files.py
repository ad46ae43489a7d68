"""Files are written all together, or none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from leasehold.jumpstart.files import write_all
from ledger.errors import Refused


def test_all_are_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/A").write_bytes(b"old")
    (tmp_path / "dev/A").chmod(0o640)
    write_all(tmp_path, {"dev/A": b"new", "dev/B": b"two"})
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"A": b"new", "B": b"two"}
    assert (tmp_path / "dev/A").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dev"]


def test_a_new_file_has_the_rights_that_other_files_get(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    write_all(tmp_path, {"A": b""})
    assert (tmp_path / "A").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("last", ["gone/C", "taken"], ids=["no folder", "a folder"])
def test_where_one_cannot_be_written_all_are_as_before(tmp_path: Path, last: str) -> None:
    (tmp_path / "A").write_bytes(b"old")
    (tmp_path / "taken").mkdir()
    with pytest.raises(Refused, match="no lock is changed") as caught:
        write_all(tmp_path, {"A": b"new", "B": b"two", last: b"three"})
    assert caught.value.code == "LH5075"
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"A": b"old"}


def test_a_folder_that_nobody_can_write_in_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        write_all(tmp_path / "nowhere", {"A": b""})


def test_a_file_that_is_moved_is_whole_from_the_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Path.replace
    seen = []

    def watched(self: Path, target: Path) -> Path:
        seen.append(self.read_bytes())
        return before(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_all(tmp_path, {"A": b"one", "B": b"two"})
    assert seen == [b"one", b"two"]
