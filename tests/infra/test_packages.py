"""The packages that are deployed: what is in them, and that they are the same each time."""

from __future__ import annotations

import marshal
import os
import shutil
import stat
import subprocess
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from infra.packages import build as building
from infra.packages import python as pythons
from infra.packages import wheels
from infra.packages.build import Order, build, own_of
from infra.packages.contents import (
    FUNCTIONS,
    LAYER,
    LOCK,
    PACKAGES,
    ROOT,
    WEBHOOK,
    Package,
    zip_of_function,
)
from infra.packages.manifest import FILE, read_manifest
from infra.packages.place import Packages, find_packages
from infra.packages.python import Python, find_python
from ledger.errors import Refused, Unavailable
from tests.infra.packaged import HERE, pretend_packages

if TYPE_CHECKING:
    from collections.abc import Iterable

UNCHECKED_HASH = 1
HERES = f"{sys.version_info[0]}.{sys.version_info[1]}"
FUNCTIONS_HERE = sorted(folder.name for folder in (ROOT / FUNCTIONS).glob("*/"))
OTHERS = ("attr", "cryptography", "jsonschema", "jwt", "pygit2", "rpds", "tzdata")


def names(folder: Path, package: Package) -> set[str]:
    with ZipFile(folder / HERE / f"{package.name}.zip") as archive:
        return set(archive.namelist())


def tops(files: Iterable[str]) -> set[str]:
    return {name.partition("/")[0] for name in files}


# -- what is in them


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("controller", {"pygit2", "jsonschema", "tzdata", "schema"}, {"gateway", "jwt", "boto3"}),
        ("gateway", {"pygit2", "jsonschema", "tzdata", "schema"}, {"controller", "boto3"}),
        ("stream", {"pygit2", "jsonschema", "tzdata", "schema"}, {"controller", "boto3"}),
        ("console", {"console", "gateway", "ledger"}, {"controller", "schema", *OTHERS}),
        ("webhook", {"gateway", "ledger"}, {"controller", "schema", *OTHERS}),
        ("authorizer", {"gateway", "ledger"}, {"controller", "schema", *OTHERS}),
        ("authorizer-oidc", {"jwt", "cryptography"}, {"pygit2", "jsonschema", "tzdata"}),
    ],
)
def test_a_package_has_what_its_function_imports(
    packages: Path, name: str, has: set[str], has_not: set[str]
) -> None:
    (package,) = (each for each in PACKAGES if each.name == name)
    there = tops(names(packages, package))
    assert has <= there
    assert not has_not & there


@pytest.mark.parametrize("package", PACKAGES, ids=lambda it: it.name)
def test_a_package_has_nothing_that_only_developers_read(packages: Path, package: Package) -> None:
    files = names(packages, package)
    assert [it for it in files if it.endswith((".pyi", ".h", ".typed", "/METADATA"))] == []
    assert [it for it in files if "/tests/" in it or "pycparser" in it or "/cffi/" in it] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda it: it.name)
def test_every_source_has_bytecode_that_is_never_compared_with_it(
    packages: Path, package: Package
) -> None:
    tag = f"cpython-{HERES.replace('.', '')}"
    with ZipFile(packages / HERE / f"{package.name}.zip") as archive:
        sources = [Path(it) for it in archive.namelist() if it.endswith(".py")]
        assert sources
        for source in sources:
            cached = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
            header = archive.read(cached.as_posix())[:8]
            assert header == MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little"), source


@pytest.mark.parametrize("folder", FUNCTIONS_HERE)
def test_a_definitions_function_is_compiled_too(packages: Path, folder: str) -> None:
    tag = f"cpython-{HERES.replace('.', '')}"
    inside, at = ("python/", "/opt") if folder == LAYER else ("", "/var/task")
    with ZipFile(packages / HERE / f"{zip_of_function(folder)}.zip") as archive:
        names_ = archive.namelist()
        sources = [Path(name) for name in names_ if name.endswith(".py")]
        cached = [f"{inside}__pycache__/{source.stem}.{tag}.pyc" for source in sources]
        assert sorted(names_) == sorted([*map(Path.as_posix, sources), *cached])
        compiled = [archive.read(each) for each in cached]
    assert sources
    for source, bytecode in zip(sources, compiled, strict=True):
        assert bytecode[:8] == MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
        assert marshal.loads(bytecode[16:]).co_filename == f"{at}/{source}"  # noqa: S302


def test_the_script_of_the_stream_may_be_run(packages: Path) -> None:
    with ZipFile(packages / HERE / "stream.zip") as archive:
        modes = {it.filename: it.external_attr >> 16 for it in archive.infolist()}
    assert modes["gateway/stream.sh"] == stat.S_IFREG | 0o755
    assert {mode for name, mode in modes.items() if not name.endswith(".sh")} == {0o100644}


# -- the same each time


def test_packages_are_the_same_whoever_builds_them_where_and_when(
    packages: Path, tmp_path: Path
) -> None:
    """Another folder, umask, zone and seed; the files of the checkout are younger, too."""
    root = tmp_path / "elsewhere"
    for folder in ("controller", "functions", "gateway", "ledger", "schema", "requirements"):
        shutil.copytree(ROOT / folder, root / folder, copy_function=shutil.copy)
    script = (
        "import os; from pathlib import Path; from infra.packages import build as building;"
        "from infra.packages.build import Order, build;"
        "from infra.packages.python import find_python; os.umask(0o077);"
        "building.PACKAGES = building.PACKAGES[::4];"
        f"build(Order(python=find_python(), architecture={HERE!r}, root=Path({str(root)!r}),"
        f"output=Path({str(tmp_path / 'again')!r})))"
    )
    other = {**os.environ, "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], env=other, check=True, cwd=tmp_path)
    first, second = read_manifest(packages / HERE), read_manifest(tmp_path / "again" / HERE)
    assert first is not None
    assert second is not None
    known = {each.name: each.sha256 for each in first.packages}
    for each in second.packages:
        assert each.sha256 == known[each.name], each.name
    assert len(second.packages) == 2 + len(FUNCTIONS_HERE)


# -- what stops a build


def test_a_python_that_lambda_has_no_runtime_for_is_refused() -> None:
    with pytest.raises(Refused, match=r"LH5100: Lambda has no runtime for Python 2.7"):
        find_python("2.7")


def test_a_python_that_is_not_here_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shim = tmp_path / "python3.14"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(pythons, "_HERE", "3.11")
    with pytest.raises(Refused, match=r"LH5100: Python 3.14 is not on this machine"):
        find_python("3.14")
    shim.write_text("#!/bin/sh\necho 3.14\n")
    assert find_python("3.14") == Python("3.14", shim)
    shim.write_text("no program")
    with pytest.raises(Refused, match=r"LH5100"):
        find_python("3.14")


def test_a_file_that_is_no_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (")
    with pytest.raises(Refused, match=r"LH5103: Python.* cannot be compiled"):
        find_python().compile([(tmp_path / "broken.py", tmp_path / "x.pyc", "/var/task/x.py")])


def test_what_the_index_does_not_give_is_said_in_its_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    lock = tmp_path / "x.lock"
    lock.write_text(f"pygit2==0.0.1 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(Unavailable, match=r"LH5101: The packages of x.lock for arm64.*ERROR"):
        wheels.unpack_lock(lock, find_python(), "arm64", kept=tmp_path / "kept", into=tmp_path)
    assert [*(tmp_path / "kept").iterdir()] == []


def test_a_wheel_that_was_kept_and_is_another_is_fetched_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched: list[Path] = []
    monkeypatch.setattr(
        wheels, "_fetch", lambda _lock, _python, _arch, folder: fetched.append(folder)
    )
    lock = tmp_path / "x.lock"
    lock.write_text(f"six==1 --hash=sha256:{'0' * 64}\n")

    def unpack() -> None:
        wheels.unpack_lock(lock, find_python(), "arm64", kept=tmp_path / "kept", into=tmp_path)

    unpack()
    fetched[0].mkdir(parents=True)
    with ZipFile(fetched[0] / "six-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("six.py", "")
    unpack()
    assert len(fetched) == 2


def test_without_a_checkout_nothing_is_built(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"LH5104.*make package"):
        build(Order(python=find_python(), architecture=HERE, root=tmp_path))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"zip_budget": 0.001}, "MB zipped, and its budget is 0.001"),
        ({"unpacked_budget": 0.001}, "MB unpacked, and its budget is 0.001"),
        ({"entry": "gateway.authorizer_handler"}, "imports _cffi_backend, cryptography, jwt"),
    ],
)
def test_what_is_too_much_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limits: dict[str, float], said: str
) -> None:
    fields = {"name": "w", "entry": WEBHOOK.entry, "zip_budget": 1, "unpacked_budget": 1}
    fields |= {"without": WEBHOOK.without, "has_third_party": False, **limits}
    monkeypatch.setattr(building, "PACKAGES", (Package(**fields),))  # type: ignore[arg-type]
    output = tmp_path / "out"
    with pytest.raises(Refused, match=f"LH5105.*{said}"):
        build(Order(python=find_python(), architecture=HERE, output=output))
    assert [*output.iterdir()] == [], "nothing is left half done"


# -- what a synthesis takes


def test_what_was_built_can_be_deployed(packages: Path) -> None:
    assert find_packages(packages, ROOT, HERE) == Packages(packages / HERE, HERE, HERES)


def test_no_packages_are_answered_with_the_command_that_builds_them(tmp_path: Path) -> None:
    said = find_packages(tmp_path, ROOT, "arm64")
    assert said == (
        f"No packages are built in {tmp_path}/arm64, and no function would start without: run"
        " `make package` first."
    )
    (tmp_path / "arm64").mkdir()
    (tmp_path / "arm64" / FILE).write_text("{}")
    assert find_packages(tmp_path, ROOT, "arm64") == said


def test_what_is_fetched_into_the_checkout_is_not_the_checkouts() -> None:
    """As by default: packages are built in build/lambda."""
    own = ROOT / "gateway/handler.py"
    scratch = ROOT / "build/lambda/lambda-x/scratch"
    files = {"gateway/handler.py": own, "jwt/api_jwt.py": scratch / "site/jwt/api_jwt.py"}
    assert own_of(files, ROOT, scratch) == {"gateway/handler.py": own}


def test_packages_of_another_code_are_not_deployed(packages: Path, tmp_path: Path) -> None:
    for folder in ("console", "controller", "functions", "gateway", "ledger", "schema"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / LOCK).parent.mkdir()
    shutil.copy(ROOT / LOCK, tmp_path / LOCK)
    assert isinstance(find_packages(packages, tmp_path, HERE), Packages)
    (tmp_path / "ledger" / "lease.py").write_text("")
    said = find_packages(packages, tmp_path, HERE)
    assert said == (
        f"The packages in {packages / HERE} were built of another ledger/lease.py: run"
        " `make package` again."
    )
    shutil.copy(ROOT / "ledger" / "lease.py", tmp_path / "ledger")
    shutil.copytree(tmp_path / "functions" / "text2text", tmp_path / "functions" / "translation")
    said = find_packages(packages, tmp_path, HERE)
    assert f"{packages / HERE} were built without functions/translation: run" in str(said)
    shutil.rmtree(tmp_path / "controller")
    assert " and " in str(find_packages(packages, tmp_path, HERE))


def test_a_package_that_is_lost_or_cut_is_not_deployed(tmp_path: Path) -> None:
    pretend_packages(tmp_path)
    archive = tmp_path / "arm64" / "gateway.zip"
    said = f"{archive} is missing, or is not what was built: run `make package` again."
    archive.write_bytes(archive.read_bytes()[:50])
    assert find_packages(tmp_path, ROOT, "arm64") == said
    archive.unlink()
    assert find_packages(tmp_path, ROOT, "arm64") == said


def test_packages_of_one_architecture_are_not_those_of_another(tmp_path: Path) -> None:
    pretend_packages(tmp_path)
    assert isinstance(find_packages(tmp_path, ROOT, "arm64"), Packages)
    shutil.rmtree(tmp_path / "arm64")
    assert "No packages are built in" in str(find_packages(tmp_path, ROOT, "arm64"))
