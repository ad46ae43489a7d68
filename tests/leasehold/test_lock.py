"""`leasehold lock`: locks of a clone, all that were asked for or none, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from leasehold import lock as verb
from leasehold.cli import main
from leasehold.jumpstart import extra
from ledger.checkout import documents
from ledger.errors import Refused
from ledger.holdings import read_fleet
from tests.leasehold.jumpstart.catalogue import ARTIFACTS, G5, FakeCatalogue, header
from tests.leasehold.jumpstart.ledger_files import SETTINGS, definition

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = FakeCatalogue(versions=(header("1.0.0"), header("1.1.0")))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for environment in ("dev", "test"):
        folder = tmp_path / "environments" / environment
        folder.mkdir(parents=True)
        (folder / "environment.json").write_text(json.dumps(SETTINGS))
    write(tmp_path, "dev", "A")
    write(tmp_path, "dev", "B", model_version="1.0.0")
    (tmp_path / "environments/dev/Own.endpoint.json").write_bytes(
        definition("Own", model_id=None, model={"image": "x"})
    )
    return tmp_path


def write(clone: Path, environment: str, name: str, **fields: object) -> None:
    path = clone / "environments" / environment / f"{name}.endpoint.json"
    path.write_bytes(definition(name, **fields))


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeCatalogue], None]:
    def use(catalogue: FakeCatalogue) -> None:
        def of_region(region: str) -> FakeCatalogue:
            return replace(catalogue, region_name=region)

        monkeypatch.setattr(extra, "catalogues", lambda: of_region)

    use(CATALOGUE)
    return use


def run(clone: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["lock", "--into", str(clone), *arguments])


def locks(clone: Path) -> dict[str, str]:
    found = clone.rglob("*.lock.json")
    return {
        f"{path.parent.name}/{path.name.partition('.')[0]}": str(
            json.loads(path.read_bytes())["model_version"]
        )
        for path in found
    }


def refused(clone: Path, *arguments: str) -> str:
    before = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()}
    result = run(clone, *arguments)
    assert result.exit_code == 1, result.output
    assert {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()} == before
    return result.output


Use = Callable[[FakeCatalogue], None]


@pytest.mark.usefixtures("use")
class TestLock:
    def test_writes_what_each_model_id_means_and_says_what_is_new(self, clone: Path) -> None:
        result = run(clone)
        assert result.exit_code == 0, result.output
        assert locks(clone) == {"dev/A": "1.1.0", "dev/B": "1.0.0"}
        assert result.stdout.splitlines()[:2] == [
            "dev/A: acme-llm 1.1.0 (new)",
            "  + image registry/djl:1",
        ]
        assert "Wrote 2 locks; next: git add environments/dev/A.lock.json" in result.stdout
        assert "[2/2] dev/B: acme-llm in us-east-1" in result.stderr

    def test_is_what_the_definitions_need(self, clone: Path) -> None:
        run(clone)
        fleet = read_fleet(documents(clone), "dev")
        assert (fleet.broken, len(fleet.holdings)) == ((), 3)

    def test_done_twice_changes_nothing(self, clone: Path) -> None:
        run(clone)
        before = {path: path.stat().st_mtime_ns for path in clone.rglob("*.lock.json")}
        result = run(clone)
        assert "dev/A: acme-llm 1.1.0 (unchanged)" in result.stdout
        assert result.stdout.splitlines()[-1] == "2 locks up to date."
        assert {path: path.stat().st_mtime_ns for path in clone.rglob("*.lock.json")} == before

    @pytest.mark.parametrize(
        ("named", "written"),
        [
            (["dev"], {"dev/A", "dev/B"}),
            (["dev/A"], {"dev/A"}),
            (["a"], {"dev/A"}),
            (["A", "dev/b"], {"dev/A", "dev/B"}),
            (["test"], set()),
        ],
    )
    def test_of_what_is_named_alone(self, clone: Path, named: list[str], written: set[str]) -> None:
        assert run(clone, *named).exit_code == 0
        assert set(locks(clone)) == written

    @pytest.mark.parametrize("named", ["nowhere", "dev/C", "Own"])
    def test_of_what_nobody_knows_is_refused(self, clone: Path, named: str) -> None:
        said = refused(clone, named)
        assert f"is called {named}: name an environment, or one of dev/A, dev/B." in said
        assert said.endswith("[LH5073]\n")

    def test_where_nothing_needs_one_does_not_load_the_sdk(
        self, clone: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(extra, "catalogues", None)
        assert run(clone, "test").stdout.startswith("Nothing to lock")

    def test_of_one_that_is_refused_writes_none_and_says_all(self, clone: Path) -> None:
        write(clone, "dev", "C", inference_instance_type="ml.m5.large")
        write(clone, "test", "D", model_id="acme-lm")
        said = refused(clone)
        assert "environments/dev/C.endpoint.json: /inference_instance_type: JumpStart" in said
        assert "environments/test/D.endpoint.json: /model_id: JumpStart has no model" in said
        assert "2 of 4 definitions cannot be locked, so no lock is written" in said

    def test_of_one_that_cannot_be_read_writes_none(self, clone: Path) -> None:
        write(clone, "dev", "C", inference_type="sometimes")
        assert "[LH5074]" in refused(clone)
        assert run(clone, "dev/A").exit_code == 0


@pytest.mark.usefixtures("use")
class TestUpgrade:
    def test_takes_the_newest_of_what_is_named_alone(self, clone: Path, use: Use) -> None:
        use(FakeCatalogue())
        write(clone, "test", "A")
        run(clone)
        use(CATALOGUE)
        result = run(clone, "--upgrade", "dev/A")
        assert locks(clone) == {"dev/A": "1.1.0", "dev/B": "1.0.0", "test/A": "1.0.0"}
        assert "dev/A: acme-llm 1.0.0 -> acme-llm 1.1.0" in result.stdout
        assert "dev/B" not in result.stdout

    def test_locks_the_others_that_are_named_as_they_are(self, clone: Path, use: Use) -> None:
        use(FakeCatalogue())
        write(clone, "test", "A")
        run(clone)
        use(CATALOGUE)
        result = run(clone, "test", "--upgrade", "dev/A")
        assert locks(clone) == {"dev/A": "1.1.0", "dev/B": "1.0.0", "test/A": "1.0.0"}
        assert "1.1.0 is newer: `leasehold lock --upgrade test/A` takes it." in result.stdout

    def test_of_what_nobody_knows_is_refused(self, clone: Path) -> None:
        assert "[LH5073]" in refused(clone, "--upgrade", "C")


class TestCheck:
    def test_of_locks_that_say_what_is_so_is_silent(self, clone: Path, use: Use) -> None:
        use(CATALOGUE)
        run(clone)
        result = run(clone, "--check")
        assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "2 locks up to date.")

    def test_of_a_missing_one_fails_and_names_the_command(self, clone: Path, use: Use) -> None:
        use(CATALOGUE)
        run(clone, "dev/A")
        said = refused(clone, "--check")
        assert "run `leasehold lock dev/B` and commit what it writes. [LH5072]" in said

    def test_of_one_that_says_something_else_fails(self, clone: Path, use: Use) -> None:
        use(CATALOGUE)
        run(clone)
        use(replace(CATALOGUE, by_type={G5: replace(ARTIFACTS, image="registry/djl:2")}))
        said = refused(clone, "--check", "dev")
        assert "~ image registry/djl:1 -> registry/djl:2" in said
        assert "`leasehold lock dev/A dev/B`" in said

    def test_does_not_mind_a_newer_version(self, clone: Path, use: Use) -> None:
        use(FakeCatalogue())
        run(clone)
        use(CATALOGUE)
        assert run(clone, "--check").exit_code == 0


def test_what_the_extra_refuses_ends_the_verb(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise Refused("LH5070", "the SDK is missing.")

    monkeypatch.setattr(extra, "catalogues", missing)
    assert "leasehold: the SDK is missing. [LH5070]" in refused(clone)


def test_definitions_of_one_region_are_resolved_together(clone: Path) -> None:
    elsewhere = {**SETTINGS, "region_name": "eu-central-1"}
    (clone / "environments/test/environment.json").write_text(json.dumps(elsewhere))
    write(clone, "test", "C")
    asked: list[str] = []

    def of_region(region: str) -> FakeCatalogue:
        asked.append(region)
        return replace(CATALOGUE, region_name=region)

    wanted = verb.named(documents(clone), [])
    found = verb.resolve_all([wanted[2], *wanted[:2]], of_region)
    assert asked == ["eu-central-1", "us-east-1", "us-east-1"]
    assert [each.wanted.label for each in found] == ["dev/A", "dev/B", "test/C"]
