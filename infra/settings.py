"""What a deployment can choose: an environment's own file, and the context of the command line.

`infra.app` reads it once. Constructs take values from it and look at no file, context or process.
Only what a template is made of is judged here, by its JSON Schema: a `*` in a role or a password in
a URL would be deployed as it stands.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from infra.definitions import OwnPath, own_paths
from infra.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Context = Callable[[str], object]

FILE = "environment.json"
ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "schema" / "environment.schema.json"
TOPIC_COLONS = 5
NOTIFICATIONS = ("topic_arn", "event_bus_name")
BLOCKS = ("identities", "limits")  # of an environment's file
RATES = ("requests_per_minute", "invocations_per_minute")
FIELDS = ("project_prefix", "region_name", "ddb_auth_table_name", "execution_role_arn")
REMOTE = re.compile(r"(https|ssh)://((?P<user>[^/@\s]*)@)?[^/@\s]+/\S+")
SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    environment: str
    project_prefix: str
    region_name: str
    ddb_auth_table_name: str
    execution_role_arn: str
    repository_url: str
    branch: str
    git_secret_name: str
    topic_arn: str = ""  # empty: nobody is told
    event_bus_name: str = ""
    webhook_secret_name: str = ""  # empty: webhooks are refused
    identities: Mapping[str, Any] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)  # calls of one caller in a minute
    paths: tuple[OwnPath, ...] = ()

    def named(self, part: str) -> str:
        """Name a stack so that two environments or projects of one account never share it."""
        return f"{self.project_prefix}-{self.environment}-{part}"

    def ledger_variables(self) -> dict[str, str]:
        """Tell a function by its environment variables where its documents are."""
        return {
            "LEASEHOLD_ENVIRONMENT": self.environment,
            "LEASEHOLD_REPOSITORY": self.repository_url,
            "LEASEHOLD_BRANCH": self.branch,
            "LEASEHOLD_GIT_SECRET": self.git_secret_name,
        }

    def identity_variables(self) -> dict[str, str]:
        """Tell a function whom the environment admits beside the holders of its tokens."""
        if not self.identities:
            return {}
        return {"LEASEHOLD_IDENTITIES": json.dumps(self.identities, separators=(",", ":"))}

    def rate_variables(self) -> dict[str, str]:
        """Tell a function how often one caller may call it in a minute."""
        return {f"LEASEHOLD_{name.upper()}": str(number) for name, number in self.rates.items()}

    @property
    def legacy_token_table(self) -> str:
        """Give the predecessor's table, whose tokens stay valid; empty: there is none."""
        return _text(self.identities.get("legacy_token_table"))

    @property
    def admits_signers(self) -> bool:
        """Tell whether callers may sign with AWS credentials."""
        return "iam" in self.identities


def read(environments: Path, context: Context) -> Settings:
    """Read the environment that the context names; raises SettingsError with every reason."""
    environment = _environment(environments, context)
    file = environments / environment / FILE
    document = _object(file)
    fields, told = _fields(document), _notifications(document, context)
    url, branch, secret, webhook_secret = (
        _text(context(key))
        for key in ("repository_url", "branch", "git_secret_name", "webhook_secret_name")
    )
    identities = _block(document, "identities")
    paths, wrong_paths = own_paths(file.parent, fields["project_prefix"], ROOT)
    problems = [
        *_wrong_fields(file, fields),
        *_wrong_url(url),
        *_wrong_secret(secret),
        *_wrong_webhook_secret(webhook_secret),
        *_wrong_notifications(told, fields["region_name"]),
        *_wrong_blocks(file, document),
        *wrong_paths,
    ]
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(
        environment=environment,
        repository_url=url,
        branch=branch or "main",
        git_secret_name=secret,
        webhook_secret_name=webhook_secret,
        identities=identities,
        rates=_rates(_block(document, "limits")),
        paths=paths,
        **fields,
        **told,
    )


def _environment(environments: Path, context: Context) -> str:
    known = sorted(path.parent.name for path in environments.glob(f"*/{FILE}"))
    choice = f"Choose one of: {', '.join(known)}." if known else f"{environments} has none."
    environment = _text(context("environment"))
    if not environment:
        raise SettingsError(f"No environment is named: add `-c environment=NAME`. {choice}")
    if environment not in known:
        raise SettingsError(f"There is no environment `{environment}`. {choice}")
    return environment


def _object(file: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SettingsError(f"{file}: this is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{file}: this is not a JSON object.")
    return document


def _fields(document: Mapping[str, Any]) -> dict[str, str]:
    defaults = {key: rule.get("default") for key, rule in _rules().items()}
    return {field: _text(document.get(field, defaults[field])) for field in FIELDS}


def _block(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Give an object of the document; what is none is judged elsewhere."""
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _rates(limits: Mapping[str, Any]) -> dict[str, int]:
    """Give how often one caller may call, as the file or else its schema says."""
    rules = _object(SCHEMA)["properties"]["limits"]["properties"]
    wanted = {name: limits.get(name, rules[name].get("default")) for name in RATES}
    return {name: number for name, number in wanted.items() if isinstance(number, int)}


def _notifications(document: Mapping[str, Any], context: Context) -> dict[str, str]:
    """Say who is told: as the file has it, for so the controller reads it, else as the context."""
    named = _block(document, "notifications")
    return {key: _text(named.get(key)) or _text(context(key)) for key in NOTIFICATIONS}


def _rules() -> Mapping[str, Mapping[str, Any]]:
    rules: Mapping[str, Mapping[str, Any]] = _object(SCHEMA)["properties"]
    return {field: rules[field] for field in FIELDS}


def _wrong_fields(file: Path, fields: Mapping[str, str]) -> Iterator[str]:
    for field_name, rule in _rules().items():
        value = fields[field_name]
        if not value:
            yield f"{file}: /{field_name}: this is needed to deploy. {rule['description']}"
        elif not re.fullmatch(rule["pattern"], value):
            yield f"{file}: /{field_name}: `{value}` is not allowed. {rule['description']}"


def _wrong_url(url: str) -> Iterator[str]:
    remote = REMOTE.fullmatch(url)
    if not url:
        yield (
            "No repository is named: add `-c repository_url=https://HOST/OWNER/REPOSITORY.git`, "
            "the repository that holds `environments/`."
        )
    elif remote is None:
        yield f"`{url}` is not a repository that a Lambda can reach: give an https or ssh URL."
    elif ":" in (remote["user"] or ""):
        yield "The repository's URL has a password in it: keep that in the secret, not in the URL."


def _wrong_secret(name: str) -> Iterator[str]:
    if not SECRET_NAME.fullmatch(name):
        yield (
            "No git secret is named: add `-c git_secret_name=NAME`, the name (not the ARN) of the "
            "secret in Secrets Manager that holds the repository's credential."
        )


def _wrong_webhook_secret(name: str) -> Iterator[str]:
    if name and not SECRET_NAME.fullmatch(name):
        yield (
            f"webhook_secret_name: `{name}` is no name of a secret: give the name, not the ARN, of "
            "the secret in Secrets Manager whose lines prove webhooks."
        )


def _wrong_blocks(file: Path, document: Mapping[str, Any]) -> Iterator[str]:
    """Judge what functions get as it stands: with a wrong one they fail, and only when called."""
    schema = _object(SCHEMA)
    for key in BLOCKS:
        rule = {**schema["properties"][key], "$defs": schema["$defs"]}
        for error in Draft202012Validator(rule).iter_errors(document.get(key, {})):
            place = "".join(f"/{part}" for part in (key, *error.absolute_path))
            yield f"{file}: {place}: {error.message:.200}; `leasehold validate` says more."


def _wrong_notifications(told: Mapping[str, str], region: str) -> Iterator[str]:
    rules = _object(SCHEMA)["properties"]["notifications"]["properties"]
    for key, value in told.items():
        if value and not re.fullmatch(rules[key]["pattern"], value):
            yield f"{key}: `{value}` is not allowed. {rules[key]['description']}"
    topic = told["topic_arn"]
    if topic.count(":") == TOPIC_COLONS and topic.split(":")[3] != region:
        yield f"topic_arn: `{topic}` is not in {region}, where the controller and its alarms are."


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
