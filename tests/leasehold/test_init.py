"""`leasehold init`: an environment in a clone, by options or by answers; nothing is overwritten."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leasehold.cli import main
from tests.leasehold.running import variables

PROJECT = Path(__file__).parents[2]
ROLE = "arn:aws:iam::123456789012:role/demo-sagemaker"
GIVEN = ("--project-prefix", "demo", "--region", "eu-central-1", "--role-arn", ROLE)
SETTINGS = "environments/dev/environment.json"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def run(clone: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["init", "--into", str(clone), *arguments])


def made(clone: Path, *arguments: str) -> Result:
    result = run(clone, *arguments)
    assert result.exit_code == 0, result.output
    return result


def refused(clone: Path, *arguments: str) -> str:
    before = contents(clone)
    result = run(clone, *arguments)
    assert result.exit_code == 1
    assert contents(clone) == before
    return " ".join(result.stderr.split())


def contents(clone: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()}


def settings(clone: Path, environment: str = "dev") -> dict[str, object]:
    path = clone / "environments" / environment / "environment.json"
    return dict(json.loads(path.read_bytes()))


def validate(clone: Path) -> str:
    result = CliRunner().invoke(main, ["validate", str(clone)])
    assert result.exit_code == 0, result.output
    return str(result.output)


class TestANewEnvironment:
    def test_has_settings_that_are_in_order(self, clone: Path) -> None:
        places = ("--async-output-path", "s3://demo-answers/")
        made(clone, "dev", *GIVEN, *places, "--async-input-path", "s3://demo-requests/")
        written = settings(clone)
        assert re.fullmatch("[0-9a-f]{16}", str(written.pop("ledger_id")))
        assert written == {
            "$schema": "../../schema/environment.schema.json",
            "project_prefix": "demo",
            "region_name": "eu-central-1",
            "ddb_auth_table_name": "demo-dev-tokens",
            "execution_role_arn": ROLE,
            "async_output_path": "s3://demo-answers/",
            "async_input_path": "s3://demo-requests/",
        }
        assert validate(clone).endswith("/environments: everything is in order.\n")

    def test_names_a_schema_that_is_there(self, clone: Path) -> None:
        made(clone, "dev", *GIVEN)
        named = clone / "environments" / "dev" / str(settings(clone)["$schema"])
        assert (
            named.resolve().read_bytes()
            == (PROJECT / "schema" / "environment.schema.json").read_bytes()
        )
        assert {path.name.partition(".")[0] for path in (clone / "schema").iterdir()} == {
            *("endpoint", "environment", "lease", "lock", "prices")
        }

    def test_has_a_page_that_explains_every_field(self, clone: Path) -> None:
        made(clone, "dev", *GIVEN)
        page = (clone / "environments" / "dev" / "README.md").read_text()
        schema = json.loads((PROJECT / "schema" / "environment.schema.json").read_bytes())
        for name, rule in schema["properties"].items():
            if name != "$schema":
                assert f"`{name}`" in page
                assert rule["description"].split(":")[0] in " ".join(page.split())
        assert "`limits.max_lease_minutes` (by default 10080; such as 1440)" in page

    def test_is_told_file_by_file_and_with_what_comes_next_at_80_columns(
        self, clone: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(clone)
        result = CliRunner().invoke(main, ["init", "dev", *GIVEN])
        for line in (
            f"Wrote {SETTINGS}",
            "Wrote environments/dev/README.md",
            "Wrote schema",
            "  git add environments/dev schema",
            '  git commit -m "Add the environment dev"',
            "  git push",
        ):
            assert line in result.output.splitlines()
        assert max(map(len, result.output.splitlines())) <= 80
        page = (clone / "environments/dev/README.md").read_text()
        longest = max(page.splitlines(), key=len)
        assert len(longest) <= 80, longest

    def test_shares_the_id_of_the_repositorys_others(self, clone: Path) -> None:
        made(clone, "dev", *GIVEN)
        made(clone, "prod", *GIVEN)
        assert settings(clone, "prod")["ledger_id"] == settings(clone)["ledger_id"]
        made(clone, "copy", *GIVEN, "--new-ledger-id")
        assert settings(clone, "copy")["ledger_id"] != settings(clone)["ledger_id"]
        made(clone, "next", *GIVEN)  # there is no one id to share
        ids = {settings(clone, each)["ledger_id"] for each in ("dev", "copy", "next")}
        assert len(ids) == 3

    def test_leaves_what_is_there_already(self, clone: Path) -> None:
        (clone / "schema").mkdir()
        (clone / "schema" / "lease.schema.json").write_text("mine")
        (clone / "environments" / "dev").mkdir(parents=True)
        (clone / "environments" / "dev" / "README.md").write_text("mine too")
        (clone / "environments" / "old").mkdir()
        (clone / "environments" / "old" / "environment.json").write_text("{")
        made(clone, "dev", *GIVEN)
        assert (clone / "schema" / "lease.schema.json").read_text() == "mine"
        assert (clone / "environments" / "dev" / "README.md").read_text() == "mine too"
        assert (clone / "schema" / "endpoint.schema.json").exists()


class TestAnEnvironmentThatIsThere:
    @pytest.mark.parametrize(
        "text",
        [
            (PROJECT / SETTINGS).read_text(),
            json.dumps(
                {"project_prefix": "a", "region_name": "us-east-1", "execution_role_arn": ROLE}
            ),
        ],
        ids=["pretty", "in one line"],
    )
    def test_gets_a_ledgers_id_and_nothing_else(self, clone: Path, text: str) -> None:
        (clone / "environments" / "dev").mkdir(parents=True)
        (clone / SETTINGS).write_text(text)
        result = made(clone, "dev")
        assert "and changed nothing else in it." in result.output
        assert [*contents(clone)] == [clone / SETTINGS]
        before, after = json.loads(text), settings(clone)
        assert after == before | {"ledger_id": after["ledger_id"]}
        assert "  git add environments/dev" in result.output.splitlines()

    def test_keeps_the_id_that_it_has(self, clone: Path) -> None:
        made(clone, "dev", *GIVEN)
        before = contents(clone)
        result = made(clone, "dev", "--project-prefix", "other")
        assert f"its ledger_id is {settings(clone)['ledger_id']}: nothing is changed." in (
            result.output
        )
        assert contents(clone) == before

    def test_says_which_options_had_no_effect(self, clone: Path) -> None:
        (clone / "environments" / "dev").mkdir(parents=True)
        shutil.copy(PROJECT / SETTINGS, clone / SETTINGS)
        result = made(clone, "dev", *GIVEN, "--async-output-path", "s3://x/")
        assert "so --project-prefix, --region, --role-arn, --async-output-path had no effect" in (
            result.output
        )
        assert settings(clone)["region_name"] == "us-east-1"

    def test_of_a_copy_gets_an_id_of_its_own_and_hears_how_to_take_over(self, clone: Path) -> None:
        made(clone, "dev", *GIVEN)
        old = settings(clone)["ledger_id"]
        result = made(clone, "dev", "--new-ledger-id")
        assert settings(clone)["ledger_id"] != old
        assert f"leasehold claim -e dev --from {old}" in result.output
        validate(clone)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"project_prefix": 5}'])
    def test_is_left_alone_where_it_cannot_be_read(self, clone: Path, text: str) -> None:
        (clone / "environments" / "dev").mkdir(parents=True)
        (clone / SETTINGS).write_text(text)
        said = refused(clone, "dev", *GIVEN)
        assert said.startswith(f"leasehold: {SETTINGS}: /")
        assert said.endswith("[LH5052]")

    @pytest.mark.parametrize("to", ["nowhere", "README.md"])
    def test_is_left_alone_where_it_is_a_link(self, clone: Path, to: str) -> None:
        (clone / "environments" / "dev").mkdir(parents=True)
        (clone / SETTINGS).symlink_to(to)
        (clone / "environments" / "dev" / "README.md").write_text("{}")
        assert (
            "is no file, so nothing is written there: move away what is there. [LH5051]"
            in refused(clone, "dev", *GIVEN)
        )


class TestWhatIsRefused:
    def test_missing_options_are_named(self, clone: Path) -> None:
        assert refused(clone) == (
            "leasehold: there is no terminal to ask in, and these are missing: ENV,"
            " --project-prefix, --region, --role-arn. `leasehold init --help` explains them."
            " [LH5050]"
        )
        assert "are missing: --region, --role-arn." in refused(
            clone, "dev", "--project-prefix", "demo"
        )

    @pytest.mark.parametrize(
        "name", ["..", "a/b", "", "-x", "a b", "a--b", "x" * 31, "dév", "a\x1b[31m", "dev-"]
    )
    def test_a_name_that_is_none(self, clone: Path, name: str) -> None:
        said = refused(clone, *GIVEN, "--", name)
        assert "cannot be an environment's name" in said
        assert said.isprintable()
        assert said.endswith("[LH5051]")

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--project-prefix", "-demo"),
            ("--project-prefix", ""),
            ("--region", "Frankfurt"),
            ("--region", "eu-centrall-1"),
            ("--region", "cn-north-1"),
            ("--role-arn", "demo-sagemaker"),
            ("--ddb-auth-table-name", "a b"),
            ("--async-output-path", "demo-answers"),
        ],
    )
    def test_what_validate_would_refuse(self, clone: Path, option: str, value: str) -> None:
        said = refused(clone, "dev", *GIVEN, option, value)
        assert said.startswith(f"leasehold: {SETTINGS}: /")
        assert said.endswith("[LH5052]")

    def test_a_folder_below_the_root_of_a_clone(self, clone: Path) -> None:
        below = clone / "environments" / "dev"
        below.mkdir(parents=True)
        said = refused(below, "dev", *GIVEN)
        assert f"say --into {clone}. [LH5051]" in said

    def test_a_place_that_cannot_be_written_to(self, clone: Path) -> None:
        (clone / "environments").write_text("a file")
        said = refused(clone, "dev", *GIVEN)
        assert "cannot be written (" in said
        assert said.endswith("[LH5051]")


def test_a_file_that_cannot_be_written_is_named_and_stays(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / "environments" / "dev").mkdir(parents=True)
    shutil.copy(PROJECT / SETTINGS, clone / SETTINGS)

    def read_only(path: Path, _: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", read_only)
    said = refused(clone, "dev")
    assert "environment.json cannot be written (Permission denied)" in said
    assert said.endswith("and at the room on the disk. [LH5051]")


def test_in_a_terminal_it_asks_for_what_is_missing_until_the_answers_are_in_order(
    clone: Path,
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "leasehold", "init", "--region", "us-east-1"]
    process = subprocess.Popen(
        command, cwd=clone, env=variables(clone), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, b"a/b\ndev\n-demo\ndemo\nrole\n" + ROLE.encode() + b"\n")
    said = b""
    while part := _read(ours):
        said += part
    assert process.wait() == 0, said.decode()
    assert settings(clone)["execution_role_arn"] == ROLE
    assert (settings(clone)["project_prefix"], settings(clone)["region_name"]) == (
        "demo",
        "us-east-1",
    )
    text = " ".join(said.decode().split())
    assert "'a/b' cannot be an environment's name" in text
    assert "IAM role that SageMaker assumes to fetch the image and the model data." in text
    assert "region_name" not in text


def _read(terminal: int) -> bytes:
    """Read what there is; a terminal that nobody writes to any more is an error on Linux."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
