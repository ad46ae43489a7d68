"""What an account has already, and what it lacks: the choices of a deployment, from the context.

Each has a default with which a new account and a public repository are served. `docs/deploy.md` has
the table. Constructs get them as values; nothing here looks anything up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Context = Callable[[str], object]

SUBNET = re.compile(r"subnet-[0-9a-f]{8,17}")
VPC = re.compile(r"vpc-[0-9a-f]{8,17}")
SECURITY_GROUP = re.compile(r"sg-[0-9a-f]{8,17}")
DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate/[0-9a-f-]+")
WEB_ACL = re.compile(
    r"arn:aws[a-z-]*:wafv2:([a-z0-9-]+):[0-9]{12}:regional/webacl/[\w-]+/[0-9a-f-]+"
)
CALLBACK = re.compile(r"https://[^\s#]+|http://localhost(:[0-9]+)?(/[^\s#]*)?")
LOOPBACK = "http://localhost:8765/callback"
BUILD_MINUTES = range(5, 61)
LOCK_HOURS = range(1, 24 * 7 + 1)
A_DAY = 24
PERSON = re.compile(r"[^<>\x00-\x1f]*[^<>\s\x00-\x1f]\s*<[^<>\s]+>")
LOCKS = "Leasehold locks <locks@leasehold.invalid>"
WHY_FIVE = (
    "A run of CodeBuild is billed by whole minutes, and one each minute would cost about $149 a"
    " month on arm64, $219 on x86_64; a function does that for $0.24. After an hour, leases would"
    " end too late."
)
SWITCHES = {
    "reserved_concurrency": ("on", "off"),
    "api_logs_role": ("on", "off"),
    "git_keys": ("on", "off"),
    "token_table": ("new", "existing"),
    "execution_role": ("existing", "new"),
    "user_pool": ("none", "new"),
    "controller": ("lambda", "codebuild"),
    "lock_project": ("off", "on"),
}
NAMES = (
    *SWITCHES,
    "subnet_ids",
    "security_group_ids",
    "domain_name",
    "certificate_arn",
    "web_acl_arn",
    "callback_urls",
    "controller_minutes",
    "vpc_id",
    "lock_hours",
    "lock_author",
)
MOST_SUBNETS, MOST_GROUPS = 16, 5  # of a function, and of a project of CodeBuild


@dataclass(frozen=True, kw_only=True)
class Vpc:
    """Where what has to reach a git server of a private network runs; CodeBuild asks for the id."""

    id: str = ""
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Domain:
    name: str
    certificate_arn: str


@dataclass(frozen=True, kw_only=True)
class Options:
    """`reserves` one of the account's concurrent executions for the controller.

    `has_keys`: the git secret has a key that signs, or that of a GitHub App. `build_minutes`: the
    controller is a project of CodeBuild, which is started so often; else a function, each minute.
    `lock_hours`: so often a project locks JumpStart models; there is none without.
    """

    reserves: bool = True
    has_keys: bool = False
    makes_logs_role: bool = True
    makes_token_table: bool = True
    makes_execution_role: bool = False
    makes_user_pool: bool = False
    callback_urls: tuple[str, ...] = (LOOPBACK,)
    build_minutes: int | None = None
    lock_hours: int | None = None
    lock_author: str = LOCKS
    vpc: Vpc | None = None
    domain: Domain | None = None
    web_acl_arn: str | None = None


def of_environment(environment: str, context: Context, key: str) -> object:
    """Return what a context says of one environment: by `prod.KEY`, and else by `KEY`."""
    if key == "environment":
        return environment
    own = context(f"{environment}.{key}") if environment else None
    return context(key) if own is None else own


def read_options(context: Context, region: str) -> tuple[Options, list[str]]:
    """Return the choices, and a sentence for each that cannot be: then the choices are void."""
    given = {name: _text(context(name)) for name in (*NAMES, "lock_secret_name")}
    problems = [
        f"{name}: `{given[name]}` is none of {', '.join(values)}."
        for name, values in SWITCHES.items()
        if given[name] not in ("", *values)
    ]
    subnets, groups = _list(given["subnet_ids"]), _list(given["security_group_ids"])
    problems += _wrong_ids("subnet_ids", subnets, SUBNET, MOST_SUBNETS)
    problems += _wrong_ids("security_group_ids", groups, SECURITY_GROUP, MOST_GROUPS)
    problems += _wrong_ids("callback_urls", _list(given["callback_urls"]), CALLBACK)
    problems += _wrong_pairs(given)
    problems += _wrong_places(given, region)
    problems += _wrong_builds(given)
    problems += _without_effect(given)
    named = given["domain_name"]
    options = Options(
        reserves=given["reserved_concurrency"] != "off",
        has_keys=given["git_keys"] == "on",
        makes_logs_role=given["api_logs_role"] != "off",
        makes_token_table=given["token_table"] != "existing",  # noqa: S105 - a choice
        makes_user_pool=given["user_pool"] == "new",
        callback_urls=_list(given["callback_urls"]) or (LOOPBACK,),
        makes_execution_role=given["execution_role"] == "new",
        build_minutes=_minutes(given),
        lock_hours=_hours(given),
        lock_author=given["lock_author"] or LOCKS,
        vpc=(Vpc(id=given["vpc_id"], subnets=subnets, security_groups=groups) if subnets else None),
        domain=Domain(name=named, certificate_arn=given["certificate_arn"]) if named else None,
        web_acl_arn=given["web_acl_arn"] or None,
    )
    return options, problems


def _wrong_ids(
    name: str, ids: tuple[str, ...], form: re.Pattern[str], most: int | None = None
) -> Iterator[str]:
    for each in ids:
        if not form.fullmatch(each):
            yield f"{name}: `{each}` is none: give them with commas between."
    for each in dict.fromkeys(ids):
        if ids.count(each) > 1:
            yield f"{name}: `{each}` is there {ids.count(each)} times. Name it once."
    if most is not None and len(ids) > most:
        yield f"{name}: there are {len(ids)}, and AWS takes {most} at the most."


def _wrong_pairs(given: dict[str, str]) -> list[str]:
    pairs = (("subnet_ids", "security_group_ids"), ("domain_name", "certificate_arn"))
    return [
        f"{one} and {other} go together: add `-c {other if given[one] else one}=...`."
        for one, other in pairs
        if bool(given[one]) != bool(given[other])
    ]


def _wrong_places(given: dict[str, str], region: str) -> list[str]:
    """Return what is no name of its kind, or is in another region than the API."""
    problems = []
    if (domain := given["domain_name"]) and not DOMAIN.fullmatch(domain):
        problems.append(f"domain_name: `{domain}` is no host name in small letters.")
    for name, form in (("certificate_arn", CERTIFICATE), ("web_acl_arn", WEB_ACL)):
        if not (arn := given[name]):
            continue
        found = form.fullmatch(arn)
        if found is None:
            problems.append(f"{name}: `{arn}` is no ARN of one.")
        elif found[1] != region:
            problems.append(f"{name}: `{arn}` is not in {region}, where the API is.")
    return problems


def _wrong_builds(given: dict[str, str]) -> Iterator[str]:
    """Yield what a project of CodeBuild lacks, and what is said of one that is not made."""
    minutes, hours, vpc_id = given["controller_minutes"], given["lock_hours"], given["vpc_id"]
    ticks, locks = given["controller"] == "codebuild", given["lock_project"] == "on"
    if vpc_id and not VPC.fullmatch(vpc_id):
        yield f"vpc_id: `{vpc_id}` is no id of a VPC."
    if (ticks or locks) and given["subnet_ids"] and not vpc_id:
        yield "subnet_ids: CodeBuild asks for their VPC too: add `-c vpc_id=vpc-...`."
    if ticks and minutes and _minutes(given) not in BUILD_MINUTES:
        yield f"controller_minutes: `{minutes}` is no number from 5 to 60. {WHY_FIVE}"
    if minutes and not ticks:
        yield (
            "controller_minutes: a function ticks each minute, and has no other interval. Add"
            " `-c controller=codebuild`, or leave it out."
        )
    if locks and hours and _hours(given) not in LOCK_HOURS:
        yield f"lock_hours: `{hours}` is no number from 1 to {LOCK_HOURS[-1]}, which is a week."
    if (author := given["lock_author"]) and not PERSON.fullmatch(author):
        yield f"lock_author: `{author}` is no author: write `Name <email>`."


def _without_effect(given: dict[str, str]) -> Iterator[str]:
    """Yield what is said of something that is not made."""
    for name in ("lock_hours", "lock_author", "lock_secret_name"):
        if given[name] and given["lock_project"] != "on":
            yield f"{name}: nothing makes locks. Add `-c lock_project=on`, or leave it out."
    if given["callback_urls"] and given["user_pool"] != "new":
        yield "callback_urls: no pool is made. Add `-c user_pool=new`, or leave it out."
    if given["vpc_id"] and not given["subnet_ids"]:
        yield "vpc_id: nothing runs in it. Add `-c subnet_ids=...`, or leave it out."


def _minutes(given: dict[str, str]) -> int | None:
    """Return how often builds are started; what is no number is 0."""
    if given["controller"] != "codebuild":
        return None
    return _number(given["controller_minutes"] or str(BUILD_MINUTES.start))


def _hours(given: dict[str, str]) -> int | None:
    if given["lock_project"] != "on":
        return None
    return _number(given["lock_hours"] or str(A_DAY))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _text(value: object) -> str:
    """Return a text; `cdk.context.json` may have numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""
