"""`leasehold validate`: a whole folder is checked, and every violation is told with its place."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from leasehold.checking import checked
from leasehold.cli import main
from leasehold.regions import wrong_region
from ledger.holdings import read_fleet
from tests.ledger.forge import git
from tests.scene import NOON

GOVERNMENT = "arn:aws-us-gov:iam::123456789012:role/demo"
SOVEREIGN = "arn:aws-eusc:iam::123456789012:role/demo"
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
    where = PROJECT / "environments"
    said = f"Checked 8 definitions in dev, prod below {where}: everything is in order.\n"
    assert result.output == said


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
    assert lines[-1] == f"Checked 2 definitions in dev below {folder / 'environments'}: 3 errors."


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
    assert verdict.startswith("Checked 1 definition in dev below ")
    assert verdict.endswith(": everything is in order.")


# Everything that is wrong is told in one go.


def own(name: str = "Chat", **fields: object) -> str:
    return json.dumps(
        {
            "name": name,
            "inference_type": "realtime",
            "inference_instance_type": "ml.g5.xlarge",
            "model": {"image": "x:1"},
            **fields,
        }
    )


def places(result: Result) -> list[tuple[str, str, str]]:
    found = [(each["file"], each["pointer"], each["code"]) for each in said(result)]
    return [(file.rpartition("/")[2], pointer, code) for file, pointer, code in found]


def in_json(*arguments: object) -> list[tuple[str, str, str]]:
    return places(validate(*arguments, "--output", "json"))


def test_what_aws_would_refuse_is_an_error_at_the_definitions_own_field(folder: Path) -> None:
    model = {"image": "x:1", "environment": {"A-B": "1"}}
    write(folder, "Chat.endpoint.json", own(model=model, inference_instance_type="ml.g5.xlrage"))
    assert in_json(folder) == [
        ("Chat.endpoint.json", "/inference_instance_type", "LH1026"),
        ("Chat.endpoint.json", "/model/environment/A-B", "LH1025"),
    ]


def test_a_type_newer_than_botocore_is_a_warning(folder: Path) -> None:
    write(folder, "Chat.endpoint.json", own(inference_instance_type="ml.g8.xlarge"))
    result = validate(folder)
    assert result.exit_code == 0
    assert "ml.g8.xlarge is unknown to the botocore that is installed" in result.output


def test_one_round_is_enough_for_a_file_with_mistakes_of_every_kind(folder: Path) -> None:
    text = own(
        name="Other",
        colour="red",
        public="no",
        inference_instance_type="ml.g5.xlrage",
        model={"image": "a b", "environment": {"A-B": "1"}},
        schedule={"timezone": "Mars/Base"},
        tags={"Leasehold:x": "1", "team": "a"},
        integration={
            "type": "lambda",
            "properties": {"lambda_src": "functions/none", "api_resource_name": "chat"},
        },
    )
    write(folder, "Chat.endpoint.json", text)
    assert in_json(folder) == [
        ("Chat.endpoint.json", "", "LH1002"),
        ("Chat.endpoint.json", "/inference_instance_type", "LH1026"),
        ("Chat.endpoint.json", "/integration/properties/lambda_src", "LH1028"),
        ("Chat.endpoint.json", "/model/environment/A-B", "LH1025"),
        ("Chat.endpoint.json", "/model/image", "LH1002"),
        ("Chat.endpoint.json", "/name", "LH1003"),
        ("Chat.endpoint.json", "/public", "LH1002"),
        ("Chat.endpoint.json", "/schedule/timezone", "LH1006"),
        ("Chat.endpoint.json", "/tags", "LH1002"),
    ]


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"name": 7, "inference_instance_type": "ml.g5.x"}, ["/inference_instance_type", "/name"]),
        ({"inference_type": None}, ["/inference_type"]),
        (
            {"instance_pools": [{"instance_type": "x"}, {"instance_type": "ml.g5.3xlarge"}]},
            ["/instance_pools/0/instance_type", "/instance_pools/1/instance_type"],
        ),
        ({"instance_pools": [7]}, ["/instance_pools/0"]),
        ({"autoscaling": {"min_instances": 0, "max_instances": 2}}, ["/autoscaling/min_instances"]),
        ({"model": {"image": "x:1", "environment": {"A": 1}}}, ["/model/environment/A"]),
        ({"model_id": "falcon", "inference_instance_type": "ml.g5.3xlarge"}, [""]),
    ],
)
def test_stand_ins_for_what_is_wrong_are_not_told(
    folder: Path, fields: dict[str, Any], pointers: list[str]
) -> None:
    write(folder, "Chat.endpoint.json", own(**fields))
    assert [pointer for _, pointer, _ in in_json(folder)] == pointers


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
FULL: dict[str, Any] = {
    "name": "Chat",
    "inference_type": "async",
    "inference_instance_type": "ml.g5.xlarge",
    "inference_instance_count": 1,
    "instance_pools": [{"instance_type": "ml.g5.2xlarge"}],
    "model": {
        "image": "x:1",
        "model_data_source": {"s3_uri": "s3://x/"},
        "environment": {"A": "1"},
    },
    "async_inference": {"s3_output_path": "s3://x/", "success_topic_arn": "arn:aws:sns:x"},
    "autoscaling": {"min_instances": 0, "max_instances": 4},
    "schedule": {
        "timezone": "UTC",
        "windows": [{"days": ["mon"], "start": "09:00", "end": "10:00"}],
    },
    "integration": {"type": "api", "properties": {"api_resource_name": "chat"}},
    "suspended": {"reason": "x", "until": "2026-11-24T08:00:00Z"},
    "tags": {"a": "b"},
}


def somewhere(data: st.DataObject, value: Any) -> Any:  # noqa: ANN401
    """Return a document with something else at some place of it."""
    if not (isinstance(value, dict | list) and value and data.draw(st.booleans())):
        return data.draw(JSON)
    if isinstance(value, list):
        return [somewhere(data, value[0]), *value[1:]]
    key = data.draw(st.sampled_from([*value, "new"]))
    return {**value, key: somewhere(data, value.get(key))}


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_is_wrong_with_a_document_is_told_and_raises_nothing(data: st.DataObject) -> None:
    document = somewhere(data, somewhere(data, FULL))
    settings_ = somewhere(data, SETTINGS) if data.draw(st.booleans()) else SETTINGS
    entries = {
        "environments/dev/environment.json": json.dumps(settings_).encode(),
        "environments/dev/Chat.endpoint.json": json.dumps(document).encode(),
    }
    (found,) = checked(entries, PROJECT, NOON)
    assert set(read_fleet(entries, "dev").violations) <= set(found.violations)


def test_a_broken_lock_hides_nothing_of_its_definition(folder: Path) -> None:
    write(folder, "Chat.endpoint.json", own(model=None, model_id="falcon", name="Other"))
    text = json.loads((folder / "environments/dev/Chat.endpoint.json").read_text())
    del text["model"]
    write(folder, "Chat.endpoint.json", json.dumps(text))
    write(folder, "Chat.lock.json", "{")
    assert in_json(folder) == [
        ("Chat.endpoint.json", "/name", "LH1003"),
        ("Chat.lock.json", "", "LH1001"),
    ]


def test_broken_settings_hide_nothing_of_the_definitions(folder: Path) -> None:
    write(folder, "environment.json", json.dumps({**SETTINGS, "colour": 1, "region_name": "x"}))
    write(folder, "Chat.endpoint.json", own(inference_instance_type="ml.g5.xlrage"))
    assert in_json(folder) == [
        ("Chat.endpoint.json", "/inference_instance_type", "LH1026"),
        ("environment.json", "", "LH1002"),
        ("environment.json", "/region_name", "LH1002"),
    ]


def test_settings_that_are_no_json_leave_the_rest_unjudged(folder: Path) -> None:
    write(folder, "environment.json", "{")
    write(folder, "Chat.endpoint.json", own(inference_instance_type="ml.g5.xlrage"))
    assert in_json(folder) == [("environment.json", "", "LH1001")]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"region_name": "eu-centrall-1"}, ("/region_name", "LH1027")),
        ({"region_name": "cn-north-1"}, ("/execution_role_arn", "LH1027")),
        (
            {"notifications": {"topic_arn": "arn:aws:sns:us-east-1:210987654321:ends"}},
            ("/execution_role_arn", "LH1027"),
        ),
        (
            {"notifications": {"topic_arn": "arn:aws:sns:us-east-1:123456789012:ends"}},
            None,
        ),
        (
            {"identities": {"legacy_token_table": "auth"}},
            ("/identities/legacy_token_table", "LH1014"),
        ),
        (
            {"notifications": {"api_url": "https://user@host/x"}},
            ("/notifications/api_url", "LH1002"),
        ),
        ({"notifications": {"api_url": "https://host:8443/x?a=b"}}, None),
        ({"region_name": "us-gov-west-1", "execution_role_arn": GOVERNMENT}, None),
        ({"region_name": "eusc-de-east-1", "execution_role_arn": SOVEREIGN}, None),
    ],
)
def test_settings_are_as_aws_has_its_regions_and_accounts(
    folder: Path, fields: dict[str, object], place: tuple[str, str] | None
) -> None:
    write(folder, "environment.json", json.dumps({**SETTINGS, **fields}))
    assert in_json(folder) == ([("environment.json", *place)] if place else [])


def test_where_signatures_are_asked_for_somebody_has_to_sign(folder: Path) -> None:
    write(folder, "environment.json", json.dumps({**SETTINGS, "verify": "enforce"}))
    write(folder, "people.allowed_signers", "ana@example.com ssh-ed25519")
    assert in_json(folder) == [
        ("environment.json", "/verify", "LH2044"),
        ("environment.json", "/verify", "LH2044"),
        ("people.allowed_signers", "", "LH2044"),
    ]


def test_a_region_that_is_misspelt_has_near_names(folder: Path) -> None:
    write(folder, "environment.json", json.dumps({**SETTINGS, "region_name": "eu-centrall-1"}))
    assert "did you mean eu-central-1" in validate(folder).output


def test_every_region_that_botocore_knows_is_taken(folder: Path) -> None:
    session = get_session()
    for partition in session.get_available_partitions():
        role = f"arn:{partition}:iam::123456789012:role/demo"
        for region in session.get_available_regions("ec2", partition):
            settings = {**SETTINGS, "region_name": region, "execution_role_arn": role}
            content = json.dumps(settings).encode()
            fleet = read_fleet({"environments/dev/environment.json": content}, "dev")
            assert fleet.environment is not None, region
            assert wrong_region("dev", fleet.environment) == ()


def test_a_topic_of_another_account_is_a_warning(folder: Path) -> None:
    answers = {
        "s3_output_path": "s3://demo-answers/",
        "success_topic_arn": "arn:aws:sns:us-east-1:210987654321:answers",
        "error_topic_arn": "arn:aws:sns:us-east-1:123456789012:failures",
    }
    write(folder, "Chat.endpoint.json", own(inference_type="async", async_inference=answers))
    result = validate(folder)
    assert result.exit_code == 0
    assert result.output.count("/async_inference/success_topic_arn: it is of the account") == 1
    assert result.output.count("warning") == 1


def test_a_function_may_be_in_another_folder(folder: Path, tmp_path: Path) -> None:
    properties = {"lambda_src": "functions/chat", "api_resource_name": "chat"}
    write(
        folder, "Chat.endpoint.json", own(integration={"type": "lambda", "properties": properties})
    )
    function = tmp_path / "code" / "functions" / "chat"
    function.mkdir(parents=True)
    assert [code for _, _, code in in_json(folder)] == ["LH1028"]
    (function / "app.py").touch()
    assert in_json(folder, "--code", tmp_path / "code") == []


def test_a_ledger_without_functions_has_those_that_leasehold_runs_with(folder: Path) -> None:
    properties = {"lambda_src": "functions/text2text", "api_resource_name": "chat"}
    integration = {"type": "lambda", "properties": properties}
    write(folder, "Chat.endpoint.json", own(integration=integration))
    assert in_json(folder) == []


# As a hook of git, with the names of files.


def files(folder: Path, *names: str) -> list[Path]:
    return [folder / "environments" / "dev" / name for name in names]


@pytest.fixture
def mixed(folder: Path) -> Path:
    write(folder, "Chat.endpoint.json", own(public="no"))
    write(folder, "Chat.lease.json", "{")
    write(folder, "Text.endpoint.json", own("Text"))
    write(folder, "Zeta.endpoint.json", own("Zeta", inference_instance_type="ml.g5.xlrage"))
    return folder


def test_a_file_is_checked_with_what_belongs_to_it(mixed: Path) -> None:
    assert in_json(*files(mixed, "Chat.lease.json")) == [
        ("Chat.endpoint.json", "/public", "LH1002"),
        ("Chat.lease.json", "", "LH1001"),
    ]


def test_what_is_wrong_elsewhere_is_counted_and_fails_nothing(mixed: Path) -> None:
    result = validate(*files(mixed, "Text.endpoint.json"))
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        f"Checked 3 definitions in dev below {mixed / 'environments'}: everything is in order.",
        "Files that were not named have 3 errors: name none to see them.",
    ]


def test_files_are_told_in_their_order(mixed: Path) -> None:
    named = files(mixed, "Zeta.endpoint.json", "Chat.endpoint.json")
    assert [file for file, _, _ in in_json(*named)] == [
        "Chat.endpoint.json",
        "Chat.lease.json",
        "Zeta.endpoint.json",
    ]


@pytest.mark.parametrize("name", ["environment.json", ""])
def test_settings_and_folders_stand_for_all_that_is_in_them(mixed: Path, name: str) -> None:
    write(mixed, "environment.json", json.dumps(SETTINGS))
    (mixed / "environments" / "dev2").mkdir()
    (mixed / "environments" / "dev2" / "environment.json").write_text("{")
    assert len(in_json(*files(mixed, name))) == 3
    assert len(in_json(mixed / "environments")) == 4


def test_relative_names_count_from_where_one_is(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mixed / "environments")
    assert [code for _, _, code in in_json("dev/Zeta.endpoint.json")] == ["LH1026"]
    monkeypatch.chdir(mixed / "environments" / "dev")
    assert len(in_json()) == 3


def test_other_files_of_a_commit_are_none_of_its_business(mixed: Path) -> None:
    (mixed / "README.md").touch()
    result = validate(mixed / "README.md")
    assert result.exit_code == 0
    assert (
        result.output == "Nothing to check: none of these files is below a folder environments/.\n"
    )


def test_a_file_that_is_not_there_is_refused(mixed: Path) -> None:
    result = validate(*files(mixed, "None.endpoint.json"))
    assert result.exit_code == 1
    assert result.stderr.endswith("[LH5057]\n")
