"""What a deployment is asked to name, and the sentences it reads when it has not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.errors import SettingsError
from infra.settings import read

if TYPE_CHECKING:
    from pathlib import Path

Context = dict[str, str]


def test_an_environment_is_read_from_its_own_file(environments: Path, context: Context) -> None:
    settings = read(environments, context.get)
    assert settings.region_name == "eu-central-1"
    assert settings.execution_role_arn == "arn:aws:iam::123456789012:role/shop-execution"
    assert settings.named("gateway") == "shop-live-gateway"


def test_the_branch_is_main_unless_another_is_named(environments: Path, context: Context) -> None:
    assert read(environments, context.get).branch == "main"
    assert read(environments, {**context, "branch": "fleet"}.get).branch == "fleet"


def test_the_token_table_has_the_default_of_its_schema(
    environments: Path, context: Context, tmp_path: Path
) -> None:
    document = json.loads((environments / "live" / "environment.json").read_text())
    del document["ddb_auth_table_name"]
    write(tmp_path, json.dumps(document))
    assert read(tmp_path, context.get).ddb_auth_table_name == "auth"


def test_no_environment_is_answered_with_those_there_are(
    environments: Path, context: Context
) -> None:
    del context["environment"]
    expected = "No environment is named: add `-c environment=NAME`. Choose one of: live."
    assert refusal(environments, context) == expected


@pytest.mark.parametrize("name", ["prod", "../live", "."])
def test_an_unknown_environment_is_answered_with_those_there_are(
    environments: Path, context: Context, name: str
) -> None:
    expected = f"There is no environment `{name}`. Choose one of: live."
    assert refusal(environments, {**context, "environment": name}) == expected


def test_a_repository_without_environments_says_so(tmp_path: Path, context: Context) -> None:
    assert refusal(tmp_path, context) == f"There is no environment `live`. {tmp_path} has none."


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, "{}")
    lines = refusal(tmp_path, {"environment": "live"}).splitlines()
    starts = [
        f"{tmp_path}/live/environment.json: /project_prefix: this is needed to deploy.",
        f"{tmp_path}/live/environment.json: /region_name: this is needed to deploy.",
        f"{tmp_path}/live/environment.json: /execution_role_arn: this is needed to deploy.",
        "No repository is named: add `-c repository_url=https://HOST/OWNER/REPOSITORY.git`",
        "No git secret is named: add `-c git_secret_name=NAME`",
    ]
    assert len(lines) == len(starts)
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)
        assert line.endswith(".")


@pytest.mark.parametrize("role", ["*", "arn:aws:iam::123456789012:role/*", "execution"])
def test_a_role_that_is_not_one_role_is_refused(
    tmp_path: Path, environments: Path, context: Context, role: str
) -> None:
    document = json.loads((environments / "live" / "environment.json").read_text())
    write(tmp_path, json.dumps({**document, "execution_role_arn": role}))
    expected = f"{tmp_path}/live/environment.json: /execution_role_arn: `{role}` is not allowed."
    assert refusal(tmp_path, context).startswith(expected)


@pytest.mark.parametrize("url", ["/srv/git/fleet", "file:///srv/git/fleet", "fleet", "https://"])
def test_a_repository_that_no_lambda_reaches_is_refused(
    environments: Path, context: Context, url: str
) -> None:
    expected = f"`{url}` is not a repository that a Lambda can reach: give an https or ssh URL."
    assert refusal(environments, {**context, "repository_url": url}) == expected


def test_a_password_in_the_url_is_refused_and_not_repeated(
    environments: Path, context: Context
) -> None:
    url = "https://bot:hunter2@git.example.com/shop/endpoints.git"
    said = refusal(environments, {**context, "repository_url": url})
    assert said.startswith("The repository's URL has a password in it")
    assert "hunter2" not in said


def test_an_ssh_url_keeps_its_user(environments: Path, context: Context) -> None:
    url = "ssh://git@git.example.com:2222/shop/endpoints.git"
    assert read(environments, {**context, "repository_url": url}.get).repository_url == url


@pytest.mark.parametrize("name", ["*", "shop/*", "arn:aws:secretsmanager:eu-central-1:1:secret:x"])
def test_a_secret_is_named_without_wildcards(
    environments: Path, context: Context, name: str
) -> None:
    said = refusal(environments, {**context, "git_secret_name": name})
    assert said.startswith("No git secret is named")


def test_who_is_told_is_read_from_the_file_that_the_controller_reads(
    environments: Path, context: Context
) -> None:
    context |= {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:other"}
    settings = read(environments, context.get)
    assert settings.topic_arn == "arn:aws:sns:eu-central-1:123456789012:shop-leases"
    assert settings.event_bus_name == "shop-bus"


@pytest.mark.parametrize("notifications", [{}, "none"])
def test_where_the_file_names_nobody_the_context_may(
    environments: Path, context: Context, tmp_path: Path, notifications: object
) -> None:
    document = json.loads((environments / "live" / "environment.json").read_text())
    write(tmp_path, json.dumps({**document, "notifications": notifications}))
    assert read(tmp_path, context.get).topic_arn == ""
    context |= {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:ops"}
    assert read(tmp_path, context.get).topic_arn == "arn:aws:sns:eu-central-1:123456789012:ops"


@pytest.mark.parametrize(
    ("named", "start"),
    [
        ({"topic_arn": "*"}, "topic_arn: `*` is not allowed."),
        ({"event_bus_name": "bus *"}, "event_bus_name: `bus *` is not allowed."),
        (
            {"topic_arn": "arn:aws:sns:us-east-1:123456789012:far"},
            "topic_arn: `arn:aws:sns:us-east-1:123456789012:far` is not in eu-central-1,",
        ),
    ],
)
def test_a_target_that_a_notice_cannot_reach_is_refused(
    environments: Path, context: Context, tmp_path: Path, named: dict[str, str], start: str
) -> None:
    document = json.loads((environments / "live" / "environment.json").read_text())
    write(tmp_path, json.dumps({**document, "notifications": named}))
    assert refusal(tmp_path, context).startswith(start)


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ({"identities": []}, "/identities: "),
        ({"identities": {"oidc": {"issuer": "https://x"}}}, "/identities/oidc: "),
        ({"identities": {"legacy_token_table": "*"}}, "/identities/legacy_token_table: "),
        ({"identities": {"iam": {"scopes": {"*": ["admin"]}}}}, "/identities/iam/scopes: "),
        ({"limits": {"requests_per_minute": "many"}}, "/limits/requests_per_minute: "),
    ],
)
def test_what_functions_would_fail_by_is_not_deployed(
    environments: Path, context: Context, tmp_path: Path, block: dict[str, object], place: str
) -> None:
    document = json.loads((environments / "live" / "environment.json").read_text())
    write(tmp_path, json.dumps({**document, **block}))
    said = refusal(tmp_path, context).splitlines()
    assert said
    assert all(line.startswith(f"{tmp_path}/live/environment.json: {place}") for line in said)


def test_how_often_a_caller_may_call_is_the_files_or_the_schemas(
    environments: Path, context: Context, tmp_path: Path
) -> None:
    document = json.loads((environments / "live" / "environment.json").read_text())
    assert read(environments, context.get).rate_variables() == {
        "LEASEHOLD_REQUESTS_PER_MINUTE": "120",
        "LEASEHOLD_INVOCATIONS_PER_MINUTE": "600",
    }
    write(tmp_path, json.dumps({**document, "limits": {"requests_per_minute": 7}}))
    found = read(tmp_path, context.get).rate_variables()
    assert found == {"LEASEHOLD_REQUESTS_PER_MINUTE": "7"}


@pytest.mark.parametrize(("content", "reason"), [("{", "this is not JSON"), ("[]", "not a JSON")])
def test_a_broken_file_is_named(
    tmp_path: Path, context: Context, content: str, reason: str
) -> None:
    write(tmp_path, content)
    said = refusal(tmp_path, context)
    assert said.startswith(f"{tmp_path}/live/environment.json: ")
    assert reason in said


def write(environments: Path, content: str) -> None:
    (environments / "live").mkdir()
    (environments / "live" / "environment.json").write_text(content)


def refusal(environments: Path, context: Context) -> str:
    with pytest.raises(SettingsError) as caught:
        read(environments, context.get)
    return str(caught.value)
