"""What a deployment is asked to name, and the sentences it reads when it has not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.context import SECRETS
from infra.errors import SettingsError
from infra.settings import read
from tests.infra.conftest import ENVIRONMENT, at_path, definition, write

ROOT = Path(__file__).resolve().parents[2]
FILE = "environments/live/environment.json"
Context = dict[str, str]


def refusal(folder: Path, context: Context) -> str:
    with pytest.raises(SettingsError) as caught:
        read(folder, context.get)
    return str(caught.value)


# -- the environment


def test_an_environment_is_read_from_its_own_file(checkout: Path, context: Context) -> None:
    settings = read(checkout, context.get)
    assert settings.environment.region_name == "eu-central-1"
    role = "arn:aws:iam::123456789012:role/shop-execution"
    assert settings.environment.execution_role_arn == role
    assert settings.named("gateway") == "shop-live-gateway"


def test_no_environment_is_answered_with_those_there_are(checkout: Path, context: Context) -> None:
    del context["environment"]
    expected = "No environment is named: add `-c environment=NAME`. Choose one of: live."
    assert refusal(checkout, context) == expected


@pytest.mark.parametrize("name", ["prod", "../live", "."])
def test_an_unknown_environment_is_answered_with_those_there_are(
    checkout: Path, context: Context, name: str
) -> None:
    expected = f"There is no environment `{name}`. Choose one of: live."
    assert refusal(checkout, {**context, "environment": name}) == expected


def test_a_checkout_without_environments_says_so(tmp_path: Path, context: Context) -> None:
    assert refusal(tmp_path, context).startswith(
        f"there are no documents in {tmp_path}/environments: "
    )


def test_a_file_that_cannot_be_opened_is_named(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ENVIRONMENT)

    def fail(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", fail)
    said = f"{tmp_path}/environments/live/environment.json cannot be read: Permission denied"
    assert refusal(tmp_path, context) == f"{said}. [LH5004]"


def test_a_link_in_place_of_a_definition_stops_the_synthesis(
    tmp_path: Path, context: Context
) -> None:
    write(tmp_path, ENVIRONMENT)
    (tmp_path / "environments" / "live" / "A.endpoint.json").symlink_to("nowhere")
    said = refusal(tmp_path, context)
    assert said.startswith("environments/live/A.endpoint.json: /: it is a symbolic link, ")


def test_the_predecessors_table_is_not_the_one_of_today(tmp_path: Path, context: Context) -> None:
    identities = {"legacy_token_table": ENVIRONMENT["ddb_auth_table_name"]}
    write(tmp_path, {**ENVIRONMENT, "identities": identities})
    said = refusal(tmp_path, context)
    assert said.startswith(f"{FILE}: /identities/legacy_token_table: shop-tokens is ")
    assert said.endswith("[LH1014]")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("execution_role_arn", "*"),
        ("execution_role_arn", "arn:aws:iam::123456789012:role/*"),
        ("project_prefix", 7),
        ("identities", []),
        ("identities", {"iam": {"scopes": {"*": ["admin"]}}}),
        ("identities", {"legacy_token_table": "*"}),
        ("limits", {"requests_per_minute": "many"}),
        ("notifications", {"topic_arn": "*"}),
    ],
)
def test_a_field_that_functions_or_policies_would_fail_by_is_refused_by_its_schema(
    tmp_path: Path, context: Context, field: str, value: object
) -> None:
    write(tmp_path, {**ENVIRONMENT, field: value})
    lines = refusal(tmp_path, context).splitlines()
    assert lines
    for line in lines:
        assert line.startswith(f"{FILE}: /{field}")
        assert line.endswith("[LH1002]")


@pytest.mark.parametrize("content", ["{", "[]", '{"project_prefix": "a", "project_prefix": "b"}'])
def test_an_environment_that_cannot_be_read_stops_the_synthesis(
    tmp_path: Path, context: Context, content: str
) -> None:
    write(tmp_path, content, Plain=definition("Plain"))
    assert refusal(tmp_path, context).startswith(f"{FILE}: /: ")


# -- the definitions


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ("{", "/"),
        ("[]", "/"),
        ({"name": "A"}, "/"),
        (definition("B"), "/name"),
        (definition("A", integration="api"), "/integration"),
        (definition("A", endpoint_name="By Hand"), "/endpoint_name"),
        (definition("A", endpoint_name="*"), "/endpoint_name"),
        (at_path("A", "api", public="true"), "/public"),
        (at_path("A/b", "api") | {"name": "A"}, "/integration/properties/api_resource_name"),
        (at_path("Reconcile", "api") | {"name": "A"}, "/integration/properties/api_resource_name"),
    ],
)
def test_a_definition_with_an_error_stops_the_synthesis(
    tmp_path: Path, context: Context, document: object, pointer: str
) -> None:
    """To leave it out would take its path away."""
    write(tmp_path, ENVIRONMENT, A=document)
    said = refusal(tmp_path, context)
    assert said.startswith(f"environments/live/A.endpoint.json: {pointer}: ")


def test_a_path_leads_to_one_endpoint(tmp_path: Path, context: Context) -> None:
    chat = at_path("Chat", "api")
    write(tmp_path, ENVIRONMENT, A=chat | {"name": "A"}, B=chat | {"name": "B"})
    pointer = "/integration/properties/api_resource_name"
    assert refusal(tmp_path, context).splitlines() == [
        f"environments/live/{name}.endpoint.json: {pointer}: /chat is the path of"
        f" {other}.endpoint.json too: choose another api_resource_name. [LH1015]"
        for name, other in (("A", "B"), ("B", "A"))
    ]


def test_what_is_only_strange_stops_no_deployment(tmp_path: Path, context: Context) -> None:
    write(tmp_path, ENVIRONMENT, A=at_path("A", "api"))
    left_behind = tmp_path / "environments" / "live" / "B.lease.json"
    left_behind.write_text('{"expires_at": "2026-11-23T10:00:00Z"}')
    assert [path.name for path in read(tmp_path, context.get).paths] == ["A"]


def test_what_may_be_a_definition_stops_the_synthesis(tmp_path: Path, context: Context) -> None:
    write(tmp_path, ENVIRONMENT, A=at_path("A", "api"))
    (tmp_path / "environments" / "live" / "B.endpoint.JSON").write_text("{}")
    assert refusal(tmp_path, context).startswith("environments/live/B.endpoint.JSON: /: ")


@pytest.mark.parametrize(
    "source", ["functions/nowhere", "functions", "tests/infra", "/etc", "functions/../gateway"]
)
def test_code_from_elsewhere_is_never_deployed(
    tmp_path: Path, context: Context, source: str
) -> None:
    properties = {"api_resource_name": "writer", "lambda_src": source}
    integration = {"type": "lambda", "properties": properties}
    write(tmp_path, ENVIRONMENT, Writer=definition("Writer", integration=integration))
    assert refusal(tmp_path, context) == (
        "environments/live/Writer.endpoint.json: /integration/properties/lambda_src:"
        f" `{source}` is no folder of functions/ with an app.py. Add it there, or set the"
        " integration's type to api."
    )


def test_everything_that_is_wrong_is_named_at_once(
    tmp_path: Path, pretended: dict[str, str]
) -> None:
    write(tmp_path, {"region_name": "eu-central-1"}, A="{")
    missing = refusal(tmp_path, {"environment": "live", **pretended}).splitlines()
    assert missing == [
        f"{FILE}: /: project_prefix and execution_role_arn are missing. [LH1002]",
        (
            "No repository is named: add `-c repository_url=https://HOST/OWNER/REPOSITORY.git`, the"
            " repository that holds `environments/`."
        ),
        (
            "No git secret is named: add `-c git_secret_name=NAME`, the name of the secret"
            " in Secrets Manager that holds the repository's credential."
        ),
    ]
    nowhere = {"api_resource_name": "b", "lambda_src": "functions/nowhere"}
    wrong = definition("B", integration={"type": "lambda", "properties": nowhere})
    write(tmp_path, ENVIRONMENT, A="{", B=wrong, C=at_path("C", "api"))
    context = {"environment": "live", "webhook_secret_name": "*", **pretended}
    lines = refusal(tmp_path, context).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "environments/live/A.endpoint.json",
        "environments/live/B.endpoint.json",
        "No repository is named",
        "No git secret is named",
        "webhook_secret_name",
    ]


# -- the repository and the secrets


def test_the_branch_is_main_unless_another_is_named(checkout: Path, context: Context) -> None:
    assert read(checkout, context.get).branch == "main"
    assert read(checkout, {**context, "branch": "fleet"}.get).branch == "fleet"


def test_a_branch_that_functions_would_refuse_is_refused(checkout: Path, context: Context) -> None:
    said = refusal(checkout, {**context, "branch": "a..b"})
    assert said == "'a..b' is not the name of a branch. [LH2001]"


@pytest.mark.parametrize("branch", ["refs/heads/main", "leasehold/status"])
def test_a_branch_that_has_no_definitions_is_refused(
    checkout: Path, context: Context, branch: str
) -> None:
    said = refusal(checkout, {**context, "branch": branch})
    assert said == (
        f"branch: `{branch}` is no branch of definitions. Name the branch that people merge to by"
        " its short name, such as main."
    )


@pytest.mark.parametrize("key", ["git_secret_name", "git_read_secret_name"])
def test_what_proves_webhooks_opens_no_repository(
    checkout: Path, context: Context, key: str
) -> None:
    """The function that anybody may call would have a right to it."""
    said = refusal(checkout, {**context, "webhook_secret_name": context[key]})
    assert said.startswith(f"webhook_secret_name: `{context[key]}` is {key}, too, and the function")


@pytest.mark.parametrize(
    "url", ["/srv/git/fleet", "file:///srv/git/fleet", "fleet", "https://", "http://localhost/a"]
)
def test_a_repository_that_no_lambda_reaches_is_refused(
    checkout: Path, context: Context, url: str
) -> None:
    expected = f"`{url}` is not a repository that a Lambda can reach: give an https or ssh URL."
    assert refusal(checkout, {**context, "repository_url": url}) == expected


@pytest.mark.parametrize("scheme", ["https", "http", "ftp"])
def test_a_password_in_the_url_is_refused_and_not_repeated(
    checkout: Path, context: Context, scheme: str
) -> None:
    url = f"{scheme}://bot:hunter2@git.example.com/shop/endpoints.git"
    said = refusal(checkout, {**context, "repository_url": url})
    assert "git.example.com holds a user name or a password" in said
    assert "hunter2" not in said


def test_an_ssh_url_keeps_its_user(checkout: Path, context: Context) -> None:
    url = "ssh://git@git.example.com:2222/shop/endpoints.git"
    assert read(checkout, {**context, "repository_url": url}.get).repository_url == url


def test_codecommit_needs_no_secret(checkout: Path, context: Context) -> None:
    url = "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/fleet"
    del context["git_secret_name"]
    settings = read(checkout, {**context, "repository_url": url}.get)
    assert "LEASEHOLD_GIT_SECRET" not in settings.ledger_variables(writes=True)


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("name", ["*", "shop/*", "arn:aws:secretsmanager:eu-central-1:1:secret:x"])
def test_a_secret_is_named_without_wildcards(
    checkout: Path, context: Context, key: str, name: str
) -> None:
    said = refusal(checkout, {**context, key: name})
    assert said.startswith(f"{key}: `{name}` is not the name of a secret: give the name")


# -- who is told

OPS = "arn:aws:sns:eu-central-1:123456789012:ops"


def test_who_is_told_is_read_from_the_file_that_the_controller_reads(
    checkout: Path, context: Context
) -> None:
    told = read(checkout, {**context, "topic_arn": OPS}.get).environment
    assert told.topic_arn == "arn:aws:sns:eu-central-1:123456789012:shop-leases"
    assert told.event_bus_name == "shop-bus"


def test_where_the_file_names_nobody_the_context_may(tmp_path: Path, context: Context) -> None:
    write(tmp_path, {**ENVIRONMENT, "notifications": {}})
    assert read(tmp_path, context.get).environment.topic_arn is None
    told = read(tmp_path, {**context, "topic_arn": OPS, "event_bus_name": "ops"}.get).environment
    assert (told.topic_arn, told.event_bus_name) == (OPS, "ops")


@pytest.mark.parametrize(
    ("told", "place"),
    [({"topic_arn": "*"}, "topic_arn"), ({"event_bus_name": "bus *"}, "event_bus_name")],
)
def test_a_target_in_the_context_is_judged_as_one_in_the_file(
    checkout: Path, context: Context, told: Context, place: str
) -> None:
    said = refusal(checkout, context | told)
    assert said.startswith(f"the context: /notifications/{place}: ")
    assert said.endswith("[LH1002]")


@pytest.mark.parametrize("place", ["file", "context"])
def test_a_topic_in_another_region_is_refused(tmp_path: Path, context: Context, place: str) -> None:
    far = {"topic_arn": "arn:aws:sns:us-east-1:123456789012:far"}
    write(tmp_path, {**ENVIRONMENT, "notifications": far if place == "file" else {}})
    said = refusal(tmp_path, context | (far if place == "context" else {}))
    assert said == (
        "topic_arn: `arn:aws:sns:us-east-1:123456789012:far` is not in eu-central-1, where the"
        " controller and its alarms are."
    )


# -- what is needed to read them


def test_neither_aws_nor_git_is_loaded_to_read_settings() -> None:
    program = "import sys, infra.settings; print(*sorted({'boto3', 'pygit2'} & set(sys.modules)))"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout == "\n"


# -- the packages


def test_a_machine_that_lambda_does_not_have_is_refused(checkout: Path, context: Context) -> None:
    said = refusal(checkout, {**context, "architecture": "riscv"})
    assert said == "architecture: `riscv` is none of arm64, x86_64."
    assert read(checkout, context.get).packages.architecture == "arm64"


def test_a_synthesis_without_packages_names_the_command_that_builds_them(
    checkout: Path, context: Context, tmp_path: Path
) -> None:
    said = refusal(checkout, {**context, "packages": str(tmp_path)})
    assert said.endswith("no function would start without: run `make package` first.")
