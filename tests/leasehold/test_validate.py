"""`leasehold validate`: a whole folder is checked, and every violation is told with its place."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leasehold.cli import main
from tests.ledger.forge import git

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


# What a commit of the folder would have counts, for that is what the controller reads.


@pytest.fixture
def checkout(folder: Path) -> Path:
    git(folder, "init", "--quiet", ".")
    write(folder, "Chat.endpoint.json", endpoint())
    return folder


def wrong(folder: Path) -> list[tuple[str, str]]:
    """Say the file and the code of each error, and that there is one."""
    result = validate(folder, "--output", "json")
    found = [(each["file"].removeprefix("environments/"), each["code"]) for each in said(result)]
    assert result.exit_code == int(bool(found))
    return found


def said(result: Result) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(result.output)
    return found


def moved(folder: Path, target: str) -> Path:
    """Move the definition away, and return where it was."""
    here = folder / "environments" / "dev" / "Chat.endpoint.json"
    (folder / target).parent.mkdir(parents=True, exist_ok=True)
    return here.rename(folder / target) and here


@pytest.mark.parametrize("in_git", [True, False], ids=["in git", "outside of git"])
class TestWhatHidesADefinition:
    @pytest.fixture
    def folder(self, checkout: Path, *, in_git: bool) -> Path:
        if not in_git:
            shutil.rmtree(checkout / ".git")
        return checkout

    def test_another_name(self, folder: Path) -> None:
        moved(folder, "environments/dev/Chat.endpoint.JSON")
        assert wrong(folder) == [("dev/Chat.endpoint.JSON", "LH1017")]

    def test_a_folder(self, folder: Path) -> None:
        moved(folder, "environments/dev/nlp/Chat.endpoint.json")
        assert wrong(folder) == [("dev/nlp/Chat.endpoint.json", "LH1017")]

    def test_a_link(self, folder: Path) -> None:
        moved(folder, "common/Chat.json").symlink_to("../../common/Chat.json")
        assert wrong(folder) == [("dev/Chat.endpoint.json", "LH1018")]

    def test_a_linked_environment(self, folder: Path) -> None:
        (folder / "environments" / "dev").rename(folder / "base")
        (folder / "environments" / "dev").symlink_to("../base")
        assert wrong(folder) == [("dev", "LH1018")]

    def test_a_linked_root(self, folder: Path) -> None:
        (folder / "environments").rename(folder / "base")
        (folder / "environments").symlink_to("base")
        result = validate(folder)
        assert result.exit_code == 1
        assert "environments is a symbolic link, which says nothing" in result.stderr

    def test_a_repository_in_a_folder(self, folder: Path) -> None:
        inner = folder / "environments" / "dev" / "nlp"
        moved(folder, "environments/dev/nlp/Chat.endpoint.json")
        git(inner, "init", "--quiet", ".")
        git(inner, "add", ".")
        git(inner, "commit", "--quiet", "--message", "begin")
        assert wrong(folder) == [("dev/nlp", "LH1018")]

    def test_a_pointer_of_lfs(self, folder: Path) -> None:
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{7:064}\nsize 640\n"
        write(folder, "Chat.endpoint.json", pointer)
        assert wrong(folder) == [("dev/Chat.endpoint.json", "LH1019")]

    def test_bytes_that_are_not_utf_8(self, folder: Path) -> None:
        target = os.fsencode(folder / "environments" / "dev") + b"/Chat\xff.endpoint.json"
        (folder / "environments" / "dev" / "Chat.endpoint.json").rename(os.fsdecode(target))
        assert wrong(folder) == [("dev/Chat\\xff.endpoint.json", "LH1018")]


@pytest.mark.parametrize("ending", [".bak", "~", ".orig", ".md"])
def test_an_editors_copy_is_a_warning_until_git_has_it(checkout: Path, ending: str) -> None:
    git(checkout, "add", ".")
    write(checkout, f"Chat.endpoint.json{ending}", endpoint())
    result = validate(checkout)
    assert result.exit_code == 0
    assert result.output.startswith("warning: environments/dev/Chat.endpoint.json")
    assert ": git does not have it yet; once it does, it may be a definition, " in result.output
    git(checkout, "add", ".")
    assert wrong(checkout) == [(f"dev/Chat.endpoint.json{ending}", "LH1017")]


def test_a_copy_without_its_original_is_more_than_that(checkout: Path) -> None:
    git(checkout, "add", ".")
    moved(checkout, "environments/dev/Chat.endpoint.json.bak")
    assert wrong(checkout) == [("dev/Chat.endpoint.json.bak", "LH1017")]


def test_a_file_in_place_of_a_submodule_counts_once_it_is_added(checkout: Path) -> None:
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "begin")
    head, file = git(checkout, "rev-parse", "HEAD"), "environments/dev/Chat.endpoint.json"
    git(checkout, "rm", "--quiet", "--cached", file)
    git(checkout, "update-index", "--add", "--cacheinfo", f"160000,{head},{file}")
    assert wrong(checkout) == [("dev/Chat.endpoint.json", "LH1018")]
    git(checkout, "add", ".")
    assert wrong(checkout) == []


def test_what_git_ignores_is_not_there(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("*.lock.json\n.DS_Store\nscratch*\n")
    write(checkout, "Chat.endpoint.json", endpoint())
    write(checkout, "scratch.json", "{")
    assert wrong(checkout) == []
    write(checkout, "Text.lock.json", "{")
    assert wrong(checkout) == [], "nobody else will ever see it"


def test_what_git_has_stays_there_although_it_is_ignored(checkout: Path) -> None:
    write(checkout, "Text.endpoint.json", "{")
    git(checkout, "add", ".")
    (checkout / ".gitignore").write_text("*.endpoint.json\n")
    assert wrong(checkout) == [("dev/Text.endpoint.json", "LH1001")]


def test_content_is_as_git_keeps_it(checkout: Path) -> None:
    attributes = "*.endpoint.json working-tree-encoding=UTF-16LE-BOM\n"
    (checkout / ".gitattributes").write_text(attributes)
    text = endpoint().encode("utf-16-le")
    (checkout / "environments/dev/Chat.endpoint.json").write_bytes(b"\xff\xfe" + text)
    assert wrong(checkout) == []


def test_what_git_cannot_take_is_said_with_its_words(checkout: Path) -> None:
    inner = checkout / "environments" / "dev" / "nlp"
    inner.mkdir()
    git(inner, "init", "--quiet", ".")
    result = validate(checkout)
    assert result.exit_code == 1
    assert "git cannot take what is in " in result.stderr
    assert "does not have a commit checked out" in result.stderr


def test_nothing_is_changed_in_the_checkout(checkout: Path) -> None:
    before = git(checkout, "status", "--porcelain"), git(checkout, "count-objects")
    assert wrong(checkout) == []
    assert (git(checkout, "status", "--porcelain"), git(checkout, "count-objects")) == before


def test_where_git_is_not_installed_files_count_as_they_lie_there(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(checkout, "Text.endpoint.json", "{")
    monkeypatch.setenv("PATH", str(checkout))
    assert wrong(checkout) == [("dev/Text.endpoint.json", "LH1001")]


def test_a_folder_that_git_ignores_altogether_is_read_as_it_lies_there(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("environments/\n")
    write(checkout, "Text.endpoint.json", "{")
    assert wrong(checkout) == [("dev/Text.endpoint.json", "LH1001")]
    git(checkout, "add", "--force", "environments/dev/environment.json")
    assert wrong(checkout) == [], "it has one file by now, and no other"


def test_a_folder_without_environments_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = validate(tmp_path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.endswith("[LH5004]\n")
    assert result.stderr.count("\n") == 1


def test_a_lease_past_the_ceiling_is_warned_of_in_its_own_file(folder: Path) -> None:
    write(folder, "Chat.endpoint.json", endpoint())
    write(folder, "Chat.lease.json", '{"expires_at": "9999-12-31T23:59:30Z"}')
    result = validate(folder)
    assert result.exit_code == 0, result.output
    warning, verdict = result.output.splitlines()
    assert warning.startswith("warning: environments/dev/Chat.lease.json: /expires_at: 9999-12-31")
    assert "max_lease_minutes in environments/dev/environment.json" in warning
    assert verdict == "Checked 1 definition in dev: everything is in order."
