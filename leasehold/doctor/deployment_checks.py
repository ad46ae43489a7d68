"""What a deployment's choices ask of its account: executions of Lambda, and a network's way out."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from controller.aws.errors import aws_errors
from infra.concurrency import reserved
from infra.context import wrong_keys, wrong_values
from infra.definitions import own_paths
from infra.options import Options, of_environment, read_options
from infra.reached import reached
from leasehold.doctor.finding import NotKnown, Told, failed, ok, skipped, warning
from leasehold.doctor.subject import Subject
from leasehold.project import ROOT
from ledger.errors import Failure
from ledger.holdings import environments

LEAST_LEFT = 10  # what Lambda leaves unreserved in an account with the smallest quota
USUALLY_LEFT = 100  # and in all others
_NO_SUBNET = "InvalidSubnetID"
_ANYWHERE = "0.0.0.0/0"
_OUT, _INTERNET, _NOWHERE = "out", "internet", "nowhere"


def choices(subject: Subject) -> Iterator[Told]:
    """Tell what is deployed otherwise than by default, as far as one was told."""
    if unread := subject.named.unread:
        yield warning("LH5190", unread, "Mend the file, or name what is deployed by `-c`.")
    _, problems = read(subject)
    for problem in problems:
        yield failed("LH5190", problem, "Mend it in cdk.context.json, or in the `-c` of your cdk.")
    if problems:
        return
    named = sorted(set(subject.named.choices) - {"ledger", "environments", "packages"})
    if not named:
        yield skipped("None are named: what a deployment does by default is looked at.")
        return
    yield ok(f"By {', '.join(named)}.")


def read(subject: Subject) -> tuple[Options, list[str]]:
    """Read the choices; the region is that of the environment."""
    said, environment = subject.named.choices, ""
    known = [each.partition(".")[0] for each in said]  # whatever is said, where nobody can look
    with suppress(Failure, NotKnown):
        known = [*environments(subject.snapshot().entries)]
        environment = subject.fleet().name

    def context(key: str) -> object:
        return of_environment(environment, said.get, key)

    wrong = [*wrong_values(said), *wrong_keys(said, known)]
    options, problems = read_options(context, subject.region())
    return options, wrong or problems


def options_of(subject: Subject) -> Options:
    """Return the choices. Raises NotKnown where they cannot be."""
    options, problems = read(subject)
    if problems:
        raise NotKnown("it waits for the check `choices`")
    return options


def concurrency(subject: Subject) -> Iterator[Told]:
    client = subject.deployed("lambda")
    with aws_errors():
        limit = client.get_account_settings()["AccountLimit"]
    most, free = int(limit["ConcurrentExecutions"]), int(limit["UnreservedConcurrentExecutions"])
    said = f"{most} executions at once, {free} of them not reserved"
    with suppress(Failure, NotKnown):
        if subject.has_stack("controller"):
            yield ok(f"{said}; what is deployed has its own.")
            return
    wanted = _reserved(subject)
    fix = (
        "Ask for more in Service Quotas, AWS Lambda: `Concurrent executions` (L-B99A9384), or"
        " deploy with `-c reserved_concurrency=off`."
    )
    if not wanted:
        yield ok(f"{said}; a deployment reserves none.")
    elif free - wanted < LEAST_LEFT:
        sentence = f"{said}: a deployment reserves {wanted}, so it fails."
        yield failed("LH5163", sentence, fix)
    elif free - wanted < USUALLY_LEFT <= most:
        yield failed(
            "LH5163",
            f"{said}: a deployment reserves {wanted}, and AWS leaves {USUALLY_LEFT} unreserved.",
            fix,
        )
    else:
        yield ok(f"{said}; a deployment reserves {wanted}.")


def _reserved(subject: Subject) -> int:
    """Return what is reserved; where documents cannot be read, without that of their paths."""
    options = options_of(subject)
    with suppress(Failure, NotKnown):
        return reserved(options, own_paths(subject.fleet(), ROOT))
    return reserved(options, ())


def network(subject: Subject) -> Iterator[Told]:
    """Look whether the chosen subnets reach AWS: by a way out, or by endpoints of their VPC."""
    vpc = options_of(subject).vpc
    if vpc is None:
        yield skipped("Nothing runs in a private network.")
        return
    client = subject.deployed("ec2")
    try:
        with aws_errors():
            found = client.describe_subnets(SubnetIds=[*vpc.subnets])["Subnets"]
    except Failure as failure:
        if _NO_SUBNET not in failure.message:
            raise
        yield failed(
            "LH5191",
            f"{failure.message} It was looked for in {subject.region()}.",
            "Name subnets of the environment's account and region.",
        )
        return
    vpcs = {each["VpcId"] for each in found} | ({vpc.id} if vpc.id else set())
    if len(vpcs) > 1:
        yield failed(
            "LH5191",
            f"What is named is not in one VPC, but in {' and '.join(sorted(vpcs))}.",
            "Choose subnets, security groups and a vpc_id of one VPC.",
        )
        return
    (vpc_id,) = vpcs
    yield from _outwards(subject, vpc_id, _ways(client, vpc_id, vpc.subnets))


def _outwards(subject: Subject, vpc_id: str, ways: Mapping[str, str]) -> Iterator[Told]:
    if public := _named(ways, _INTERNET):
        yield failed(
            "LH5191",
            f"{public} leads to an internet gateway. What runs there has no public address, so it"
            " reaches nothing.",
            "Choose subnets whose way out is a NAT gateway.",
        )
        return
    closed = _named(ways, _NOWHERE)
    if not closed:
        yield ok(f"{', '.join(ways)} have a way out.")
        return
    if lacking := _lacking(subject, vpc_id):
        yield failed(
            "LH5191",
            f"{closed} has no way out, and {vpc_id} no endpoint for {', '.join(lacking)}.",
            "Add a NAT gateway, or these endpoints with private DNS names, and a security group"
            " that lets the functions' in by port 443. Those of dynamodb and s3 are gateway"
            " endpoints, and cost nothing.",
        )
    else:
        yield ok(f"{closed} has no way out, and {vpc_id} an endpoint for each service.")
    if options_of(subject).lock_hours:
        yield warning(
            "LH5191",
            f"{closed} has no way out, and what makes locks installs the SageMaker SDK from a"
            " package index.",
            "Make locks elsewhere (examples/ci), or give it a way to an index.",
        )


def _named(ways: Mapping[str, str], wanted: str) -> str:
    return ", ".join(subnet for subnet, way in ways.items() if way == wanted)


def _ways(client: Any, vpc_id: str, subnets: Iterable[str]) -> dict[str, str]:  # noqa: ANN401
    """Return where each subnet's default route leads; what has no table of its own has the main."""
    with aws_errors():
        told = client.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    main, own = _NOWHERE, {}
    for table in told["RouteTables"]:
        way = _way(table["Routes"])
        for association in table["Associations"]:
            if association.get("Main"):
                main = way
            elif subnet := association.get("SubnetId"):
                own[subnet] = way
    return {subnet: own.get(subnet, main) for subnet in subnets}


def _way(routes: Iterable[Mapping[str, Any]]) -> str:
    for route in routes:
        if route.get("DestinationCidrBlock") == _ANYWHERE:
            is_internet = str(route.get("GatewayId", "")).startswith("igw-")
            return _INTERNET if is_internet else _OUT
    return _NOWHERE


def _lacking(subject: Subject, vpc_id: str) -> list[str]:
    """Return the services that are asked, and have no endpoint in the VPC."""
    environment = None
    with suppress(Failure, NotKnown):
        environment = subject.settings()
    url, secret = subject.context().remote.url, subject.named.git_secret
    wanted = reached(options_of(subject), environment, url, has_secret=secret is not None)
    with aws_errors():
        pages = subject.deployed("ec2").get_paginator("describe_vpc_endpoints")
        listed = pages.paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
        there = {each["ServiceName"] for page in listed for each in page["VpcEndpoints"]}
    return [each for each in wanted if f"com.amazonaws.{subject.region()}.{each}" not in there]
