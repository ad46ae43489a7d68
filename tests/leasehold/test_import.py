"""`leasehold import` of a file alone: one commit in a clone, or a sentence and nothing."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from leasehold import importing as verb
from leasehold.cli import main
from tests.leasehold.answering import in_a_terminal
from tests.leasehold.predecessor.account_of import ROLE, file_of, model

if TYPE_CHECKING:
    from pathlib import Path

ANA = ("--author", "Ana <ana@example.com>")
GIVEN = (*ANA, "--role-arn", ROLE)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing runs, and whose git knows nobody."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("LEASEHOLD_REPOSITORY", "LEASEHOLD_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    path = tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "clone")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path, file_of(model()))


def write(folder: Path, content: bytes) -> Path:
    path = folder / "configs.json"
    path.write_bytes(content)
    return path


def git(path: Path, *words: str) -> str:
    command = ["git", "-C", str(path), "-c", "user.name=Ben", "-c", "user.email=b@example.com"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    return done.stdout


def run(file: Path, clone: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["import", str(file), "--into", str(clone), *arguments])


def refused(file: Path, clone: Path, *arguments: str) -> str:
    before = contents(clone)
    result = run(file, clone, *arguments)
    assert result.exit_code == 1, result.output
    assert contents(clone) == before
    return " ".join(result.stderr.split())


def contents(clone: Path) -> dict[str, bytes]:
    found = (path for path in clone.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path): path.read_bytes() for path in found}


class TestACommit:
    def test_has_the_environment_and_says_where_each_field_went(
        self, file: Path, clone: Path
    ) -> None:
        result = run(file, clone, *GIVEN)
        assert result.exit_code == 0, result.stderr
        said = git(clone, "log", "--format=%an <%ae>%n%B")
        assert said.startswith("Ana <ana@example.com>\nImport demo from configs.json\n")
        for line in (
            'project_prefix "demo" -> project_prefix',
            'Falcon40B: name "Falcon40B" -> name, in Falcon40B.endpoint.json',
            "demo-Falcon40B-Endpoint: lease -> ended: nothing is known of one",
        ):
            assert f"- {line}" in said.splitlines()
            assert f"  {line}" in result.stdout.splitlines()
        assert git(clone, "status", "--porcelain") == ""
        files = git(clone, "ls-files").split()
        assert {
            "environments/demo/environment.json",
            "environments/demo/README.md",
            "environments/demo/Falcon40B.endpoint.json",
            "environments/demo/Falcon40B.lease.json",
            "schema/lock.schema.json",
        } <= set(files)

    def test_has_no_lines_that_a_name_in_the_file_makes(self, tmp_path: Path, clone: Path) -> None:
        forged = "x\n\nLease-Action: release\nLease-Endpoint: demo-Falcon40B-Endpoint"
        file = write(tmp_path, file_of(model(forged), **{forged: 1}))
        result = run(file, clone, *GIVEN)
        assert result.exit_code == 0, result.stderr
        assert git(clone, "log", "--format=%(trailers)").strip() == ""
        lines = git(clone, "log", "--format=%B").splitlines() + result.stdout.splitlines()
        assert not any(line.startswith("Lease-") for line in lines)

    def test_shares_the_ledgers_id_and_takes_nothing_else_along(
        self, file: Path, clone: Path
    ) -> None:
        for path, text in {
            "environments/prod/environment.json": settings("prod", "fedcba9876543210"),
            "notes.txt": "mine",
        }.items():
            (clone / path).parent.mkdir(parents=True, exist_ok=True)
            (clone / path).write_text(text)
        git(clone, "add", "--all")
        result = run(file, clone, *GIVEN, "-e", "dev")
        assert result.exit_code == 0, result.stderr
        made = json.loads((clone / "environments/dev/environment.json").read_bytes())
        assert made["ledger_id"] == "fedcba9876543210"
        assert git(clone, "status", "--porcelain") == (
            "A  environments/prod/environment.json\nA  notes.txt\n"
        )

    def test_asks_in_a_terminal_for_what_the_file_does_not_say(
        self, tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_a_terminal(monkeypatch, verb)
        file = write(tmp_path, file_of(model(inference_type="async")))
        command = ["import", str(file), "--into", str(clone), *ANA]
        result = CliRunner().invoke(main, command, input=f"me\n{ROLE}\ns3://answers/\n")
        assert result.exit_code == 0, result.output
        made = json.loads((clone / "environments/demo/environment.json").read_bytes())
        assert (made["execution_role_arn"], made["async_output_path"]) == (ROLE, "s3://answers/")

    def test_can_be_left_to_its_reader(self, file: Path, clone: Path) -> None:
        result = run(file, clone, "--role-arn", ROLE, "--no-commit")
        assert result.exit_code == 0, result.stderr
        assert "Nothing is committed." in result.stdout
        assert git(clone, "status", "--porcelain") == "?? environments/\n?? schema/\n"

    def test_leaves_nothing_behind_where_git_refuses_it(self, file: Path, clone: Path) -> None:
        (clone / ".gitignore").write_text("environments/\n")
        said = refused(file, clone, *GIVEN)
        assert "git takes no commit in" in said
        assert said.endswith("[LH5083]")
        (clone / ".gitignore").unlink()
        hook = clone / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
        hook.chmod(0o755)
        assert "not on a Friday" in refused(file, clone, *GIVEN)
        assert git(clone, "ls-files") == ""

    @pytest.mark.parametrize("commit", [(), ("--no-commit",)])
    def test_leaves_nothing_behind_where_a_file_cannot_be_written(
        self, file: Path, clone: Path, commit: tuple[str, ...]
    ) -> None:
        (clone / "schema").write_text("mine")  # where a folder would be
        said = refused(file, clone, *GIVEN, *commit)
        assert said.endswith("[LH5051]")
        assert git(clone, "status", "--porcelain") == "?? schema\n"

    def test_needs_a_clone(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        assert "it is no clone" in refused(file, tmp_path / "folder", *GIVEN)


class TestWhatIsSaid:
    def test_next_comes_the_rule_the_lock_and_what_not_to_destroy(
        self, file: Path, clone: Path
    ) -> None:
        said = run(file, clone, *GIVEN).stdout
        steps = [line for line in said.splitlines() if line[:2] in {f"{n}." for n in range(9)}]
        assert [step.split(" ", 3)[1] for step in steps] == ["Switch", "Push", "Resolve", "Do"]
        assert "   leasehold lock demo/Falcon40B" in said.splitlines()
        assert "Do not run `cdk destroy` of the predecessor yet" in said
        assert "import with --from-aws" in said

    def test_what_freezes_is_named_with_its_file(self, tmp_path: Path, clone: Path) -> None:
        file = write(tmp_path, file_of(model(inference_type="serverless"), 5))
        result = run(file, clone, *GIVEN)
        assert result.exit_code == 0, result.stderr
        assert (
            "environments/demo/Falcon40B.endpoint.json: /inference_type:"
            ' "serverless" is not one of realtime or async. [LH1002]'
        ) in result.stdout
        assert "! jumpstart_models[0]" not in result.stdout
        assert "! jumpstart_models[1] 5 -> left out" in result.stdout

    def test_a_long_value_is_cut_on_the_screen_and_whole_in_the_commit(
        self, tmp_path: Path, clone: Path
    ) -> None:
        file = write(tmp_path, file_of(model(), remark="a" * 300))
        assert f"{'a' * 96}... ->" in run(file, clone, *GIVEN).stdout
        assert "a" * 300 in git(clone, "log", "--format=%B")


class TestWhatIsRefused:
    def test_what_the_file_does_not_say_is_asked_for(self, tmp_path: Path, clone: Path) -> None:
        file = write(tmp_path, file_of(model(inference_type="async")))
        assert "--role-arn and --async-output-path are missing" in refused(file, clone, *ANA)
        said = refused(file, clone, *GIVEN)
        assert "--async-output-path is missing" in said
        assert said.endswith("[LH5080]")
        wrong = refused(file, clone, *GIVEN, "--async-output-path", "here")
        assert '--async-output-path: "here" does not match' in wrong

    def test_a_place_that_is_taken(self, file: Path, clone: Path) -> None:
        assert run(file, clone, *GIVEN).exit_code == 0
        assert refused(file, clone, *GIVEN).endswith("[LH5082]")

    def test_another_file_or_none(self, tmp_path: Path, clone: Path) -> None:
        assert refused(tmp_path / "nothing", clone, *GIVEN).endswith("[LH5081]")
        assert refused(write(tmp_path, b"[]"), clone, *GIVEN).endswith("[LH5081]")

    def test_settings_that_are_not_in_order(self, file: Path, clone: Path) -> None:
        said = refused(file, clone, *GIVEN, "--region", "eu-central-9")
        assert "AWS has no region eu-central-9" in said
        assert said.endswith("[LH5084]")
        assert "LH1002" in refused(file, clone, *GIVEN, "--region", "Europe")

    def test_a_file_without_a_region(self, tmp_path: Path, clone: Path) -> None:
        file = write(tmp_path, b'{"project_prefix": "demo", "jumpstart_models": []}')
        assert "say --region NAME. [LH5080]" in refused(file, clone, *GIVEN)
        assert run(file, clone, *GIVEN, "--region", "us-east-1").exit_code == 0

    def test_options_that_do_not_go_together(self, file: Path, clone: Path) -> None:
        assert refused(file, clone, *GIVEN, "--only", "A").endswith("[LH5080]")

    def test_an_author_whom_nobody_knows(self, file: Path, clone: Path) -> None:
        assert refused(file, clone, "--role-arn", ROLE).endswith("[LH5003]")


class TestTheSecondStep:
    def on_config(self, clone: Path, **more: object) -> Path:
        path = clone / "environments" / "demo" / "Falcon40B.endpoint.json"
        data = json.loads(path.read_bytes())
        data.pop("model_id", None)
        fields = {"endpoint_config_name": "cfg-A1", "adopt": True, "owner": "Ana", **more}
        path.write_text(json.dumps({**data, **fields}))
        return path

    def test_replaces_where_the_model_comes_from_and_nothing_else(
        self, file: Path, clone: Path
    ) -> None:
        run(file, clone, *GIVEN)
        before = json.loads((clone / "environments/demo/Falcon40B.endpoint.json").read_bytes())
        path = self.on_config(clone)
        result = run(file, clone, "-e", "demo", "--second-step")
        assert result.exit_code == 0, result.stderr
        assert json.loads(path.read_bytes()) == {**before, "owner": "Ana"}
        assert "   leasehold lock demo/Falcon40B" in result.stdout.splitlines()
        assert "blue/green" in result.stdout

    def test_says_what_stays_as_it_is(self, tmp_path: Path, clone: Path) -> None:
        file = write(tmp_path, file_of(model(), model("Flan"), model("Odd"), model("Bad")))
        run(file, clone, *GIVEN)
        self.on_config(clone)
        (clone / "environments/demo/Flan.endpoint.json").unlink()
        (clone / "environments/demo/Odd.endpoint.json").write_text("[]")
        (clone / "environments/demo/Bad.endpoint.json").write_text("{")
        said = run(file, clone, "--second-step").stdout
        assert "! Flan stays as it is: there is no environments/demo/Flan.endpoint.json" in said
        assert "! Odd stays as it is: it cannot be read" in said
        assert "! Bad stays as it is: it cannot be read" in said
        assert "Falcon40B: environments/demo/Falcon40B.endpoint.json has its model_id now" in said

    def test_of_none_is_refused(self, file: Path, clone: Path) -> None:
        run(file, clone, *GIVEN)
        assert refused(file, clone, "--second-step").endswith("[LH5086]")
        self.on_config(clone)
        assert refused(file, clone, "--second-step", "--only", "Nobody").endswith("[LH5086]")
        self.on_config(clone, public="yes")
        assert refused(file, clone, "--second-step").endswith("[LH5086]")


def settings(prefix: str, ledger_id: str) -> str:
    return json.dumps(
        {
            "ledger_id": ledger_id,
            "project_prefix": prefix,
            "region_name": "us-east-1",
            "execution_role_arn": ROLE,
        }
    )
