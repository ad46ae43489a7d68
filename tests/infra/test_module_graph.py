"""What a package contains follows from what its entry module imports, at once or later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.console.files import CONFIG, FOLDER, PAGE, Files
from infra.packages.contents import DATA, DEPLOYED_BY_OTHERS, OWN, ROOT
from infra.packages.module_graph import imported_by
from ledger.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path


def lay(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A gateway whose only dependency is `other`, which has a module in C and an optional one."""
    lay(tmp_path / "site", {"other/__init__.py": "from . import part", "other/part.py": ""})
    lay(tmp_path / "site", {"other/unused.py": "import heavy", "heavy.py": "", "pygit2.py": ""})
    lay(tmp_path / "site", {"_cffi_backend.cpython-313-x86_64-linux-gnu.so": ""})
    lay(tmp_path, {"gateway/__init__.py": "", "ledger/__init__.py": "", "ledger/names.py": ""})
    return tmp_path


def found(project: Path, text: str, *without: str) -> tuple[set[str], set[str]]:
    lay(project, {"gateway/handler.py": text})
    needed = imported_by("gateway.handler", project, project / "site", without)
    return set(needed.own) - {"gateway", "gateway.handler"}, set(needed.others)


@pytest.mark.parametrize(
    ("text", "own", "others"),
    [
        ("import json, boto3, botocore.config", set(), set()),
        ("import ledger.names", {"ledger", "ledger.names"}, set()),
        ("from ledger import names", {"ledger", "ledger.names"}, set()),
        ("from ledger.names import Name", {"ledger", "ledger.names"}, set()),
        ("def late():\n    import other.part", set(), {"other"}),
        ("try:\n    import other\nexcept ImportError:\n    other = None", set(), {"other"}),
        ("if TYPE_CHECKING:\n    import other", set(), set()),
        ("if typing.TYPE_CHECKING:\n    import x\nelse:\n    import other", set(), {"other"}),
        ("import pygit2", set(), {"pygit2", "_cffi_backend"}),
    ],
)
def test_an_import_counts_wherever_it_stands(
    project: Path, text: str, own: set[str], others: set[str]
) -> None:
    assert found(project, text) == (own, others)


def test_a_module_of_its_own_package_is_found_by_a_relative_import(project: Path) -> None:
    lay(project, {"gateway/http/__init__.py": "", "gateway/http/call.py": "from .. import clients"})
    lay(project, {"gateway/clients.py": "import other"})
    own, others = found(project, "from .http import call")
    assert own == {"gateway.http", "gateway.http.call", "gateway.clients"}
    assert others == {"other"}


def test_what_a_function_never_reaches_can_be_left_out(project: Path) -> None:
    lay(project, {"gateway/jwt.py": "import other"})
    assert found(project, "from gateway.jwt import verify", "gateway.jwt") == (set(), set())


def test_an_import_that_no_lock_names_is_refused_with_its_place(project: Path) -> None:
    with pytest.raises(Refused, match=r"LH5102: gateway\.handler imports missing,") as refused:
        found(project, "import missing.part")
    assert "requirements/lambda-functions.in" in refused.value.message


def test_every_file_beside_the_code_goes_with_the_module_that_reads_it() -> None:
    """A new file needs a line in `contents`, or the function that reads it does not start."""
    listed = {
        path.relative_to(ROOT).as_posix()
        for module, patterns in DATA.items()
        for pattern in patterns
        if module != "gateway.console.files"
        for path in ROOT.glob(pattern)
    }
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in (*OWN, "schema")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert there == listed | DEPLOYED_BY_OTHERS


def test_every_file_of_the_console_goes_with_it() -> None:
    packaged = {
        path.relative_to(FOLDER).as_posix()
        for pattern in DATA["gateway.console.files"]
        for path in ROOT.glob(pattern)
    }
    assert packaged == {PAGE, *Files.read({}).by_path} - {CONFIG}
