"""`leasehold validate`: a whole folder is checked, and every violation is told with its place."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leasehold.cli import main

PROJECT = Path(__file__).parents[2]
SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "environments" / "dev").mkdir(parents=True)
    write(tmp_path, "environment.json", json.dumps(SETTINGS))
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / "environments" / "dev" / name).write_text(text)


def endpoint(**fields: object) -> str:
    return json.dumps(
        {"name": "Chat", "endpoint_config_name": "cfg", "inference_type": "realtime", **fields}
    )


def validate(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["validate", *map(str, arguments)])


def test_the_examples_of_the_project_are_in_order() -> None:
    result = validate(PROJECT)
    assert result.exit_code == 0, result.output
    assert result.output == "Checked 7 definitions in dev, prod: everything is in order.\n"


def test_all_violations_of_all_files_are_told_with_file_pointer_and_code(folder: Path) -> None:
    write(folder, "Chat.endpoint.json", endpoint(inference_type="sometimes", colour="red"))
    write(folder, "Text.endpoint.json", "{")
    result = validate(folder)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    path = "environments/dev"
    assert any(
        line.startswith(f"{path}/Chat.endpoint.json: /inference_type: ")
        and line.endswith("[LH1002]")
        for line in lines
    )
    assert any("colour" in line for line in lines)
    assert any(line.startswith(f"{path}/Text.endpoint.json: /: ") for line in lines)
    assert lines[-1] == "Checked 2 definitions in dev: 3 errors."


def test_a_warning_is_told_and_fails_nothing(folder: Path) -> None:
    write(folder, "Chat.lease.json", '{"expires_at": "2026-11-23T10:00:00Z"}')
    result = validate(folder)
    assert result.exit_code == 0
    assert result.output.startswith("warning: environments/dev/Chat.lease.json: ")


def test_machines_get_json(folder: Path) -> None:
    write(folder, "Chat.endpoint.json", endpoint(name="Other"))
    result = validate(folder, "--output", "json")
    assert result.exit_code == 1
    (violation,) = json.loads(result.output)
    assert violation["file"] == "environments/dev/Chat.endpoint.json"
    assert (violation["pointer"], violation["code"]) == ("/name", "LH1003")


def test_a_folder_without_environments_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = validate(tmp_path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.endswith("[LH5004]\n")
    assert result.stderr.count("\n") == 1
