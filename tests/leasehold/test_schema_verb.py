"""`leasehold schema`: what editors check by is beside the files that name it, everywhere."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from leasehold.cli import main
from leasehold.new_environment import DOCUMENTS
from ledger.json_files import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
VSCODE = ROOT / "examples" / "editor" / ".vscode"
ROLE = "arn:aws:iam::123456789012:role/demo-sagemaker"
GIVEN = ("--project-prefix", "demo", "--region", "eu-central-1", "--role-arn", ROLE)


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_schemas_of_all_documents_are_written(tmp_path: Path) -> None:
    done = run("schema", tmp_path / "schema")
    assert done.exit_code == 0, done.output
    assert written(tmp_path / "schema") == {f"{each}.schema.json" for each in DOCUMENTS}
    assert done.output.count("Wrote ") == len(DOCUMENTS)
    assert "look for them in schema/" not in done.output
    for path in (tmp_path / "schema").iterdir():
        schema = json.loads(path.read_bytes())
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"].startswith("urn:leasehold:schema:")  # it leads nowhere, so nobody asks
        references = json.dumps(schema).split('"$ref": "')[1:]
        assert all(each.startswith("#/") for each in references)


def test_what_is_stale_is_replaced_and_nothing_else_is_touched(tmp_path: Path) -> None:
    run("schema", tmp_path)
    stale = tmp_path / "lease.schema.json"
    stale.write_text("{}")
    (tmp_path / "ours.schema.json").write_text("{}")
    done = run("schema", tmp_path)
    assert done.output.count("Wrote ") == 1
    assert stale.read_bytes() == (SCHEMAS / stale.name).read_bytes()
    assert (tmp_path / "ours.schema.json").read_text() == "{}"
    assert "look for them in schema/" in done.output
    again = run("schema", tmp_path)
    assert (again.exit_code, again.output.count("Kept ")) == (0, len(DOCUMENTS))


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("schema", tmp_path / "file")
    assert done.exit_code == 1
    assert "cannot be written" in " ".join(done.output.split())


def test_a_ledger_that_is_begun_anywhere_names_schemas_that_are_there(tmp_path: Path) -> None:
    assert run("init", "dev", *GIVEN, "--into", tmp_path).exit_code == 0
    for path in (tmp_path / "environments").rglob("*.json"):
        document = json.loads(path.read_bytes())
        schema = json.loads((path.parent / document["$schema"]).read_bytes())
        assert not [*Draft202012Validator(schema).iter_errors(document)]


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return dict(json.loads((VSCODE / "settings.json").read_bytes()))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_editors_settings_know_each_kind_of_file(settings: dict[str, Any], kind: str) -> None:
    plain = f"/environments/dev/{kind}.json"
    file = (
        plain if kind in ("environment", "prices") else f"/environments/dev/Falcon40B.{kind}.json"
    )
    fitting = [
        each["url"]
        for each in settings["json.schemas"]
        if any(fnmatchcase(file, glob) for glob in each["fileMatch"])
    ]
    assert fitting == [f"./schema/{kind}.schema.json"]


def test_the_editors_settings_name_files_of_the_example_ledger() -> None:
    for name in ("settings", "extensions"):
        assert json.loads((VSCODE / f"{name}.json").read_bytes())
    for path in (ROOT / "environments").rglob("*.json"):
        named = json.loads(path.read_bytes())["$schema"]
        assert (path.parent / named).is_file(), path
