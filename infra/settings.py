"""What a deployment is made of: the files of one environment, and the context of the command line.

It reads both once; constructs look at no file, context or process. What the files mean, and what is
wrong with them, the ledger's pure half says. Only what a deployment alone needs is checked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from infra.concurrency import has_open_models
from infra.context import NOTIFICATIONS, SECRETS
from infra.definitions import OwnPath, answer_places, missing_functions, own_paths
from infra.errors import SettingsError
from infra.options import Options, read_options
from infra.packages.contents import ARCHITECTURES, OUTPUT
from infra.packages.place import Packages, find_packages
from ledger.access.addresses import region_of
from ledger.checkout import documents
from ledger.cross_checks import one_token_table
from ledger.errors import Refused
from ledger.holdings import ROOT as ENVIRONMENTS
from ledger.holdings import environment_path, environments, read_fleet
from ledger.json_files import check
from ledger.remote import Remote
from ledger.settings import STATUS_BRANCH, LedgerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ledger.documents import Environment
    from ledger.holdings import Fleet
    from ledger.identity_settings import Oidc
    from ledger.snapshot import Entries

    Context = Callable[[str], object]

CODE = Path(__file__).resolve().parents[1]
DEFAULT_ARCHITECTURE = "arm64"
REACHABLE = re.compile(r"(https|ssh)://[^/\s]+/\S+")
LONGEST_FUNCTION = 64
RESERVED_BY_COGNITO = ("aws", "amazon", "cognito")
SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`name` is the environment's, and `environment` is what its file says.

    Who is told may come from the context instead, where the file names nobody.
    """

    name: str
    ledger_id: str
    environment: Environment
    repository_url: str
    branch: str
    git_secret_name: str  # empty: the functions' roles open the repository
    packages: Packages
    options: Options = field(default_factory=Options)
    git_read_secret_name: str = ""  # of the functions that only read; empty: the one above
    webhook_secret_name: str = ""  # empty: webhooks are refused
    lock_secret_name: str = ""  # of the project that makes locks; empty: the first one above
    paths: tuple[OwnPath, ...] = ()
    answers: tuple[str, ...] = ()  # places in S3 below which asynchronous models answer

    def named(self, part: str) -> str:
        """Return a name of a stack that no other environment or project of the account has."""
        return f"{self.environment.project_prefix}-{self.name}-{part}"

    @property
    def lock_project(self) -> str:
        """Return the name of the project that makes locks; empty where there is none."""
        return self.named("locks") if self.options.lock_hours else ""

    @property
    def sign_in_prefix(self) -> str:
        """The name of the page where people sign in: of all accounts of a region, no other's."""
        return f"{self.named(self.ledger_id[:8])}".lower()

    def admitting(self, oidc: Oidc) -> Settings:
        """Return the settings of an API that admits the holders of an issuer's JWTs, too."""
        identities = replace(self.environment.identities, oidc=oidc)
        return replace(self, environment=replace(self.environment, identities=identities))

    def ledger_variables(self, *, writes: bool) -> dict[str, str]:
        """Return the variables that tell a function where its documents are, and its git secret."""
        return self._variables(self.git_secret_name if writes else self.reading_secret_name)

    def lock_variables(self) -> dict[str, str]:
        """Return the same for the project that makes locks."""
        return self._variables(self.locking_secret_name)

    def _variables(self, secret: str) -> dict[str, str]:
        return LedgerSettings(
            self.name, self.repository_url, self.branch, secret or None
        ).variables()

    def reserving(self, executions: int) -> int | None:
        """Return how many executions a function has for itself, if the account can reserve any."""
        return executions if self.options.reserves else None

    @property
    def has_open_models(self) -> bool:
        """Tell whether a model is asked without a token by the functions that ask all models."""
        return has_open_models(self.paths)

    @property
    def has_keys(self) -> bool:
        """Tell whether functions sign or verify commits, or are a GitHub App."""
        return self.options.has_keys or self.environment.verify != "none"

    @property
    def reading_secret_name(self) -> str:
        """The git secret of the functions that commit nothing."""
        return self.git_read_secret_name or self.git_secret_name

    @property
    def locking_secret_name(self) -> str:
        """The git secret of the project that makes locks."""
        return self.lock_secret_name or self.git_secret_name


def read(folder: Path, context: Context) -> Settings:
    """Read the environment that the context names, from the folder that holds `environments/`.

    Raises SettingsError with everything that is wrong.
    """
    files = _documents(folder)
    name = _environment(environments(files), context)
    fleet = read_fleet(files, name)
    url, branch = _text(context("repository_url")), _text(context("branch"))
    secrets = {key: _text(context(key)) for key in SECRETS}
    packages = _packages(context)
    region = fleet.environment.region_name if fleet.environment else ""
    options, wrong_options = read_options(context, region)
    told = {key: _text(context(key)) for key in NOTIFICATIONS}
    problems = [
        *_wrong_documents(fleet),
        *_no_ledger_id(fleet),
        *_one_token_table(fleet),
        *missing_functions(fleet, CODE),
        *_wrong_remote(url, branch or "main"),
        *_wrong_secrets(url, secrets),
        *_wrong_notifications(told, fleet.environment),
        *wrong_options,
        *_two_issuers(options, fleet.environment),
        *_wrong_names(options, fleet),
        *([packages] if isinstance(packages, str) else ()),
    ]
    if problems or fleet.environment is None or isinstance(packages, str):
        raise SettingsError("\n".join(problems))
    return Settings(
        name=name,
        ledger_id=fleet.environment.ledger_id or "",
        environment=_telling(fleet.environment, told),
        repository_url=url,
        branch=branch or "main",
        git_secret_name=secrets["git_secret_name"],
        git_read_secret_name=secrets["git_read_secret_name"],
        packages=packages,
        options=options,
        webhook_secret_name=secrets["webhook_secret_name"],
        lock_secret_name=secrets["lock_secret_name"],
        paths=own_paths(fleet, CODE),
        answers=answer_places(fleet),
    )


def _packages(context: Context) -> Packages | str:
    """Return the packages that the context names, or what is wrong with them."""
    architecture = _text(context("architecture")) or DEFAULT_ARCHITECTURE
    if architecture not in ARCHITECTURES:
        return f"architecture: `{architecture}` is none of {', '.join(ARCHITECTURES)}."
    named = _text(context("packages"))
    return find_packages(Path(named) if named else CODE / OUTPUT, CODE, architecture)


def known_environments(folder: Path) -> tuple[str, ...]:
    """Return the environments of a ledger. Raises SettingsError."""
    return environments(_documents(folder))


def _documents(folder: Path) -> Entries:
    try:
        return documents(folder)
    except Refused as refusal:
        raise SettingsError(_said(refusal)) from refusal


def _environment(known: tuple[str, ...], context: Context) -> str:
    choice = f"Choose one of: {', '.join(known)}."
    environment = _text(context("environment"))
    if not environment:
        raise SettingsError(f"No environment is named: add `-c environment=NAME`. {choice}")
    if environment not in known:
        raise SettingsError(f"There is no environment `{environment}`. {choice}")
    return environment


def _telling(environment: Environment, told: Mapping[str, str]) -> Environment:
    """Return the environment with the context's targets where its file names none."""
    return replace(
        environment,
        topic_arn=environment.topic_arn or told["topic_arn"] or None,
        event_bus_name=environment.event_bus_name or told["event_bus_name"] or None,
    )


def _wrong_documents(fleet: Fleet) -> Iterator[str]:
    """Yield whatever leaves open which paths a definition has: unreadable is not absent."""
    for violation in fleet.violations:
        if violation.level == "error":
            yield str(violation)


def _no_ledger_id(fleet: Fleet) -> Iterator[str]:
    """Yield what to do where nothing says whose the endpoints are: the policies go by that."""
    if fleet.environment and fleet.environment.ledger_id is None:
        yield (
            f"{environment_path(fleet.name)}: it has no ledger_id, by which AWS knows what the"
            f" controller may touch. Run `leasehold init {fleet.name}` in your clone of the"
            " ledger, then commit and push."
        )


def _one_token_table(fleet: Fleet) -> Iterator[str]:
    if fleet.environment:
        yield from map(str, one_token_table(environment_path(fleet.name), fleet.environment))


def _wrong_remote(url: str, branch: str) -> Iterator[str]:
    if not url:
        yield (
            "No repository is named: add `-c repository_url=https://HOST/OWNER/REPOSITORY.git`, "
            f"the repository that holds `{ENVIRONMENTS}/`."
        )
        return
    if branch == STATUS_BRANCH or branch.startswith("refs/"):
        yield (
            f"branch: `{branch}` is no branch of definitions. Name the branch that people merge to"
            " by its short name, such as main."
        )
    try:
        Remote(url, branch)
    except Refused as refusal:
        yield _said(refusal)
    else:
        if not REACHABLE.fullmatch(url):
            yield f"`{url}` is not a repository that a Lambda can reach: give an https or ssh URL."


def _wrong_secrets(url: str, secrets: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the secrets' names; CodeCommit is opened by the functions' roles."""
    if not secrets["git_secret_name"] and region_of(url) is None:
        yield (
            "No git secret is named: add `-c git_secret_name=NAME`, the name of the secret in "
            "Secrets Manager that holds the repository's credential."
        )
    for key, name in secrets.items():
        if name and not SECRET_NAME.fullmatch(name):
            yield (
                f"{key}: `{name}` is not the name of a secret: give the name that it has in "
                "Secrets Manager, without wildcards, and not its ARN."
            )
    proof = secrets["webhook_secret_name"]
    for key, name in secrets.items():
        if proof and name == proof and key != "webhook_secret_name":
            yield (
                f"webhook_secret_name: `{name}` is {key}, too, and the function that anybody may"
                " call would read what opens the repository. Make a secret of its own."
            )


def _wrong_notifications(told: Mapping[str, str], environment: Environment | None) -> Iterator[str]:
    """Check the context's targets by the file's schema, and that alarms reach the topic."""
    named = {key: value for key, value in told.items() if value}
    found = check("the context", {"notifications": named}, "environment")
    wrong = [each for each in found if each.pointer]  # the other fields are missing
    yield from map(str, wrong)
    topic = _telling(environment, told).topic_arn if environment and not wrong else None
    if environment and topic and topic.split(":")[3] != environment.region_name:
        yield (
            f"topic_arn: `{topic}` is not in {environment.region_name}, where the controller and "
            "its alarms are."
        )


def _two_issuers(options: Options, environment: Environment | None) -> Iterator[str]:
    if options.makes_user_pool and environment and environment.identities.oidc:
        yield (
            "user_pool: the environment has an issuer already (identities.oidc), and the API admits"
            " one: take one of them away."
        )


def _wrong_names(options: Options, fleet: Fleet) -> Iterator[str]:
    """Yield which names AWS would not take, when half of the stack is there."""
    if fleet.environment is None:
        return
    prefix = fleet.environment.project_prefix
    longest = f"{prefix}-{fleet.name}-controller"
    if len(longest) > LONGEST_FUNCTION:
        yield (
            f"{environment_path(fleet.name)}: /project_prefix: the function `{longest}` would have"
            f" {len(longest)} characters, and Lambda takes {LONGEST_FUNCTION}: choose a shorter"
            " prefix, or a shorter name for the environment."
        )
    reserved = [word for word in RESERVED_BY_COGNITO if word in f"{prefix}-{fleet.name}".lower()]
    if options.makes_user_pool and reserved:
        yield (
            f"user_pool: the page to sign in at would be called after `{prefix}-{fleet.name}`, and"
            f" Cognito takes no name with `{reserved[0]}` in it. Choose another project_prefix, or"
            " an issuer of your own."
        )


def clashes(deployed: Iterable[Settings]) -> Iterator[str]:
    """Yield what several environments cannot have at once: AWS would refuse the second stack."""
    seen: dict[tuple[str, str, str], str] = {}
    for each in deployed:
        for what, place, name in _only_ones(each):
            other = seen.setdefault((what, place, name), each.name)
            if other != each.name:
                yield (
                    f"{what}: `{name}` would be made for {other} and for {each.name}. Give each its"
                    f" own: `-c {each.name}.KEY=...`, or environments/{each.name}/environment.json."
                )


def _only_ones(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield what this deployment alone can have: what it is, where that is known, and its name."""
    environment, options = settings.environment, settings.options
    region = environment.region_name
    if options.domain:
        yield "domain_name", "everywhere", options.domain.name
    if options.makes_token_table:
        yield "ddb_auth_table_name", region, environment.ddb_auth_table_name
    if options.makes_execution_role:
        yield "execution_role", "the account", environment.execution_role_arn


def _said(refusal: Refused) -> str:
    return f"{refusal.message} [{refusal.code}]"


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
