"""What an account must have before anything is deployed to it or started in it."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from controller.aws.errors import Absent, aws_errors
from leasehold.doctor.deployment_checks import options_of
from leasehold.doctor.finding import Told, failed, ok, skipped, warning
from leasehold.doctor.quotas import judged, quota_names, wants
from leasehold.doctor.subject import Subject

OLDEST_BOOTSTRAP = 6  # below it the CDK's templates refuse to be deployed
_KEY = [{"AttributeName": "token_hash", "KeyType": "HASH"}]


def credentials(subject: Subject) -> Iterator[Told]:
    caller = subject.caller()
    yield ok(f"Account {caller.account}, as {caller.arn}.")
    if caller.arn.endswith(":root"):
        yield warning(
            "LH5161",
            "These are the keys of the account's root user.",
            "Sign in as a role or a user, and delete the root user's keys.",
        )
    if subject.is_sandbox:
        return
    role = subject.settings().execution_role_arn
    if (theirs := role.split(":")[4]) != caller.account:
        yield failed(
            "LH5161",
            f"execution_role_arn is of account {theirs}, and these credentials are for"
            f" {caller.account}.",
            "Choose the other account's profile (AWS_PROFILE), or the role of this account.",
        )


def bootstrap(subject: Subject) -> Iterator[Told]:
    name = f"/cdk-bootstrap/{subject.named.qualifier}/version"
    client, where = subject.deployed("ssm"), f"{subject.caller().account}/{subject.region()}"
    fix = f"`cdk bootstrap aws://{where}`"
    try:
        with aws_errors():
            version = client.get_parameter(Name=name)["Parameter"]["Value"]
    except Absent:
        yield failed("LH5162", f"{where} is not bootstrapped for the CDK: it has no {name}.", fix)
        return
    if not version.isdigit() or int(version) < OLDEST_BOOTSTRAP:
        sentence = f"The bootstrap of {where} has version {version}; {OLDEST_BOOTSTRAP} is needed."
        yield failed("LH5162", sentence, fix)
        return
    yield ok(f"{where} is bootstrapped, version {version}.")


def instances(subject: Subject) -> Iterator[Told]:
    wanted = tuple(wants(subject.fleet().holdings))
    if not wanted:
        yield skipped("No definition names an instance type.")
        return
    client, names = subject.deployed("service-quotas"), quota_names(wanted)
    known = _quotas(client, "list_service_quotas")
    if not names <= known.keys():  # those that nobody has raised are listed as defaults alone
        known = _quotas(client, "list_aws_default_service_quotas") | known
    yield from judged(wanted, known, subject.region())


def _quotas(client: Any, operation: str) -> dict[str, float]:  # noqa: ANN401  (boto3's)
    with aws_errors():
        pages = client.get_paginator(operation).paginate(ServiceCode="sagemaker")
        listed = chain.from_iterable(page["Quotas"] for page in pages)
        return {each["QuotaName"]: each["Value"] for each in listed}


def token_table(subject: Subject) -> Iterator[Told]:
    name, client = subject.settings().ddb_auth_table_name, subject.client("dynamodb")
    try:
        with aws_errors():
            table = client.describe_table(TableName=name)["Table"]
    except Absent:
        table = None
    if table and table["KeySchema"] != _KEY:
        yield failed(
            "LH5168",
            f"The table {name} is there, and is none of Leasehold's: its key is not token_hash.",
            "Choose another ddb_auth_table_name. The predecessor's table belongs into"
            " identities.legacy_token_table.",
        )
        return
    if subject.is_sandbox:
        yield ok(f"{name} is there.") if table else skipped(f"The sandbox has no table {name}.")
        return
    makes = options_of(subject).makes_token_table
    there = table is not None
    yield _owned(name, has_table=there, has_stack=subject.has_stack("gateway"), makes=makes)


def _owned(name: str, *, has_table: bool, has_stack: bool, makes: bool) -> Told:
    match has_table, has_stack, makes:
        case True, True, _:
            return ok(f"{name} is there, and so is the gateway's stack.")
        case True, False, False:
            return ok(f"{name} is there, and a deployment uses it.")
        case False, False, True:
            return ok(f"{name} is not there yet: the gateway's stack makes it.")
        case False, False, False:
            return failed(
                "LH5168",
                f"{name} is not there, and with token_table=existing nothing makes it: every caller"
                " would be refused.",
                "Deploy without `token_table=existing`, or name the table that is there as"
                " ddb_auth_table_name.",
            )
        case True, False, True:
            return warning(
                "LH5168",
                f"{name} is there without a stack, as `cdk destroy` leaves it: a deployment that"
                " makes a table of this name is refused.",
                "Deploy with `-c token_table=existing`. If nobody needs its tokens, end its"
                " deletion protection and delete it.",
            )
    return failed(
        "LH5168",
        f"The gateway's stack is there, and its table {name} is not: every caller is refused.",
        "Restore the table from a backup by this name, or destroy the stack and deploy it again.",
    )
